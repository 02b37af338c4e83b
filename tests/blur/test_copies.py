"""Copies for browsers: playable, in step, bare of metadata, and made by a child."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import pypdfium2
import pytest
from PIL import Image

from blur import copies, sandbox
from blur.errors import BlurError, Encrypted, TooSlow, Unreadable
from blur.kinds import KINDS, sniff
from blur.limits import Limits
from blur.wire import Garbled
from tests.blur.test_sandbox import _START, children

CANARY = "canary-5b1e7c"
SECONDS = 2


def film(
    codec="mpeg4", container="avi", *, size=(160, 120), sound="mp3", colour=(5, 5, 5)
) -> bytes:
    """Two seconds from black to white with a tone, and a title that must not stay."""
    sink = io.BytesIO()
    with av.open(sink, "w", format=container) as target:
        target.metadata["title"] = target.metadata["comment"] = CANARY
        picture = target.add_stream(codec, rate=25)
        picture.width, picture.height = size
        picture.pix_fmt = "yuv420p"
        tone = None
        if sound:
            tone = target.add_stream(sound, rate=44_100, layout="mono")
            tone.bit_rate = 64_000
        for number in range(25 * SECONDS):
            plain = np.full((size[1], size[0], 3), number, np.uint8)
            frame = av.VideoFrame.from_ndarray(plain * np.array(colour, np.uint8))
            target.mux(picture.encode(frame))
        target.mux(picture.encode(None))
        if tone:
            wave = np.sin(np.arange(44_100 * SECONDS) / 20).astype(np.float32)[None]
            heard = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            heard.rate, heard.pts = 44_100, 0
            heard.time_base = Fraction(1, 44_100)
            for even in av.AudioResampler(tone.format, tone.layout, 44_100).resample(
                heard
            ):
                target.mux(tone.encode(even))
            target.mux(tone.encode(None))
    return sink.getvalue()


def copied(content: bytes, make=copies.make_copy, **how: object) -> bytes:
    pieces = bytearray()
    made = make(
        io.BytesIO(content), sniff(content), pieces.extend, lambda _share: None, **how
    )
    return made.head + bytes(pieces)


@pytest.mark.parametrize(
    ("codec", "container", "sound"),
    [
        ("mpeg4", "avi", "mp3"),
        ("flv1", "flv", "mp3"),
        ("wmv2", "asf", "wmav2"),
        ("mpeg2video", "mpegts", "mp2"),
        ("libx264", "matroska", None),
    ],
)
def test_a_film_of_any_kind_becomes_one_that_plays_everywhere(codec, container, sound):
    content = film(codec, container, sound=sound)
    made = copied(content)
    assert made[4:8] == b"ftyp"
    assert made.index(b"moov") < made.index(b"mdat")
    assert CANARY.encode() not in made
    with av.open(io.BytesIO(made)) as opened:
        picture = opened.streams.video[0]
        assert (picture.codec_context.name, picture.pix_fmt) == ("h264", "yuv420p")
        assert [s.codec_context.name for s in opened.streams.audio] == (
            ["aac"] if sound else []
        )
        assert opened.duration / av.time_base == pytest.approx(SECONDS, abs=0.3)
        shades = [
            frame.to_ndarray(format="gray").mean() for frame in opened.decode(picture)
        ]
    assert len(shades) == pytest.approx(25 * SECONDS, abs=2)
    assert shades[0] < 30 < 200 < shades[-1]


def test_a_muted_film_is_small_and_grey_and_has_no_sound_in_it():
    content = film(size=(1000, 500), colour=(0, 1, 2))
    with av.open(io.BytesIO(content)) as original:
        assert original.streams.audio
        last = list(original.decode(video=0))[-1].to_ndarray(format="rgb24")
        assert last[..., 2].mean() > last[..., 0].mean() + 50
    made = copied(content, copies.make_muted)
    assert CANARY.encode() not in made
    assert b"mp4a" not in made
    with av.open(io.BytesIO(made)) as opened:
        assert [stream.type for stream in opened.streams] == ["video"]
        assert opened.duration / av.time_base == pytest.approx(SECONDS, abs=0.3)
        frames = list(opened.decode(video=0))
    assert (frames[0].width, frames[0].height) == (640, 320)
    planes = frames[-1].to_ndarray()
    assert np.ptp(planes[:320]) < 30 < planes[:320].mean()
    assert np.abs(planes[320:].astype(int) - 128).max() <= 1


def test_what_is_no_film_is_not_muted():
    with pytest.raises(ValueError, match="only films"):
        copied(bombs()["tiff"], copies.make_muted)


def test_a_player_can_go_anywhere_in_it():
    made = copied(film())
    with av.open(io.BytesIO(made)) as opened:
        picture = opened.streams.video[0]
        opened.seek(int(1.5 / picture.time_base), stream=picture, backward=True)
        frame = next(opened.decode(picture))
        assert frame.time <= 1.5
        assert frame.to_ndarray(format="gray").mean() == pytest.approx(
            5 * 25 * frame.time, abs=25
        )


def test_a_sound_becomes_aac_and_nothing_else():
    sink = io.BytesIO()
    with av.open(sink, "w", format="matroska") as target:
        target.metadata["title"] = CANARY
        track = target.add_stream("flac", rate=48_000, layout="stereo")
        silence = av.AudioFrame.from_ndarray(
            np.zeros((1, 2 * 48_000), np.int16), format="s16", layout="stereo"
        )
        silence.rate, silence.pts = 48_000, 0
        silence.time_base = Fraction(1, 48_000)
        target.mux(track.encode(silence))
        target.mux(track.encode(None))
    made = copied(sink.getvalue())
    assert CANARY.encode() not in made
    with av.open(io.BytesIO(made)) as opened:
        assert [s.codec_context.name for s in opened.streams] == ["aac"]


def test_a_picture_becomes_a_bare_jpeg_of_the_same_size_the_right_way_up():
    sink = io.BytesIO()
    picture = Image.new("RGB", (40, 20), "navy")
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, CANARY
    picture.save(sink, "TIFF", exif=exif)
    made = copied(sink.getvalue())
    assert CANARY.encode() not in made
    opened = Image.open(io.BytesIO(made))
    assert (opened.format, opened.size) == ("JPEG", (20, 40))
    assert not opened.getexif()


def test_a_document_keeps_its_pages_and_loses_what_it_says_of_its_maker(tmp_path):
    pages = [Image.new("RGB", (300, 400), colour) for colour in ("white", "beige")]
    pages[0].save(
        tmp_path / "two.pdf",
        save_all=True,
        append_images=pages[1:],
        title=CANARY,
        author=CANARY,
    )
    content = (tmp_path / "two.pdf").read_bytes()
    assert CANARY.encode("utf-16-be") in content or CANARY.encode() in content
    made = copied(content)
    document = pypdfium2.PdfDocument(made)
    assert len(document) == 2
    assert not any(document.get_metadata_dict().get(key) for key in ("Title", "Author"))
    assert CANARY.encode("utf-16-be") not in made
    assert CANARY.encode() not in made


def bombs() -> dict[str, bytes]:
    whole = film()
    return {
        "cut": whole[: len(whole) // 2],
        "torn": whole[:2000] + bytes(len(whole) - 2000),
        "playlist": b"RIFF\x10\0\0\0AVI LIST" + b"#EXTM3U\nfile:///etc/passwd\n" * 99,
        "page": b"%PDF-1.7\n" + b"[" * 100_000,
        "tiff": b"II*\0" + b"\xff" * 5000,
        "mkv": b"\x1a\x45\xdf\xa3" + b"\xff" * 5000,
    }


@pytest.mark.parametrize("name", bombs())
def test_a_hostile_file_costs_its_child_only(name):
    content = bombs()[name]
    before = children()
    try:
        made = copied(content)
    except BlurError as error:
        assert not isinstance(error, Garbled)
    else:
        assert name == "cut"
        assert made[4:8] == b"ftyp"
    assert children() == before


def test_what_takes_too_long_says_so(monkeypatch):
    monkeypatch.setattr(sandbox, "_BOOT", _START + "time.sleep(60)")
    with pytest.raises(TooSlow):
        copied(b"RIFF\x10\0\0\0AVI LIST", limits=Limits(copy_wall=0.3))


def test_what_cannot_be_read_or_needs_a_password_says_so():
    with pytest.raises(Unreadable):
        copied(b"\x00\x00\x01\xba" + bytes(4000))
    assert Encrypted.code == "encrypted_document"


def test_what_the_pulse_raises_ends_the_child_at_once(monkeypatch):
    monkeypatch.setattr(sandbox, "_BOOT", _START + "time.sleep(60)")

    class Cancelled(Exception):
        pass

    def pulse(_share):
        raise Cancelled

    before = children()
    with pytest.raises(Cancelled):
        copies.make_copy(io.BytesIO(b"x"), KINDS["avi"], bytearray().extend, pulse)
    assert children() == before


@pytest.mark.parametrize(
    "said",
    [
        "piece = b'0' * 1000\n"
        "head = wire.PIECE + wire.U32.pack(1000)\n"
        "for _ in range(100): channel.sendall(head + piece)\n"
        "done(b'\\0\\0\\0\\x10ftypisom')",
        "channel.sendall(wire.PIECE + wire.U32.pack(1 << 30))\ntime.sleep(30)",
        "channel.sendall(wire.PIECE + wire.U32.pack(4) + b'html'); done(b'')",
        "done(b'<html>')",
    ],
)
def test_a_child_that_was_taken_over_hands_over_no_more_and_nothing_else(
    monkeypatch, said
):
    monkeypatch.setattr(sandbox, "_BOOT", _START + said)
    with pytest.raises(Garbled):
        copies.make_copy(
            io.BytesIO(b"x"),
            KINDS["avi"],
            bytearray().extend,
            lambda _share: None,
            Limits(copy_bytes=50_000),
        )
