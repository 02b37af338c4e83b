"""Metadata is blanked where it lies; every coded picture and sound stays as it was."""

from __future__ import annotations

import io
import struct
import zlib

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from blur import blanks, sandbox
from blur.blanks import PLACE, Blanks
from blur.errors import BlurError
from blur.kinds import KINDS, sniff
from blur.wire import Garbled
from tests.blur.test_copies import CANARY, film
from tests.blur.test_sandbox import _START, children

MARK = CANARY.encode()


def cleaned(content: bytes) -> bytes:
    found = blanks.find_blanks(io.BytesIO(content), len(content), sniff(content))
    return found.over(0, content)


def about(orientation: int = 6) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x010E] = orientation, CANARY, CANARY
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[29] = CANARY
    return exif


def picture() -> Image.Image:
    return Image.effect_noise((60, 40), 90).convert("RGB")


def saved(form: str, **how: object) -> bytes:
    sink = io.BytesIO()
    picture().save(sink, form, **how)
    return sink.getvalue()


def jpeg() -> bytes:
    whole = saved(
        "JPEG", exif=about(), comment=MARK, icc_profile=MARK * 9, progressive=True
    )
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + MARK
    return (
        whole[:2] + b"\xff\xe1" + struct.pack(">H", len(xmp) + 2) + xmp + whole[2:]
    ) + MARK


def png() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", CANARY)
    info.add_itxt("XML:com.adobe.xmp", CANARY)
    return saved("PNG", pnginfo=info, exif=about(), icc_profile=MARK) + MARK


def webp() -> bytes:
    return saved("WEBP", lossless=True, exif=about(), xmp=MARK, icc_profile=MARK * 5)


def gif() -> bytes:
    sink = io.BytesIO()
    frames = [picture() for _ in range(2)]
    frames[0].save(
        sink, "GIF", save_all=True, append_images=frames[1:], comment=MARK * 40, loop=3
    )
    return sink.getvalue() + MARK


PICTURES = {"jpeg": jpeg, "png": png, "webp": webp, "gif": gif}
FORMS = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF"}


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_loses_its_words_and_none_of_its_pixels(kind):
    before = PICTURES[kind]()
    assert MARK in before
    after = cleaned(before)
    assert len(after) == len(before)
    assert MARK not in after
    old, new = (Image.open(io.BytesIO(c)) for c in (before, after))
    new.load()
    assert new.tobytes() == old.tobytes()
    assert new.format == FORMS[kind]
    assert new.info.get("loop") == old.info.get("loop")
    if kind != "gif":
        exif = dict(new.getexif())
        assert exif == {0x0112: 6}


def test_the_check_sums_of_a_png_fit():
    after, at = cleaned(png()), 8
    while after[at + 4 : at + 8] != b"IEND":
        (length,) = struct.unpack_from(">I", after, at)
        named = after[at + 4 : at + 8 + length]
        assert zlib.crc32(named) == struct.unpack_from(">I", after, at + 8 + length)[0]
        at += 12 + length


def heif() -> bytes:
    import pillow_heif

    sink = io.BytesIO()
    exif = about(1)
    made = pillow_heif.from_pillow(picture())
    made.save(sink, exif=exif.tobytes(), xmp=MARK, quality=50)
    return sink.getvalue()


def test_the_items_of_a_heic_are_blanked():
    before = heif()
    assert MARK in before
    after = cleaned(before)
    assert MARK not in after
    import pillow_heif

    old, new = (pillow_heif.open_heif(io.BytesIO(c)) for c in (before, after))
    assert bytes(old.data) == bytes(new.data)


def packets(content: bytes) -> list[tuple[str, bytes]]:
    with av.open(io.BytesIO(content)) as opened:
        return [
            (packet.stream.type, bytes(packet))
            for packet in opened.demux()
            if packet.size and packet.stream.type in ("video", "audio")
        ]


FILMS = [
    ("mpeg4", "mp4", "aac"),
    ("mpeg4", "mov", "aac"),
    ("libx264", "matroska", "flac"),
    ("libvpx", "webm", None),
    ("mpeg4", "avi", "mp3"),
]


@pytest.mark.parametrize(("codec", "container", "sound"), FILMS)
def test_a_film_loses_its_tags_and_none_of_its_packets(codec, container, sound):
    before = film(codec, container, sound=sound)
    assert MARK in before
    after = cleaned(before)
    assert len(after) == len(before)
    assert MARK not in after
    assert packets(after) == packets(before)
    with av.open(io.BytesIO(after)) as opened:
        assert not {"title", "comment", "creation_time"} & opened.metadata.keys()


def test_the_samples_of_a_track_of_measurements_are_blanked():
    plain = film("mpeg4", "mp4", sound="aac")
    heard = [data for kind, data in packets(plain) if kind == "audio" and len(data) > 9]
    at = plain.index(b"soun", plain.index(b"moov"))
    before = plain[:at] + b"meta" + plain[at + 4 :]
    assert all(data in before for data in heard)
    after = cleaned(before)
    assert not any(data in after for data in heard)
    seen = [packet for packet in packets(plain) if packet[0] == "video"]
    assert packets(after) == seen


@pytest.mark.parametrize(
    ("codec", "container"), [("mp3", "mp3"), ("flac", "flac"), ("pcm_s16le", "wav")]
)
def test_a_sound_loses_its_tags_and_none_of_its_samples(codec, container):
    sink = io.BytesIO()
    with av.open(
        sink,
        "w",
        format=container,
        options={"write_id3v1": "1"} if codec == "mp3" else {},
    ) as target:
        target.metadata["title"] = target.metadata["artist"] = CANARY
        track = target.add_stream(codec, rate=44_100, layout="mono")
        for number in range(20):
            frame = av.AudioFrame(format=track.format.name, layout="mono", samples=1152)
            frame.rate, frame.pts = 44_100, number * 1152
            frame.planes[0].update(bytes(frame.planes[0].buffer_size))
            target.mux(track.encode(frame))
        target.mux(track.encode(None))
    before = sink.getvalue()
    assert MARK in before
    after = cleaned(before)
    assert MARK not in after
    assert packets(after) == packets(before)
    with av.open(io.BytesIO(after)) as opened:
        assert CANARY not in str(opened.metadata)


@pytest.mark.parametrize("name", sorted(blanks.BLANKABLE))
def test_a_hostile_file_costs_its_child_only(name):
    before = children()
    for content in (b"\xff" * 70_000, bytes(70_000), b"\0\0\0\x01moov" * 9000):
        try:
            found = blanks.find_blanks(io.BytesIO(content), len(content), KINDS[name])
        except BlurError as error:
            assert not isinstance(error, Garbled)
        else:
            assert len(found.over(0, content)) == len(content)
    assert children() == before


@pytest.mark.parametrize(
    "places",
    [
        [(5, 10, b""), (9, 3, b"")],
        [(90, 20, b"")],
        [(1, 2, b"long")],
        [(1 << 63, 1 << 63, b"")],
    ],
)
def test_a_child_that_was_taken_over_cannot_write_outside(monkeypatch, places):
    said = b"".join(PLACE.pack(a, n, len(t)) + t for a, n, t in places)
    monkeypatch.setattr(sandbox, "_BOOT", _START + f"done({said!r})")
    with pytest.raises(Garbled):
        blanks.find_blanks(io.BytesIO(bytes(100)), 100, KINDS["jpeg"])


@given(st.data())
def test_any_range_of_it_is_that_range_of_the_whole(data):
    content = data.draw(st.binary(min_size=1, max_size=60))
    places, at = [], 0
    while at < len(content) and data.draw(st.booleans()):
        start = data.draw(st.integers(at, len(content) - 1))
        length = data.draw(st.integers(1, len(content) - start))
        places.append((start, length, data.draw(st.binary(max_size=length))))
        at = start + length
    found = Blanks(tuple(place[0] for place in places), tuple(places))
    whole = found.over(0, content)
    first = data.draw(st.integers(0, len(content)))
    last = data.draw(st.integers(first, len(content)))
    assert found.over(first, content[first:last]) == whole[first:last]
