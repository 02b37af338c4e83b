"""A page of results: matching, facets, order, paging, marking and correcting."""

from typing import Any

import numpy as np
import numpy.typing as npt

from search.analysis.gazetteer import Gazetteer
from search.engine import FACETS, FacetValue, Hit, Results
from search.evaluation import Evaluation, Match, Wanted
from search.filters import days_overlap, facet_has, inside_box, label_fits
from search.grammar import read
from search.postings import LAST_DAY, Mask
from search.query import Days, Query, QueryError, Sort
from search.snippets import snippet, title
from search.spelling import corrected
from search.view import View

MOST_FACET_VALUES = 200


def answer(view: View, query: Query, gazetteer: Gazetteer) -> Results:
    """Answer a query from what a view holds.

    :raises QueryError: the text or a facet cannot be read
    """
    reading = read(query.text)
    evaluation = Evaluation(view, gazetteer)
    found = evaluation.match(reading.node)
    base = found.mask & _restrictions(view, query)
    chosen = {name: _chosen(view, name, query) for name in query.facets}
    mask = np.logical_and.reduce([base, *chosen.values()])
    docs = _ordered(view, Match(mask, found.score), query.sort)
    start = (query.page - 1) * query.per_page
    total = len(docs)
    return Results(
        total=total,
        hits=[
            _hit(view, doc, found, evaluation.wanted, query.lang)
            for doc in docs[start : start + query.per_page].tolist()
        ],
        facets={name: _counts(view, name, base, chosen) for name in FACETS},
        suggestion=None if total else corrected(view, query.text, evaluation.unknown),
        warnings=tuple(dict.fromkeys([*reading.warnings, *evaluation.warnings])),
    )


def ids(view: View, query: Query, gazetteer: Gazetteer, limit: int) -> list[str]:
    """Return the ids of the first so many results, in the order asked for.

    :raises QueryError: the text or a facet cannot be read
    """
    found = Evaluation(view, gazetteer).match(read(query.text).node)
    chosen = [_chosen(view, name, query) for name in query.facets]
    mask = np.logical_and.reduce([found.mask, _restrictions(view, query), *chosen])
    docs = _ordered(view, Match(mask, found.score), query.sort)
    return view.ids(docs[:limit].tolist())


def _restrictions(view: View, query: Query) -> Mask:
    mask = view.mask
    if query.since or query.until:
        mask = mask & days_overlap(view, Days(query.since, query.until))
    if query.bbox:
        mask = mask & inside_box(view, query.bbox)
    for label in query.excluded_labels:
        mask = mask & ~facet_has(view, "label", label_fits(label))
    return mask


def _chosen(view: View, name: str, query: Query) -> Mask:
    if name not in FACETS:
        raise QueryError(f"There is no facet “{name}”", 0)
    values = set(query.facets[name])
    return facet_has(view, name, values.__contains__) if values else view.mask


def _counts(
    view: View, name: str, base: Mask, chosen: dict[str, Mask]
) -> list[FacetValue]:
    """Count a facet's values under every restriction but its own choice."""
    others = [mask for other, mask in chosen.items() if other != name]
    mask = np.logical_and.reduce([base, *others])
    column = view.index.facet(name)
    codes = column.codes[mask[column.docs]]
    counts = np.bincount(codes, minlength=len(column.values))
    pairs = [
        (column.values[code], int(counts[code]))
        for code in np.flatnonzero(counts).tolist()
    ]
    pairs.sort(key=lambda pair: (-pair[1], pair[0]))
    return [FacetValue(value, count) for value, count in pairs[:MOST_FACET_VALUES]]


def _ordered(view: View, match: Match, sort: Sort) -> npt.NDArray[np.int64]:
    docs = np.flatnonzero(match.mask)
    facts, rank = view.index.facts, view.id_rank[docs]
    first: npt.NDArray[Any]
    if sort == "relevance":
        first = -np.round(match.score[docs].astype(np.float64), 5)
    elif sort == "deposited":
        first = -facts["deposited"][docs]
    else:
        first = _by_event(view, docs, newest_first=sort == "-event_date")
    return docs[np.lexsort((rank, first))]


def _by_event(
    view: View, docs: npt.NDArray[np.int64], *, newest_first: bool
) -> npt.NDArray[np.int64]:
    """Return sort numbers for event dates; documents without one come last."""
    name = "event_to" if newest_first else "event_from"
    days = view.index.facts[name][docs].astype(np.int64)
    unknown = view.index.facts["event_to"][docs] == 0
    return np.where(unknown, LAST_DAY + 1, -days if newest_first else days)


def _hit(view: View, doc: int, match: Match, wanted: Wanted, lang: str) -> Hit:
    # Among texts with equally many found words, the reader's language is shown.
    texts = sorted(view.index.texts(doc)["texts"], key=lambda text: text[0] != lang)
    hidden = bool(view.index.facts["guarded"][doc]) and not view.scope.guarded
    return Hit(
        id=view.ids([doc])[0],
        score=round(float(match.score[doc]), 4),
        snippet_html=snippet(texts, wanted),
        title_html="" if hidden else title(texts, wanted),
    )
