"""An index as one scope may see it.

The visible documents are numbered anew, from 0 without gaps, and all that a search
reads of documents is copied in that order once for each (generation, scope). So what
a search costs grows with what its scope may know, and never with what it may not.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from search.engine import Overview, ScopeTerms
from search.postings import AUDIENCES, Index, Mask, Numbers, Weights, field_code

_UNSEEN = -1


class Facet:
    """A facet's values in the visible documents."""

    def __init__(
        self, values: Sequence[str], codes: Numbers, docs: Numbers, size: int
    ) -> None:
        """Take the values and, ascending by document, who has which of them."""
        self.values = values
        self._size = size
        self._totals = np.bincount(codes, minlength=len(values))
        lengths = np.bincount(docs, minlength=size)
        kind = np.int16 if len(values) < 2**15 else np.int32
        self._code: Numbers | None = None
        if (lengths <= 1).all():  # one more code, where a document has none
            self._code = np.full(size, len(values), kind)
            self._code[docs] = codes
            return
        self._codes, self._docs = codes.astype(kind), docs.astype(np.int32)
        self._starts = np.zeros(size + 1, np.int32)
        np.cumsum(lengths, out=self._starts[1:])

    def counts(self, docs: Numbers) -> Numbers:
        """Count each value in some of the documents."""
        most = len(self.values)
        if len(docs) == self._size:
            return self._totals
        if self._code is not None:
            return np.bincount(self._code[docs], minlength=most + 1)[:most]
        return np.bincount(self._codes[self._places(docs)], minlength=most)

    def having(self, chosen: Mask) -> Mask:
        """Return the documents that have one of the chosen values."""
        if self._code is not None:
            found: Mask = np.append(chosen, np.False_)[self._code]
            return found
        having = np.zeros(self._size, np.bool_)
        if chosen.any():
            having[self._docs[chosen[self._codes]]] = True
        return having

    def pairs(self, docs: Numbers) -> tuple[Numbers, Numbers]:
        """Return each value of some of the documents, beside the document's number."""
        if self._code is not None:
            codes = self._code[docs].astype(np.int64)
            there = codes < len(self.values)
            return docs[there], codes[there]
        held = self._places(docs)
        return self._docs[held].astype(np.int64), self._codes[held].astype(np.int64)

    def _places(self, docs: Numbers) -> Numbers:
        """Return where in the list the values of these documents stand."""
        starts = self._starts[docs]
        lengths = self._starts[docs + 1] - starts
        skipped = np.cumsum(lengths) - lengths
        places: Numbers = np.repeat(starts - skipped, lengths) + np.arange(
            lengths.sum()
        )
        return places

    def codes_of(self, doc: int) -> list[int]:
        """Return the values of one document."""
        if self._code is not None:
            code = int(self._code[doc])
            return [code] if code < len(self.values) else []
        codes: list[int] = self._codes[
            self._starts[doc] : self._starts[doc + 1]
        ].tolist()
        return codes

    def total(self, code: int) -> int:
        """Count the documents that have a value."""
        return int(self._totals[code])

    def docs_of(self, code: int) -> Numbers:
        """Return the documents that have a value."""
        if self._code is not None:
            return np.flatnonzero(self._code == code)
        docs: Numbers = self._docs[self._codes == code]
        return docs


@dataclass(frozen=True)
class Order:
    """All documents in an order, and the place of each in it."""

    docs: Numbers
    places: Numbers

    @classmethod
    def by(cls, *keys: Numbers) -> "Order":
        """Return them as the last of the keys says, then as the one before."""
        docs = np.lexsort(keys).astype(np.int32)
        places = np.empty(len(docs), np.int32)
        places[docs] = np.arange(len(docs))
        return cls(docs, places)


class View:
    """The part of an index inside a scope; documents have numbers of its own."""

    def __init__(self, index: Index, scope: ScopeTerms) -> None:
        self.scope = scope
        self._index = index
        self._audiences = [a for a in AUDIENCES if a.value in scope.audiences]
        codes = [AUDIENCES.index(audience) for audience in self._audiences]
        seen = index.alive & np.isin(index.facts["audience"], codes)
        self._numbers = np.flatnonzero(seen)
        self._local = np.full(len(seen), _UNSEEN, np.int32)
        self._local[self._numbers] = np.arange(len(self._numbers))
        self.facts: npt.NDArray[Any] = index.facts[self._numbers]
        self.size = len(self._numbers)
        self.guarded = (self.facts["guarded"] == 1) & (not scope.guarded)
        titles = np.where(self.guarded, 0, self.facts["title_length"])
        self.lengths = (self.facts["length"] + titles).astype(np.float32)
        total = float(self.lengths.sum(dtype=np.float64))
        self.mean_length = max(1.0, total / max(1, self.size))
        self.sorted: dict[str, Order] = {}
        """Orders other than relevance, once asked for."""
        self._facets: dict[str, Facet] = {}
        self._making = threading.Lock()

    def fields(self, level: str) -> list[int]:
        """Return the fields of a level of text terms that this scope may read."""
        guarded = (False, True) if self.scope.guarded else (False,)
        return [
            field_code(audience, level, guarded=g)
            for audience in self._audiences
            for g in guarded
        ]

    @cached_property
    def everything(self) -> Numbers:
        """Return all documents."""
        return np.arange(self.size)

    def postings(self, field: int, term: str) -> tuple[Numbers, Weights]:
        """Return the visible documents of a term, and its weight in each."""
        ids, weights = self._index.postings(field, term)
        docs = self._local[ids]
        seen = docs != _UNSEEN  # not one that was deleted
        return (docs, weights) if seen.all() else (docs[seen], weights[seen])

    def positions(self, field: int, term: str) -> tuple[Numbers, Numbers]:
        """Return each position of a term in a visible document, and its document."""
        ids, positions = self._index.positions(field, term)
        docs = self._local[ids].astype(np.int64)
        seen = docs != _UNSEEN
        return (docs, positions) if seen.all() else (docs[seen], positions[seen])

    def frequency(self, level: str, term: str) -> int:
        """Count the visible documents that have a term."""
        found = [self.postings(field, term)[0] for field in self.fields(level)]
        some = [docs for docs in found if len(docs)]
        if len(some) < 2:
            return len(some[0]) if some else 0
        return len(np.unique(np.concatenate(some)))

    def words_from(self, level: str, prefix: str) -> Iterator[tuple[str, int]]:
        """Walk the terms that begin so, in order."""
        return self._index.words_from(self.fields(level), prefix)

    def words_within(self, level: str, word: str, distance: int) -> Iterator[str]:
        """Return the terms at most so many edits away."""
        return self._index.words_within(self.fields(level), word, distance)

    @cached_property
    def days(self) -> tuple[Numbers, Numbers]:
        """Return the first and the last day of each document's event, 0 for none."""
        names = ("event_from", "event_to")
        first, last = (self.facts[name].astype(np.int32) for name in names)
        return first, last

    @cached_property
    def by_beginning(self) -> tuple[Numbers, Numbers]:
        """Return the documents with a date by the first day, and these days."""
        first, last = self.days
        dated = np.flatnonzero(last > 0)
        docs = dated[np.argsort(first[dated], kind="stable")].astype(np.int32)
        return docs, first[docs]

    @cached_property
    def spans(self) -> tuple[Numbers, Numbers]:
        """Return the first days of all events and the last ones, each ascending."""
        return self.spans_of(self.everything)

    def spans_of(self, docs: Numbers) -> tuple[Numbers, Numbers]:
        """Return those of the events of some documents."""
        first, last = (days[docs] for days in self.days)
        dated = last > 0
        return np.sort(first[dated]), np.sort(last[dated])

    @cached_property
    def overview(self) -> Overview:
        """Return how many documents are visible, and how many of each year."""
        years = self.facet("year")
        counts = years.counts(self.everything).tolist()
        return Overview(self.size, dict(zip(years.values, counts, strict=True)))

    def facet(self, name: str) -> Facet:
        """Return a facet's values in the visible documents."""
        with self._making:
            if name not in self._facets:
                self._facets[name] = self._made(name)
            return self._facets[name]

    def _made(self, name: str) -> Facet:
        column = self._index.facet(name)
        docs = self._local[column.docs]
        seen = docs != _UNSEEN
        codes = column.codes[seen]
        used = np.bincount(codes, minlength=len(column.values)) > 0
        values = [column.values[code] for code in np.flatnonzero(used).tolist()]
        codes = (np.cumsum(used) - 1)[codes]
        if name == "point":
            return self._rounded(values, codes, docs[seen])
        return Facet(values, codes, docs[seen], self.size)

    def _rounded(self, values: Sequence[str], codes: Numbers, docs: Numbers) -> Facet:
        """Places as finely as the scope reads them; what falls together is one."""
        rounded = [_rounded(value, self.scope.digits) for value in values]
        kept, renumbered = np.unique(np.array(rounded, str), return_inverse=True)
        width = max(1, len(kept))
        pairs = np.unique(docs.astype(np.int64) * width + renumbered[codes])
        return Facet(kept.tolist(), pairs % width, pairs // width, self.size)

    @cached_property
    def id_rank(self) -> Numbers:
        """Return each document's place in the order of ids: the last tie-breaker."""
        rank = self._index.id_rank()[self._numbers]
        place = np.empty(self.size, np.int64)
        place[np.argsort(rank)] = np.arange(self.size)
        return place

    def number(self, name: str) -> int | None:
        """Return the visible document with this id."""
        found = self._index.number(name)
        local = _UNSEEN if found is None else int(self._local[found])
        return None if local == _UNSEEN else local

    def id(self, doc: int) -> str:
        """Return the id of a document."""
        return self._index.id(int(self._numbers[doc]))

    def texts(self, doc: int) -> Sequence[Sequence[str]]:
        """Return language, title and body of each text of a document in reach."""
        kept = self._index.texts(int(self._numbers[doc]))
        aside = [] if self.guarded[doc] else kept.get("guarded", [])
        return [*kept["texts"], *aside]


def _rounded(point: str, digits: int) -> str:
    # Adding nought turns a rounded -0.0, which is another text, into 0.0.
    return ",".join(str(round(float(part), digits) + 0.0) for part in point.split(","))
