"""What is known to undo blur, tried on ours; each attack first succeeds on a weak one.

The pass lines are those of the design: five digits among two thousand at most 10 %,
fine detail of several stills below 0.2, nothing left for deconvolution. docs/blur.md
says where larger lettering does better than that.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from blur import render
from blur.cells import DRAWS, HAZE, STILL, grey_value, greys
from blur.haze import haze_of, stills_of
from blur.kinds import Family
from blur.noise import gauss, stream
from blur.preview import Preview

KEY = bytes(range(32))


def deviates(item: int) -> list[float]:
    return gauss(stream(KEY, b"%d" % item, DRAWS))


def values_of(cells: bytes) -> np.ndarray:
    return np.array([grey_value(level) for level in cells], float)


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def detail(values: np.ndarray, radius: int) -> np.ndarray:
    """What is left when the broad light and dark is taken away."""
    smooth = values
    for axis in (0, 1):
        pad = [(radius + 1, radius) if n == axis else (0, 0) for n in (0, 1)]
        sums = np.cumsum(np.pad(smooth, pad, mode="edge"), axis=axis)
        width = 2 * radius + 1
        upper = np.take(sums, range(width, sums.shape[axis]), axis=axis)
        lower = np.take(sums, range(sums.shape[axis] - width), axis=axis)
        smooth = (upper - lower) / width
    return values - smooth


TRIED = 200

# Candidates -------------------------------------------------------------------------


def numbers() -> list[Image.Image]:
    """Five digits across the whole picture, two thousand of them."""
    chance = np.random.default_rng(5)
    font = ImageFont.load_default(size=110)
    drawn = []
    for number in chance.choice(100_000, 2000, replace=False):
        picture = Image.new("L", (320, 240), 215)
        pen = ImageDraw.Draw(picture)
        pen.text((8, 60), f"{number:05}", 30, font)
        drawn.append(picture)
    return drawn


def found_share(candidates: np.ndarray, seen: list[np.ndarray]) -> float:
    """How often the nearest candidate is the right one."""
    nearest = [((candidates - each) ** 2).sum(1).argmin() for each in seen]
    return float(np.mean([at == n for n, at in enumerate(nearest)]))


def test_a_number_cannot_be_found_by_trying_all_candidates():
    pictures = numbers()
    box = Image.Resampling.BOX
    candidates = np.stack(
        [np.asarray(p.resize((8, 6), box), float).ravel() for p in pictures]
    )
    clear = list(np.round(candidates[:TRIED]))
    assert found_share(candidates, clear) > 0.9  # the control: cells without noise
    ours = [
        values_of(haze_of(picture, deviates(n))[: HAZE.count])
        for n, picture in enumerate(pictures[:TRIED])
    ]
    assert found_share(candidates, ours) <= 0.10


def test_making_a_preview_again_gives_an_attacker_nothing_to_average():
    picture = numbers()[0]
    once, again = (haze_of(picture, deviates(1)) for _ in range(2))
    assert once == again
    fresh = [values_of(haze_of(picture, deviates(n))[: HAZE.count]) for n in range(64)]
    clear = np.asarray(picture.resize((8, 6), Image.Resampling.BOX), float).ravel()
    averaged = np.abs(np.mean(fresh, axis=0) - clear).mean()
    single = np.abs(values_of(once[: HAZE.count]) - clear).mean()
    assert averaged < single / 2  # the control: other draws would average out


# Deconvolution ----------------------------------------------------------------------


def wiener(values: np.ndarray, sigma: float, k: float) -> np.ndarray:
    """Undo a Gaussian of known width."""
    pad = int(4 * sigma) + 32
    wide = np.pad(values, pad, mode="reflect")
    height, width = wide.shape
    square = np.fft.fftfreq(height)[:, None] ** 2 + np.fft.rfftfreq(width)[None] ** 2
    gain = np.exp(-2 * (np.pi * sigma) ** 2 * square)
    restored = np.fft.irfft2(np.fft.rfft2(wide) * gain / (gain**2 + k), s=wide.shape)
    return np.clip(restored[pad:-pad, pad:-pad], 0, 255)


def test_deconvolution_brings_words_back_from_a_blur_and_not_from_haze(sign):
    board = sign("BRIDGE", "MARKET")
    fine = detail(np.asarray(board, float), 24)

    def restored(values: np.ndarray, sigmas: tuple[int, ...]) -> float:
        return max(
            correlation(detail(wiener(values, sigma, k), 24), fine)
            for sigma in sigmas
            for k in (1e-2, 1e-3, 1e-4)
        )

    blurred = np.asarray(board.filter(ImageFilter.GaussianBlur(10)), float)
    assert correlation(detail(blurred, 24), fine) < 0.62
    assert restored(blurred, (10,)) > 0.72  # the control
    for item in range(4):
        shown = haze_of(board, deviates(item))
        preview = Preview(Family.IMAGE, shown[: HAZE.count], shown[HAZE.count :])
        soft = Image.open(io.BytesIO(render.soft_png(preview, "haze")))
        large = soft.resize(board.size, Image.Resampling.BICUBIC)
        assert restored(np.asarray(large, float), (15, 30, 45)) < 0.15


# Many stills ------------------------------------------------------------------------

WORLD = (64, 40)
WINDOW = (48, 30)
WORDS = ("BRIDGE", "MARKET", "STREET")  # of one clear frame 0.2 can be told


def world(sign) -> np.ndarray:
    return np.asarray(sign(*WORDS, size=(320, 200)).resize(WORLD), float)


def shrinking(cells: tuple[int, int], left: int, top: int) -> np.ndarray:
    """The matrix from world to the cells of one window of it."""
    wide, high = WORLD
    across, down = WINDOW[0] / cells[0], WINDOW[1] / cells[1]
    rows = []
    for y in range(cells[1]):
        for x in range(cells[0]):
            weight = np.zeros((high, wide))
            ys = slice(top + round(y * down), top + round((y + 1) * down))
            xs = slice(left + round(x * across), left + round((x + 1) * across))
            weight[ys, xs] = 1
            rows.append(weight.ravel() / weight.sum())
    return np.array(rows)


def super_resolved(
    matrices: list[np.ndarray], films: list[list[np.ndarray]]
) -> list[np.ndarray]:
    """The smooth world that explains each film's frames best; all motion is known."""
    whole = np.vstack(matrices)
    values = np.stack([np.concatenate(frames) for frames in films], axis=1)
    high, wide = WORLD[::-1]
    slopes = [
        np.kron(np.diff(np.eye(high), axis=0), np.eye(wide)),
        np.kron(np.eye(high), np.diff(np.eye(wide), axis=0)),
    ]
    smooth = sum(slope.T @ slope for slope in slopes) + 1e-6 * np.eye(high * wide)
    solved = np.linalg.solve(whole.T @ whole + 2e-3 * smooth, whole.T @ values)
    return [solved[:, n].reshape(high, wide) for n in range(len(films))]


def fine_correlation(guess: np.ndarray, truth: np.ndarray) -> float:
    inner = (slice(6, -6), slice(6, -6))
    return correlation(detail(guess, 2)[inner], detail(truth, 2)[inner])


def test_many_blurred_frames_add_up_and_our_eight_stills_do_not(sign):
    truth = world(sign)
    chance = np.random.default_rng(3)
    moves = [tuple(chance.integers(0, (17, 11))) for _ in range(60)]
    clear = [shrinking((16, 10), *move) for move in moves]
    (control,) = super_resolved(clear, [[m @ truth.ravel() for m in clear]])
    assert fine_correlation(control, truth) > 0.5

    few = [shrinking((STILL.columns, STILL.rows), *move) for move in moves[:8]]
    films = []
    for item in range(5):
        drawn = np.array(deviates(item)[: 8 * STILL.count]).reshape(8, STILL.count)
        films.append(
            [
                values_of(greys(m @ truth.ravel(), STILL.spread, list(noise)))
                for m, noise in zip(few, drawn, strict=True)
            ]
        )
    guesses = super_resolved(few, films)
    results = [fine_correlation(guess, truth) for guess in guesses]
    assert np.mean(results) < 0.2, results


def test_stills_of_one_unmoved_picture_share_one_draw(sign):
    still = sign("STOP").convert("RGB")
    cells = stills_of([still] * 8, deviates(1))[: 8 * STILL.count]
    assert len({cells[at : at + 40] for at in range(0, 320, 40)}) == 1
    other = Image.new("RGB", still.size, "black")
    cells = stills_of([still] * 4 + [other] * 4, deviates(1))[: 8 * STILL.count]
    assert len({cells[at : at + 40] for at in range(0, 320, 40)}) == 2
