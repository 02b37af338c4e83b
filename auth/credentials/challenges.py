"""Questions to passkeys: 32 random bytes for one session and one purpose, 5 minutes.

A challenge is used up by the first answer that shows it, right or wrong, and only its
digest is kept. Callers commit either way, or a challenge lives twice.
"""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete
from sqlalchemy.orm import Session

from auth.credentials.tables import PasskeyChallenge
from auth.errors import PasskeyRefused
from auth.identifiers import digest_of

BYTES = 32
LASTS = timedelta(minutes=5)


class Ceremony(StrEnum):
    """What a challenge was made for; an answer counts for nothing else."""

    REGISTER = "register"
    SIGN_IN = "sign_in"
    SECOND_FACTOR = "second_factor"
    PROVE = "prove"


def draw(s: Session, session_id: str, ceremony: Ceremony, now: datetime) -> bytes:
    """A new challenge, kept as a digest."""
    challenge = secrets.token_bytes(BYTES)
    s.add(
        PasskeyChallenge(
            challenge_hash=_digest(challenge),
            session_id=session_id,
            ceremony=ceremony.value,
            expires_at=now + LASTS,
        )
    )
    s.flush()
    return challenge


def take(
    s: Session, challenge: bytes, session_id: str, *ceremonies: Ceremony, now: datetime
) -> Ceremony:
    """Use a challenge up; of two answers to it at once, one finds nothing.

    :raises PasskeyRefused: it was answered, has run out, or is not this session's
    """
    taking = (
        delete(PasskeyChallenge)
        .where(
            PasskeyChallenge.challenge_hash == _digest(challenge),
            PasskeyChallenge.session_id == session_id,
            PasskeyChallenge.ceremony.in_([each.value for each in ceremonies]),
            PasskeyChallenge.expires_at > now,
        )
        .returning(PasskeyChallenge.ceremony)
    )
    taken = s.scalar(taking)
    if taken is None:
        raise PasskeyRefused("That took too long; please try once more.")
    return Ceremony(taken)


def purge(s: Session, now: datetime) -> None:
    """Forget the challenges whose time is over. For the background worker."""
    s.execute(delete(PasskeyChallenge).where(PasskeyChallenge.expires_at <= now))


def _digest(challenge: bytes) -> bytes:
    return digest_of(challenge.hex())
