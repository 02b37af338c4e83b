"""A page of results: matching, facets, order, paging, marking and correcting."""

from dataclasses import replace

import numpy as np

from search.analysis.gazetteer import Gazetteer
from search.engine import FACETS, FacetValue, Hit, Results
from search.evaluation import Evaluation
from search.filters import around, days_overlap, facet_has, inside_box, label_fits
from search.grammar import read
from search.histogram import histogram
from search.matches import Match
from search.points import spots
from search.postings import LAST_DAY, Mask, Numbers
from search.query import NOWHERE, Days, Query, QueryError, Sort
from search.snippets import Marking, snippet, title
from search.spelling import corrected
from search.view import Order, View

MOST_FACET_VALUES = 200
MOST_SECONDS_CORRECTED = 0.6
"""What took longer is not asked for again in another spelling."""
SCORE_STEPS = 100_000
"""Scores that differ by less than one step are the same; then ids decide."""


def answer(view: View, query: Query, gazetteer: Gazetteer) -> Results:
    """Answer a query from what a view holds.

    :raises QueryError: the text or a facet cannot be read
    """
    reading = read(query.text)
    evaluation = Evaluation(view, gazetteer)
    found = _restricted(view, evaluation.match(reading.node), query)
    chosen = {name: _chosen(view, name, query) for name in query.facets}
    results = found
    for mask in chosen.values():
        results = results.only(mask[results.docs])
    start = (query.page - 1) * query.per_page
    total = len(results.docs)
    marking = Marking(evaluation.wanted)
    return Results(
        total=total,
        hits=[
            _hit(view, doc, score, marking, query.lang)
            for doc, score in _page(view, results, query.sort, start, query.per_page)
        ],
        facets={name: _counts(view, name, found, chosen) for name in FACETS},
        suggestion=None if total else _corrected(view, query, gazetteer, evaluation),
        warnings=tuple(dict.fromkeys([*reading.warnings, *evaluation.warnings])),
        histogram=histogram(view, results.docs, query) if query.histogram else None,
        map=spots(view, results.docs, query.bbox) if query.map else None,
    )


def ids(view: View, query: Query, gazetteer: Gazetteer, limit: int) -> list[str]:
    """Return the ids of the first so many results, in the order asked for.

    :raises QueryError: the text or a facet cannot be read
    """
    found = Evaluation(view, gazetteer).match(read(query.text).node)
    found = _restricted(view, found, query)
    for name in query.facets:
        found = found.only(_chosen(view, name, query)[found.docs])
    return [view.id(doc) for doc, _ in _page(view, found, query.sort, 0, limit)]


def _corrected(
    view: View, query: Query, gazetteer: Gazetteer, evaluation: Evaluation
) -> str | None:
    """Return another spelling of the text, if it finds something."""
    text = corrected(view, query.text, evaluation.unknown)
    if text is None or evaluation.seconds > MOST_SECONDS_CORRECTED:
        return None
    try:
        found = ids(view, replace(query, text=text), gazetteer, 1)
    except QueryError:
        return None
    return text if found else None


def _restricted(view: View, found: Match, query: Query) -> Match:
    if query.since or query.until:
        days = days_overlap(view, Days(query.since, query.until))
        found = found.only(days[found.docs])
    if query.bbox:
        found = found.only(inside_box(view, query.bbox)[found.docs])
    if query.near:
        found = found.only(around(view, *query.near)[found.docs])
    for label in query.excluded_labels:
        found = found.only(~facet_has(view, "label", label_fits(label))[found.docs])
    return found


def _chosen(view: View, name: str, query: Query) -> Mask:
    if name not in FACETS:
        raise QueryError("There is no facet “%(name)s”", NOWHERE, name=name)
    values = set(query.facets[name])
    if not values:
        return np.ones(view.size, np.bool_)
    return facet_has(view, name, values.__contains__)


def _counts(
    view: View, name: str, found: Match, chosen: dict[str, Mask]
) -> list[FacetValue]:
    """Count a facet's values under every restriction but its own choice."""
    docs = found.docs
    for other, mask in chosen.items():
        if other != name:
            docs = docs[mask[docs]]
    facet = view.facet(name)
    counts = facet.counts(docs)
    there = np.flatnonzero(counts)
    most = there[np.argsort(-counts[there], kind="stable")][:MOST_FACET_VALUES]
    return [FacetValue(facet.values[code], int(counts[code])) for code in most.tolist()]


def _page(
    view: View, found: Match, sort: Sort, start: int, count: int
) -> list[tuple[int, float]]:
    """Return the documents of one page, in order, with their scores."""
    if sort != "relevance" and len(found.docs) == view.size:
        whole = _sorted(view, sort).docs[start : start + count]
        return list(zip(whole.tolist(), found.score[whole].tolist(), strict=True))
    order = _order(view, found, sort)
    end = min(start + count, len(order))
    if start >= end:
        return []
    # Only as far as the page reaches must the order be known.
    some = np.argpartition(order, end - 1)[:end] if end < len(order) else slice(None)
    places = np.arange(len(order))[some]
    shown = places[np.argsort(order[places])][start:end]
    return list(
        zip(found.docs[shown].tolist(), found.score[shown].tolist(), strict=True)
    )


def _order(view: View, found: Match, sort: Sort) -> Numbers:
    """Return numbers in the order wanted; no two are the same."""
    docs = found.docs
    if sort != "relevance":
        return _sorted(view, sort).places[docs]
    best_first = -np.rint(found.score.astype(np.float64) * SCORE_STEPS)
    return best_first.astype(np.int64) * 2**32 + view.id_rank[docs]


def _sorted(view: View, sort: Sort) -> Order:
    """Return all documents sorted so; those that are alike by id."""
    if sort not in view.sorted:
        first: Numbers
        if sort == "deposited":
            first = -view.facts["deposited"]
        else:
            first = _by_event(view, newest_first=sort == "-event_date")
        view.sorted[sort] = Order.by(view.id_rank, first)
    return view.sorted[sort]


def _by_event(view: View, *, newest_first: bool) -> Numbers:
    """Return sort numbers for event dates; documents without one come last."""
    name = "event_to" if newest_first else "event_from"
    days = view.facts[name].astype(np.int64)
    unknown = view.facts["event_to"] == 0
    return np.where(unknown, LAST_DAY + 1, -days if newest_first else days)


def _hit(view: View, doc: int, score: float, marking: Marking, lang: str) -> Hit:
    # Among texts with equally many found words, the reader's language is shown.
    texts = sorted(view.texts(doc), key=lambda text: text[0] != lang)
    return Hit(
        id=view.id(doc),
        score=round(score, 4),
        snippet_html=snippet(texts, marking),
        title_html="" if view.guarded[doc] else title(texts, marking),
    )
