"""What one person alone may not do: asked for by one, confirmed by an administrator.

    ask        one says what and why; nothing happens
    confirm    an administrator confirms: never the one who asked, and within a week
    withdraw   the one who asked, or an administrator, takes it back before
    use        what was confirmed is done, once

| kind | what is confirmed |
|---|---|
| administrator | an account administers from then on |
| export | one export of many records or lines, within a day |

Founding: where one person administers and nobody else, that one makes the second
administrator alone; nothing else is ever done alone.
"""

from auth.seconding.book import (
    LASTS,
    USED_WITHIN,
    Kind,
    State,
    ask,
    confirm,
    detail_of,
    found_alone,
    get,
    has_other,
    is_seconded,
    listing,
    of_account,
    reason_of,
    state_of,
    use,
    waiting,
    withdraw,
)
from auth.seconding.tables import ProposalRow

__all__ = [
    "LASTS",
    "USED_WITHIN",
    "Kind",
    "ProposalRow",
    "State",
    "ask",
    "confirm",
    "detail_of",
    "found_alone",
    "get",
    "has_other",
    "is_seconded",
    "listing",
    "of_account",
    "reason_of",
    "state_of",
    "use",
    "waiting",
    "withdraw",
]
