"""What is tried on an archive's previews, each beside the control that must succeed.

| trial | the line | the control |
|---|---|---|
| linkage by PDQ | no preview within 60 bits of its original | finer blur is matched |
| linkage by pHash | at most 2 % within 10 bits | finer blur is matched |
| template | none: whoever holds the file can tell; said, not promised | no noise |
| deconvolution | detail agrees less than 0.2 | a blur is undone |
| super-resolution | detail of the stills agrees less than 0.2 | 60 moving frames |
| content | at most 16 bits of any collection | |
| words | Tesseract reads none | it reads what a deconvolution brings back |
| faces | at most 5 % | most are found in a fine mosaic |
| canaries | no answer to a visitor holds one | public titles are found |

A trial that has nothing to work on, or whose control fails, holds nothing: it says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from archive.attack.material import Material, Pair
from archive.attack.trial import Trial, verdict
from blur import attacks, proof
from blur.cells import STILL, STILLS, grey_value
from blur.render import enlarged

if TYPE_CHECKING:
    from blur.attacks import Floats

SIDE = attacks.LUMA
PDQ_LINE, PHASH_SHARE, DETAIL_LINE = 60, 0.02, 0.2
FEWEST_FOR_SHARE = 50  # of fewer, one is let pass: 2 % of ten is nobody
MOST_FILMS = 40
_WORLD, _VIEW, _CELLS = (48, 32), (32, 20), (STILL.columns, STILL.rows)
_FINE, _WEAK = 3, 1.4  # radius and spread in pixels of 64


def on_cells(material: Material) -> Iterator[Trial]:
    """The trials that are arithmetic on cells, in the order of the table."""
    yield from _linkage(material.pairs)
    yield _template(material)
    yield _deconvolution(material.pairs)
    yield _super_resolution(material.films[:MOST_FILMS])
    yield _content(material)


# Linkage by hash ----------------------------------------------------------------------


def _linkage(pairs: Sequence[Pair]) -> Iterator[Trial]:
    originals = [_luma(pair.original.lumas[_poster(pair)]) for pair in pairs]
    shown = [shown_luma(pair) for pair in pairs]
    weak = [_blurred(luma, 1.0) for luma in originals]
    own = _apart(attacks.pdq, shown, originals)
    near = _apart(attacks.pdq, weak, originals)
    yield Trial(
        "linkage by PDQ",
        len(pairs),
        "bits between a preview and its original, of 256",
        tuple(map(float, own)),
        float(min(own)) if own else None,
        float(PDQ_LINE),
        matched := _share(near, attacks.PDQ_MATCH),
        verdict(min(own) > PDQ_LINE if own else None, matched),
        "A stranger's hash list matches at 31 bits or fewer.",
    )
    own = _apart(attacks.phash, shown, originals)
    near = _apart(attacks.phash, weak, originals)
    hits = sum(bits <= attacks.PHASH_MATCH for bits in own)
    allowed = max(1 if len(own) < FEWEST_FOR_SHARE else 0, int(PHASH_SHARE * len(own)))
    yield Trial(
        "linkage by pHash",
        len(pairs),
        "bits between a preview and its original, of 64",
        tuple(map(float, own)),
        _share(own, attacks.PHASH_MATCH),
        PHASH_SHARE,
        matched := _share(near, attacks.PHASH_MATCH),
        verdict(hits <= allowed if own else None, matched),
        "The share of previews whose hash matches at 10 bits or fewer.",
    )


def _template(material: Material) -> Trial:
    """Whose original explains a preview's cells best, among all of its shape."""
    places: list[int] = []
    clean: list[int] = []
    groups = [material.still_pictures(upright=upright) for upright in (False, True)]
    for group in groups:
        if len(group) < 2:
            continue
        candidates = np.array([list(pair.original.cells[0]) for pair in group], float)
        seen = np.array([_values(pair.preview.cells) for pair in group])
        places += attacks.ranks(candidates, seen, range(len(group)))
        clean += attacks.ranks(candidates, np.round(candidates), range(len(group)))
    return Trial(
        "template",
        len(places),
        "place of its own original among all candidates",
        tuple(map(float, places)),
        _share(places, 1),
        None,
        _share(clean, 1),
        None,
        "The share found first by somebody who holds every original. No line: this is "
        "what haze does not promise; trace and sealed are for where it matters.",
    )


# Detail -------------------------------------------------------------------------------


def _deconvolution(pairs: Sequence[Pair]) -> Trial:
    got, control = [], []
    for pair in pairs:
        luma = _luma(pair.original.lumas[_poster(pair)])
        detail = attacks.fine(luma, _FINE)
        got.append(_restored(shown_luma(pair), (2.0, 4.0, 6.0), detail))
        control.append(_restored(_blurred(luma, _WEAK), (_WEAK,), detail))
    return Trial(
        "deconvolution",
        len(pairs),
        "agreement of restored with true detail, -1 to 1",
        tuple(got),
        float(np.mean(got)) if got else None,
        DETAIL_LINE,
        undone := float(np.mean(control)) if control else None,
        verdict(float(np.mean(got)) < DETAIL_LINE if got else None, undone),
        "The best of three widths and three strengths, each chosen with the original "
        "in hand. The control is an ordinary blur, undone the same way.",
    )


def _restored(values: Floats, sigmas: tuple[float, ...], detail: Floats) -> float:
    return max(
        attacks.correlation(
            attacks.fine(attacks.deconvolved(values, sigma, k), _FINE), detail
        )
        for sigma in sigmas
        for k in (1e-2, 1e-3, 1e-4)
    )


def _super_resolution(films: Sequence[Pair]) -> Trial:
    """Stills laid over each other by the true motion, which the attacker is given."""
    got = [_stacked(pair) for pair in films if not pair.preview.upright]
    return Trial(
        "super-resolution",
        len(got),
        "agreement of the stills' sum with true detail, -1 to 1",
        tuple(got),
        float(np.mean(got)) if got else None,
        DETAIL_LINE,
        added_up := _moving_control(films),
        verdict(float(np.mean(got)) < DETAIL_LINE if got else None, added_up),
        "Eight noisy stills of each film. The control adds up sixty clear frames of "
        "16 x 10 cells that move over one of the same stills.",
    )


def _stacked(pair: Pair) -> float:
    middle = _scene(pair.original.lumas[STILLS // 2])
    views, values = [], []
    for luma, cells in zip(pair.original.lumas, pair.preview.stills, strict=True):
        across, down = attacks.shift_between(middle, _scene(luma))
        views.append(attacks.window(_WORLD, _WORLD, _CELLS, (-across, -down)))
        values.append(_values(cells))
    (guess,) = attacks.super_resolved(views, [np.stack(values)], _WORLD)
    return _agreement(guess, middle)


def _moving_control(films: Sequence[Pair]) -> float | None:
    scenes = [_scene(pair.original.lumas[STILLS // 2]) for pair in films[:5]]
    scenes = [scene for scene in scenes if scene.std() > 1]
    if not scenes:
        return None
    chance = np.random.default_rng(3)
    room = (_WORLD[0] - _VIEW[0] + 1, _WORLD[1] - _VIEW[1] + 1)
    moves = [chance.integers(0, room) for _ in range(60)]
    views = [
        attacks.window(_WORLD, _VIEW, (16, 10), (int(x), int(y))) for x, y in moves
    ]
    frames = [np.stack([view @ scene.ravel() for view in views]) for scene in scenes]
    guesses = attacks.super_resolved(views, frames, _WORLD)
    return float(
        np.mean([_agreement(g, s) for g, s in zip(guesses, scenes, strict=True)])
    )


def _agreement(guess: Floats, truth: Floats) -> float:
    inner = (slice(4, -4), slice(4, -4))
    return attacks.correlation(
        attacks.fine(guess, 2)[inner], attacks.fine(truth, 2)[inner]
    )


# Content ------------------------------------------------------------------------------


def _content(material: Material) -> Trial:
    lying = material.still_pictures(upright=False)
    enough = len(lying) >= proof.FEWEST_PREVIEWS
    bits = None
    if enough:
        rows = [list(map(float, pair.original.cells[0])) for pair in lying]
        bits = proof.effective_bits(rows)
    return Trial(
        "content",
        len(lying),
        "bits",
        (),
        bits,
        proof.MOST_EFFECTIVE_BITS,
        None,
        bits <= proof.MOST_EFFECTIVE_BITS if bits is not None else None,
        "What haze keeps of a picture of this collection, from the covariance of its "
        f"clear cells; needs {proof.FEWEST_PREVIEWS} lying pictures.",
    )


# Pictures as arrays -------------------------------------------------------------------


def _luma(data: bytes) -> Floats:
    return np.frombuffer(data, np.uint8).astype(float).reshape(SIDE, SIDE)


def _scene(data: bytes) -> Floats:
    """A luma at the size of the world: every third column of four, every second row."""
    rows = _luma(data).reshape(_WORLD[1], 2, SIDE).mean(1)
    spread = rows.repeat(3, axis=1).reshape(_WORLD[1], _WORLD[0], 4)
    return np.asarray(spread.mean(2), float)


def _values(cells: bytes) -> Floats:
    return np.array([grey_value(level) for level in cells], float)


def _poster(pair: Pair) -> int:
    return len(pair.original.lumas) // 2


def shown_luma(pair: Pair) -> Floats:
    """The preview as the attacker has it: its poster, enlarged to a luma's size."""
    preview = pair.preview
    shape = preview.grid.shape(upright=preview.upright)
    still = preview.stills[len(preview.stills) // 2]
    large = enlarged([grey_value(level) for level in still], shape, (SIDE, SIDE))
    return np.array(large, float).reshape(SIDE, SIDE)


def _blurred(luma: Floats, sigma: float) -> Floats:
    square = np.fft.fftfreq(SIDE)[:, None] ** 2 + np.fft.rfftfreq(SIDE)[None] ** 2
    gain = np.exp(-2 * (np.pi * sigma) ** 2 * square)
    soft = np.fft.irfft2(np.fft.rfft2(luma) * gain, s=luma.shape)
    return np.asarray(np.round(soft), float)


def _apart(
    hashed: Callable[[Floats], attacks.Bits],
    ones: Sequence[Floats],
    others: Sequence[Floats],
) -> list[int]:
    return [
        attacks.distance(hashed(one), hashed(other))
        for one, other in zip(ones, others, strict=True)
    ]


def _share(values: Sequence[int], most: int) -> float | None:
    if not values:
        return None
    return sum(value <= most for value in values) / len(values)
