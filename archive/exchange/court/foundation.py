"""What a package stands on: a checkpoint, the record's lines in it, their proofs.

The same state of a record has the same foundation: the earliest checkpoint that covers
every line about the record but those that packages themselves have left at its end.
They stand in the package that is made after the next thing has happened.

A line that tells of a person is told without the person, unless asked for: its digest
and its path are there, so that it can be shown later that it is this line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.ledger.events import INWARD, MATERIAL, SAID
from archive.ledger.tables import LedgerCheckpoint, LedgerEntry, line_of
from archive.ledger.tree import Tree
from archive.witness import checkpoints, extracts, proofs

EXTRACT = "vigil court extract/v1"
OWN = frozenset({"exporting", "export given", "displaying"})
PACKAGE = "package"
PROGRAM = "system:"
OPERATOR = "operator"


class Premises(checkpoints.Premises, Protocol):
    """Whose ledger it is."""


@dataclass(frozen=True)
class Told:
    """One line of the extract, and what of it PREMIS is told."""

    seq: int
    document: dict[str, Any]
    event: str
    at: str
    by: str
    asset: str | None
    detail: dict[str, Any]


@dataclass(frozen=True)
class Foundation:
    """A checkpoint, lines in it, and earlier checkpoints that others have stamped."""

    checkpoint: dict[str, Any]
    stamp: bytes | None
    lines: list[Told]
    witnessed: list[Witnessed] = field(default_factory=list)

    @property
    def size(self) -> int:
        return int(self.checkpoint["size"])

    def extract(self, record_id: str) -> dict[str, Any]:
        """The lines as the document that the verifier reads."""
        return {
            "document": EXTRACT,
            "record": record_id,
            "checkpoint": self.checkpoint,
            "lines": [line.document for line in self.lines],
        }


@dataclass(frozen=True)
class Witnessed:
    """An earlier checkpoint with its stamp, and that the later one goes on from it."""

    checkpoint: dict[str, Any]
    stamp: bytes
    consistency: dict[str, Any]


def last_needed(premises: Premises, s: Session, record_id: str) -> int:
    """The number of its last line that no package has left; 0 where there is none."""
    query = select(LedgerEntry).where(LedgerEntry.record_id == record_id)
    for entry in s.scalars(query.order_by(LedgerEntry.seq.desc())):
        if not _left_by_a_package(premises, entry):
            return entry.seq
    return 0


def covering(s: Session, seq: int) -> LedgerCheckpoint | None:
    """The earliest checkpoint with this line in it, if there is one yet."""
    row = LedgerCheckpoint
    found: LedgerCheckpoint | None = s.scalar(
        select(row).where(row.size >= seq).order_by(row.size).limit(1)
    )
    return found


def lay(
    premises: Premises,
    s: Session,
    record_id: str,
    checkpoint: LedgerCheckpoint,
    *,
    people: bool,
) -> Foundation:
    """The record's lines under this checkpoint; with `people` nothing is left out."""
    tree, size = Tree(s), checkpoint.size
    lines = [
        _told(premises, entry, tree.inclusion(entry.seq, size), people=people)
        for entry in extracts.entries(s, size, record_id)
    ]
    return Foundation(
        dict(checkpoint.document),
        checkpoint.stamp,
        lines,
        list(_witnessed(s, [line.seq for line in lines], size)),
    )


def _left_by_a_package(premises: Premises, entry: LedgerEntry) -> bool:
    if entry.event not in OWN:
        return False
    return premises.ledger.detail(entry).get("form") == PACKAGE


def _told(
    premises: Premises, entry: LedgerEntry, path: list[bytes], *, people: bool
) -> Told:
    proved = {"digest": entry.digest, "path": [step.hex() for step in path]}
    line, detail = line_of(entry), premises.ledger.detail(entry)
    if people or not (_is_of_a_person(entry) or entry.event in INWARD | SAID):
        shown = {"line": line, "detail": detail, **proved}
        at = str(line["at"])
        return Told(
            entry.seq, shown, entry.event, at, entry.actor, entry.asset_id, detail
        )
    known = {"seq": entry.seq, "record": entry.record_id}
    if entry.event in MATERIAL:
        known |= {name: line[name] for name in ("at", "event", "asset")}
    about_material = entry.event in MATERIAL
    event = entry.event if about_material else "access"
    at = str(line["at"]) if about_material else ""
    withheld = {"withheld": known, **proved}
    return Told(entry.seq, withheld, event, at, "person", entry.asset_id, {})


def _is_of_a_person(entry: LedgerEntry) -> bool:
    program = entry.actor == OPERATOR or entry.actor.startswith(PROGRAM)
    return not program or entry.account_id is not None


def _witnessed(s: Session, seqs: list[int], size: int) -> Iterator[Witnessed]:
    """For each line the earliest stamped checkpoint, of those before `size`."""
    row, waiting = LedgerCheckpoint, sorted(seqs)
    earlier = select(row).where(row.stamp.is_not(None), row.size < size)
    for found in s.scalars(earlier.order_by(row.size)):
        covered = [seq for seq in waiting if seq <= found.size]
        if covered and found.stamp is not None:
            waiting = waiting[len(covered) :]
            proof = proofs.consistency(s, found.size, size)
            yield Witnessed(dict(found.document), found.stamp, proof)
