"""The form that somebody without an account fills in, and what is made of it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import Field

from archive.contributions import describing
from archive.contributions.handing import MOST_WORDS, Given
from archive.contributions.kinds import Wish
from archive.records.document import (
    SHORT_LIMIT,
    TEXT_LIMIT,
    TITLE_LIMIT,
)
from archive.records.errors import FieldError
from archive.web.request import context, fields, i18n
from archive.web.showing.contributed import WISHES


class ContributionForm(fields.Form):
    """What it is, where it comes from, what is dangerous, what is wished."""

    title = fields.StringField(
        _("What is it, in a few words"),
        [fields.filled(), fields.at_most(TITLE_LIMIT)],
        filters=[fields.tidied],
        description=_("For example: a film of a burnt house. Name nobody here."),
    )
    body = fields.TextAreaField(
        _("What can be seen and heard"),
        [fields.optional(), fields.at_most(TEXT_LIMIT)],
        filters=[fields.tidied],
    )
    language = fields.SelectField(
        _("You write in"),
        [fields.chosen()],
        choices=fields.choices_of(i18n.LANGUAGES.items()),
    )
    event_date = fields.StringField(
        _("When it happened"),
        [fields.optional(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_(
            "As exactly as it is known: 2020-11-15, 2020-11, 2020, about 2020: 2020~, "
            "or a span: 2020-11-10/2020-11-21."
        ),
    )
    place = fields.StringField(
        _("Where"),
        [fields.optional(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
    )
    source_url = fields.StringField(
        _("Address where it was found"),
        [fields.optional(), fields.at_most(2_000)],
        filters=[fields.tidied],
    )
    source_note = fields.TextAreaField(
        _("How it came to you"),
        [fields.optional(), fields.at_most(TEXT_LIMIT)],
        filters=[fields.tidied],
        description=_(
            "Did you make it, was it sent to you, was it public? Leave out what could"
            " lead to you or to whoever gave it to you."
        ),
    )
    rights = fields.StringField(
        _("Rights"),
        [fields.optional(), fields.at_most(TEXT_LIMIT)],
        filters=[fields.tidied],
        description=_("Who made it or holds rights in it, as far as is known."),
    )
    people = fields.TextAreaField(
        _("The people who are shown or heard: do they agree?"),
        [fields.optional(), fields.at_most(MOST_WORDS)],
        filters=[fields.tidied],
        description=_("Say if you do not know, if they cannot be asked, or are dead."),
    )
    danger = fields.TextAreaField(
        _("Could somebody come to harm if it is published?"),
        [fields.optional(), fields.at_most(MOST_WORDS)],
        filters=[fields.tidied],
        description=_(
            "You, somebody shown, somebody's family. Only reviewers read this."
        ),
    )
    wish = fields.RadioField(
        _("Who may know of it, if you could decide"),
        [fields.chosen()],
        choices=fields.choices_of(WISHES.items()),
        description=_("The archive may be more careful than you wish, never less."),
    )
    until = fields.DateField(
        _("Keep the files shut until"),
        [fields.optional(), fields.after(lambda: context.now().date())],
    )
    about_wish = fields.TextAreaField(
        _("Anything else you wish"),
        [fields.optional(), fields.at_most(MOST_WORDS)],
        filters=[fields.tidied],
    )
    contact = fields.EmailField(
        _("Where to write to"),
        [fields.optional(), fields.email_address()],
        filters=[fields.tidied],
        description=_(
            "Better leave it empty. It is kept sealed for reviewers and forgotten 90"
            " days after the decision; no mail is sent by itself. Your reference is"
            " enough."
        ),
    )
    is_mine = fields.BooleanField(
        _("I hand this in of my own will, and may do so without breaking my word."),
        [fields.agreed()],
    )
    is_understood = fields.BooleanField(
        _(
            "I understand that I get one reference, that nobody can give it to me"
            " again, and that without it I cannot take this back."
        ),
        [fields.agreed()],
    )

    def given(self) -> Given:
        """What is handed in beside the files.

        :raises FieldError: the description cannot be taken; `field` is its own word
        """
        return describing.given(
            lambda name: self[name].data or "",
            Wish(self.wish.data),
            self.until.data,
            self.language.data,
        )

    def control(self, error: FieldError) -> Field:
        """The control that the catalogue's sentence stands beside."""
        last = error.field.rpartition(".")[2]
        for name in (error.field.replace(".", "_"), last, _NAMES.get(last, "")):
            if name in self:
                return self[name]
        return self.title


_NAMES = {"places": "place", "lat": "place", "lon": "place", "url": "source_url"}
