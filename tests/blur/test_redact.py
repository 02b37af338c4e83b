"""Redacted copies: what was drawn is gone, and nothing tells of it any more."""

from __future__ import annotations

import io
import json
from fractions import Fraction

import av
import numpy as np
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from blur import redact, redacting
from blur.kinds import sniff
from blur.regions import (
    BadRegion,
    Box,
    By,
    Cut,
    Keyframe,
    Region,
    Removal,
    at,
)
from tests.blur.test_copies import CANARY

SIDE = 256
FACE = Region((Keyframe(0, Box(0.4, 0.4, 0.2, 0.2)),))
INSIDE = (slice(108, 148), slice(108, 148))
"""Pixels well within FACE, whatever the margin."""
OUTSIDE = (slice(0, 40), slice(0, SIDE))


def redacted(content: bytes, *regions: Region, cuts: tuple[Cut, ...] = ()) -> bytes:
    pieces = bytearray()
    made = redact.make_redacted(
        Removal(regions, cuts),
        io.BytesIO(content),
        sniff(content),
        pieces.extend,
        lambda _share: None,
    )
    return made.head + bytes(pieces)


def scene(seed: int, *, where: tuple[slice, slice] = INSIDE) -> np.ndarray:
    """Noise that is always the same, but for a part that the seed draws."""
    pixels = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    other = np.random.default_rng(seed + 2)
    pixels[where] = other.integers(0, 256, pixels[where].shape, np.uint8)
    return pixels


def picture(seed: int, **where: tuple[slice, slice]) -> bytes:
    sink = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = CANARY
    Image.fromarray(scene(seed, **where)).save(sink, "PNG", exif=exif)
    return sink.getvalue()


def test_pictures_that_differ_only_where_something_is_removed_become_the_same():
    one, other = redacted(picture(1), FACE), redacted(picture(2), FACE)
    assert one == other
    outside = redacted(picture(2, where=OUTSIDE), FACE)
    assert one != outside
    opened = Image.open(io.BytesIO(one))
    assert (opened.format, opened.size) == ("JPEG", (SIDE, SIDE))
    assert not opened.getexif()
    assert CANARY.encode() not in one
    filled = np.asarray(opened)[INSIDE]
    assert np.unique(filled.reshape(-1, 3), axis=0).tolist() == [list(redacting.FILL)]


def test_what_lies_outside_stays_as_it_was():
    shades = np.tile(np.arange(SIDE, dtype=np.uint8), (SIDE, 1))
    sink = io.BytesIO()
    Image.fromarray(shades).save(sink, "PNG")
    made = Image.open(io.BytesIO(redacted(sink.getvalue(), FACE)))
    kept = np.asarray(made.convert("L"))[OUTSIDE].astype(int)
    assert np.abs(kept - shades[OUTSIDE]).max() <= 3


def test_a_region_is_of_the_picture_as_it_is_seen():
    sink = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter
    Image.new("RGB", (400, 200), "white").save(sink, "JPEG", exif=exif)
    top = Region((Keyframe(0, Box(0.0, 0.0, 1.0, 0.2)),))
    made = np.asarray(Image.open(io.BytesIO(redacted(sink.getvalue(), top))))
    assert made.shape == (400, 200, 3)
    assert made[:80].max() < 110
    assert made[120:].min() > 240


def clip(seed: int, *, frames: int = 12, moving: bool = False) -> bytes:
    """A film without loss, so that only what the seed draws is ever different."""
    sink = io.BytesIO()
    with av.open(sink, "w", format="matroska") as target:
        target.metadata["title"] = CANARY
        stream = target.add_stream("libx264", rate=10)
        stream.width = stream.height = SIDE
        stream.pix_fmt = "yuv420p"
        stream.options = {"qp": "0", "preset": "ultrafast"}
        for number in range(frames):
            pixels = scene(0) // 4 + 90
            at_x = 20 + 14 * number if moving else 108
            place = (slice(108, 148), slice(at_x, at_x + 40))
            drawn = np.random.default_rng([seed, number])
            pixels[place] = drawn.integers(0, 256, (40, 40, 3), np.uint8)
            target.mux(stream.encode(av.VideoFrame.from_ndarray(pixels)))
        target.mux(stream.encode(None))
    return sink.getvalue()


MOVING = Region(
    (
        Keyframe(0, Box(20 / SIDE, 108 / SIDE, 40 / SIDE, 40 / SIDE)),
        Keyframe(1100, Box((20 + 14 * 11) / SIDE, 108 / SIDE, 40 / SIDE, 40 / SIDE)),
    )
)


@pytest.mark.parametrize("moving", [False, True])
def test_films_that_differ_only_where_something_is_removed_become_the_same(moving):
    region = MOVING if moving else FACE
    one, other = (redacted(clip(seed, moving=moving), region) for seed in (1, 2))
    assert one == other
    assert CANARY.encode() not in one
    with av.open(io.BytesIO(one)) as opened:
        assert [s.type for s in opened.streams] == ["video"]
        shown = [f.to_ndarray(format="gray") for f in opened.decode(video=0)]
    assert len(shown) == 12
    for number, frame in enumerate(shown):
        left = 20 + 14 * number if moving else 108
        filled = frame[110:146, left + 2 : left + 38].astype(int)
        assert filled.max() - filled.min() <= 4
        outside = frame[:60].astype(int)
        assert outside.max() - outside.min() > 40


def test_a_region_stands_from_its_first_keyframe_to_its_last():
    box = Box(0.4, 0.4, 0.2, 0.2)
    late = Region((Keyframe(600, box), Keyframe(1100, box)))
    made = redacted(clip(1), late)
    with av.open(io.BytesIO(made)) as opened:
        shown = [f.to_ndarray(format="gray")[INSIDE] for f in opened.decode(video=0)]
    spread = [int(f.max()) - int(f.min()) for f in shown]
    assert min(spread[:5]) > 40
    assert max(spread[6:]) <= 4


def sound(*, loud: bool) -> bytes:
    """Three seconds; in the second one a voice, or another."""
    rate = 48_000
    wave = np.sin(np.arange(3 * rate) / 20).astype(np.float32) * 0.4
    wave[rate : 2 * rate] = 0.9 if loud else -0.9
    samples = (wave * 32_000).astype(np.int16)[None]
    sink = io.BytesIO()
    with av.open(sink, "w", format="wav") as target:
        target.metadata["title"] = CANARY
        track = target.add_stream("pcm_s16le", rate=rate, layout="mono")
        heard = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        heard.sample_rate, heard.pts, heard.time_base = rate, 0, Fraction(1, rate)
        target.mux(track.encode(heard))
        target.mux(track.encode(None))
    return sink.getvalue()


@pytest.mark.parametrize(("by", "level"), [(By.SILENCE, 0.0), (By.TONE, 0.07)])
def test_sound_that_is_cut_cannot_be_heard_any_more(by, level):
    cut = Cut(1000, 2000, by)
    one, other = (redacted(sound(loud=loud), cuts=(cut,)) for loud in (True, False))
    assert one == other
    assert CANARY.encode() not in one
    with av.open(io.BytesIO(one)) as opened:
        heard = np.hstack([f.to_ndarray()[0] for f in opened.decode(audio=0)])
    middle, end = heard[50_000:94_000], heard[105_000:140_000]
    assert np.sqrt((middle**2).mean()) == pytest.approx(level, abs=0.01)
    assert np.sqrt((end**2).mean()) > 0.2


def pdf(seed: int) -> bytes:
    page = Image.fromarray(scene(seed))
    sink = io.BytesIO()
    page.save(
        sink, "PDF", save_all=True, append_images=[page], title=CANARY, resolution=72
    )
    return sink.getvalue()


def test_a_document_becomes_pictures_of_its_pages_without_what_was_removed():
    second = Region(FACE.keyframes, page=1)
    one, other = redacted(pdf(1), FACE, second), redacted(pdf(2), FACE, second)
    pages = [_pages(each) for each in (one, other)]
    for mine, theirs in zip(*pages, strict=True):
        assert np.array_equal(mine, theirs)
        assert np.ptp(mine[INSIDE]) <= 4
    only_first = _pages(redacted(pdf(1), FACE))
    assert np.ptp(only_first[1][INSIDE]) > 100
    assert CANARY.encode() not in one
    with pypdfium2.PdfDocument(one) as document:
        said = document.get_metadata_dict(skip_empty=True)
    assert set(said) <= {"Creator", "Producer", "CreationDate"}  # of the copy's making
    assert said.get("Producer", "PDFium") == said.get("Creator", "PDFium") == "PDFium"


def _pages(content: bytes) -> list[np.ndarray]:
    with pypdfium2.PdfDocument(content) as document:
        return [np.asarray(p.render(scale=1).to_pil().convert("RGB")) for p in document]


def test_a_copy_from_which_nothing_is_removed_is_not_made():
    with pytest.raises(ValueError, match="nothing is removed"):
        redacted(picture(1))


# Where a region is --------------------------------------------------------------------

UNIT = st.floats(0, 1)
BOXES = st.builds(Box, UNIT, UNIT, UNIT, UNIT)


@given(BOXES, BOXES, st.integers(0, 1000))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_between_keyframes_a_region_goes_in_a_straight_line(start, end, t_ms):
    region = Region((Keyframe(0, start), Keyframe(1000, end)))
    box = at(region, t_ms)
    assert box is not None
    assert box.x == pytest.approx(start.x + (end.x - start.x) * t_ms / 1000, abs=1e-9)
    assert at(region, 1001) is None


@given(BOXES, st.integers(16, 5000), st.integers(16, 5000))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_what_is_filled_is_never_smaller_than_what_was_drawn(box, width, height):
    left, top, right, bottom = redacting.grown(box, width, height)
    assert 0 <= left <= max(0, box.x * width - 1)
    assert 0 <= top <= max(0, box.y * height - 1)
    assert min(width, (box.x + box.width) * width) <= right <= width
    assert min(height, (box.y + box.height) * height) <= bottom <= height


@pytest.mark.parametrize(
    "told",
    [
        [],
        {"regions": 1},
        {"regions": [{"keyframes": []}]},
        {"regions": [{"keyframes": [[0, 0.1, 0.1, 0, 0.1]]}]},
        {"regions": [{"keyframes": [[0, 0.1, 0.1, float("nan"), 0.1]]}]},
        {"regions": [{"keyframes": [[0.5, 0.1, 0.1, 0.1, 0.1]]}]},
        {"regions": [{"keyframes": [[9, 0, 0, 1, 1], [9, 0, 0, 1, 1]]}]},
        {"regions": [{"keyframes": [[0, 0, 0, 1, 1]], "page": -1}]},
        {"regions": [{"keyframes": [[0, 0, 0, 1, 1]]}] * 201},
        {"cuts": [{"from_ms": 5, "to_ms": 5}]},
        {"cuts": [{"from_ms": 5, "to_ms": 6, "by": "music"}]},
        {"faces": []},
    ],
)
def test_what_is_no_region_is_refused_with_a_sentence(told):
    with pytest.raises(BadRegion, match=r"\w+ .*\."):
        Removal.from_json(told)


def test_what_is_kept_reads_back_as_it_was():
    removal = Removal((FACE, MOVING), (Cut(1, 2, By.TONE),))
    assert Removal.from_json(json.loads(json.dumps(removal.to_json()))) == removal
