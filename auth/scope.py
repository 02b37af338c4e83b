"""What a viewer may know of, and see, on this side of the gate.

`scope` is the filter of every list and every search; `may_read_title` and
`preview_tier` say how much of what is found is shown, and `treatment` how gently.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from auth.viewer import (
    OPERATOR,
    Item,
    PreviewTier,
    RecordState,
    Role,
    Rules,
    Tier,
    TokenScope,
    Treatment,
    Viewer,
    Visibility,
    Wishes,
)

PUBLIC_DIGITS, EXACT_DIGITS = 1, 6
"""A tenth of a degree is some ten kilometres: a town, and no house in it."""


@dataclass(frozen=True)
class Scope:
    """Which records somebody may know of.

    `audiences` are the visibilities in reach. `guarded` says whether the true titles
    of records at G4 and above may be read, searched and shown. Of the degrees of a
    place so many `digits` after the point are told.
    """

    audiences: frozenset[str]
    guarded: bool
    digits: int


def scope(viewer: Viewer, now: datetime) -> Scope:
    """The filter for every list and every search this viewer makes."""
    reach = {Visibility.PUBLIC.value}
    trusted = viewer.holds(TokenScope.READ)
    inner = trusted and (viewer.is_staff or viewer.is_vetted(now))
    if inner or viewer.system == OPERATOR:
        reach.add(Visibility.VETTED.value)
    if (viewer.is_staff and trusted) or viewer.system == OPERATOR:
        reach.add(Visibility.STAFF.value)
    knows = Visibility.VETTED.value in reach
    digits = EXACT_DIGITS if knows else PUBLIC_DIGITS
    return Scope(frozenset(reach), guarded=knows, digits=digits)


def may_read_title(viewer: Viewer, item: Item, now: datetime) -> bool:
    """Whether the true title is shown, rather than a neutral one (G4 and above)."""
    return item.tier < Tier.G4 or scope(viewer, now).guarded or is_own(viewer, item)


def may_read_gone(viewer: Viewer, item: Item, now: datetime) -> bool:
    """Whether more than a tombstone is read of it, where it was withdrawn or shredded.

    True of everything that was neither.
    """
    if item.state not in (RecordState.WITHDRAWN, RecordState.SHREDDED):
        return True
    inner = Visibility.STAFF.value in scope(viewer, now).audiences
    return inner or is_own(viewer, item)


def preview_tier(
    viewer: Viewer, item: Item, rules: Rules, now: datetime
) -> PreviewTier:
    """How much the preview may tell this viewer; the lowest of all answers wins.

    A moderator meets what nobody has labelled as haze: those few cells are the least
    that can be looked at before a label is found or the original is asked for.
    """
    if item.state in (RecordState.WITHDRAWN, RecordState.SHREDDED):
        return PreviewTier.SEALED
    if not item.labelled and item.tier < Tier.X and is_active_moderator(viewer):
        return min(PreviewTier.HAZE, rules.preview_ceiling, key=_CLARITY.index)
    if not item.labelled or item.tier >= Tier.G5 or item.codes & IDENTIFIED:
        return PreviewTier.SEALED
    tier = PreviewTier.COLOUR_HAZE
    if item.tier >= Tier.G4:
        inner = scope(viewer, now).guarded
        tier = PreviewTier.HAZE if inner else PreviewTier.TRACE
    return min(tier, rules.preview_ceiling, key=_CLARITY.index)


def may_see_clip(viewer: Viewer, item: Item, rules: Rules, now: datetime) -> bool:
    """Whether the moving preview is shown: never to the public at G4 and above.

    Nor where files share their tiles, since it would tell them apart.
    """
    if rules.preview_k:
        return False
    clear = preview_tier(viewer, item, rules, now)
    return _CLARITY.index(clear) >= _CLARITY.index(PreviewTier.HAZE)


def treatment(item: Item, wishes: Wishes, rules: Rules) -> Treatment:
    """How this person meets the item in lists and on pages: the strictest of all says.

    The person's wishes for its labels and its tier, the record's own flags (somebody
    can be recognised), and the archive's setting. It decides on previews and words
    alone, and for this person alone; what opens is the policy's.
    """
    return max(
        wishes.tiers.get(item.tier, Treatment.PREVIEW),
        *(wishes.labels.get(code, Treatment.PREVIEW) for code in item.codes),
        Treatment.WARN if item.codes & IDENTIFIED else Treatment.PREVIEW,
        Treatment.WARN if item.tier >= rules.warn_tier else Treatment.PREVIEW,
    )


IDENTIFIED = frozenset({"id.victim", "id.minor"})
_CLARITY = tuple(PreviewTier)


def audience(item: Item) -> str:
    """Who may know of the item as it stands: work not yet published is for staff."""
    listed = (RecordState.PUBLISHED, RecordState.WITHDRAWN, RecordState.SHREDDED)
    if item.state not in listed or item.tier >= Tier.X:
        return Visibility.STAFF.value
    return item.visibility.value


def is_own(viewer: Viewer, item: Item) -> bool:
    return viewer.account_id is not None and viewer.account_id == item.depositor_id


def is_active_moderator(viewer: Viewer) -> bool:
    return viewer.is_active and viewer.role is Role.MODERATOR
