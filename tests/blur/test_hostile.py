"""Bombs, polyglots, playlists and EICAR: each costs its own child, and leaves nothing.

What is taken ends as a preview of what it really shows, what is not as a sentence. The
time, the memory of the children and what lies in the temporary folders are measured.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import blur
from blur import sandbox
from blur.errors import BlurError, NotAllowed, SandboxFailed
from blur.kinds import KINDS, Family
from blur.limits import Limits
from blur.sandbox import Strength

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MOST_SECONDS, MOST_KIBIBYTES = 60, 1536 * 1024
LIMITS = Limits(preview_cpu=8, probe_cpu=8)  # as always, but for a shorter test


def jpeg(**options: object) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (160, 120), "white").save(target, "JPEG", **options)
    return target.getvalue()


def pdf(*objects: bytes) -> bytes:
    """A document of these objects, numbered from 1; the first is its catalogue."""
    body, starts = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, start=1):
        starts.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer <</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return body + head + table + tail % (len(objects) + 1, len(body))


CATALOGUE = b"<</Type/Catalog /Pages 2 0 R>>"
PAGES = b"<</Type/Pages /Kids [3 0 R] /Count 1>>"
PAGE = b"<</Type/Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R>>"


def stream(data: bytes, times: int, repeats: int = 1) -> bytes:
    """Data so many times over, packed so many times; never all of it in memory."""
    for _ in range(times):
        packer = zlib.compressobj(9)
        data = b"".join(packer.compress(data) for _ in range(repeats)) + packer.flush()
        repeats = 1
    filters = b"/FlateDecode " * times
    head = b"<</Length %d /Filter [%b]>>stream\n" % (len(data), filters)
    return head + data + b"\nendstream"


def box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + name + body


def film_of_boxes(*inside: bytes) -> bytes:
    return box(b"ftyp", b"isom\0\0\2\0isom") + box(b"moov", *inside) + box(b"mdat")


def nested(name: bytes, depth: int) -> bytes:
    made = b""
    for _ in range(depth):
        made = box(name, made)
    return made


def gif_claiming(width: int, height: int) -> bytes:
    target = io.BytesIO()
    Image.new("P", (8, 8)).save(target, "GIF")
    data = bytearray(target.getvalue())
    data[6:10] = struct.pack("<HH", width, height)
    return bytes(data)


def bmp_claiming(width: int, height: int) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (8, 8)).save(target, "BMP")
    data = bytearray(target.getvalue())
    data[18:26] = struct.pack("<ii", width, height)
    return bytes(data)


def tiff_in_a_circle() -> bytes:
    """A directory whose next one is itself, claiming 60,000 pixels each way."""
    entries = [(256, 60_000), (257, 60_000), (258, 8), (259, 1), (262, 1), (273, 8)]
    directory = struct.pack("<H", len(entries))
    for tag, value in entries:
        directory += struct.pack("<HHII", tag, 4, 1, value)
    return b"II*\0" + struct.pack("<I", 8) + directory + struct.pack("<I", 8)


def wave_claiming(size: int) -> bytes:
    head = b"RIFF" + struct.pack("<I", size) + b"WAVEfmt " + struct.pack("<I", 16)
    head += struct.pack("<HHIIHH", 1, 1, 8000, 16_000, 2, 16)
    return head + b"data" + struct.pack("<I", size) + bytes(100)


BOMBS: dict[str, Callable[[], bytes]] = {
    "gif of 65,535 x 65,535": lambda: gif_claiming(65_535, 65_535),
    "bmp of 50,000 x 50,000": lambda: bmp_claiming(50_000, 50_000),
    "tiff in a circle": tiff_in_a_circle,
    "pdf that unpacks to a gibibyte": lambda: pdf(
        CATALOGUE, PAGES, PAGE, stream(bytes(1 << 20), 2, repeats=1024)
    ),
    "pdf of endless drawing": lambda: pdf(
        CATALOGUE, PAGES, PAGE, stream(b"0 0 300 200 re f " * 4_000_000, 1)
    ),
    "pdf whose pages hold themselves": lambda: pdf(
        CATALOGUE, b"<</Type/Pages /Kids [2 0 R 2 0 R] /Count 2>>"
    ),
    "mp4 of four thousand million samples": lambda: film_of_boxes(
        box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", box(b"stsz", LARGEST)))))
    ),
    "mp4 of boxes in boxes": lambda: film_of_boxes(nested(b"trak", 20_000)),
    "mp4 of ten thousand tracks": lambda: film_of_boxes(
        *[box(b"trak", box(b"tkhd", bytes(84)))] * 10_000
    ),
    "matroska of clusters in clusters": lambda: (
        (b"\x1a\x45\xdf\xa3\x80" + b"\x18\x53\x80\x67\x01" + b"\xff" * 7)
        + b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff" * 20_000
    ),
    "wav that claims four gibibytes": lambda: wave_claiming(0xFFFFFFFF),
}
LARGEST = struct.pack(">III", 0, 0, 0xFFFFFFFF)


@pytest.fixture
def measured(monkeypatch) -> Iterator[None]:
    """Fails when it took too long or too much, or left anything behind."""
    if sandbox.strength() is Strength.NAMESPACES:  # it hides what its children took
        monkeypatch.setattr(sandbox, "strength", lambda: Strength.LANDLOCK)
    folders = [Path(tempfile.gettempdir()), Path("/dev/shm"), Path.cwd()]
    before = [ours(folder) for folder in folders]
    started = time.monotonic()
    with largest_child() as peak:
        yield
    assert time.monotonic() - started < MOST_SECONDS
    assert peak() < MOST_KIBIBYTES
    assert [ours(folder) for folder in folders] == before


@contextlib.contextmanager
def largest_child() -> Iterator[Callable[[], int]]:
    """What the largest child of this process took meanwhile, in KiB.

    Looked up while the children live: what `getrusage` says of the dead counts the
    memory of the parent they were started from, which grows from test to test.
    """
    sizes, over = [0], threading.Event()
    others = set(children())

    def watch() -> None:
        while not over.wait(0.005):
            for number in set(children()) - others:
                sizes.extend(memory_of(number))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield lambda: max(sizes)
    finally:
        over.set()
        watcher.join()


def children() -> Iterator[str]:
    """The processes that this one has started, by number."""
    for tasks in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            yield from tasks.read_text().split()


def memory_of(number: str) -> Iterator[int]:
    """The high-water mark of a process that is a program of its own, in KiB."""
    process = Path("/proc", number)
    with contextlib.suppress(OSError):
        # Before its exec a child still has all that its parent has.
        mine = Path("/proc/self/cmdline").read_bytes()
        if process.joinpath("cmdline").read_bytes() not in (mine, b""):
            status = process.joinpath("status").read_text()
            yield from map(int, re.findall(r"VmHWM:\s+(\d+) kB", status))


def test_what_a_child_takes_is_seen_and_not_what_its_parent_has():
    own = bytearray(os.urandom(1 << 20) * 300)
    takes = "import time; x = b'x' * (200 << 20); time.sleep(0.3)"
    with largest_child() as peak:
        subprocess.run([sys.executable, "-c", takes], check=True)
    assert 200 << 10 < peak() < 280 << 10 < len(own) >> 10


def ours(folder: Path) -> set[str]:
    """What a decoder could have left; others write beside us."""
    marks = ("TEMP_MPY", "ffmpeg", "magick", "tmp_moviepy")
    return {each.name for each in folder.iterdir() if each.name.startswith(marks)}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_soon_in_a_sealed_preview_or_a_sentence(name, measured, noise_key):
    data = BOMBS[name]()
    try:
        kind = blur.sniff(data)
    except BlurError as refusal:
        assert str(refusal).endswith(".")
        return
    preview = blur.make_preview(io.BytesIO(data), kind, noise_key, b"item", LIMITS)
    if not name.startswith("wav"):  # what there is of it may be heard
        assert preview.sealed or kind.family is Family.DOCUMENT


def test_the_next_file_is_none_the_worse(noise_key, preview_of):
    """After a child was killed for what it took, another decodes as ever."""
    data = BOMBS["pdf of endless drawing"]()
    tight = Limits(preview_cpu=1)
    worn = blur.make_preview(io.BytesIO(data), KINDS["pdf"], noise_key, b"item", tight)
    assert worn.reason in ("too_slow", "")
    assert not preview_of(jpeg()).sealed


# EICAR and other second natures -------------------------------------------------------

CARRIERS: dict[str, Callable[[bytes], bytes]] = {
    "behind a picture": lambda words: jpeg() + words,
    "in a comment": lambda words: jpeg(comment=words),
    "in a profile": lambda words: jpeg(icc_profile=bytes(128) + words),
    "in a document": lambda words: pdf(
        CATALOGUE, PAGES, PAGE, stream(b"", 1), b"(" + words + b")"
    ),
}


def test_eicar_by_itself_is_no_media():
    with pytest.raises(NotAllowed, match="Text"):
        blur.sniff(EICAR)


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize(
    "words",
    [EICAR, b"PK\x03\x04" + bytes(26), b"<script>alert(1)</script>", b"%PDF-1.7 1 0 R"],
    ids=["eicar", "zip", "script", "pdf"],
)
def test_what_a_file_carries_besides_stays_in_it(carrier, words, preview_of, measured):
    data = CARRIERS[carrier](words)
    assert words in data
    preview = preview_of(data)
    assert not preview.sealed
    assert words not in preview.to_bytes()
    assert preview.cells == preview_of(CARRIERS[carrier](b"words")).cells


# Playlists ----------------------------------------------------------------------------

PLAYLISTS = {
    "hls": b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{}\n#EXT-X-ENDLIST",
    "concat": b"ffconcat version 1.0\nfile '{}'\n",
    "dash": b"<MPD><Period><BaseURL>file://{}</BaseURL></Period></MPD>",
    "asx": b'<asx version="3"><entry><ref href="file://{}"/></entry></asx>',
    "pls": b"[playlist]\nFile1=file://{}\nNumberOfEntries=1",
    "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
    "m3u in utf-8": b"\xef\xbb\xbf#EXTM3U\n{}\n",
}


@pytest.mark.parametrize("name", PLAYLISTS)
@pytest.mark.parametrize("taken_for", ["mp4", "mkv", "avi", "mp3", "ogv"])
def test_a_playlist_is_refused_and_opens_nothing_under_any_name(
    name, taken_for, tmp_path, film, noise_key
):
    neighbour = tmp_path / "neighbour.mp4"
    neighbour.write_bytes(film([np.full((48, 64, 3), 250, np.uint8)] * 8))
    data = PLAYLISTS[name].replace(b"{}", str(neighbour).encode())
    with pytest.raises(BlurError) as refusal:
        blur.sniff(data)
    assert str(refusal.value).endswith(".")
    if name not in ("hls", "concat"):
        return  # the rest cannot be opened even by whoever names the demuxer
    made = blur.make_preview(io.BytesIO(data), KINDS[taken_for], noise_key, b"item")
    assert made.sealed
    assert made.reason != SandboxFailed.code
