"""A search answered for the page and the API alike, in the viewer's scope.

What the parameters mean stands in `archive.searches.question`. The engine finds ids
inside the scope; the records of those ids are then read through the same scope again,
so a stale index shows nothing that it should not.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from archive.records import store
from archive.records.tables import Record
from archive.searches import question
from archive.web import latency
from archive.web.request import context, i18n
from auth import scope
from search.engine import Hit, Overview, Related, Results, ScopeTerms, SearchError
from search.query import Query

log = logging.getLogger("vigil.web")
LONGEST_TYPED = 200


@dataclass(frozen=True)
class Found:
    """One page of results: each hit with the record that the scope lets through."""

    query: Query
    results: Results
    hits: Sequence[tuple[Hit, Record]]


def query_of(args: MultiDict[str, str], excluded_labels: Sequence[str] = ()) -> Query:
    """Read the question; `excluded_labels` beside those the address excludes.

    :raises QueryError: a parameter cannot be read; says which
    """
    pairs = list(args.items(multi=True))
    return question.read(pairs, lang=i18n.language(), excluded_labels=excluded_labels)


def find(s: Session, query: Query) -> Found:
    """Ask the engine, within this viewer's scope.

    :raises QueryError: the text cannot be read; says where
    """
    reach = scope.scope(context.viewer(), context.now())
    begun = time.perf_counter()
    results = context.site().engine.find(query, _scope_terms())
    latency.took(1000 * (time.perf_counter() - begun))
    records = store.list_by_ids(s, [hit.id for hit in results.hits], reach)
    by_id = {record.id: record for record in records}
    hits = [(hit, by_id[hit.id]) for hit in results.hits if hit.id in by_id]
    return Found(query, results, hits)


def suggest(text: str) -> list[str]:
    """Complete the last word typed, from what this viewer may find."""
    return context.site().engine.suggest(text[-LONGEST_TYPED:], _scope_terms())


def ids(query: Query, limit: int) -> list[str]:
    """The ids of the first so many results in this viewer's scope.

    :raises QueryError: the text cannot be read; says where
    """
    return context.site().engine.ids(query, _scope_terms(), limit)


def known(s: Session, found: Sequence[str]) -> list[Record]:
    """The records of these ids, as far as this viewer may know of them."""
    reach = scope.scope(context.viewer(), context.now())
    return store.list_by_ids(s, found, reach)


def related(
    s: Session, record_id: str, limit: int, excluded_labels: Sequence[str] = ()
) -> list[tuple[Record, Related]]:
    """The records nearest to one, as far as this viewer may know of them.

    Nothing where the index does not answer: a page that shows them among other
    things is of use without.
    """
    reach = scope.scope(context.viewer(), context.now())
    try:
        found = context.site().engine.related(
            record_id, _scope_terms(), limit, excluded_labels
        )
    except SearchError:
        log.exception("no related records of %s", record_id)
        return []
    ties = {each.id: each for each in found}
    records = store.list_by_ids(s, list(ties), reach)
    return [(record, ties[record.id]) for record in records]


def overview(s: Session) -> Overview:
    """How many records this viewer may find, in all and by year.

    The index knows without counting; the records are counted where it does not answer.
    """
    try:
        return context.site().engine.overview(_scope_terms())
    except SearchError:
        log.exception("no overview from the index")
        reach = scope.scope(context.viewer(), context.now())
        years = store.counts_by_year(s, reach)
        return Overview(store.count(s, reach), {str(y): n for y, n in years.items()})


def _scope_terms() -> ScopeTerms:
    reach = scope.scope(context.viewer(), context.now())
    return ScopeTerms(reach.audiences, reach.guarded, reach.digits)
