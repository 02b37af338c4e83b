"""The table of contents: which segments there are, and which documents are gone.

Segments of about one size are merged once there are enough of them, and what is worn
out is written anew without its deleted documents.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from search.segments.files import SegmentFiles
from search.segments.merging import merged
from search.segments.packing import Ints
from search.segments.storage import Segment, Storage

TIER_BASE = 8
"""Segments of about one size are merged when there are so many of them."""
SMALL_SEGMENT = 500
MOST_DELETED = 0.2
"""A segment is rewritten without its deleted documents beyond this share."""


@dataclass(frozen=True)
class Kept:
    """A segment, and the numbers of its documents that are gone."""

    segment: Segment
    deleted: frozenset[int] = frozenset()

    @property
    def living(self) -> int:
        """How many documents are there."""
        return self.segment.size - len(self.deleted)

    def without(self, files: SegmentFiles, ids: Iterable[bytes]) -> "Kept":
        """The same without the documents of these ids."""
        found = [files.number(name) for name in ids]
        gone = self.deleted.union(doc for doc in found if doc is not None)
        return self if gone == self.deleted else replace(self, deleted=gone)

    def numbers(self) -> Ints:
        """Return the numbers of the living documents."""
        alive = np.ones(self.segment.size, np.bool_)
        alive[list(self.deleted)] = False
        return np.flatnonzero(alive)

    @property
    def is_worn(self) -> bool:
        """Whether it is worth writing anew."""
        deleted, size = len(self.deleted), self.segment.size
        small = size <= SMALL_SEGMENT and deleted > 0
        return small or deleted > size * MOST_DELETED

    @property
    def tier(self) -> int:
        """Segments of about one size have the same."""
        return (max(1, self.living).bit_length() - 1) // 3


def tiered(storage: Storage, contents: Iterable[Kept]) -> Sequence[Kept]:
    """Merge what is worn out and, once there are enough, segments of about one size."""
    tiers: dict[int, list[Kept]] = defaultdict(list)
    kept = [each for each in contents if each.living]
    for each in kept:
        tiers[each.tier].append(each)
    chosen = {each.segment.name for each in kept if each.is_worn}
    for group in tiers.values():
        if len(group) >= TIER_BASE:
            chosen |= {each.segment.name for each in group}
    if not chosen:
        return kept
    old = [each for each in kept if each.segment.name in chosen]
    files = [SegmentFiles(storage, each.segment) for each in old]
    joined = merged(storage, files, [each.numbers() for each in old])
    return [*(each for each in kept if each.segment.name not in chosen), Kept(joined)]
