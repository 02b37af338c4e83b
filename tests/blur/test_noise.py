"""Noise is secret, the item's own, and the same for ever."""

from __future__ import annotations

import statistics

import pytest

from blur.cells import (
    DRAWS,
    HAZE,
    STILL,
    TRACE,
    chroma,
    chroma_offset,
    grey_value,
    greys,
    trace_of,
)
from blur.noise import BYTES_PER_DRAW, gauss, stream

KEY = bytes(range(32))


def test_the_same_item_and_key_give_the_same_noise_and_others_give_other_noise():
    once = stream(KEY, b"item", DRAWS)
    assert once == stream(KEY, b"item", DRAWS)
    assert len(once) == DRAWS * BYTES_PER_DRAW
    assert once != stream(KEY, b"item2", DRAWS)
    assert once != stream(KEY[::-1], b"item", DRAWS)
    assert KEY not in once


def test_deviates_are_normal():
    drawn = gauss(stream(KEY, b"many", 20_000))
    assert abs(statistics.fmean(drawn)) < 0.03
    assert abs(statistics.pstdev(drawn) - 1) < 0.02
    assert abs(sum(d > 1.96 for d in drawn) / len(drawn) - 0.025) < 0.005


@pytest.mark.parametrize(("key", "item"), [(b"short", b"item"), (KEY, b"")])
def test_noise_without_a_proper_key_or_item_is_refused(key, item):
    with pytest.raises(ValueError, match="noise"):
        stream(key, item, 1)


def test_levels_round_and_stay_within_their_range():
    values = [-500, 0, 18, 19, 128, 255, 900]
    assert list(greys(values, 24.0, [0] * 7)) == [0, 0, 0, 1, 4, 7, 7]
    assert [grey_value(level) for level in (0, 7)] == [0, 255]
    assert list(chroma([0, 128, 255], [0] * 3)) == [0, 1, 2]
    assert [chroma_offset(level) for level in (0, 1, 2)] == [-30, 0, 30]


@pytest.mark.parametrize("grid", [HAZE, STILL])
@pytest.mark.parametrize("upright", [False, True])
def test_trace_carries_its_full_noise_over_even_cells(grid, upright):
    sums = []
    for seed in range(400):
        drawn = gauss(stream(KEY, seed.to_bytes(4, "big"), grid.count))
        cells = greys([128.0] * grid.count, grid.spread, drawn)
        trace = trace_of(cells, grid, upright=upright)
        assert len(trace) == TRACE.count
        sums += [grey_value(level) for level in trace]
    assert abs(statistics.fmean(sums) - 128) < 4
    assert 28 < statistics.pstdev(sums) < 38
