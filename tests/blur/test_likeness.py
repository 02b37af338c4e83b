"""Fingerprints: what outlives another encoding, and what must not be taken for it."""

from __future__ import annotations

import io
import secrets
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from blur.derivation import make_preview
from blur.kinds import Family, sniff
from blur.likeness import sounds, texts
from blur.likeness.form import (
    HASH_BYTES,
    SOUND_BYTES,
    WORDS_BYTES,
    Closeness,
    Likeness,
    Malformed,
    Seen,
)
from blur.likeness.gallery import Gallery
from blur.likeness.pictures import bare_box, film_seen, seen

MEDIA = Path(__file__).parents[2] / "archive/cli/collection/media"
STREET, LAUNCH = "street.jpg", "launch.jpg"


def picture(name: str) -> Image.Image:
    with Image.open(MEDIA / name) as opened:
        return opened.convert("RGB").resize((320, 240))


def of(image: Image.Image) -> Likeness:
    return Likeness(Family.IMAGE, seen=(seen(image),))


def near(gallery: Gallery, likeness: Likeness) -> dict[str, Closeness]:
    return {each.id: each.closeness for each in gallery.nearest(likeness)}


@pytest.fixture
def shelf() -> Gallery:
    gallery = Gallery()
    for name in (STREET, LAUNCH, "wall.jpg", "surface.jpg"):
        gallery.add(name, of(picture(name)))
    return gallery


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    sink = io.BytesIO()
    image.save(sink, "JPEG", quality=quality)
    return Image.open(sink)


COPIES = {
    "jpeg 20": lambda each: jpeg(each, 20),
    "half": lambda each: each.resize((160, 120)),
    "quarter": lambda each: each.resize((80, 60)),
    "bars": lambda each: ImageOps.expand(each, (0, 60), "black"),
    "white bars": lambda each: ImageOps.expand(each, (90, 0), "white"),
    "brighter": lambda each: ImageEnhance.Brightness(each).enhance(1.3),
    "mirrored": ImageOps.mirror,
}


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_is_found_and_nothing_else_is(shelf, how):
    assert near(shelf, of(COPIES[how](picture(STREET)))) == {STREET: Closeness.SURE}


def test_another_picture_and_an_empty_one_have_no_twins(shelf):
    assert near(shelf, of(picture("ridge-dusk.jpg"))) == {}
    grey = Image.new("RGB", (320, 240), (90, 90, 90))
    shelf.add("grey", of(grey))
    assert near(shelf, of(grey)) == {}


def test_what_was_removed_is_not_found_and_the_last_takes_its_row(shelf):
    shelf.remove(STREET)
    assert near(shelf, of(picture(STREET))) == {}
    assert near(shelf, of(picture("surface.jpg"))) == {"surface.jpg": Closeness.SURE}
    assert shelf.names == {LAUNCH, "wall.jpg", "surface.jpg"}


def test_bars_are_what_is_flat_in_all_frames():
    scene = picture(STREET)
    barred = ImageOps.expand(scene, (0, 40), "black").convert("L")
    assert bare_box([barred]) == (0, 40, 320, 280)
    whole = scene.resize(barred.size).convert("L")
    assert bare_box([barred, whole]) is None


def film(*names: str, quality: int = 80, seconds: float = 30.0) -> Likeness:
    frames = [jpeg(picture(name), quality) for name in names]
    return Likeness(Family.VIDEO, seconds, film_seen(frames))


SCENES = ("street.jpg", "launch.jpg", "wall.jpg", "surface.jpg")
EIGHT = SCENES + tuple(reversed(SCENES))


@pytest.mark.parametrize(
    ("frames", "seconds", "expected"),
    [
        (EIGHT, 30.4, Closeness.SURE),
        (EIGHT[:5] + ("ridge-dusk.jpg",) * 3, 30.0, Closeness.SIMILAR),
        (("ridge-dusk.jpg",) * 8, 30.0, None),
        (EIGHT, 45.0, None),
    ],
)
def test_films_are_compared_frame_by_frame(frames, seconds, expected):
    gallery = Gallery()
    gallery.add("film", film(*EIGHT))
    found = near(gallery, film(*frames, quality=30, seconds=seconds))
    assert found.get("film") is expected


def sound(seed: int, seconds: float = 8.0) -> np.ndarray:
    drawn = np.random.default_rng(seed)
    notes = drawn.integers(300, 2000, 40)
    at = np.arange(int(seconds * sounds.RATE)) / sounds.RATE
    which = (at * 5).astype(int) % 40
    wave = np.sin(2 * np.pi * notes[which] * at) + 0.1 * drawn.normal(size=len(at))
    return (wave * 8000).astype(np.int16)


def audio(samples: np.ndarray) -> Likeness:
    quality, heard = sounds.heard(samples)
    seconds = len(samples) / sounds.RATE
    return Likeness(Family.AUDIO, seconds, heard_quality=quality, heard=heard)


def test_a_sound_is_found_softer_noisier_and_a_little_late_and_silence_is_nothing():
    gallery = Gallery()
    gallery.add("one", audio(sound(1)))
    gallery.add("two", audio(sound(2)))
    gallery.add("silence", audio(np.zeros(8 * sounds.RATE, np.int16)))
    hiss = np.random.default_rng(9).normal(scale=150, size=8 * sounds.RATE)
    softer = (sound(1) * 0.25 + hiss).astype(np.int16)
    assert near(gallery, audio(softer)) == {"one": Closeness.SURE}
    late = np.concatenate([np.zeros(150, np.int16), sound(1)])
    assert near(gallery, audio(late)) == {"one": Closeness.SURE}
    assert near(gallery, audio(np.zeros(8 * sounds.RATE, np.int16))) == {}
    assert near(gallery, audio(sound(3))) == {}


def test_documents_are_compared_by_their_words_and_without_by_their_first_page():
    said = " ".join(f"word{n % 97} and{n}" for n in range(200))
    page = seen(picture(STREET))
    other = seen(picture(LAUNCH))
    gallery = Gallery()
    worded = Likeness(Family.DOCUMENT, seen=(page,), words=texts.worded(said))
    gallery.add("worded", worded)
    gallery.add(
        "scan", Likeness(Family.DOCUMENT, seen=(page,), words=texts.worded("few words"))
    )
    same = Likeness(Family.DOCUMENT, seen=(other,), words=texts.worded(said.upper()))
    assert near(gallery, same) == {"worded": Closeness.SURE}
    half = texts.worded(said + " " + " ".join(f"x{n} y{n}" for n in range(180)))
    found = near(gallery, Likeness(Family.DOCUMENT, seen=(other,), words=half))
    assert found == {"worded": Closeness.SIMILAR}
    scan = Likeness(Family.DOCUMENT, seen=(page,), words=texts.NOTHING)
    assert near(gallery, scan) == {"scan": Closeness.SURE}


def test_a_fingerprint_comes_back_as_it_was_and_nothing_else_is_read():
    for family, parts in {
        Family.IMAGE: {"seen": (_any(),)},
        Family.VIDEO: {"seen": tuple(_any() for _ in range(8)), "seconds": 12.5},
        Family.AUDIO: {"heard_quality": 7, "heard": secrets.token_bytes(SOUND_BYTES)},
        Family.DOCUMENT: {
            "seen": (_any(),),
            "words": secrets.token_bytes(WORDS_BYTES),
        },
    }.items():
        likeness = Likeness(family, **parts)
        data = likeness.to_bytes()
        assert Likeness.from_untrusted(data) == likeness
        for wrong in (data[:-1], data + b"\0", b"VgX" + data[3:], data[:4]):
            with pytest.raises(Malformed):
                Likeness.from_untrusted(wrong)


def _any() -> Seen:
    return Seen(50, *(secrets.token_bytes(HASH_BYTES) for _ in range(4)))


@pytest.mark.parametrize("name", [STREET, "meadow.mp4", "voice.opus", "page.png"])
def test_a_preview_comes_with_the_fingerprint_and_keeps_nothing_of_it(name, noise_key):
    data = (MEDIA / name).read_bytes()
    kind = sniff(data)
    made = make_preview(io.BytesIO(data), kind, noise_key, b"item")
    assert made.likeness is not None
    assert made.likeness.family is kind.family
    gallery = Gallery()
    gallery.add("itself", made.likeness)
    assert near(gallery, made.likeness) == {"itself": Closeness.SURE}
    assert made.likeness.to_bytes() not in made.to_bytes()
