"""How far a grant reaches, as it travels with a visa (ControlledAccessGrants).

GA4GH's visa says what is granted, and has no room for how much of it; that stands in a
claim of its own beside it:

    vigil_grant   highest_tier  G0 to G5
                  without       codes of the labels it leaves out
                  ends          when the grant itself ends (NumericDate)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from auth.viewer import Tier

CLAIM: Final = "vigil_grant"
MOST_LABELS: Final = 200
MOST_LETTERS: Final = 100


@dataclass(frozen=True)
class Extent:
    """Up to which tier, without which labels, until when; to be read, not obeyed."""

    highest_tier: Tier
    without: frozenset[str]
    ends: datetime

    def as_json(self) -> dict[str, Any]:
        """As the claim has it."""
        return {
            "highest_tier": str(self.highest_tier),
            "without": sorted(self.without),
            "ends": int(self.ends.timestamp()),
        }


def from_json(told: object) -> Extent:
    """Read the claim strictly.

    :raises ValueError: it is not built like one
    """
    if not isinstance(told, dict) or set(told) != {"highest_tier", "without", "ends"}:
        raise ValueError("no extent")
    tier, without, ends = told["highest_tier"], told["without"], told["ends"]
    if (type(tier), type(without), type(ends)) != (str, list, int):
        raise ValueError("no extent")
    highest = Tier.parse(tier)
    if highest >= Tier.X or not _are_codes(without):
        raise ValueError("no extent")
    return Extent(highest, frozenset(without), datetime.fromtimestamp(ends, UTC))


def _are_codes(without: list[Any]) -> bool:
    return len(without) <= MOST_LABELS and all(
        isinstance(each, str) and 0 < len(each) <= MOST_LETTERS for each in without
    )
