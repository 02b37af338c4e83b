"""What can be reported, how a report stands, and what may follow from it."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What somebody says; in the order of how soon it must be looked at."""

    SHOWS_ME = "shows_me"
    LEGAL = "legal"
    RESTORE = "restore"
    TOO_OPEN = "too_open"
    AT_RISK = "at_risk"
    WRONG_LABEL = "wrong_label"
    TOO_DARK = "too_dark"
    DESCRIPTION = "description"


class State(StrEnum):
    """How a report stands; the last three are outcomes."""

    RECEIVED = "received"
    TAKEN = "taken"
    UPHELD = "upheld"
    PARTLY = "partly"
    DECLINED = "declined"


class Remedy(StrEnum):
    """What follows for the record."""

    NONE = "none"
    RELABEL = "relabel"
    REDACT = "redact"
    EMBARGO = "embargo"
    WITHDRAW = "withdraw"
    SHRED = "shred"
    RESTORE = "restore"


GRAVE = frozenset({Kind.SHOWS_ME, Kind.LEGAL, Kind.RESTORE})
"""What administrators read and decide; nobody else sees what was written."""
READERS = tuple(kind for kind in Kind if kind is not Kind.RESTORE)
"""What a reader may say; the other is the depositor's, of what was withdrawn."""
OPEN = (State.RECEIVED, State.TAKEN)
OUTCOMES = (State.UPHELD, State.PARTLY, State.DECLINED)
