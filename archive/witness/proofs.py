"""Proofs that fit a checkpoint, as documents somebody can check without the archive."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from archive.ledger.tree import Tree
from archive.witness.checkpoints import WitnessError, find, latest, line_digest_at

INCLUSION = "vigil ledger inclusion/v1"
CONSISTENCY = "vigil ledger consistency/v1"


def inclusion(s: Session, seq: int, size: int | None = None) -> dict[str, Any]:
    """Show that a line is among those of a checkpoint; the newest, if none is named.

    :raises WitnessError: there is no such line or checkpoint, or it is not among them
    """
    digest = line_digest_at(s, seq)
    checkpoint = latest(s) if size is None else find(s, size)
    if checkpoint is None or seq > checkpoint.size:
        raise WitnessError(
            f"Line {seq} is newer than the checkpoint; make one first "
            "(vigil ledger checkpoint)."
        )
    path = Tree(s).inclusion(seq, checkpoint.size)
    return {
        "document": INCLUSION,
        "seq": seq,
        "digest": digest,
        "path": [step.hex() for step in path],
        "checkpoint": checkpoint.document,
    }


def consistency(s: Session, before: int, size: int | None = None) -> dict[str, Any]:
    """Show that a later checkpoint goes on from an earlier one.

    :raises WitnessError: there is no such checkpoint, or it is not the earlier one
    """
    earlier = find(s, before)
    later = latest(s) if size is None else find(s, size)
    if later is None or not 0 < before <= later.size:
        raise WitnessError("The first of two checkpoints stands for fewer lines.")
    path = Tree(s).consistency(before, later.size)
    return {
        "document": CONSISTENCY,
        "path": [step.hex() for step in path],
        "earlier": earlier.document,
        "later": later.document,
    }
