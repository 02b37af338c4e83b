"""An index as one scope may see it.

The bitmap of visible documents, their number and their mean length are made once
for each (generation, scope) and hold for every search in it.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from search.engine import ScopeTerms
from search.postings import AUDIENCES, Index, Mask, text_field


class View:
    """The part of an index inside a scope."""

    def __init__(self, index: Index, scope: ScopeTerms) -> None:
        facts = index.facts
        self.index = index
        self.scope = scope
        self._audiences = [a for a in AUDIENCES if a.value in scope.audiences]
        codes = [AUDIENCES.index(audience) for audience in self._audiences]
        self.mask: Mask = index.alive & np.isin(facts["audience"], codes)
        self.size = len(facts)
        self.count = int(self.mask.sum())
        hidden = (facts["guarded"] == 1) & (not scope.guarded)
        titles = np.where(hidden, 0, facts["title_length"])
        self.lengths = (facts["length"] + titles).astype(np.float32)
        total = float(self.lengths[self.mask].sum()) if self.count else 0.0
        self.mean_length = max(1.0, total / max(1, self.count))

    def fields(self, level: str) -> list[str]:
        """Name the fields of a level of text terms that this scope may read."""
        guarded = (False, True) if self.scope.guarded else (False,)
        return [
            text_field(audience, level, guarded=g)
            for audience in self._audiences
            for g in guarded
        ]

    def frequency(self, level: str, term: str) -> int:
        """Count the visible documents that have a term."""
        found = np.zeros(self.size, np.bool_)
        for field in self.fields(level):
            found[self.index.postings(field, term)[0]] = True
        return int((found & self.mask).sum())

    def words_from(self, level: str, prefix: str) -> Iterator[tuple[str, int]]:
        """Walk the terms that begin so, in order."""
        return self.index.words_from(self.fields(level), prefix)

    def words_within(self, level: str, word: str, distance: int) -> Iterator[str]:
        """Return the terms at most so many edits away."""
        return self.index.words_within(self.fields(level), word, distance)

    @cached_property
    def id_rank(self) -> npt.NDArray[np.int64]:
        """Return each document's place in the order of ids: the last tie-breaker."""
        rank = np.empty(self.size, np.int64)
        rank[np.argsort(self.index.facts["id"], kind="stable")] = np.arange(self.size)
        return rank

    def ids(self, docs: Sequence[int]) -> list[str]:
        """Return the ids of documents."""
        return [bytes(self.index.facts["id"][doc]).decode() for doc in docs]
