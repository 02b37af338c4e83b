"""Links of an application that work once: an address confirmed, a referee asked.

| purpose | lives | leads to |
|---|---|---|
| confirm | 72 hours | the address is the applicant's, and review may begin |
| refer | 14 days | the referee's answer |

A link is a secret of 256 bits and a keyed mark over it and its purpose, so that one of
another purpose, or one that somebody made up, is refused unread. Only a digest is kept.
A new link of the same purpose makes the earlier ones useless.
"""

import hmac
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from auth.errors import LinkSpent
from auth.identifiers import digest_of, new_id, new_secret
from auth.sealing import Sealing
from auth.vetting.tables import Application, ApplicationLink

SPENT = "This link was used, or has run out; ask for a new one."
_MARK_LETTERS = 22


class Purpose(StrEnum):
    """What a link is for."""

    CONFIRM = "confirm"
    REFER = "refer"


LIVES = {Purpose.CONFIRM: timedelta(hours=72), Purpose.REFER: timedelta(days=14)}


def make(
    s: Session,
    sealing: Sealing,
    purpose: Purpose,
    application: Application,
    by: str,
    now: datetime,
) -> str:
    """Make a link; its words are in the answer and nowhere else."""
    void(s, purpose, application.id, now)
    secret = new_secret()
    row = ApplicationLink(
        id=new_id(),
        application_id=application.id,
        purpose=purpose.value,
        secret_hash=digest_of(secret),
        made_by=by,
        made_at=now,
        expires_at=now + LIVES[purpose],
    )
    s.add(row)
    s.flush()
    return f"{secret}.{_mark(sealing, purpose, secret)}"


def find(
    s: Session, sealing: Sealing, purpose: Purpose, token: str, now: datetime
) -> ApplicationLink:
    """The link of a token, while it works; looking does not use it up.

    :raises LinkSpent: it was used, has run out, or was never made for this
    """
    live = select(ApplicationLink).where(*_live(sealing, purpose, token, now))
    row = s.scalars(live).one_or_none()
    if row is None:
        raise LinkSpent(SPENT)
    return row


def use(
    s: Session, sealing: Sealing, purpose: Purpose, token: str, now: datetime
) -> ApplicationLink:
    """Use a link up; of two who try at once, one finds it spent.

    :raises LinkSpent: it was used, has run out, or was never made for this
    """
    using = (
        update(ApplicationLink)
        .where(*_live(sealing, purpose, token, now))
        .values(used_at=now)
        .returning(ApplicationLink)
    )
    row = s.scalars(using).one_or_none()
    if row is None:
        raise LinkSpent(SPENT)
    return row


def void(s: Session, purpose: Purpose, application_id: str, now: datetime) -> None:
    """Make the links of an application useless."""
    earlier = update(ApplicationLink).where(
        ApplicationLink.application_id == application_id,
        ApplicationLink.purpose == purpose.value,
        ApplicationLink.used_at.is_(None),
    )
    s.execute(earlier.values(used_at=now))


def latest(s: Session, purpose: Purpose, application_id: str) -> ApplicationLink | None:
    """The link made last, whether or not it still works."""
    made = select(ApplicationLink).where(
        ApplicationLink.application_id == application_id,
        ApplicationLink.purpose == purpose.value,
    )
    return s.scalars(made.order_by(ApplicationLink.made_at.desc())).first()


def _live(
    sealing: Sealing, purpose: Purpose, token: str, now: datetime
) -> tuple[ColumnElement[bool], ...]:
    secret, _, mark = token.partition(".")
    genuine = hmac.compare_digest(
        mark.encode("utf-8", "surrogatepass"), _mark(sealing, purpose, secret).encode()
    )
    if not genuine:
        raise LinkSpent(SPENT)
    return (
        ApplicationLink.secret_hash == digest_of(secret),
        ApplicationLink.purpose == purpose.value,
        ApplicationLink.used_at.is_(None),
        ApplicationLink.expires_at > now,
    )


def _mark(sealing: Sealing, purpose: Purpose, secret: str) -> str:
    keyed = sealing.blind(secret, f"application_links.{purpose.value}")
    return urlsafe_b64encode(keyed).decode()[:_MARK_LETTERS]
