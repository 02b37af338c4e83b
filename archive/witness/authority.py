"""Asking a time-stamping authority about a checkpoint.

What is sent is a digest. What comes back is believed only where it proves that digest
under the certificates given in the settings (`archive.vault.timestamps`).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import outward
from archive.config import Config
from archive.ledger.tables import LedgerCheckpoint
from archive.outward import SETTLED, Away, Bounds
from archive.vault import timestamps
from archive.vault.timestamps import StampRefused
from archive.witness.checkpoints import WitnessError, written

BOUNDS = Bounds(seconds=20.0, most_bytes=64 << 10)
_ASKING = {"Content-Type": "application/timestamp-query"}


def unstamped(s: Session) -> LedgerCheckpoint | None:
    """The newest checkpoint, where no authority has stamped it yet."""
    newest = select(LedgerCheckpoint).order_by(LedgerCheckpoint.size.desc()).limit(1)
    row = s.scalar(newest)
    return row if row is not None and row.stamp is None else None


def stamp(config: Config, document: dict[str, object]) -> tuple[bytes, datetime]:
    """Have a checkpoint stamped: the answer, and the time it proves.

    :raises WitnessError: the authority is away, or what it says proves nothing
    """
    message = written(document)
    asked = timestamps.question(message)
    answer = _post(config.tsa_url or "", asked.as_bytes())
    try:
        return answer, timestamps.proved(answer, message, roots(config), asked)
    except StampRefused as error:
        raise WitnessError(str(error)) from error


def check(config: Config, row: LedgerCheckpoint) -> str | None:
    """What is wrong with a kept stamp, if anything."""
    if row.stamp is None:
        return None
    try:
        at = timestamps.proved(row.stamp, written(row.document), roots(config))
    except StampRefused as error:
        return str(error)
    return None if at == row.stamped_at else "the time beside the stamp was changed"


def roots(config: Config) -> bytes:
    """The certificates to believe, as PEM.

    :raises WitnessError: they cannot be read
    """
    path = config.tsa_certificates
    try:
        return Path(path).read_bytes() if path else b""
    except OSError as error:
        raise WitnessError(
            f"VIGIL_TSA_CERTIFICATES, {path}, cannot be read: {error.strerror}."
        ) from error


def _post(url: str, body: bytes) -> bytes:
    try:
        answer = outward.ask(url, BOUNDS, reach=SETTLED, body=body, headers=_ASKING)
    except Away as error:
        raise WitnessError("The time-stamping authority does not answer.") from error
    if not answer.is_good:
        raise WitnessError(
            f"The time-stamping authority answered {answer.status} and no time-stamp."
        )
    return answer.body
