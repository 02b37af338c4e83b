"""The bit budget: counted from the grids, and measured over pictures."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from blur import proof
from blur.cells import DRAWS, HAZE, STILL, TRACE, Grid, greys, trace_of
from blur.kinds import Family
from blur.noise import gauss, stream
from blur.preview import HEADER_BYTES, Preview

KEY = bytes(range(32))
CLEAR = Grid(HAZE.columns, HAZE.rows, 0.0)


@pytest.fixture(scope="module")
def rows(pictures) -> np.ndarray:
    """Clear cells of each picture and of eleven parts of it."""
    chance, found = np.random.default_rng(1), []
    for picture in pictures:
        for part in range(12):
            share = 1 if part == 0 else chance.uniform(0.55, 0.95)
            wide, high = (int(side * share) for side in picture.size)
            left = int(chance.integers(0, picture.width - wide + 1))
            top = int(chance.integers(0, picture.height - high + 1))
            crop = picture.crop((left, top, left + wide, top + high))
            cells = crop.resize((HAZE.columns, HAZE.rows), Image.Resampling.BOX)
            found.append(np.asarray(cells, float).ravel())
    return np.array(found)


def test_what_is_stored_keeps_to_the_budget():
    assert proof.STILL_BITS <= proof.MOST_STILL_BITS
    assert proof.VIDEO_BITS <= proof.MOST_VIDEO_BITS
    cells, chroma = bytes(48), bytes(8)
    stored = Preview(Family.IMAGE, cells, chroma).to_bytes()
    assert len(stored) == HEADER_BYTES + (proof.STILL_BITS + proof.COLOUR_BITS) // 8
    film = Preview(Family.VIDEO, bytes(320), chroma).to_bytes()
    assert len(film) == HEADER_BYTES + (proof.VIDEO_BITS + proof.COLOUR_BITS) // 8
    sound = Preview(Family.AUDIO, bytes(64)).to_bytes()
    assert len(sound) == HEADER_BYTES + proof.SOUND_BITS // 8


def test_one_known_source_of_light_is_as_many_bits_as_theory_says():
    chance = np.random.default_rng(2)
    noise = 24.0**2 + (255 / 7) ** 2 / 12
    light = chance.normal(0, 15 * noise**0.5, 50_000)  # all 48 cells as one
    cells = np.outer(light, np.full(48, 48**-0.5))
    bits = proof.effective_bits(cells, Grid(8, 6, 24.0))
    assert bits == pytest.approx(0.5 * np.log2(1 + 225), abs=0.05)


def test_pictures_keep_no_more_bits_than_pages_promise(rows):
    bits = proof.effective_bits(rows)
    assert bits < proof.MOST_EFFECTIVE_BITS
    assert bits == pytest.approx(proof.EFFECTIVE_BITS, abs=2.5)
    assert proof.effective_bits(rows, CLEAR) > 2 * proof.MOST_EFFECTIVE_BITS  # control
    assert proof.effective_bits(rows, Grid(8, 6, 24.0)) > proof.MOST_EFFECTIVE_BITS


def test_stored_cells_alone_tell_about_the_same_figure(rows):
    stored = [
        greys(list(row), HAZE.spread, gauss(stream(KEY, b"%d" % n, HAZE.count)))
        for n, row in enumerate(rows)
    ]
    estimate = proof.estimated_bits(stored)
    assert estimate is not None
    assert abs(estimate - proof.effective_bits(rows)) < 4
    weaker = [
        greys(list(row), 12.0, gauss(stream(KEY, b"%d" % n, HAZE.count)))
        for n, row in enumerate(rows)
    ]
    told = proof.estimated_bits(weaker, Grid(8, 6, 12.0))
    assert told is not None
    assert told > proof.MOST_EFFECTIVE_BITS  # the control: weak noise is noticed


def test_too_few_previews_give_no_figure():
    assert proof.estimated_bits([bytes(48)] * (proof.FEWEST_PREVIEWS - 1)) is None
    assert proof.estimated_bits([bytes(48)] * proof.FEWEST_PREVIEWS) == 0


def test_noise_of_another_strength_is_another_draw():
    """Else c + 24 z and c + 52 z would give the picture by subtraction."""
    now = stream(KEY, b"item", DRAWS)
    import hashlib
    import hmac

    seed = hmac.digest(KEY, b"preview-noise\0item", "sha256")
    before = hashlib.shake_256(seed).digest(len(now))
    one, other = gauss(now), gauss(before)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.2


def test_trace_tells_less_than_haze(rows):
    coarse = rows.reshape(-1, 3, 2, 4, 2).mean((2, 4)).reshape(len(rows), 12)
    assert proof.effective_bits(coarse, TRACE) < proof.effective_bits(rows)
    cells = greys([128.0] * HAZE.count, HAZE.spread, [0.0] * HAZE.count)
    assert len(trace_of(cells, HAZE, upright=False)) == TRACE.count
    assert STILL.spread == HAZE.spread
