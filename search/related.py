"""Documents that have something in common with one, inside the scope only.

What two documents share counts the more, the fewer visible documents have it: a place,
a label, a collection, a rare word; and the nearer in time their events are. A label or
a collection alone is no relation. A guarded title is read only where the scope says so.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from search.analysis.folding import fold
from search.analysis.tokens import tokens
from search.analysis.words import is_stop_word
from search.engine import Related, Tie
from search.filters import facet_has, label_fits
from search.postings import EXACT, Mask, Numbers, Weights
from search.view import View

NEAR_DAYS = 14
"""Events further apart are not near each other."""
LONGEST_EVENT = 92
"""Days; an event known only so roughly is near in time to nothing."""
FACET_WEIGHTS = {"place": 2.0, "label": 0.6, "collection": 0.4}
DATE_WEIGHT = 4.0
WORDS_WEIGHT = 8.0
SHORTEST_WORD = 4
MOST_WORDS = 48
LEAST_WORDS_SHARED = 0.12
"""Share of the document's own words, by their rarity, that makes a tie."""
LOOKED_AT = 6_000
"""Characters of a description that are read for its words."""
_ALONE = (Tie.PLACE, Tie.DATE, Tie.WORDS)


def related(
    view: View, name: str, limit: int, excluded_labels: Sequence[str] = ()
) -> list[Related]:
    """Return the visible documents nearest to one, which must itself be visible."""
    own = view.number(name)
    if own is None or limit < 1:
        return []
    ties = {
        Tie.PLACE: _by_facet(view, own, "place"),
        Tie.DATE: _by_date(view, own),
        Tie.WORDS: _by_words(view, own),
        Tie.LABEL: _by_facet(view, own, "label"),
        Tie.COLLECTION: _by_facet(view, own, "collection"),
    }
    allowed = _allowed(view, own, excluded_labels)
    tied = np.logical_or.reduce([ties[tie] > 0 for tie in _ALONE]) & allowed
    docs = np.flatnonzero(tied)
    score = np.zeros(len(docs), np.float32)
    for worth in ties.values():
        score += worth[docs]
    return [
        Related(view.id(doc), tuple(tie for tie in ties if ties[tie][doc] > 0))
        for doc in _best(view, docs, -np.round(score, 4), limit).tolist()
    ]


def _best(view: View, docs: Numbers, order: Weights, limit: int) -> Numbers:
    """The first so many by order, then by id; the rest is never sorted."""
    if len(docs) > limit:
        near = order <= np.partition(order, limit - 1)[limit - 1]
        docs, order = docs[near], order[near]
    first: Numbers = docs[np.lexsort((view.id_rank[docs], order))][:limit]
    return first


def _allowed(view: View, own: int, excluded_labels: Sequence[str]) -> Mask:
    mask = np.ones(view.size, np.bool_)
    mask[own] = False
    for label in excluded_labels:
        mask &= ~facet_has(view, "label", label_fits(label))
    return mask


def _by_facet(view: View, own: int, name: str) -> Weights:
    column = view.facet(name)
    score = np.zeros(view.size, np.float32)
    for code in column.codes_of(own):
        sharing = column.docs_of(code)
        score[sharing] += FACET_WEIGHTS[name] * _rarity(view, len(sharing))
    return score


def _by_date(view: View, own: int) -> Weights:
    first, last = view.days
    told = (last > 0) & (last - first <= LONGEST_EVENT)
    if not told[own]:
        return np.zeros(view.size, np.float32)
    gap = np.maximum(0, np.maximum(first - last[own], first[own] - last))
    near: Weights = np.clip(1 - gap / NEAR_DAYS, 0, 1).astype(np.float32)
    near *= told * np.float32(DATE_WEIGHT)
    return near


def _by_words(view: View, own: int) -> Weights:
    shared = np.zeros(view.size, np.float32)
    whole = 0.0
    for word in _words(view, own):
        having, count = _having(view, word)
        if count > 1:
            shared[having] += _rarity(view, count)
        whole += _rarity(view, max(1, count))
    share: Weights = shared / np.float32(max(whole, 1.0))
    share[share < LEAST_WORDS_SHARED] = 0
    share *= WORDS_WEIGHT
    return share


def _having(view: View, word: str) -> tuple[Numbers, int]:
    """The documents that have a word, some perhaps twice; and how many they are."""
    found = [view.postings(field, word)[0] for field in view.fields(EXACT)]
    some = [docs for docs in found if len(docs)]
    if len(some) < 2:
        docs = some[0] if some else np.zeros(0, np.int64)
        return docs, len(docs)
    joined = np.concatenate(some)
    return joined, len(np.unique(joined))


def _words(view: View, own: int) -> list[str]:
    """The document's longer words, each once, those of its titles first."""
    texts = view.texts(own)
    titles = [] if view.guarded[own] else [title for _, title, _ in texts]
    bodies = [body[:LOOKED_AT] for _, _, body in texts]
    found = dict.fromkeys(word for text in (*titles, *bodies) for word in _long(text))
    return list(found)[:MOST_WORDS]


def _long(text: str) -> Iterator[str]:
    for token in tokens(text):
        word = fold(token.text)
        if len(word) >= SHORTEST_WORD and not is_stop_word(word):
            yield word


def _rarity(view: View, count: int) -> float:
    return float(np.log1p(view.size / max(1, count)))
