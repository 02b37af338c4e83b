"""How somebody wants to meet labels and tiers, remembered with their account.

    excluded_labels   codes that are hidden: left out of every search and alert
    warned_labels     codes whose previews wait behind words
    tiers             {"G4": "warn"}

What is not named is previewed. `auth.scope.treatment` says what comes of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from auth.tables import Account
from auth.viewer import Tier, Treatment, Wishes

_HIDDEN, _WARNED, _TIERS = "excluded_labels", "warned_labels", "tiers"


def wishes_of(account: Account) -> Wishes:
    """What they asked for; their own last word on each label and tier."""
    kept = account.preferences
    warned = dict.fromkeys(kept.get(_WARNED, ()), Treatment.WARN)
    hidden = dict.fromkeys(kept.get(_HIDDEN, ()), Treatment.HIDE)
    tiers = {Tier.parse(t): Treatment.parse(w) for t, w in kept.get(_TIERS, {}).items()}
    return Wishes({**warned, **hidden}, tiers)


def keep(account: Account, wishes: Wishes) -> None:
    """Remember these wishes instead of those before."""
    kept = account.preferences
    kept[_HIDDEN] = list(wishes.hidden_labels)
    kept[_WARNED] = [c for c, t in wishes.labels.items() if t is Treatment.WARN]
    kept[_TIERS] = {str(tier): str(t) for tier, t in wishes.tiers.items() if t}


def hide_labels(account: Account, codes: Sequence[str]) -> None:
    """Hide just these labels; which tiers and other labels are warned of stays."""
    before = wishes_of(account)
    others = {c: t for c, t in before.labels.items() if t is not Treatment.HIDE}
    hidden = dict.fromkeys(codes, Treatment.HIDE)
    keep(account, Wishes({**others, **hidden}, before.tiers))
