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
from search.matches import Match
from search.postings import EXACT, Numbers, Weights
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


def related(
    view: View, name: str, limit: int, excluded_labels: Sequence[str] = ()
) -> list[Related]:
    """Return the visible documents nearest to one, which must itself be visible."""
    own = view.number(name)
    if own is None or limit < 1:
        return []
    alone = {
        Tie.PLACE: _by_place(view, own),
        Tie.DATE: _by_date(view, own),
        Tie.WORDS: _by_words(view, own),
    }
    docs = _united(view, [match.docs for match in alone.values()])
    docs = _allowed(view, own, docs, excluded_labels)
    ties = {tie: _among(docs, match) for tie, match in alone.items()}
    for tie, facet in ((Tie.LABEL, "label"), (Tie.COLLECTION, "collection")):
        ties[tie] = _among(docs, _by_facet(view, own, facet, docs))
    score = np.zeros(len(docs), np.float32)
    for worth in ties.values():
        score += worth
    return [
        Related(view.id(int(docs[at])), tuple(tie for tie in ties if ties[tie][at] > 0))
        for at in _best(view, docs, -np.round(score, 4), limit).tolist()
    ]


def _best(view: View, docs: Numbers, order: Weights, limit: int) -> Numbers:
    """Where the first so many stand, by order, then by id; the rest is never sorted."""
    at = np.arange(len(docs))
    if len(docs) > limit:
        at = np.flatnonzero(order <= np.partition(order, limit - 1)[limit - 1])
    first: Numbers = at[np.lexsort((view.id_rank[docs[at]], order[at]))][:limit]
    return first


def _allowed(
    view: View, own: int, docs: Numbers, excluded_labels: Sequence[str]
) -> Numbers:
    docs = docs[docs != own]
    for label in excluded_labels:
        docs = docs[~facet_has(view, "label", label_fits(label))[docs]]
    return docs


def _united(view: View, sets: Sequence[Numbers]) -> Numbers:
    """The documents of any of the sets, ascending."""
    held = np.zeros(view.size, np.bool_)
    for docs in sets:
        held[docs] = True
    return np.flatnonzero(held)


def _among(docs: Numbers, match: Match) -> Weights:
    """What each of some documents has of a match; nothing where it is not in it."""
    if not len(match.docs):
        return np.zeros(len(docs), np.float32)
    places = np.searchsorted(match.docs, docs)
    places[places == len(match.docs)] = 0
    found = match.docs[places] == docs
    return np.where(found, match.score[places], np.float32(0))


def _by_place(view: View, own: int) -> Match:
    column = view.facet("place")
    having = [column.docs_of(code) for code in column.codes_of(own)]
    return _by_facet(view, own, "place", _united(view, having))


def _by_facet(view: View, own: int, name: str, docs: Numbers) -> Match:
    """What some documents share with one in a facet; these documents ascend."""
    column = view.facet(name)
    held, codes = column.pairs(docs)
    score = np.zeros(len(docs), np.float32)
    for code in column.codes_of(own):
        sharing = np.searchsorted(docs, held[codes == code])
        score[sharing] += FACET_WEIGHTS[name] * _rarity(view, column.total(code))
    return Match(docs, score)


def _by_date(view: View, own: int) -> Match:
    first, last = view.days
    if last[own] == 0 or last[own] - first[own] > LONGEST_EVENT:
        return Match.unscored(np.empty(0, np.int64))
    # What begins earlier is over, or too long to be near in time to anything.
    docs, begun = view.by_beginning
    since = np.searchsorted(begun, first[own] - NEAR_DAYS - LONGEST_EVENT)
    until = np.searchsorted(begun, last[own] + NEAR_DAYS, "right")
    docs = np.sort(docs[since:until])
    docs = docs[last[docs] - first[docs] <= LONGEST_EVENT]
    gap = np.maximum(0, np.maximum(first[docs] - last[own], first[own] - last[docs]))
    near = np.clip(1 - gap / NEAR_DAYS, 0, 1).astype(np.float32)
    return Match(docs, near * np.float32(DATE_WEIGHT)).only(near > 0)


def _by_words(view: View, own: int) -> Match:
    shared = np.zeros(view.size, np.float32)
    whole = 0.0
    for word in _words(view, own):
        having, count = _having(view, word)
        if count > 1:
            shared[having] += _rarity(view, count)
        whole += _rarity(view, max(1, count))
    whole = max(whole, 1.0)
    docs = np.flatnonzero(shared > 0.9 * LEAST_WORDS_SHARED * whole)
    share = shared[docs] / np.float32(whole)
    kept = share >= LEAST_WORDS_SHARED
    return Match(docs[kept], share[kept] * np.float32(WORDS_WEIGHT))


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
