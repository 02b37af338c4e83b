"""The deny list: persons, addresses and domains from which nothing is accepted.

The list holds keyed digests, so that reading it tells nobody who is on it; whether a
name is there can be asked, one at a time. A name counts in any order of its words and
in any case, an address without what stands after `+`, a domain with all below it. Who
is refused is told what everybody is told; administrators see which rule it was.
"""

import unicodedata
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth.errors import NotPossible, NotThere, ReasonMissing
from auth.identifiers import new_id
from auth.sealing import Sealing, open_text, seal_text
from auth.vetting.tables import Denial


class Kind(StrEnum):
    """What a rule names."""

    NAME = "name"
    EMAIL = "email"
    DOMAIN = "domain"


def add(  # noqa: PLR0913, PLR0917 - each is a column
    s: Session,
    sealing: Sealing,
    kind: Kind,
    value: str,
    reason: str,
    by: str,
    now: datetime,
) -> Denial:
    """Put somebody on the list.

    :raises ReasonMissing: nothing says why
    :raises NotPossible: the value is none of its kind, or is on the list
    """
    if not reason.strip():
        raise ReasonMissing("Say why; the reason is kept with the rule.")
    plain = _plain(kind, value)
    denial_id = new_id()
    row = Denial(
        id=denial_id,
        kind=kind.value,
        value_index=_index(sealing, kind, plain),
        reason_sealed=seal_text(sealing, reason.strip(), _context(denial_id)),
        made_by=by,
        made_at=now,
        hits=0,
    )
    try:
        with s.begin_nested():
            s.add(row)
    except IntegrityError:
        raise NotPossible("This is on the list already.") from None
    return row


def lift(s: Session, denial_id: str) -> None:
    """Take a rule off the list; what it held back can then be reviewed.

    :raises NotThere: there is no such rule
    """
    gone = delete(Denial).where(Denial.id == denial_id).returning(Denial.id)
    if s.scalar(gone) is None:
        raise NotThere("There is no such rule.")


def listing(s: Session) -> list[Denial]:
    """Every rule, newest first."""
    return list(s.scalars(select(Denial).order_by(Denial.made_at.desc(), Denial.id)))


def reason_of(sealing: Sealing, row: Denial) -> str:
    """Why the rule is there, opened."""
    return open_text(sealing, row.reason_sealed, _context(row.id))


def find(s: Session, sealing: Sealing, name: str, *emails: str) -> Denial | None:
    """The rule that a name or one of the addresses meets, if there is one."""
    wanted = [
        _index(sealing, kind, value)
        for kind, value in _everything_about(name, emails)
        if value
    ]
    met = select(Denial).where(Denial.value_index.in_(wanted)).order_by(Denial.made_at)
    return s.scalars(met).first()


def count_hit(s: Session, row: Denial, now: datetime) -> None:
    """Note that somebody was refused by this rule."""
    this = update(Denial).where(Denial.id == row.id)
    s.execute(this.values(hits=Denial.hits + 1, last_hit_at=now))


def _everything_about(name: str, emails: tuple[str, ...]) -> Iterator[tuple[Kind, str]]:
    yield Kind.NAME, _folded_name(name)
    for email in emails:
        address = _folded_address(email)
        yield Kind.EMAIL, address
        labels = address.rpartition("@")[2].split(".")
        for start in range(len(labels) - 1):
            yield Kind.DOMAIN, ".".join(labels[start:])


def _plain(kind: Kind, value: str) -> str:
    if kind is Kind.NAME:
        plain = _folded_name(value)
    elif kind is Kind.EMAIL:
        plain = _folded_address(value)
    else:
        plain = _folded_address(value.strip().removeprefix("@"))
    fits = {
        Kind.NAME: bool(plain),
        Kind.EMAIL: all(plain.rpartition("@")),
        Kind.DOMAIN: "." in plain.strip(".") and "@" not in plain,
    }
    if not fits[kind]:
        raise NotPossible(_UNFIT[kind])
    return plain


_UNFIT = {
    Kind.NAME: "This is not a name.",
    Kind.EMAIL: "This is not an e-mail address such as name@example.org.",
    Kind.DOMAIN: "This is not a domain such as example.org.",
}


def _folded_name(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(c if c.isalnum() else " " for c in letters if not _is_accent(c))
    return " ".join(sorted(bare.split()))


def _is_accent(letter: str) -> bool:
    return bool(unicodedata.combining(letter))


def _folded_address(email: str) -> str:
    plain = unicodedata.normalize("NFKC", email).strip().casefold().rstrip(".")
    local, at, domain = plain.rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}" if at else domain


def _index(sealing: Sealing, kind: Kind, plain: str) -> bytes:
    return sealing.blind(plain, f"denials.{kind.value}")


def _context(denial_id: str) -> str:
    return f"denials.reason:{denial_id}"
