"""Many fingerprints in memory, and which of them are near a new one.

Each comparison is one pass over packed bits of all files of the same family: its cost
is linear, small, and the same whatever they show. Thresholds were chosen on derivatives
of freely licensed media; docs/duplicates.md has what was measured.

| family | sure | similar |
|---|---|---|
| image | PDQ distance up to 31 of 256, as its paper says | up to 60 |
| video | of its frames that tell anything, three in four, up to 46 | half of them |
| audio | bits that differ: up to 27 % | up to 34 % |
| document | words in common: 7 in 10; without words, its first page | 4 in 10 |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from blur.kinds import Family
from blur.likeness.form import (
    SOUND_COLUMNS,
    SOUND_ROWS,
    Closeness,
    Likeness,
)

Bits = NDArray[np.uint64]
SURE_BITS: Final = 31
SIMILAR_BITS: Final = 60
FRAME_BITS: Final = 46
LEAST_QUALITY: Final = 20
SURE_FRAMES: Final = 0.75
SIMILAR_FRAMES: Final = 0.5
LEAST_FRAMES: Final = 3
SURE_SOUND: Final = 0.27
SIMILAR_SOUND: Final = 0.34
SHIFTS: Final = range(-2, 3)
LEAST_HEARD: Final = 20
SURE_WORDS: Final = 0.7
SIMILAR_WORDS: Final = 0.4
LENGTHS_APART: Final = (1.5, 0.03)  # seconds, and share of the longer
_LANES: Final = 4


@dataclass(frozen=True)
class Near:
    """A file that is near, and how near; never how near to the bit."""

    id: str
    closeness: Closeness


@dataclass
class _Room:
    """All files of one family, one row each, in arrays that grow by doubling."""

    width: int
    kind: Any
    ids: list[str] = field(default_factory=list)
    rows: NDArray[Any] = field(init=False)
    facts: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = np.zeros((16, self.width), self.kind)
        self.facts = np.zeros((16, 2 + 8))

    def add(self, name: str, row: NDArray[Any], facts: Sequence[float]) -> None:
        at = len(self.ids)
        if at == len(self.rows):
            self.rows = np.concatenate([self.rows, np.zeros_like(self.rows)])
            self.facts = np.concatenate([self.facts, np.zeros_like(self.facts)])
        self.rows[at] = row
        self.facts[at, : len(facts)] = facts
        self.ids.append(name)

    def remove(self, at: int) -> None:
        last = len(self.ids) - 1
        self.rows[at], self.facts[at] = self.rows[last], self.facts[last]
        self.ids[at] = self.ids[last]
        self.rows[last] = 0
        self.ids.pop()

    @property
    def filled(self) -> NDArray[Any]:
        return self.rows[: len(self.ids)]

    def fact(self, column: int) -> NDArray[np.float64]:
        return self.facts[: len(self.ids), column]


class Gallery:
    """Fingerprints by name; it keeps in memory what it is given, and nothing else."""

    def __init__(self) -> None:
        self._rooms = {
            Family.IMAGE: _Room(2 * _LANES, np.uint64),
            Family.VIDEO: _Room(8 * 2 * _LANES, np.uint64),
            Family.AUDIO: _Room(SOUND_ROWS * SOUND_COLUMNS // 8, np.uint8),
            Family.DOCUMENT: _Room(64 + 2 * 2 * _LANES, np.uint32),
        }
        self._family: dict[str, Family] = {}

    def __len__(self) -> int:
        return len(self._family)

    def __contains__(self, name: str) -> bool:
        return name in self._family

    @property
    def names(self) -> frozenset[str]:
        """Every file that is in it."""
        return frozenset(self._family)

    def add(self, name: str, likeness: Likeness) -> None:
        """Take one in, in place of what had this name."""
        self.remove(name)
        row, facts = _ROWS[likeness.family](likeness)
        self._rooms[likeness.family].add(name, row, facts)
        self._family[name] = likeness.family

    def remove(self, name: str) -> None:
        """Forget one; does nothing when it is not there."""
        family = self._family.pop(name, None)
        if family is not None:
            room = self._rooms[family]
            room.remove(room.ids.index(name))

    def nearest(self, likeness: Likeness, most: int = 50) -> list[Near]:
        """Those near it, nearest first, at most so many; its own name among them."""
        room = self._rooms[likeness.family]
        if not room.ids:
            return []
        sure, similar, order = _NEAREST[likeness.family](room, likeness)
        found = np.flatnonzero(sure | similar)
        found = found[np.argsort(order[found], kind="stable")][:most]
        words = (Closeness.SIMILAR, Closeness.SURE)
        return [Near(room.ids[at], words[int(sure[at])]) for at in found]


# Rows ---------------------------------------------------------------------------------


def _lanes(*hashes: bytes) -> Bits:
    return np.frombuffer(b"".join(hashes), np.uint64)


def _image_row(each: Likeness) -> tuple[Bits, list[float]]:
    (seen,) = each.seen
    return _lanes(seen.plain, seen.bare), [each.seconds, seen.quality]


def _video_row(each: Likeness) -> tuple[Bits, list[float]]:
    hashes = [part for seen in each.seen for part in (seen.plain, seen.bare)]
    return _lanes(*hashes), [each.seconds, 0.0, *(s.quality for s in each.seen)]


def _audio_row(each: Likeness) -> tuple[NDArray[np.uint8], list[float]]:
    return np.frombuffer(each.heard, np.uint8), [each.seconds, each.heard_quality]


def _document_row(each: Likeness) -> tuple[NDArray[np.uint32], list[float]]:
    (seen,) = each.seen
    words = np.frombuffer(each.words, ">u4").astype(np.uint32)
    page = np.frombuffer(seen.plain + seen.bare, np.uint32)
    return np.concatenate([words, page]), [float(each.has_words), seen.quality]


_ROWS: dict[Family, Callable[[Likeness], tuple[NDArray[Any], list[float]]]] = {
    Family.IMAGE: _image_row,
    Family.VIDEO: _video_row,
    Family.AUDIO: _audio_row,
    Family.DOCUMENT: _document_row,
}


# Comparing ----------------------------------------------------------------------------

Found = tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[Any]]


def _distances(hashes: Bits, probes: Sequence[bytes]) -> NDArray[np.int64]:
    """The least distance of each row's two hashes (n x 8 lanes) to any probe."""
    best = np.full(len(hashes), 256, np.int64)
    for probe in dict.fromkeys(probes):
        lanes = np.frombuffer(probe, np.uint64)
        for part in (hashes[:, :_LANES], hashes[:, _LANES:]):
            apart = np.bitwise_count(part ^ lanes).sum(axis=1, dtype=np.int64)
            np.minimum(best, apart, out=best)
    return best


def _near_images(room: _Room, each: Likeness) -> Found:
    (seen,) = each.seen
    apart = _distances(room.filled, seen.hashes)
    telling = (room.fact(1) >= LEAST_QUALITY) & (seen.quality >= LEAST_QUALITY)
    return (
        telling & (apart <= SURE_BITS),
        telling & (apart <= SIMILAR_BITS),
        apart * 1.0,
    )


def _near_films(room: _Room, each: Likeness) -> Found:
    hits = np.zeros(len(room.ids))
    counted = np.zeros(len(room.ids))
    for at, seen in enumerate(each.seen):
        if seen.quality < LEAST_QUALITY:
            continue
        start = at * 2 * _LANES
        apart = _distances(room.filled[:, start : start + 2 * _LANES], seen.hashes)
        telling = room.fact(2 + at) >= LEAST_QUALITY
        counted += telling
        hits += telling & (apart <= FRAME_BITS)
    share = hits / np.maximum(counted, 1)
    enough = (hits >= LEAST_FRAMES) & _lasting_alike(room, each)
    return enough & (share >= SURE_FRAMES), enough & (share >= SIMILAR_FRAMES), -share


def _near_sounds(room: _Room, each: Likeness) -> Found:
    row_bytes = SOUND_COLUMNS // 8
    own = np.frombuffer(each.heard, np.uint8)
    apart = np.ones(len(room.ids))
    for shift in SHIFTS:
        cut = abs(shift) * row_bytes
        ours = own[cut:] if shift > 0 else own[: len(own) - cut]
        theirs = room.filled[:, : len(own) - cut] if shift > 0 else room.filled[:, cut:]
        bits = np.bitwise_count(theirs ^ ours).sum(axis=1, dtype=np.int64)
        np.minimum(apart, bits / (8 * len(ours)), out=apart)
    telling = (room.fact(1) >= LEAST_HEARD) & (each.heard_quality >= LEAST_HEARD)
    telling &= _lasting_alike(room, each)
    return telling & (apart <= SURE_SOUND), telling & (apart <= SIMILAR_SOUND), apart


def _near_documents(room: _Room, each: Likeness) -> Found:
    (seen,) = each.seen
    words = np.frombuffer(each.words, ">u4").astype(np.uint32)
    common = (room.filled[:, :64] == words).mean(axis=1)
    pages = np.ascontiguousarray(room.filled[:, 64:]).view(np.uint64)
    apart = _distances(pages, seen.hashes)
    worded = (room.fact(0) > 0) & each.has_words
    telling = (room.fact(1) >= LEAST_QUALITY) & (seen.quality >= LEAST_QUALITY)
    page = telling & ~worded & (room.fact(0) == float(each.has_words))
    sure = (worded & (common >= SURE_WORDS)) | (page & (apart <= SURE_BITS))
    similar = (worded & (common >= SIMILAR_WORDS)) | (page & (apart <= FRAME_BITS))
    return sure, similar, np.where(worded, 1 - common, apart / 256)


def _lasting_alike(room: _Room, each: Likeness) -> NDArray[np.bool_]:
    lengths = room.fact(0)
    seconds, share = LENGTHS_APART
    most = np.maximum(seconds, share * np.maximum(lengths, each.seconds))
    unknown: NDArray[np.bool_] = (lengths == 0) | (each.seconds == 0)
    close: NDArray[np.bool_] = np.abs(lengths - each.seconds) <= most
    return unknown | close


_NEAREST: dict[Family, Callable[[_Room, Likeness], Found]] = {
    Family.IMAGE: _near_images,
    Family.VIDEO: _near_films,
    Family.AUDIO: _near_sounds,
    Family.DOCUMENT: _near_documents,
}
