"""One checkpoint from its signature to what others hold of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from archive.config import Config
from archive.ledger.tables import LedgerCheckpoint
from archive.witness import authority, checkpoints


class Premises(checkpoints.Premises, Protocol):
    """What an attestation is made with."""

    @property
    def config(self) -> Config: ...


def sign(premises: Premises, *, actor: str, now: datetime) -> dict[str, Any]:
    """Make a checkpoint, in a transaction of its own; the document."""
    with premises.db.write() as s:
        return dict(checkpoints.make(premises, s, actor=actor, now=now).document)


def bear_out(premises: Premises) -> None:
    """Keep every checkpoint in the folder, and have the newest stamped, where set.

    :raises WitnessError: the folder or the authority is away, or proves nothing
    """
    config = premises.config
    with premises.db.read() as s:
        documents = [row.document for row in checkpoints.listing(s)]
        newest = authority.unstamped(s)
        asked = dict(newest.document) if newest is not None else None
    if config.checkpoint_folder is not None:
        for document in documents:
            checkpoints.keep(document, config.checkpoint_folder)
    if config.tsa_url and asked is not None:
        answer, at = authority.stamp(config, asked)
        with premises.db.write() as s:
            row = s.get_one(LedgerCheckpoint, asked["size"])
            row.stamp, row.stamped_at = answer, at
