"""Extracts: lines of the ledger in a file that can be checked without the archive.

    document    "vigil ledger extract/v1"
    record      whose lines they are; null for all of them
    checkpoint  the newest, signed
    stamp       the authority's answer about it, in base 64; null where there is none
    lines       each `{"line", "digest"}`; `line` is what its digest is of
                `path`    of an extract of one record: from the line to the root
                `detail`  where asked for: what the line's `detail` is the digest of

All lines are checked as the chain they are; those of one record each by their path.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.ledger.tables import LedgerCheckpoint, LedgerEntry, line_of
from archive.ledger.tree import Tree
from archive.witness import checkpoints
from archive.witness.checkpoints import WitnessError

DOCUMENT = "vigil ledger extract/v1"
_BATCH = 1_000


class Premises(checkpoints.Premises, Protocol):
    """Whose ledger it is."""


def write(
    premises: Premises, path: Path, *, record: str | None, details: bool = False
) -> int:
    """Write the lines of the newest checkpoint, or those of one record; how many.

    :raises WitnessError: there is no checkpoint, no such line, or no room for the file
    """
    try:
        with checkpoints.appearing(path, 0o600) as file:
            text = io.TextIOWrapper(file, encoding="ascii", write_through=True)
            count = _written(premises, text, record, details=details)
            text.detach()
            return count
    except OSError as error:
        raise WitnessError(f"{path} cannot be written: {error.strerror}.") from error


def _written(
    premises: Premises, file: IO[str], record: str | None, *, details: bool
) -> int:
    with premises.db.read() as s:
        newest = checkpoints.latest(s)
        if newest is None:
            raise WitnessError("There is no checkpoint yet; make one first.")
        head = {
            "document": DOCUMENT,
            "record": record,
            "checkpoint": newest.document,
            "stamp": _base64(newest.stamp),
        }
        file.write(json.dumps(head)[:-1] + ', "lines": [')
        count = 0
        for line in _lines(premises, s, newest, record, details=details):
            file.write((",\n" if count else "\n") + json.dumps(line))
            count += 1
        file.write("\n]}\n")
    if not count:
        raise WitnessError(f"The ledger says nothing of a record {record}.")
    return count


def _lines(
    premises: Premises,
    s: Session,
    newest: LedgerCheckpoint,
    record: str | None,
    *,
    details: bool,
) -> Iterator[dict[str, Any]]:
    tree = Tree(s)
    for entry in entries(s, newest.size, record):
        told: dict[str, Any] = {"line": line_of(entry), "digest": entry.digest}
        if record is not None:
            path = tree.inclusion(entry.seq, newest.size)
            told["path"] = [step.hex() for step in path]
        if details:
            told["detail"] = premises.ledger.detail(entry)
        yield told


def entries(s: Session, size: int, record: str | None) -> Iterator[LedgerEntry]:
    query = select(LedgerEntry).order_by(LedgerEntry.seq).limit(_BATCH)
    if record is not None:
        query = query.where(LedgerEntry.record_id == record)
    after = 0
    within = query.where(LedgerEntry.seq <= size)
    while batch := s.scalars(within.where(LedgerEntry.seq > after)).all():
        yield from batch
        after = batch[-1].seq
        s.expunge_all()


def _base64(stamp: bytes | None) -> str | None:
    return None if stamp is None else base64.b64encode(stamp).decode()
