"""What lets an outsider check the ledger: signed roots, proofs, and time-stamps.

A checkpoint says, signed, what the first lines of the ledger were. Whoever keeps one
(a file elsewhere, a court, a time-stamping authority) can show later that nothing among
those lines was changed, left out or put in, even by somebody who holds every key.
"""

from archive.witness.checkpoints import (
    DOCUMENT,
    WitnessError,
    agree,
    find,
    keep,
    latest,
    listing,
    make,
)
from archive.witness.proofs import consistency, inclusion

__all__ = [
    "DOCUMENT",
    "WitnessError",
    "agree",
    "consistency",
    "find",
    "inclusion",
    "keep",
    "latest",
    "listing",
    "make",
]
