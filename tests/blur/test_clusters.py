"""Clusters of previews: everybody in one, none too small, the same each time."""

from __future__ import annotations

import numpy as np
import pytest

from blur.clusters import clusters


def rows(count: int, seed: int = 1) -> list[bytes]:
    chance = np.random.default_rng(seed)
    return [bytes(row) for row in chance.integers(0, 8, (count, 48), np.uint8)]


@pytest.mark.parametrize("fewest", [2, 3, 7])
@pytest.mark.parametrize("count", [7, 13, 14, 50])
def test_everybody_is_in_one_cluster_that_is_large_enough(count, fewest):
    made = clusters(rows(count), fewest)
    members = [each for cluster in made for each in cluster.members]
    assert sorted(members) == list(range(count))
    assert {fewest <= len(each.members) < 2 * fewest for each in made} == {True}
    assert all(each.medoid in each.members for each in made)
    assert made == clusters(rows(count), fewest)


def test_those_who_are_too_few_are_in_none():
    assert clusters(rows(4), 5) == clusters([], 2) == []
    with pytest.raises(ValueError, match="two"):
        clusters(rows(4), 1)


def test_who_is_alike_comes_together_and_all_alike_is_no_trouble():
    dark, light = [bytes([0] * 47 + [n]) for n in range(3)], [bytes([7] * 48)] * 4
    made = clusters([*dark, *light], 3)
    assert {each.members for each in made} == {(0, 1, 2), (3, 4, 5, 6)}
    assert next(each.medoid for each in made if 0 in each.members) == 1
    assert len(clusters([bytes(48)] * 9, 2)) == 4
