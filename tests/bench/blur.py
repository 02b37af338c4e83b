"""Previews: one photograph, one film, and the whole worker, each beside the other way.

| measured | beside | goal of the ratio |
|---|---|---|
| haze of a 12 MP JPEG | the decoder's own 1/8-scale decode | 1.15 |
| the same | Pillow's GaussianBlur at full size, then a thumbnail | 1/10 |
| the same | pyvips: a thumbnail of 480 pixels, then its Gaussian blur | 1 |
| eight stills and clip of 10 min of 1080p | one ffmpeg graph that decodes all | 1/50 |
| the same per minute | moviepy, full frames, blurred by Pillow | 1/500 |
| pictures per second through the worker, two processes; their memory | | |

The whole-file references are taken on 60 s and 2 s of the same film and multiplied up,
which favours neither: their cost is linear in the length. Imports are not timed. pyvips
is no requirement of Vigil's but of its developers: without it that row is left out. For
the film the child runs with limits only, since bubblewrap hides its children's
processor time.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from PIL import Image

from tests.bench.measuring import (
    ROOT,
    Result,
    Watch,
    command_cpu_seconds,
    cpu_seconds,
)

MEDIA = ROOT / "archive/cli/collection/media"
MINUTES, REFERENCE_SECONDS, NAIVE_SECONDS = 10, 60, 2
WORKED = 24
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


def measure() -> Iterator[Result]:
    """All figures; some minutes."""
    with tempfile.TemporaryDirectory(prefix="vigil-bench-") as name:
        folder = Path(name)
        photograph = _photograph(folder)
        yield from _still(photograph)
        yield from _film(folder)
        yield from _worker(folder, photograph)


def _photograph(folder: Path, seed: int = 1) -> Path:
    """Twelve megapixels of a street with the grain of a camera."""
    with Image.open(MEDIA / "street.jpg") as street:
        large = np.asarray(street.convert("RGB").resize((4000, 3000)), np.int16)
    grain = np.random.default_rng(seed).normal(0, 6, large.shape[:2])
    noisy = np.clip(large + grain[:, :, None], 0, 255).astype(np.uint8)
    path = folder / f"photograph-{seed}.jpg"
    Image.fromarray(noisy).save(path, quality=90)
    return path


# One photograph -----------------------------------------------------------------------

_OPEN = """
from PIL import Image, ImageFilter
Image.open(sys.argv[1]).close()
"""
_HAZE_BEFORE = """
from PIL import TiffImagePlugin
from blur import image, haze, noise, kinds, limits, cells
haze.haze_of(Image.new("RGB", (8, 8)), [0.0] * cells.DRAWS)
drawn = noise.gauss(noise.stream(bytes(32), b"bench", cells.DRAWS))
size = os.path.getsize(sys.argv[1])
"""
_HAZE = """
with open(sys.argv[1], "rb") as file:
    small, _ = image.small_picture(file, size, kinds.KINDS["jpeg"], limits.LIMITS)
    haze.haze_of(small, drawn)
"""
_EIGHTH = """
with Image.open(sys.argv[1]) as picture:
    picture.draft("{mode}", (128, 128))
    picture.load()
"""
_FULL_BLUR = """
with Image.open(sys.argv[1]) as picture:
    soft = picture.filter(ImageFilter.GaussianBlur(100))
    soft.thumbnail((480, 480))
"""
_VIPS_BEFORE = """
import pyvips
pyvips.cache_set_max(0)
pyvips.Image.black(64, 64).gaussblur(2).write_to_memory()
"""
_VIPS = """
small = pyvips.Image.thumbnail(sys.argv[1], 480)
small.gaussblur(16).write_to_memory()
"""


def _still(photograph: Path) -> Iterator[Result]:
    ours = cpu_seconds(_OPEN + _HAZE_BEFORE, _HAZE, photograph, runs=9)
    for mode, word in (("RGB", "colour"), ("L", "grey")):
        eighth = cpu_seconds(_OPEN, _EIGHTH.format(mode=mode), photograph, runs=9)
        name = f"haze of a 12 MP JPEG beside a 1/8-scale decode in {word}"
        yield Result.beside(name, ours, eighth, "CPU s")
    full = cpu_seconds(_OPEN, _FULL_BLUR, photograph, runs=3)
    name = "haze of a 12 MP JPEG beside GaussianBlur at full size"
    yield Result.beside(name, ours, full, "CPU s")
    if importlib.util.find_spec("pyvips"):
        small = cpu_seconds(_VIPS_BEFORE, _VIPS, photograph, runs=9)
        name = "haze of a 12 MP JPEG beside pyvips' thumbnail and blur"
        yield Result.beside(name, ours, small, "CPU s")


# One film -----------------------------------------------------------------------------

_PREVIEW_BEFORE = """
from blur import kinds, derivation, sandbox
sandbox.strength = lambda: sandbox.Strength.RLIMITS
"""
_PREVIEW = """
with open(sys.argv[1], "rb") as film:
    made = derivation.make_preview(film, kinds.KINDS["mp4"], bytes(32), b"bench")
assert made.clip and not made.sealed
"""
_NAIVE = """
from moviepy import VideoFileClip
film = VideoFileClip(sys.argv[1], audio=False).subclipped(0, float(sys.argv[3]))
def soft(frame):
    blurred = Image.fromarray(frame).filter(ImageFilter.GaussianBlur(60))
    return numpy.asarray(blurred)
film.image_transform(soft).write_videofile(sys.argv[2], audio=False, logger=None)
film.close()
"""
_GRAPH = (
    "fps=6,scale=16:9:flags=area,scale=320:180:flags=bicubic",
    *("-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "30"),
)


def _film(folder: Path) -> Iterator[Result]:
    whole, part = _films(folder)
    ours = cpu_seconds(_PREVIEW_BEFORE, _PREVIEW, whole, runs=3)
    graph = command_cpu_seconds(
        *(FFMPEG, "-v", "error", "-y", "-i", str(part), "-vf", *_GRAPH),
        str(folder / "graph.mp4"),
    )
    whole_graph = graph * MINUTES * 60 / REFERENCE_SECONDS
    name = f"stills and clip of {MINUTES} min of 1080p beside one ffmpeg graph"
    yield Result.beside(name, ours, whole_graph, "CPU s")
    before = "import numpy\n" + _OPEN.replace("Image.open(sys.argv[1]).close()", "")
    naive = cpu_seconds(
        before, _NAIVE, part, folder / "naive.mp4", NAIVE_SECONDS, runs=1
    )
    name = "stills and clip, per minute of source, beside naive moviepy"
    a_minute = naive * 60 / NAIVE_SECONDS
    yield Result.beside(name, ours / MINUTES, a_minute, "CPU s")


def _films(folder: Path) -> tuple[Path, Path]:
    """Ten minutes and one minute of 1080p30 H.264 with a keyframe every two seconds."""
    seed, part, whole = (folder / f"{n}.mp4" for n in ("seed", "part", "whole"))
    source = ("-stream_loop", "-1", "-i", str(MEDIA / "meadow.mp4"), "-t", "10")
    shape = "fps=30,scale=1920:1080,noise=alls=6:allf=t,format=yuv420p"
    code = ("-c:v", "libx264", "-preset", "ultrafast", "-b:v", "6M", "-g", "60")
    _ffmpeg(*source, "-an", "-vf", shape, *code, str(seed))
    for path, repeats in ((part, 5), (whole, MINUTES * 6 - 1)):
        _ffmpeg(
            *("-stream_loop", str(repeats), "-i", str(seed), "-c", "copy"), str(path)
        )
    return whole, part


def _ffmpeg(*arguments: str) -> None:
    subprocess.run([FFMPEG, "-v", "error", "-y", *arguments], check=True)


# The whole worker ---------------------------------------------------------------------

_WORK = """
import sys
from archive import config, work
from archive.site import open_site
settings = {"VIGIL_HOME": sys.argv[1], "VIGIL_KEY_FILE": sys.argv[2]}
site = open_site(config.load(settings))
sys.stdin.readline()
while work.run_one(site, site.clock()):
    pass
site.close()
"""


def _worker(folder: Path, photograph: Path) -> Iterator[Result]:
    """Deposit photographs, then let two workers make previews and index of them."""
    home, key = folder / "home", folder / "keys" / "vigil.key"
    _deposit(home, key, photograph)
    watch = Watch()
    with watch.watching():
        workers = [_started(home, key) for _ in range(2)]
        began = time.monotonic()
        for worker in workers:
            worker.communicate("go\n")
        seconds = time.monotonic() - began
    if any(worker.returncode for worker in workers):
        raise RuntimeError("a worker failed")
    name = "12 MP pictures per second through two workers"
    yield Result(name, WORKED / seconds, "1/s", higher_is_better=True)
    name = "memory of two workers and their decoders at the highest"
    yield Result(name, watch.peak, "MiB")


def _started(home: Path, key: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _WORK, str(home), str(key)],
        stdin=subprocess.PIPE,
        cwd=ROOT,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )


def _deposit(home: Path, key: Path, photograph: Path) -> None:
    from archive import config, intake
    from archive.founding import create_home
    from archive.records.document import Description, RecordDocument
    from archive.records.store import RecordDraft

    settings = {"VIGIL_HOME": str(home), "VIGIL_KEY_FILE": str(key)}
    site = create_home(config.load(settings))
    content = photograph.read_bytes()
    draft = RecordDraft(RecordDocument({"en": Description("A street", "Many times.")}))
    with intake.begin(site) as arrival:
        for number in range(WORKED):
            other = content + b"%d" % number  # behind the end of the picture
            arrival.take(_reader(other), f"{number}.jpg")
        arrival.deposit(draft, "operator", site.clock())
    site.close()


def _reader(content: bytes):
    import io

    return io.BytesIO(content)
