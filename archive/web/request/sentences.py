"""What the parts below the web say to a person, in the language of the answer.

Their errors carry one plain English sentence, and they know no languages of the
interface. Here each sentence stands once more to be translated, with its gaps named; a
test holds this list and the sentences of those parts together. A sentence is looked up
as it stands or, where it has gaps, by the words around them.
"""

from __future__ import annotations

import re
from functools import cache

from flask_babel import format_decimal, gettext


def N_(sentence: str) -> str:
    """Mark a sentence for the catalogues; it is said later."""
    return sentence


ACCOUNTS = (
    N_("There is no such account."),
    N_("Another request with this key goes on; ask again."),
    N_("Write an e-mail address such as name@example.org."),
    N_("This address has an account already."),
    N_("Use at least %(least)s characters; a sentence is good."),
    N_("Use at most %(most)s characters."),
    N_("Leave out your name, your address, your institution and this archive's."),
    N_("This password is easily guessed; choose another."),
    N_("That is not your current password."),
    N_("Remove the present authenticator before adding another."),
    N_("Begin by adding an authenticator."),
    N_("That is not the code your authenticator shows now."),
    N_("Recovery codes come with a second factor; add one first."),
    N_("Give a code that works now, or use a passkey."),
    N_("This passkey may have been copied and is not accepted."),
    N_("Remove a passkey before you add another."),
    N_("This kind of passkey cannot be used here."),
    N_("This passkey is set up already."),
    N_("What the institution answered does not hold. Nothing was opened."),
    N_("This sign-in is linked to another account."),
    N_("There is no such passkey."),
    N_("This passkey was not accepted. Nothing was changed."),
    N_("Passkeys cannot be used at this address."),
    N_("That took too long; please try once more."),
    N_("There is no such session."),
    N_("This account cannot sign in."),
    N_("A token needs at least one scope."),
    N_("A token lives between 1 and %(most)s days."),
    N_("Only an approved account can have tokens."),
    N_("There is no such token."),
    N_("This archive is set up; ask an administrator to invite you."),
    N_("This link was used, or has run out; ask for a new one."),
    N_("This link is for something else."),
    N_("This address cannot be used for this account."),
    N_("Too many tries; wait %(seconds)s seconds and try again."),
)
EXPORTS = (
    N_("You have five exports; take or delete one of them first."),
    N_("There is no such export."),
    N_("This export is over."),
    N_("This export is not ready, or its day is over."),
    N_("Whoever asked for this export has signed out, or may not have it now."),
    N_(
        "Something in this export has changed since it was made, or how much of it you "
        "may read: have it made again."
    ),
    N_("Here a package with originals is given while it is made."),
)
REPORTS = (
    N_("There is no such report."),
    N_("You have reported this already, and it is still open."),
    N_("Say in your own words what is wrong."),
    N_("Choose what is wrong."),
    N_("This record has no such file."),
    N_("There has been an appeal; there is one only."),
    N_("There is nothing here that could be appealed against (yet)."),
    N_("Only what was withdrawn can be asked back."),
    N_("You have reported this yourself: somebody else decides."),
    N_("You decided the first time: somebody else decides on the appeal."),
    N_("You have deposited this record: somebody else decides."),
    N_("You have labelled this record: somebody else decides."),
    N_("Somebody else is looking at this report, or has decided it."),
    N_("This report is not in your hands."),
    N_("This report is not in your hands (any more): take it up first."),
    N_("Choose what is decided."),
    N_("Write for the reporter why."),
    N_("Where a report is declined, nothing follows."),
    N_("Where this appeal is upheld, the record is restored."),
    N_("That cannot follow for this record as it stands."),
    N_("Choose until when the originals stay shut."),
    N_("A reader's report was upheld."),
    N_("Only a record that was withdrawn can be restored."),
)
CONTRIBUTIONS = (
    N_("There is no such contribution."),
    N_("Too much is waiting for review just now. Please come back in some days."),
    N_("This contribution is full."),
    N_("This contribution is decided or withdrawn already; nothing can be changed."),
    N_("You have handed this in yourself: somebody else decides."),
    N_("Somebody else is looking at this, or it is decided."),
    N_("This is not in your hands (any more): take it up first."),
    N_("You have written as often as can be read. Please wait."),
    N_("Please write something."),
    N_("Write for the contributor why."),
    N_("This record is not, or no more, one that waits for review."),
)
REDACTIONS = (
    N_("This record was withdrawn; nothing is made of it any more."),
    N_("Label this file before you redact it."),
    N_("There is no such redacted copy."),
    N_("Another copy took its place."),
    N_("There is no such redacted copy of this file."),
    N_("There is no redacted copy of this."),
    N_("This copy was given up before."),
    N_("Say what is to be removed: a region, or sound."),
    N_("A recording of sound has no picture."),
    N_("There is no sound in this kind of file."),
    N_("Only documents have pages."),
    N_("Only in a film does a region move."),
    N_("Say what can still be seen or heard in the copy, or nothing."),
    N_("The copy cannot be graver than the file, which is %(tier)s."),
    N_("Somebody else must look at the copy and confirm it."),
    N_("The copy is not made yet."),
    N_("This copy is confirmed already."),
    N_("This copy could not be made; draw it anew."),
)
APPLICATIONS = (
    N_("Some answers are missing or cannot be read."),
    N_("This answer is needed."),
    N_("Name somebody other than yourself."),
    N_("There is no such application."),
    N_("Choose a password, with which you can come back."),
    N_("This account cannot apply."),
    N_("Your application is waiting for a decision already."),
    N_("This application has been decided already."),
    N_("The terms have changed; read and sign the current ones."),
    N_("There is no version %(version)s of the terms."),
    N_("A suspended or closed account cannot be approved."),
    N_("Vetting must end in the future."),
    N_("This account is suspended or closed already."),
    N_("Only a suspended account can be reinstated."),
    N_("Only an approved account can expire."),
    N_("This account is closed already."),
    N_("Say which evidence was seen, and who checked it."),
    N_("Nobody decides about their own account."),
    N_("Say why; the reason is kept with the account."),
    N_("The archive would be left without an administrator."),
    N_("There is nothing to renew now; apply with the form instead."),
    N_("The applicant has not confirmed the address; nothing is decided before."),
    N_("The deny list holds this back; lift its rule first."),
    N_("The deny list names this person, in rule %(rule)s."),
    N_("This application has been decided; thank you all the same."),
    N_("Use 1 to %(most)s characters."),
    N_("Write something first."),
    N_("Nobody keeps notes about their own application."),
    N_("Send a PDF, JPEG or PNG file."),
    N_("Send a file of at most 5 MB, and not an empty one."),
    N_("An application holds at most %(most)s files."),
    N_("Somebody else reads your evidence."),
    N_("Say why; the reason is kept with the rule."),
    N_("This is on the list already."),
    N_("There is no such rule."),
    N_("These are the texts in force; change something first."),
    N_("The terms have two parts, in four languages."),
    N_("Give both parts in English, and in each language used."),
    N_("This is not a name."),
    N_("This is not an e-mail address such as name@example.org."),
    N_("This is not a domain such as example.org."),
)
ACCESS = (
    N_("Sign in before you consent."),
    N_("The labels of this record changed; read them again."),
    N_("This record cannot be shown for that long."),
    N_("There is no such consent."),
    N_("Say for which purpose you need to see this."),
    N_("Say in your own words why you need to see this."),
    N_("A second person must stand behind this grant."),
    N_("Say why this grant is revoked."),
    N_("Nobody decides about their own access."),
    N_("Say why this grant is given."),
    N_("A grant is for one record or for one collection."),
    N_("A grant ends after it starts, and not in the past."),
    N_("Nothing at tier X can be granted."),
    N_("This grant was changed by somebody else in the meantime."),
)
RECORDS = (
    N_(
        "Write coordinates as latitude, longitude in degrees: Shushi; 39.7601, 46.7499."
    ),
    N_("Choose at least one file."),
    N_("At most %(most)s files at once; choose fewer."),
    N_("Choose labels to add, or to take away."),
    N_("%(label)s cannot be added and taken away."),
    N_("Without a label the file would be unlabelled."),
    N_("This was done or ended already; begin a new one."),
    N_("Only what was done within the last 24 hours can be undone."),
    N_("There is no such saved search."),
    N_(
        "Another moderator is at work on this file. Take another, or come back "
        "in half an hour."
    ),
    N_("Say in one sentence why it is looked at again."),
    N_("This is longer than %(most)s characters."),
    N_("Give the record a title."),
    N_("A description needs a title."),
    N_("A record has at most %(most)s places."),
    N_("%(name)s needs both a latitude and a longitude."),
    N_("The coordinates of %(name)s are not on Earth."),
    N_("Write an address that begins with https://."),
    N_("%(word)s is not one of %(known)s."),
    N_("%(word)s is not a language code."),
    N_("The record does not have the form asked for."),
    N_(
        "The date %(text)s cannot be read; write 2020-10-15, 2020-10, 2020, 2020-10~ "
        "for about, or 2020-09-27/2020-11-10 for a span."
    ),
    N_("The date %(text)s ends before it begins."),
    N_("This record was withdrawn; it cannot be labelled any more."),
    N_("This record was withdrawn; it cannot be changed any more."),
    N_("Flags alone do not say how graphic it is; add a tag, such as %(tag)s."),
    N_("%(tag)s cannot stand beside %(others)s."),
    N_("%(label)s is %(span)s; %(tier)s is outside of that."),
    N_("%(label)s has no severity of its own."),
    N_("The times of %(label)s must be 0 s or later."),
    N_("The time range of %(label)s is backwards."),
    N_("The region of %(label)s is outside the picture."),
    N_("%(label)s is not a label of the vocabulary."),
    N_("There is no such record."),
    N_("There is no such job."),
    N_("There is no such file."),
    N_("There is no such copy of this file."),
    N_(
        "As many moderators must agree as anywhere in this archive, or more, up to "
        "nine."
    ),
    N_("There is no such alarm to look at any more."),
    N_("This record raises no alarm."),
    N_("Somebody changed this record in the meantime; look at it again first."),
    N_("Label every file of this record before publishing it."),
    N_("A withdrawal needs a reason and a note."),
)
VOCABULARY = (
    N_("Labels end on a day to come, within 50 years."),
    N_("Name the law or treaty."),
    N_("Name the article or rule."),
    N_("Name who says so: without somebody behind it, it is no claim."),
    N_("Name the source in which this can be read."),
    N_("This very claim stands already."),
    N_("A record has at most %(most)s claims."),
    N_("There is no such claim."),
    N_("Say why the claim is taken back."),
    N_("%(label)s was retired; where it stands it stays, but it is given no more."),
    N_("There is a label %(label)s already; choose another code."),
    N_(
        "Somebody else changed these words in the meantime; read them again, and then "
        "make your change."
    ),
    N_("Say why the words change."),
    N_("Change at most %(most)s at once."),
    N_("%(name)s is not something that can be changed."),
    N_("Write it in English at least: it stands in for the others."),
    N_("A code is a family and a word in small Latin letters, such as harm.burning."),
    N_("%(name)s is not a family; there are %(others)s."),
    N_("A label is a tag or a flag."),
    N_("Give %(name)s as a text for each language."),
    N_("%(name)s is not a language of the words; %(others)s are."),
    N_("Give a text here."),
    N_("%(name)s is not a tier from G0 to G5."),
    N_("Say true or false."),
    N_("A label raises the others by 0 or by 1."),
    N_("Give the codes of flags as a list."),
    N_("Give the codes of IPTC content warnings as a list."),
    N_("%(name)s is not a content warning of the IPTC; %(others)s are."),
    N_("Give at most 20 provisions as a list."),
    N_("A provision has an instrument and an article."),
    N_("Say true or false of whether it was read."),
    N_("Only a tag that raises nothing has tiers."),
    N_("%(label)s says that nothing is graphic: it is G0."),
    N_("%(label)s is part of the archive's own rules and stays in use."),
    N_("%(name)s is not a flag of the vocabulary."),
    N_("Say from which tier to which such material is."),
    N_("The lowest tier is above the highest."),
    N_("Where it is only told, the lowest tier cannot be higher than else."),
    N_("Give an object with %(names)s and nothing else."),
    N_("Give tiers as an object and labels as a list."),
    N_("%(label)s stands twice in the file."),
    N_("Every label of the file needs its code."),
    N_("%(label)s is not an object."),
    N_("The revision of %(label)s is not a number."),
)
MARKS = (
    N_("Somebody changed these marks in the meantime; look at them again first."),
    N_("Only film and sound have segments."),
    N_("A file has at most %(most)s segments."),
    N_("A segment begins at 0:00.000 or later."),
    N_("The segment from %(start)s must end after it begins."),
    N_("The segment from %(start)s is too long: the recording ends at %(end)s."),
    N_("The segment from %(start)s has no label."),
    N_("The segment from %(start)s has more than %(most)s labels."),
    N_("The segment from %(start)s has a label twice."),
    N_(
        "%(label)s is marked twice at %(start)s: let one segment end before the next "
        "begins, or make them one."
    ),
    N_("Sound has no picture to mark regions in."),
    N_("A file has at most %(most)s regions."),
    N_("A region is on a page that this file has not."),
    N_("A region of a still picture has one keyframe, at 0 ms."),
    N_("A region goes on after the end of the recording."),
)
FINDINGS = (
    N_("Somebody changed this in the meantime; look at it again first."),
    N_("Use at most %(most)s lines."),
    N_("Say how this was found out."),
    N_("Say how sure this is."),
    N_("Name the authority that spoke."),
    N_("This record is no official statement."),
    N_("There is no such stage."),
    N_("A statement takes no stance on itself."),
    N_("Only whoever signed this account can change it."),
    N_("There is no such account here."),
    N_("Say who signs this account."),
    N_("Write the account first."),
    N_("There is no such entry."),
    N_("What kind of thing it is cannot be changed."),
    N_("Give it a name in at least one language."),
    N_("This link is there already."),
    N_("There is no such link here."),
    N_("Nothing is linked with itself."),
    N_("There is no such record or entry."),
    N_("This type of link does not join these two."),
)
SHREDDING = (
    N_("There is no such order."),
    N_("This order has moved on in the meantime; look at it again."),
    N_("There is an order for this record already."),
    N_("Another administrator than the one who asked confirms."),
    N_("Whoever asked is no administrator in good standing any more: ask anew."),
    N_("This record was shredded before."),
    N_("This record was shredded before, and nothing tells how."),
    N_("Two administrators have to approve this."),
    N_("Two different administrators have to approve this."),
    N_("%(email)s: A code of the authenticator is needed, too."),
    N_("%(email)s: That code does not fit."),
    N_("%(email)s: Too many tries; wait a quarter of an hour."),
    N_("%(email)s: Address and password do not fit."),
    N_("%(email)s is not an administrator in good standing."),
    N_("%(email)s has no authenticator; set one up at /account/security."),
    N_("Say why, in up to 2,000 characters."),
)
VISAS = (
    N_("There is no such visa."),
    N_("Only somebody who is vetted here can carry that elsewhere."),
    N_("This visa belongs to another e-mail address than your account here."),
    N_("This visa has been presented before."),
    N_("This is no visa: paste it whole."),
    N_("The signature of this visa does not hold."),
    N_("This token is no visa of the GA4GH form."),
    N_("This visa names keys that its issuer does not have."),
    N_("Something that a visa must say is missing."),
    N_("This visa was signed by somebody else than it says."),
    N_("This visa was made for another archive."),
    N_("This visa has ended; have a new one made."),
    N_("The times of this visa cannot be right."),
    N_("A grant that is over cannot be carried elsewhere."),
    N_("That visa does not stand any more: ask without it."),
    N_("The archive that granted the same before has taken it back."),
)
FILES = (
    N_("The file could not be worked on."),
    N_("This kind of file is not accepted."),
    N_("The file is damaged or is not the kind of media it seems to be."),
    N_("The file is empty."),
    N_("The recording is coded in a form this archive cannot decode."),
    N_("The picture has more pixels than this archive can take."),
    N_("The recording is longer than this archive can take."),
    N_("The file needs more memory to open than this archive allows."),
    N_("The file takes too long to open; it may be damaged."),
    N_("The document is protected by a password; remove it and try again."),
    N_("The archive could not open the file safely just now; try again later."),
    N_("The archive has no room for this just now."),
    N_("A deposit has at most %(most)s files."),
    N_("A deposit may hold at most %(most)s."),
    N_("Add at least one file."),
    N_("There is room for %(most)s here."),
    N_("This upload has become part of a record."),
    N_("The time of this upload ran out; begin it anew."),
    N_("The upload stands at %(bytes)s bytes."),
    N_("This upload is not finished."),
    N_("These are more bytes than the upload has left."),
    N_("The connection broke."),
    N_("The bytes were changed on the way."),
    N_("There is no such upload of yours."),
    N_("This upload has ended in the meantime."),
    N_("Send larger parts: these are too many."),
    N_("Somebody else sent these bytes at the same time."),
    N_("Too many of your uploads are unfinished: hand them in, or end them."),
)
REQUESTS = (
    N_("This request was not returned to you."),
    N_("Ask at most %(most)s questions."),
    N_("Ask for at most %(most)s years."),
    N_("Choose a day in the future."),
    N_("Choose one of the answers offered."),
    N_("Each answer offered has 1 to %(most)s characters."),
    N_("Give a day, such as 2026-11-30."),
    N_("Give a number of months from 1 to %(most)s."),
    N_("Give one day, such as 2027-01-31."),
    N_("Give whole numbers from 0 to 1,440; 0 is no measure."),
    N_("Name it in small letters, digits and hyphens."),
    N_("Nobody has approved this yet."),
    N_("Nothing was granted on this request."),
    N_("Offer between 2 and %(most)s different answers."),
    N_("Only a choice has answers to choose from."),
    N_("Say why it ends before its time."),
    N_("Say why; the applicant reads it."),
    N_("Somebody changed this request in the meantime; look at it again first."),
    N_("Somebody has approved this already: confirm it, or not."),
    N_("Another administrator than the one who approved confirms."),
    N_(
        "Whoever approved this is no administrator any more: return it, and let it be "
        "approved anew."
    ),
    N_("There is no such batch of consents."),
    N_("There is no such request."),
    N_("This condition needs a value."),
    N_("This condition takes no value."),
    N_("This form was sent before; read the warnings again."),
    N_("This grant is over already."),
    N_("This question is not asked (any more)."),
    N_("This request is %(state)s; that cannot be done now."),
    N_("Two questions have this name."),
    N_("Use at most %(most)s values of %(length)s characters."),
    N_("Write something first."),
    N_("Write the question, in at most %(most)s characters."),
    N_("Write the two letters of the country, such as AM."),
    N_("Write two capital letters for each country, such as AM."),
    N_("You have an open request for this already."),
    N_("You have asked for this record already."),
    N_("%(code)s is not a condition of use."),
    N_("%(code)s stands twice."),
)
TERMS_OF_ACCESS = (
    N_("Another collection has this address."),
    N_("Give it a title in at least one language."),
    N_("Only an administrator can receive requests."),
    N_("Say why."),
    N_("Somebody changed this collection in the meantime; look at it again first."),
    N_("The originals of this collection are closed to everybody."),
    N_("This record is closed to everybody; no emergency opens it."),
    N_("This record is under no embargo."),
    N_("Use small letters, digits and hyphens."),
    N_(
        "What you state does not meet every condition of use; read where, and "
        "change it or send it as it is."
    ),
    N_("There is no such collection."),
)
EMERGENCIES = (
    N_("An administrator is made by two: give the role, and another one confirms."),
    N_("This account administers already."),
    N_("Only an approved account can be made an administrator."),
    N_("This is asked for already, and waits."),
    N_("Another administrator than the one who asked confirms."),
    N_("Only an administrator can confirm this."),
    N_("Whoever asked for it may not do it any more."),
    N_("Nothing of that kind waits for a second person."),
    N_("Prove once more who you are, then do this again."),
    N_("A third administrator reviews it, since there is one."),
    N_("Ask for 1 to %(most)s minutes."),
    N_("Both must be administrators in good standing."),
    N_("Only an administrator can ask for this."),
    N_("Only an administrator can do this."),
    N_("Only an administrator can review this."),
    N_("Somebody else than the one who asked reviews it."),
    N_("Somebody was faster; look at it again first."),
    N_("There is no such emergency."),
    N_("This is %(state)s now; that cannot be done."),
    N_("Write down what you found."),
    N_("Write down why this cannot wait."),
)
COURT = (
    N_("The ledger says nothing of a record %(record)s."),
    N_(
        "Your consent for this record is not for legal proceedings: end it, then "
        "consent again for that purpose, and ask for the package once more."
    ),
    N_("Try again: what you may see changed just now."),
)
STATES = (
    N_("asked"),
    N_("open"),
    N_("over"),
    N_("reviewed"),
    N_("withdrawn"),
    N_("expired"),
    N_("submitted"),
    N_("in review"),
    N_("returned"),
    N_("granted"),
    N_("declined"),
    N_("expiring"),
)
"""What stands in the gap of a state."""
UPKEEP = (
    N_("Somebody else is writing to the index; try again."),
    N_("%(count)s data keys do not open: read every file back."),
    N_("This worker does not hold all keys: run `vigil keys rotate` where they are."),
    N_("No place for backups is set: VIGIL_BACKUP_TO."),
    N_("%(count)s sealed files are missing in the archive: read every file back."),
    N_("%(count)s things are off."),
    N_("Another backup of this archive is being made."),
    N_("This place holds the backups of another archive."),
    N_("The archive changes too fast just now; try again later."),
    N_("%(count)s sealed files do not hold: run `vigil verify --fixity`."),
    N_("It was started %(attempts)s times and never finished."),
    N_("It did not work this time; the log has the details."),
    N_("It did not end within %(limit)s and was stopped."),
)
NAMES = (
    N_("Keep at most %(most)s entries"),
    N_("A gazetteer is a list of entries"),
    N_("Entry %(entry)s needs an id, a kind and forms"),
    N_("Entry %(entry)s needs an id, and a kind of %(known)s"),
    N_("Entry %(entry)s needs 1 to %(most)s names"),
    N_("Entry %(entry)s: %(lang)s needs a list of names"),
    N_("Entry %(entry)s: “%(name)s” is no usable name"),
    N_("This is too long; use vigil gazetteer import"),
)
IMPORTS = (
    N_("Choose the table."),
    N_("There is no such import."),
    N_("This import was begun already; hand the table in once more."),
    N_("This import is over, or still being checked."),
    N_("This import is checked still, or was begun already."),
    N_("This import is at work already."),
    N_("Whoever began this import has signed out; it goes on when they say so."),
    N_("The table has more than %(most)s MB; divide it."),
    N_("The table is empty; its first line names the columns."),
    N_("More than %(most)s rows; divide the table."),
    N_("Two columns are called %(name)s; rename one."),
    N_(
        "The first line names %(count)s columns; at most %(most)s are read. Is the "
        "delimiter right?"
    ),
    N_(
        "Line %(line)s holds a NUL; this is no text, or UTF-16 without its mark: save "
        "it as CSV UTF-8."
    ),
    N_("Line %(line)s has more than %(most)s letters."),
    N_(
        "Line %(line)s cannot be read: a cell has more than %(most)s letters; shorten "
        "it, or close its quote."
    ),
    N_(
        "Line %(line)s cannot be read: every quote has to close, and a quote within a "
        "cell is doubled."
    ),
    N_(
        "The table is not written in %(encoding)s. Save it as CSV UTF-8, or name its "
        "encoding, such as cp1251 for Cyrillic from older programs."
    ),
    N_("%(field)s is no field; fields are: %(fields)s."),
    N_("There is no column %(name)s; there are: %(names)s."),
    N_("Two columns are to be %(field)s; map one to nothing."),
    N_("No column is the title; say which one is."),
    N_("This row has more cells than the head; quote its text."),
    N_("The title is empty; every record needs one."),
    N_("%(word)s is no language; write en, hy, az or ru."),
    N_("%(word)s is not one of %(words)s."),
    N_("%(cell)s is no number of degrees; write 39.7601."),
    N_("Coordinates in own columns need exactly one place."),
    N_("There is no collection %(name)s; make it, or write the short name of one."),
    N_("%(error)s; write code, or code=G4."),
    N_("%(count)s digests for %(files)s files; give each one."),
    N_("This is no %(name)s: %(length)s of 0-9 and a-f."),
    N_("You have sent no file %(name)s."),
    N_("Two of the files that you sent are called %(name)s; remove one."),
    N_("Of files that were sent SHA-256 alone is compared; leave the others out."),
    N_(
        "%(file)s: the source claims %(algorithm)s %(claimed)s, the file has "
        "%(found)s. Fetch the file again, or correct the claim."
    ),
    N_("The same entry stands at %(place)s already; give each its own identifier."),
    N_(
        "It was taken in before as record %(record)s, and the source says something "
        "else now. Change that record, give the entry another identifier, or the "
        "import another name."
    ),
    N_("Somebody is taking this in at the same time; run it again to see."),
    N_("A record has at most %(most)s files."),
    N_("The files of a record have at most %(most)s bytes."),
    N_("A record without files cannot be labelled."),
    N_("Only moderators give labels; leave them out."),
    N_("Only what is labelled can be published: give it labels, and a file."),
    N_("There is nothing to take in."),
)
KNOWN = (
    *ACCOUNTS,
    *EXPORTS,
    *REPORTS,
    *CONTRIBUTIONS,
    *REDACTIONS,
    *APPLICATIONS,
    *ACCESS,
    *REQUESTS,
    *TERMS_OF_ACCESS,
    *EMERGENCIES,
    *RECORDS,
    *VOCABULARY,
    *MARKS,
    *FINDINGS,
    *IMPORTS,
    *SHREDDING,
    *VISAS,
    *FILES,
    *COURT,
    *NAMES,
    *UPKEEP,
)

_GAP = re.compile(r"%\((\w+)\)s")
_COUNT = re.compile(r"\d{1,3}(,\d{3})*|\d+")


def said(sentence: object) -> str:
    """A sentence of a part below the web, in the language of the answer.

    One that is not known here stays as it is.
    """
    text = str(sentence)
    if text in _whole():
        return str(gettext(text))
    for template, words in _gapped():
        if found := words.fullmatch(text):
            filled = {name: _gap(gap) for name, gap in found.groupdict().items()}
            return str(gettext(template, **filled))
    return text


def _gap(words: str) -> str:
    if _COUNT.fullmatch(words):
        return str(format_decimal(int(words.replace(",", ""))))
    return str(gettext(words)) if words in STATES else words


@cache
def _whole() -> frozenset[str]:
    return frozenset(each for each in KNOWN if not _GAP.search(each))


@cache
def _gapped() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((each, _words_of(each)) for each in KNOWN if _GAP.search(each))


def _words_of(template: str) -> re.Pattern[str]:
    """What matches the sentences of a template, a group for each gap."""
    *pairs, last = _GAP.split(template)
    words = "".join(
        f"{re.escape(before)}(?P<{name}>.+)"
        for before, name in zip(pairs[::2], pairs[1::2], strict=True)
    )
    return re.compile(words + re.escape(last), re.DOTALL)
