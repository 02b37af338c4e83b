"""Which entries of which source have become records: looked up, written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from archive.exchange.imports.entries import Entry
from archive.exchange.imports.tables import ImportEntry
from auth.sealing import Sealing

KEY_PURPOSE = "import_entries.key"
DIGEST_PURPOSE = "import_entries.digest"


@dataclass(frozen=True)
class Name:
    """The form of a source, and what it is called: keys are unique under both."""

    form: str
    called: str


@dataclass(frozen=True)
class Known:
    """An entry that was taken in before; `is_same` unless the source says other now."""

    record_id: str
    is_same: bool


def find(s: Session, sealing: Sealing, name: Name, entry: Entry) -> Known | None:
    """What is known of an entry from an earlier run."""
    row = s.get(ImportEntry, _index(sealing, name, entry.key))
    if row is None:
        return None
    digest = sealing.blind(entry.digest, DIGEST_PURPOSE)
    return Known(row.record_id, row.digest_index == digest)


def write(  # noqa: PLR0913 - which entry of what, whose record, by whom, when
    s: Session,
    sealing: Sealing,
    name: Name,
    entry: Entry,
    *,
    record_id: str,
    by: str,
    now: datetime,
) -> None:
    """Write down that it is a record, in the transaction that makes the record."""
    row = ImportEntry(
        key_index=_index(sealing, name, entry.key),
        digest_index=sealing.blind(entry.digest, DIGEST_PURPOSE),
        record_id=record_id,
        author=by,
        made_at=now,
    )
    s.add(row)
    s.flush()


def _index(sealing: Sealing, name: Name, key: str) -> bytes:
    return sealing.blind("\0".join((name.form, name.called, key)), KEY_PURPOSE)
