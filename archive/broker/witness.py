"""The journal as a witness: the ledger must still say what it said then.

The web server holds the ledger's key, so whoever broke into it could write the whole
chain anew. Each entry of the journal names the ledger's last line of its moment, by
number and digest, and no web server can change that.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from archive.broker.journal import Entry
from archive.ledger import Ledger


def disagreements(
    ledger: Ledger, session: Session, entries: Iterable[Entry]
) -> list[str]:
    """A sentence for each line of the ledger that is not what it was."""
    seen: dict[int, str] = {}
    found = []
    for entry in entries:
        if "ledger" not in entry.told:
            continue
        seq, digest = entry.told["ledger"]
        if seq == 0 or seen.get(seq) == digest:
            continue
        seen[seq] = digest
        if ledger.digest_of(session, seq) != digest:
            found.append(
                f"line {seq} of the ledger is missing, or not what it was when the "
                f"broker wrote line {entry.seq} of its journal"
            )
    return found
