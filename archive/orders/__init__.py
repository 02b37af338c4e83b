"""Orders to shred: asked for by one administrator, confirmed by another, done once.

    ask        one says which record and why, and signs with their second factor
    confirm    another one signs as well; never the same, and within a week
    withdraw   either of them, or anybody else who may, takes it back before
    carry_out  what two have signed is destroyed; again only gives the receipt

Each step is a line of the ledger. The confirmation leaves a job, so that an order is
carried out by whoever has the originals' keys, however often anything is killed.
"""

from archive.orders.book import (
    JOB,
    LASTS,
    NoSuchOrder,
    NotNow,
    State,
    ask,
    ask_and_confirm,
    carry_out,
    confirm,
    find,
    is_own,
    listing,
    reason_of,
    receipt_of,
    state_of,
    withdraw,
)
from archive.orders.tables import ShredOrder

__all__ = [
    "JOB",
    "LASTS",
    "NoSuchOrder",
    "NotNow",
    "ShredOrder",
    "State",
    "ask",
    "ask_and_confirm",
    "carry_out",
    "confirm",
    "find",
    "is_own",
    "listing",
    "reason_of",
    "receipt_of",
    "state_of",
    "withdraw",
]
