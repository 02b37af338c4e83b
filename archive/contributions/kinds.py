"""How a contribution stands, and what its contributor wishes to become of it."""

from __future__ import annotations

from enum import StrEnum

from auth.viewer import Visibility


class State(StrEnum):
    """How a contribution stands; the last three are the end of it."""

    RECEIVED = "received"
    ASKED = "asked"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Wish(StrEnum):
    """Who should know of it, in the contributor's eyes; the most careful is last."""

    PUBLIC = "public"
    VETTED = "vetted"
    STAFF = "staff"
    ASK_FIRST = "ask_first"


OPEN = (State.RECEIVED, State.ASKED, State.ANSWERED)
UNWANTED = (State.DECLINED, State.WITHDRAWN)
PROPOSED: dict[Wish, Visibility] = {
    Wish.PUBLIC: Visibility.PUBLIC,
    Wish.VETTED: Visibility.VETTED,
}
"""What a record begins with by each wish; whatever is not named here is for staff."""
