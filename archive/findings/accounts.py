"""Parallel descriptions: several accounts of one record, side by side, each signed.

An account is one author's: nobody else can change it, and a change is a new version.
To sign means: the account of the archive that wrote it is known, and the ledger holds
the digest of exactly these words. What a researcher writes is read by a moderator
before others meet it; the version accepted stays shown until a later one is accepted.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from archive.findings import book, texts, words
from archive.findings.book import Change, Premises, Thing, Version
from archive.findings.tables import Kind
from archive.records.document import is_language
from archive.records.errors import FieldError, RecordsError
from auth.sealing import Sealing

SIGNERS = ("person", "institution")


class NotTheAuthor(RecordsError):
    """Somebody other than its author would change an account."""

    code = "not_the_author"


@dataclass(frozen=True)
class Account:
    """What one author says; `signer` is the name it is signed with."""

    signer: str
    text: str
    signer_kind: str = "person"
    perspective: str = "other"
    language: str = "en"
    date: str = ""


@dataclass(frozen=True)
class Given:
    """An account in one version; `is_shown` says that everybody meets this version."""

    version: Version
    account: Account
    is_shown: bool

    @property
    def thread(self) -> str:
        return self.version.thread

    @property
    def author(self) -> str:
        return self.version.author


def give(  # noqa: PLR0913 - what, over which version, who, when
    premises: Premises,
    s: Session,
    record_id: str,
    given: Account,
    *,
    thread: str = "",
    version: int = 0,
    by: str,
    now: datetime,
    is_accepted: bool = False,
) -> Version:
    """Sign an account, or a new version of one's own.

    :raises FieldError: something is missing, or cannot be taken
    :raises NotTheAuthor: somebody else gave this account
    :raises Conflict: it was changed since `version`
    """
    if thread:
        _require_own(s, premises.sealing, record_id, thread, by)
    thing = Thing(Kind.ACCOUNT, record_id, thread=thread)
    said = asdict(_checked(given))
    change = Change(said, version, by, now, records=(record_id,))
    written = book.write(premises, s, thing, change)
    if is_accepted:
        accept(premises, s, written, by=by, now=now)
    return written


def take_back(  # noqa: PLR0913 - what, over which version, who, when
    premises: Premises,
    s: Session,
    record_id: str,
    thread: str,
    *,
    version: int,
    by: str,
    now: datetime,
) -> Version:
    """Take one's own account back; its versions stay in the book, nobody meets them.

    :raises FieldError: there is no such account
    :raises NotTheAuthor: somebody else gave it
    :raises Conflict: it was changed since `version`
    """
    before = _require_own(s, premises.sealing, record_id, thread, by)
    thing = Thing(Kind.ACCOUNT, record_id, thread=thread)
    change = Change(before.said, version, by, now, is_ended=True, records=(record_id,))
    return book.write(premises, s, thing, change)


def accept(
    premises: Premises, s: Session, written: Version, *, by: str, now: datetime
) -> Version:
    """Let others meet exactly this version of an account.

    :raises Conflict: somebody else decided at the same time
    """
    thread = _acceptance(written.thread)
    thing = Thing(Kind.ACCEPTANCE, written.about, written.thread, thread)
    change = Change(
        {"version": written.version},
        book.latest_number(s, thread),
        by,
        now,
        records=(written.about,),
        told={"of": written.thread, "of_digest": written.digest},
    )
    return book.write(premises, s, thing, change)


def require(s: Session, sealing: Sealing, record_id: str, thread: str) -> Version:
    """The version that stands of an account of this record.

    :raises FieldError: there is none
    """
    is_id = texts.is_id(thread)
    found = book.latest(s, sealing, thread, Kind.ACCOUNT) if is_id else None
    if found is None or found.about != record_id:
        raise FieldError("account", "There is no such account here.")
    return found


def shown(s: Session, sealing: Sealing, record_id: str) -> list[Given]:
    """What everybody who knows of the record meets, in the order of first signing."""
    accepted = _accepted(s, sealing, record_id)
    found = []
    for standing in book.about(s, sealing, Kind.ACCOUNT, record_id):
        versions = book.history(s, sealing, standing.thread)
        number = accepted.get(standing.thread, 0)
        found += [
            (versions[-1].at, Given(each, _read(each), is_shown=True))
            for each in versions
            if each.version == number
        ]
    return [given for _at, given in sorted(found, key=_by_time)]


def waiting(s: Session, sealing: Sealing, record_id: str) -> list[Given]:
    """Latest versions that nobody has accepted yet: for their authors and for staff."""
    accepted = _accepted(s, sealing, record_id)
    return [
        Given(each, _read(each), is_shown=False)
        for each in book.about(s, sealing, Kind.ACCOUNT, record_id)
        if accepted.get(each.thread, 0) != each.version
    ]


def _accepted(s: Session, sealing: Sealing, record_id: str) -> dict[str, int]:
    found = book.about(s, sealing, Kind.ACCEPTANCE, record_id)
    return {each.other or "": int(each.said["version"]) for each in found}


def _by_time(pair: tuple[datetime, Given]) -> tuple[datetime, str]:
    return pair[0], pair[1].thread


def _require_own(
    s: Session, sealing: Sealing, record_id: str, thread: str, by: str
) -> Version:
    before = require(s, sealing, record_id, thread)
    if before.author != by:
        raise NotTheAuthor("Only whoever signed this account can change it.")
    return before


def _checked(given: Account) -> Account:
    signer = texts.short("signer", given.signer)
    text = texts.long("text", given.text)
    if not signer:
        raise FieldError("signer", "Say who signs this account.")
    if not text:
        raise FieldError("text", "Write the account first.")
    if not is_language(given.language):
        raise FieldError("language", f"{given.language!r} is not a language code.")
    return Account(
        signer,
        text,
        words.one_of("signer_kind", given.signer_kind, SIGNERS),
        words.one_of("perspective", given.perspective, words.codes("perspectives")),
        given.language,
        texts.date("date", given.date),
    )


def _read(version: Version) -> Account:
    return Account(**version.said)


def _acceptance(thread: str) -> str:
    return f"acceptance:{thread}"
