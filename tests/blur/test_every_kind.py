"""Every kind on the allow-list, from a real file of it, made here.

Two thirds of each are dark or quiet and one is bright or loud, which the preview shows.
"""

from __future__ import annotations

import io
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pillow_heif
import pytest
from PIL import Image

import blur
from blur.cells import HAZE, STILL, grey_value
from blur.kinds import KINDS, Family

RATE = 48_000
SECONDS = 3
PICTURES = {
    "jpeg": "JPEG",
    "png": "PNG",
    "webp": "WEBP",
    "gif": "GIF",
    "tiff": "TIFF",
    "bmp": "BMP",
    "avif": "AVIF",
    "heic": "HEIF",
}
FILMS = {
    "mp4": ("mp4", "mpeg4"),
    "mov": ("mov", "mjpeg"),
    "3gp": ("3gp", "h263"),
    "mkv": ("matroska", "libx264"),
    "webm": ("webm", "libvpx"),
    "avi": ("avi", "mpeg4"),
    "mpeg-ps": ("mpeg", "mpeg2video"),
    "mpeg-ts": ("mpegts", "mpeg2video"),
    "flv": ("flv", "flv"),
    "wmv": ("asf", "wmv2"),
}
BY_PROGRAM = {
    "ogv": ("mp4", "-c:v", "libtheora", "-g", "6", "-f", "ogg"),
    "vorbis": ("wav", "-c:a", "libvorbis", "-f", "ogg"),
    "wma": ("wav", "-c:a", "wmav2", "-ar", "44100", "-f", "asf"),
}
SOUNDS = {
    "mp3": ("mp3", "libmp3lame"),
    "wav": ("wav", "pcm_s16le"),
    "flac": ("flac", "flac"),
    "aac": ("adts", "aac"),
    "m4a": ("ipod", "aac"),
    "opus": ("ogg", "libopus"),
    "mka": ("matroska", "libopus"),
}


def picture_file(form: str, **options: object) -> bytes:
    picture = Image.new("RGB", (320, 240), (12, 12, 12))
    picture.paste((250, 250, 250), (214, 0, 320, 240))
    if form == "HEIF":
        pillow_heif.register_heif_opener()
    target = io.BytesIO()
    picture.save(target, form, **options)
    return target.getvalue()


def film_file(form: str, codec: str) -> bytes:
    """Two dark seconds, then a bright one; a keyframe in every quarter of one."""
    target = io.BytesIO()
    with av.open(target, "w", format=form) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.gop_size = 176, 144, 6
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for number in range(25 * SECONDS):
            shade = 250 if number >= 50 else 12
            frame = np.full((144, 176, 3), shade, np.uint8)
            packets = stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24"))
            container.mux(packets)
        container.mux(stream.encode())
    return target.getvalue()


def sound_file(form: str, codec: str, rate: int = RATE, loud: float = 0.9) -> bytes:
    """A tone that is quiet for two seconds and loud for one."""
    target = io.BytesIO()
    with av.open(target, "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.layout = "mono"
        at = np.arange(rate * SECONDS)
        tone = np.sin(at / rate * 440 * 2 * np.pi) * np.where(at < rate * 2, 0.02, loud)
        frame = av.AudioFrame.from_ndarray(
            (tone * 32_000).astype(np.int16)[None], format="s16", layout="mono"
        )
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def by_program(data: bytes, *how: str) -> bytes:
    """Coded anew by the ffmpeg program, which has encoders that the library lacks."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder, "before"), Path(folder, "after")
        before.write_bytes(data)
        program = imageio_ffmpeg.get_ffmpeg_exe()
        command = [program, "-v", "error", "-i", before, *how, after]
        subprocess.run(command, check=True)
        return after.read_bytes()


def document_file() -> bytes:
    return picture_file("PDF")


MADE: dict[str, Callable[[], bytes]] = {
    **{name: lambda form=form: picture_file(form) for name, form in PICTURES.items()},
    **{name: lambda how=how: film_file(*how) for name, how in FILMS.items()},
    **{name: lambda how=how: sound_file(*how) for name, how in SOUNDS.items()},
    "pdf": document_file,
}
for name, (made_from, *how) in BY_PROGRAM.items():
    MADE[name] = lambda f=made_from, h=how: by_program(MADE[f](), *h)


def test_no_kind_is_without_a_file():
    assert set(MADE) == set(KINDS)


@pytest.mark.parametrize("name", MADE)
def test_a_file_of_every_kind_is_known_by_its_bytes_and_shown(
    name, preview_of, probe_of
):
    data = MADE[name]()
    kind = blur.sniff(data)
    assert kind.name == name
    probe, preview = probe_of(data), preview_of(data)
    assert not preview.sealed, preview.reason
    assert probe.family is preview.family is kind.family
    before, after = halves(preview)
    assert after > before + 40


def halves(preview: blur.Preview) -> tuple[float, float]:
    """How bright or loud the first half is, and the last quarter."""
    values = np.array([grey_value(cell) for cell in preview.cells], float)
    if preview.family is Family.VIDEO:
        values = values.reshape(-1, STILL.count).mean(1)
    elif preview.family is not Family.AUDIO:
        values = values.reshape(HAZE.rows, HAZE.columns).mean(0)
    quarter = len(values) // 4
    return float(values[: 2 * quarter].mean()), float(values[-quarter:].mean())


def test_a_photograph_of_many_pictures_shows_its_first(preview_of):
    """MPO, as phones and 3D cameras write it, is JPEG to whoever looks at its bytes."""
    first = Image.new("L", (320, 240), 240)
    target = io.BytesIO()
    later = [Image.new("L", first.size, 10)]
    first.save(target, "MPO", save_all=True, append_images=later)
    assert Image.open(io.BytesIO(target.getvalue())).format == "MPO"
    assert blur.sniff(target.getvalue()).name == "jpeg"
    cells = preview_of(target.getvalue()).cells
    assert np.mean([grey_value(cell) for cell in cells]) > 180


# What is real and odd -----------------------------------------------------------------


def test_tags_in_an_old_code_page_are_no_damage(film, preview_of):
    frames = [np.full((90, 160, 3), 200, np.uint8)] * 8
    plain = film(frames, form="avi")
    odd = plain.replace(b"CANARY-title", "Свидетель 12".encode("cp1251"))
    assert odd != plain
    with pytest.raises(UnicodeDecodeError):  # the control: the library stumbles
        av.open(io.BytesIO(odd)).close()
    preview = preview_of(odd)
    assert not preview.sealed, preview.reason
    assert preview.cells == preview_of(plain).cells


def test_a_film_that_lost_its_index_and_beginning_is_read_through(film, preview_of):
    frames = [np.full((90, 160, 3), 200, np.uint8)] * 60
    whole = film(frames, form="avi")
    preview = preview_of(whole[:3000] + whole[len(whole) // 3 :])
    assert not preview.sealed, preview.reason
    assert np.mean([grey_value(cell) for cell in preview.cells]) > 150


def test_a_length_that_cannot_be_is_no_reason_to_refuse(film, preview_of, probe_of):
    """One damaged byte in a header says a month; testimony is not lost for that."""
    whole = bytearray(film([np.full((90, 160, 3), 200, np.uint8)] * 60, form="avi"))
    at = whole.index(b"strh") + 8 + 32  # the length of the stream, in frames
    assert int.from_bytes(whole[at : at + 4], "little") == 60
    whole[at + 3] = 1
    assert probe_of(bytes(whole)).duration is None
    preview = preview_of(bytes(whole))
    assert not preview.sealed, preview.reason
    assert np.mean([grey_value(cell) for cell in preview.cells]) > 150


def test_a_sound_that_changes_its_rate_midway_is_heard_to_the_end(preview_of):
    quiet = sound_file("adts", "aac", 44_100, loud=0.02)
    loud = sound_file("adts", "aac", 22_050, loud=0.9)
    bars = preview_of(quiet + loud).cells
    assert max(bars[:20]) < 7
    assert max(bars[-12:]) == 7
