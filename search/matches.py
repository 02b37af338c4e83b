"""Sets of scored documents, and how they are joined.

Documents are ascending numbers, each with a score. What is joined costs as much as the
sets are large; where they are large beside the collection, an array with a place for
every document is quicker than sorting.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.postings import Mask, Numbers, Weights

DENSE = 12
"""Sets that hold together one in so many of all documents are joined by place."""
UNEQUAL = 24
"""A set so many times larger than another is looked up instead of read."""


@dataclass(frozen=True)
class Match:
    """The documents that match, ascending, and the score of each."""

    docs: Numbers
    score: Weights

    @classmethod
    def unscored(cls, docs: Numbers) -> "Match":
        """Return documents that match without a score."""
        return cls(docs, np.zeros(len(docs), np.float32))

    @classmethod
    def where(cls, mask: Mask) -> "Match":
        """Return the documents of a bitmap, without a score."""
        return cls.unscored(np.flatnonzero(mask))

    def only(self, kept: Mask) -> "Match":
        """Return those of the documents; ``kept`` has a place for each that matches."""
        return Match(self.docs[kept], self.score[kept])


def either(found: Sequence[Match], size: int) -> Match:
    """Return the documents of any set, their scores added up."""
    found = [match for match in found if len(match.docs)]
    if len(found) < 2:
        return found[0] if found else Match.unscored(np.empty(0, np.int64))
    if sum(len(match.docs) for match in found) * DENSE > size:
        mask, score = np.zeros(size, np.bool_), np.zeros(size, np.float32)
        for match in found:
            mask[match.docs] = True
            score[match.docs] += match.score
        docs = np.flatnonzero(mask)
        return Match(docs, score[docs])
    docs = np.concatenate([match.docs for match in found])
    order = np.argsort(docs, kind="stable")
    docs = docs[order]
    firsts = np.flatnonzero(np.diff(docs, prepend=-1))
    scores = np.concatenate([match.score for match in found])[order]
    return Match(docs[firsts], np.add.reduceat(scores, firsts))


def both(found: Sequence[Match], size: int) -> Match:
    """Return the documents of every set, their scores added up."""
    smallest, *others = sorted(found, key=lambda match: len(match.docs))
    docs, score = smallest.docs, smallest.score
    for match in others:
        if not len(docs):
            break
        places = _places(docs, match.docs, size)
        kept = places >= 0
        docs, score = docs[kept], score[kept] + match.score[places[kept]]
    return Match(docs, score)


def without(found: Match, size: int) -> Match:
    """Return the documents outside a set."""
    outside = np.ones(size, np.bool_)
    outside[found.docs] = False
    return Match.where(outside)


def inside(docs: Numbers, some: Numbers, size: int) -> Mask:
    """Say of each document whether it is one of some; both ascend."""
    return _places(docs, some, size) >= 0


def _places(docs: Numbers, among: Numbers, size: int) -> Numbers:
    """Return the place of each document among others, -1 where it is not there."""
    if not len(among):
        return np.full(len(docs), -1, np.int64)
    if len(docs) * UNEQUAL < len(among) or len(among) * UNEQUAL < size:
        places = np.searchsorted(among, docs)
        places[places == len(among)] = 0
        return np.where(among[places] == docs, places, -1)
    place = np.full(size, -1, np.int32)
    place[among] = np.arange(len(among))
    return place[docs]
