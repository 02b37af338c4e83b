"""A list of results as an export that is made by a job: what its author may read of it.

Ids come from the engine in the author's scope, and each batch of records is read
through the scope again, at the moment it is written, as for the list that is given at
once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from archive.db import Database
from archive.exchange import reading
from archive.exchange.exports import premises as facts
from archive.exchange.exports.making import Making
from archive.exchange.harvest import notices
from archive.exchange.lists import FORMS, Listing
from archive.exchange.reading import Entry, Reader
from archive.exports.desk import Asked
from archive.exports.tables import What
from archive.records.tables import Record
from archive.searches import question
from auth.scope import scope
from auth.viewer import Viewer
from search.engine import ScopeTerms, SearchEngine
from search.query import Query


class Premises(notices.Premises, Protocol):
    """What a list needs of a running archive."""

    @property
    def db(self) -> Database: ...
    @property
    def engine(self) -> SearchEngine: ...


def asked(
    query: Query, pairs: Sequence[tuple[str, str]], form: str, most: int
) -> Asked:
    """The list of a search as an export, of at most so many records."""
    wish = {
        "pairs": [list(pair) for pair in pairs],
        "form": form,
        "most": most,
        "lang": query.lang,
        "excluded": list(query.excluded_labels),
    }
    return Asked(What.LIST, wish, most)


@contextlib.contextmanager
def made(
    premises: Premises, wish: Mapping[str, Any], viewer: Viewer, now: datetime
) -> Iterator[Making]:
    """The list piece by piece.

    :raises QueryError: the search cannot be read any more
    :raises SearchError: the engine does not answer
    """
    reach, most = scope(viewer, now), int(wish["most"])
    pairs = [(name, value) for name, value in wish["pairs"]]
    query = question.read(pairs, lang=wish["lang"], excluded_labels=wish["excluded"])
    terms = ScopeTerms(reach.audiences, reach.guarded, reach.digits)
    ids = premises.engine.ids(query, terms, most + 1)
    reader = Reader(premises, viewer, wish["lang"], now)
    read, form = Reading(premises, reader, ids[:most]), FORMS[wish["form"]]
    base = premises.config.base_url
    listing = Listing(len(read.ids), len(ids) > most, now, base)
    yield Making(
        pieces=form.write(listing, read.entries()),
        media_type=form.media_type,
        filename=f"vigil-records-{now:%Y%m%d-%H%M%S}.{form.ending}",
        premises={"reach": facts.reach(viewer, now), "records": read.marks},
        done=lambda _size: read.met / max(1, len(read.ids)),
    )


@dataclass
class Reading:
    """The records of a list, and the marks of those that were met."""

    premises: Premises
    reader: Reader
    ids: Sequence[str]
    marks: dict[str, str] = field(default_factory=dict)
    met: int = 0

    def entries(self) -> Iterator[Entry]:
        """What may be read of each, a batch in one short session."""
        for batch in reading.batches(self.ids):
            with self.premises.db.read() as s:
                found = reading.read(self.reader, s, batch)
                rows = [s.get_one(Record, each.id) for each in found]
                self.marks.update(facts.marks(rows))
            yield from found
            self.met += len(batch)
