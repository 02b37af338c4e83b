"""Sets of scored documents are joined the same way however they are stored."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search import matches
from search.matches import Match, both, either, inside, without

SETS = st.lists(st.dictionaries(st.integers(0, 49), st.integers(1, 9)), max_size=4)


def match(scores: dict[int, int]) -> Match:
    docs = np.array(sorted(scores), np.int64)
    return Match(docs, np.array([scores[doc] for doc in sorted(scores)], np.float32))


def scores(found: Match) -> dict[int, float]:
    assert found.docs.tolist() == sorted(set(found.docs.tolist()))
    return dict(zip(found.docs.tolist(), found.score.tolist(), strict=True))


@pytest.mark.parametrize("size", [50, 100_000])
@settings(max_examples=100, deadline=None, derandomize=True)
@given(SETS)
def test_sets_are_joined_by_place_and_by_sorting_alike(size: int, sets) -> None:
    found = [match(each) for each in sets]
    union = {doc: sum(s.get(doc, 0) for s in sets) for s in sets for doc in s}
    assert scores(either(found, size)) == union
    if found:
        shared = set(sets[0]).intersection(*sets[1:])
        assert scores(both(found, size)) == {doc: union[doc] for doc in shared}
        rest = without(found[0], 60).docs.tolist()
        assert rest == [doc for doc in range(60) if doc not in sets[0]]
        docs = np.arange(50)
        expected = [doc in sets[0] for doc in range(50)]
        assert inside(docs, found[0].docs, size).tolist() == expected


def test_both_ways_of_joining_are_taken_here() -> None:
    assert 4 * 50 * matches.DENSE > 50
    assert 4 * 50 * matches.DENSE < 100_000
