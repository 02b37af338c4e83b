"""Films: eight stills wherever they lie, a silent bare clip, and no way to hang."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest

import blur
from blur.cells import STILL, grey_value
from blur.derivation import make_clip
from blur.errors import BlurError, NotAllowed, TooLong, TooManyPixels
from blur.kinds import KINDS, Family
from blur.limits import Limits


def scenes(count: int = 32, size: tuple[int, int] = (120, 160)) -> list[np.ndarray]:
    """Dark and bright by turns, each a quarter of a second or so."""
    chance = np.random.default_rng(2)
    return [
        np.clip(
            chance.integers(0, 40, (*size, 3)) + (200 if n // 4 % 2 else 10), 0, 255
        ).astype(np.uint8)
        for n in range(count)
    ]


def brightness(preview: blur.Preview) -> list[float]:
    return [float(np.mean([grey_value(c) for c in s])) for s in preview.stills]


def decoded(clip: bytes) -> list[np.ndarray]:
    with av.open(io.BytesIO(clip)) as container:
        return [f.to_ndarray(format="gray") for f in container.decode(video=0)]


@pytest.mark.parametrize(
    ("form", "codec"),
    [
        ("mp4", "mpeg4"),
        ("mov", "mjpeg"),
        ("matroska", "libx264"),
        ("webm", "libvpx"),
        ("avi", "mpeg4"),
        ("mpegts", "mpeg2video"),
        ("flv", "flv"),
    ],
)
def test_every_container_gives_eight_stills_spread_over_the_film(
    form, codec, film, preview_of
):
    data = film(scenes(), form=form, codec=codec)
    preview = preview_of(data)
    assert preview.family is Family.VIDEO
    seen = brightness(preview)
    assert len(seen) == 8
    assert min(seen) < 80
    assert max(seen) > 160


def test_a_film_without_length_or_index_is_read_through(film, preview_of, probe_of):
    """As browsers record: a live Matroska stream, sizes and length unknown."""
    target = io.BytesIO()
    whole = film(scenes(), form="webm", codec="libvpx")
    with (
        av.open(io.BytesIO(whole)) as source,
        av.open(target, "w", format="webm", options={"live": "1"}) as live,
    ):
        track = live.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = track
                live.mux(packet)
    data = target.getvalue()
    assert probe_of(data).duration is None
    seen = brightness(preview_of(data))
    assert max(seen) - min(seen) > 100


def test_an_upright_film_stays_upright(film, preview_of, probe_of):
    data = film(scenes(8, (160, 96)))
    preview = preview_of(data)
    assert preview.upright
    assert (probe_of(data).width, probe_of(data).height) == (96, 160)
    assert decoded(preview.clip)[0].shape == (320, 180)


def test_the_clip_is_eight_seconds_of_eight_stills_and_bare(film, preview_of):
    preview = preview_of(film(scenes()))
    clip = preview.clip
    assert clip is not None
    assert b"CANARY" not in clip
    assert clip.index(b"moov") < clip.index(b"mdat")
    with av.open(io.BytesIO(clip)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        tags = {**container.metadata, **stream.metadata}
        assert not {"title", "comment", "location", "creation_time"} & set(tags)
    frames = np.array([f.ravel()[::97] for f in decoded(clip)], float)
    assert len(frames) == 48
    strengths = np.linalg.svd(frames - frames.mean(0), compute_uv=False)
    held = (strengths[:7] ** 2).sum() / (strengths**2).sum()
    assert held > 0.99  # eight pictures and their mixtures, no ninth


def test_the_clip_is_made_of_the_stored_cells_and_nothing_else(film, preview_of):
    preview = preview_of(film(scenes()))
    again = blur.Preview.from_bytes(preview.to_bytes())
    assert again.clip is None
    assert make_clip(again) == preview.clip
    assert make_clip(preview_of(film(scenes()), b"other")) != preview.clip


def test_an_unmoved_film_is_one_still(film, preview_of):
    preview = preview_of(film([scenes(1)[0]] * 24))
    assert len(set(preview.stills)) == 1
    assert len(preview.stills[0]) == STILL.count


def test_sound_alone_in_a_film_container_is_a_sound(preview_of, probe_of):
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        tone = (np.sin(np.arange(16_000) / 4) * 9000).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
        frame.rate = 8000
        for packet in [*stream.encode(frame), *stream.encode()]:
            container.mux(packet)
    data = target.getvalue()
    assert blur.probe(io.BytesIO(data), KINDS["mp4"]).family is Family.AUDIO
    assert len(preview_of(data).cells) == 64


def test_limits_of_size_and_length_hold(film):
    data = film(scenes(8))
    with pytest.raises(TooManyPixels):
        blur.probe(io.BytesIO(data), KINDS["mp4"], Limits(video_pixels=19_000))
    with pytest.raises(TooLong):
        blur.probe(io.BytesIO(data), KINDS["mp4"], Limits(seconds=0.5))


# Playlists and other ways to a second file -------------------------------------------

PLAYLISTS = {
    "ffconcat": "ffconcat version 1.0\nfile {name}\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{name}\n#EXT-X-ENDLIST\n",
    "dash": "<MPD><Period><BaseURL>{name}</BaseURL></Period></MPD>",
}


@pytest.mark.parametrize("playlist", PLAYLISTS)
@pytest.mark.parametrize("claimed", ["mp4", "mkv", "mpeg-ts", "avi", "mp3"])
def test_a_playlist_is_refused_and_under_any_name_opens_nothing(
    playlist, claimed, film, tmp_path
):
    neighbour = tmp_path / "neighbour.ts"
    neighbour.write_bytes(film(scenes(8), form="mpegts", codec="mpeg2video"))
    data = PLAYLISTS[playlist].format(name=neighbour).encode()
    with pytest.raises(NotAllowed, match="Playlists"):
        blur.sniff(data)
    with pytest.raises(BlurError) as refusal:
        blur.probe(io.BytesIO(data), KINDS[claimed])
    assert refusal.value.code == "unreadable"


def box(name: bytes, *bodies: bytes) -> bytes:
    return (8 + sum(map(len, bodies))).to_bytes(4, "big") + name + b"".join(bodies)


def test_a_film_whose_frames_lie_in_another_file_is_not_followed(
    film, tmp_path, preview_of
):
    """QuickTime may name an outside file for its frames; FFmpeg can be made to go."""
    inside = film(scenes(8), form="mov", codec="mjpeg")
    outside = tmp_path / "outside.mov"
    outside.write_bytes(inside)
    at = inside.index(b"dref") - 4
    size = int.from_bytes(inside[at : at + 4], "big")
    name = str(outside).encode() + b"\0"
    entry = box(b"url ", b"\0\0\0\0", b"file://" + name)
    away = box(b"dref", b"\0\0\0\0", (1).to_bytes(4, "big"), entry)
    moov = inside[inside.rindex(b"moov") - 4 :].replace(inside[at : at + size], away)
    for parent in (b"dinf", b"minf", b"mdia", b"trak", b"moov"):
        where = moov.rindex(parent) - 4
        grown = int.from_bytes(moov[where : where + 4], "big") + len(away) - size
        moov = moov[:where] + grown.to_bytes(4, "big") + moov[where + 4 :]
    head = inside[: inside.index(b"mdat") - 4]
    bare = head + box(b"free", bytes(64)) + moov
    assert not preview_of(inside).sealed  # the control: here the frames are at hand
    assert preview_of(bare).sealed


# Damage -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def damaged_film() -> bytes:
    """A film with so many errors that ffmpeg's complaints fill a pipe."""
    target = io.BytesIO()
    chance = np.random.default_rng(1)
    base = chance.integers(0, 255, (240, 320, 3), dtype=np.uint8)
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.bit_rate = 2_000_000
        for n in range(600):
            rolled = np.roll(base, n * 3, axis=1)
            frame = av.VideoFrame.from_ndarray(rolled, format="rgb24")
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    data = bytearray(target.getvalue())
    low, high = data.index(b"mdat") + 100, data.rindex(b"moov") - 8
    for at in chance.integers(low, high, 20_000):
        data[at] = chance.integers(256)
    return bytes(data)


def test_a_film_on_which_moviepy_hangs_for_ever_ends_here(
    damaged_film, tmp_path, preview_of, probe_of
):
    started = time.monotonic()
    assert probe_of(damaged_film).family is Family.VIDEO
    preview = preview_of(damaged_film)
    assert time.monotonic() - started < 60
    assert preview.sealed or preview.clip

    path = tmp_path / "damaged.mp4"
    path.write_bytes(damaged_film)
    code = (
        "import sys; from moviepy import VideoFileClip\n"
        "sum(1 for _ in VideoFileClip(sys.argv[1], audio=False).iter_frames())"
    )
    control = subprocess.Popen([sys.executable, "-c", code, str(path)])
    try:
        assert is_stuck(control), "moviepy no longer hangs: the trap is gone"
    finally:
        for child in descendants(control.pid):
            os.kill(child, signal.SIGKILL)
        control.kill()
        control.wait()


def is_stuck(process: subprocess.Popen[bytes]) -> bool:
    """Whether it lives on for a while without using the processor."""
    stop = time.monotonic() + 30
    before = -1
    while time.monotonic() < stop and process.poll() is None:
        time.sleep(2)
        now = sum(map(ticks, [process.pid, *descendants(process.pid)]))
        if now == before and descendants(process.pid):
            return True
        before = now
    return False


def descendants(pid: int) -> list[int]:
    try:
        names = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [int(name) for name in names]


def ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_film_cut_short_ends_with_stills_or_a_reason(share, film, preview_of):
    data = film(scenes(), form="matroska", codec="libx264")
    preview = preview_of(data[: int(len(data) * share)])
    assert preview.sealed or len(preview.stills) == 8


def test_a_film_cut_before_its_index_is_sealed(film, preview_of):
    data = film(scenes())
    assert preview_of(data[: data.rindex(b"moov") - 4]).reason == "unreadable"
