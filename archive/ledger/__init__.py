"""The ledger: an append-only, hash-chained record of what happened.

`Ledger(audit_key, sealing).append(session, event, ...)` adds one line in the caller's
write transaction; `verify` walks the chain; `entries` lists lines, newest first.
"""

from archive.ledger.chain import Ledger, Line
from archive.ledger.events import EVENTS, UnknownEvent
from archive.ledger.joining import Told
from archive.ledger.tables import LedgerEntry
from archive.ledger.verifying import Finding, Findings

__all__ = [
    "EVENTS",
    "Finding",
    "Findings",
    "Ledger",
    "LedgerEntry",
    "Line",
    "Told",
    "UnknownEvent",
]
