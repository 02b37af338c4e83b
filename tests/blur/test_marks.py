"""The mark in a shown picture: legible, measurable after what a leak does to it."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from blur import marks, stamping, steps
from blur.kinds import KINDS
from blur.marks import Box
from blur.stamping import CODE_BYTES, Mark
from blur.steps import NoSuchView

WORDS = ("reader 3kq8w2mn", "2026-11-22 20:31 UTC", "t4m9xk2p7qa1", "7K3QX-9F2MD")
CODES = [hashlib.shake_256(b"%d" % n).digest(CODE_BYTES) for n in range(300)]
MINE = 123
MARK = Mark(WORDS, CODES[MINE])


def scene() -> Image.Image:
    """Sky, hills, trees: smooth parts, edges and texture, as photographs have."""
    picture = Image.linear_gradient("L").resize((1000, 750)).convert("RGB")
    pen = ImageDraw.Draw(picture)
    for n in range(9):
        pen.polygon(
            [(n * 120 - 60, 750), (n * 110 + 40, 330 + n * 17), (n * 130 + 180, 750)],
            fill=(40 + n * 15, 90, 60 + n * 9),
        )
    grain = Image.effect_noise((1000, 750), 40).filter(ImageFilter.GaussianBlur(1.5))
    return ImageChops.add(picture, grain.convert("RGB"), 1, -128)


@pytest.fixture(scope="module")
def original() -> bytes:
    return jpeg(scene(), 92)


@pytest.fixture(scope="module")
def shown(original) -> Image.Image:
    """The large grey level of it, with the mark."""
    return Image.open(io.BytesIO(drawn(original, "grey", MARK)))


def jpeg(picture: Image.Image, quality: int) -> bytes:
    sink = io.BytesIO()
    picture.convert("RGB").save(sink, "JPEG", quality=quality)
    return sink.getvalue()


def drawn(content: bytes, level: str, mark: Mark | None = None) -> bytes:
    kind, view = KINDS["jpeg"], steps.parsed(level)
    return steps.draw(io.BytesIO(content), kind, view, mark=mark)


def found(content: bytes, box: Box = marks.WHOLE) -> tuple[float, int]:
    (grey,) = marks.gauged(io.BytesIO(content), KINDS["jpeg"])
    tried = [marks.agreement(grid, CODES) for grid in marks.fields(grey, box)]
    return max((float(each.max()), int(each.argmax())) for each in tried)


@pytest.mark.parametrize("level", ["small", "grey", "colour", "tile-3-2"])
def test_every_level_carries_it_and_is_otherwise_the_same_picture(original, level):
    plain, marked = (
        Image.open(io.BytesIO(drawn(original, level, mark))).convert("L")
        for mark in (None, MARK)
    )
    plain = plain.resize(marked.size, Image.Resampling.BICUBIC)
    changed = ImageChops.difference(plain, marked)
    bold = sum(changed.histogram()[30:]) / (marked.width * marked.height)
    assert 0.01 < bold < 0.25  # words to be read, over a picture to be seen
    sure, which = found(drawn(original, level, MARK))
    assert (which, sure > marks.SURE) == (MINE, True)


def test_what_was_not_marked_agrees_with_nothing(original):
    sure, _ = found(drawn(original, "grey"))
    assert sure < marks.SURE - 2


@pytest.mark.parametrize("quality", [75, 40, 20])
def test_a_jpeg_made_again_still_tells(shown, quality):
    sure, which = found(jpeg(shown, quality))
    assert (which, sure > marks.SURE) == (MINE, True)


@pytest.mark.parametrize("scale", [2.0, 0.5, 0.25])
def test_another_size_still_tells(shown, scale):
    size = (int(shown.width * scale), int(shown.height * scale))
    sure, which = found(jpeg(shown.resize(size), 75))
    assert (which, sure > marks.SURE) == (MINE, True)


def test_a_picture_of_a_screen_tells_where_the_box_is_about_right(shown):
    screen = Image.new("RGB", (1600, 1000), (235, 235, 235))
    screen.paste(shown, (310, 120))
    content = jpeg(screen, 80)
    assert found(content)[0] < marks.SURE  # nobody said where it lies
    box = Box(313 / 1600, 117 / 1000, 1308 / 1600, 873 / 1000)
    sure, which = found(content, box)
    assert (which, sure > marks.SURE) == (MINE, True)


def test_the_overlay_tells_from_a_picture_of_what_lies_under_it():
    film = scene().convert("RGBA")
    over = Image.open(io.BytesIO(stamping.overlay(MARK))).convert("RGBA")
    screen = Image.alpha_composite(film, over.resize(film.size))
    sure, which = found(jpeg(screen, 70))
    assert (which, sure > marks.SURE) == (MINE, True)


@pytest.mark.parametrize("is_marked", [True, False])
def test_the_stills_of_a_recording_add_up(film, is_marked):
    """Small and moving: all stills together tell more than any one of them."""
    size = (240, 136)
    whole = Image.effect_noise((1000, 600), 70).filter(ImageFilter.GaussianBlur(3))
    whole = whole.point(lambda level: 6 * (level - 128) + 128).convert("RGB")
    over = Image.open(io.BytesIO(stamping.overlay(MARK))).convert("RGBA").resize(size)
    frames = []
    for n in range(16):
        seen = whole.crop((9 * n, 6 * n, 9 * n + 854, 6 * n + 480)).resize(size)
        if is_marked:
            seen = Image.alpha_composite(seen.convert("RGBA"), over).convert("RGB")
        frames.append(np.asarray(seen))
    stills = marks.gauged(io.BytesIO(film(frames)), KINDS["mp4"])
    together, *alone = (marks.agreement(g, CODES) for g in marks.gathered(stills))
    if is_marked:
        assert int(together.argmax()) == MINE
        assert together[MINE] > marks.SURE
        assert together[MINE] > max(each[MINE] for each in alone)
    else:
        assert max(float(each.max()) for each in (together, *alone)) < marks.SURE - 2


def test_a_copy_in_full_size_carries_it(original):
    whole = steps.draw_whole(io.BytesIO(original), KINDS["jpeg"], MARK)
    assert Image.open(io.BytesIO(whole)).size == (1000, 750)
    assert found(whole)[1] == MINE


def test_only_pictures_and_films_are_measured():
    with pytest.raises(NoSuchView):
        marks.gauged(io.BytesIO(b"%PDF-"), KINDS["pdf"])


def test_a_code_is_as_long_as_the_grid():
    with pytest.raises(ValueError, match="bytes"):
        Mark(WORDS, b"short")
