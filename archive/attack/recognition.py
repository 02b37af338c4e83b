"""Words and faces that the recognisers of others find in previews.

What they must find to be believed is drawn here, not taken from the archive: boards,
blurred until nothing is read and then restored, and faces in a fine mosaic. The same
boards and faces are also put through the grid and the noise of previews, so that there
is something to find even where an archive holds neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from archive.attack.material import Pair
from archive.attack.trial import Trial, not_run, verdict
from blur import attacks, boards, recognisers
from blur.cells import HAZE, grey_value, greys
from blur.render import enlarged

if TYPE_CHECKING:
    from blur.attacks import Floats

MOST_READ = 30
WORDS = boards.WORDS[:4]
FACES = 60
FACES_LINE = 0.05
_BLUR = 10.0  # pixels of 640: nothing is read then, and a Wiener filter brings it back
_WIDTHS = (20.0, 40.0, 60.0)
_NO_READER = "Not run: Tesseract is not installed (on Debian: tesseract-ocr)."
_NO_DETECTOR = "Not run: OpenCV is not installed (pip install 'vigil[attack]')."


def words(pairs: Sequence[Pair]) -> Trial:
    """What Tesseract reads, also from what is sharpened and deconvolved."""
    read, name = recognisers.reader(), "words"
    if read is None:
        return not_run(name, _NO_READER)
    shown = [shown_at(pair, boards.BOARD) for pair in pairs[:MOST_READ]]
    chance = np.random.default_rng(7)
    shown += [hazed(boards.board(word), boards.BOARD, chance) for word in WORDS]
    found = [sum(len(read(each)) for each in _tries(picture)) for picture in shown]
    restored = [_brought_back(word, read) for word in WORDS]
    return Trial(
        name,
        len(found),
        "words read from a preview, in five dresses",
        tuple(map(float, found)),
        float(sum(found)),
        0.0,
        control := float(np.mean(restored)),
        verdict(sum(found) == 0, control),
        f"Words of {recognisers.LETTERS} letters or more that Tesseract reads, from "
        f"the newest {MOST_READ} previews and {len(WORDS)} boards in haze. The "
        "control: the boards' words under a blur that hides them, deconvolved.",
    )


def faces(pairs: Sequence[Pair]) -> Trial:
    """In how many previews OpenCV's cascade finds a face."""
    count, name = recognisers.detector(), "faces"
    if count is None:
        return not_run(name, _NO_DETECTOR)
    drawn = [boards.face(seed) for seed in range(FACES)]
    chance = np.random.default_rng(8)
    shown = [shown_at(pair, boards.FACE) for pair in pairs]
    shown += [hazed(each, boards.FACE, chance) for each in drawn]
    found = [count(each) for each in shown]
    mosaic = [boards.resized(boards.resized(f, (24, 18)), boards.FACE) for f in drawn]
    share = float(np.mean([each > 0 for each in found]))
    return Trial(
        name,
        len(found),
        "faces found in a preview",
        tuple(map(float, found)),
        share,
        FACES_LINE,
        control := float(np.mean([count(each) > 0 for each in mosaic])),
        verdict(share <= FACES_LINE, control),
        f"The share of previews, and of {FACES} drawn faces in haze, in which OpenCV's "
        "cascade finds a face. The control: the same faces in a mosaic of 24 x 18.",
    )


def shown_at(pair: Pair, size: tuple[int, int]) -> Floats:
    """The preview as the attacker has it, its poster enlarged to (wide, high)."""
    preview = pair.preview
    shape = preview.grid.shape(upright=preview.upright)
    still = preview.stills[len(preview.stills) // 2]
    large = enlarged([grey_value(level) for level in still], shape, size)
    return np.array(large, float).reshape(size[::-1])


def hazed(
    picture: Floats, size: tuple[int, int], chance: np.random.Generator
) -> Floats:
    """A clear picture as its haze would be, under some noise of the same strength."""
    shape = HAZE.shape(upright=False)
    clear = [float(each) for each in boards.resized(picture, shape).ravel()]
    noise = [float(each) for each in chance.normal(size=HAZE.count)]
    cells = greys(clear, HAZE.spread, noise)
    large = enlarged([grey_value(level) for level in cells], shape, size)
    return np.array(large, float).reshape(size[::-1])


def _tries(picture: Floats) -> Iterator[Floats]:
    """As it is, sharpened, and restored at three widths."""
    yield picture
    yield np.clip(picture + 3 * (picture - boards.blurred(picture, 20)), 0, 255)
    for width in _WIDTHS:
        yield attacks.deconvolved(picture, width, 1e-2)


def _brought_back(word: str, read: Callable[[Floats], list[str]]) -> bool:
    """Whether the word is read after, and only after, a blur was undone."""
    soft = boards.blurred(boards.board(word), _BLUR)
    return word not in read(soft) and word in read(
        attacks.deconvolved(soft, _BLUR, 1e-3)
    )
