"""Media made for these tests, and where the sample media are."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

import blur
from blur.kinds import Kind

KEY = bytes(range(32))


@pytest.fixture
def noise_key() -> bytes:
    return KEY


@pytest.fixture
def preview_of(noise_key: bytes) -> Callable[..., blur.Preview]:
    """Sniff some bytes and make their preview."""

    def make(data: bytes, item: bytes = b"item") -> blur.Preview:
        return blur.make_preview(io.BytesIO(data), blur.sniff(data), noise_key, item)

    return make


@pytest.fixture
def probe_of() -> Callable[..., blur.Probe]:
    """Sniff some bytes (or take them for a kind) and probe them."""

    def look(data: bytes, kind: Kind | None = None) -> blur.Probe:
        return blur.probe(io.BytesIO(data), kind or blur.sniff(data))

    return look


@pytest.fixture
def sign() -> Callable[..., Image.Image]:
    """A bright board with large words on it."""

    def draw(*words: str, size: tuple[int, int] = (640, 360)) -> Image.Image:
        picture = Image.new("L", size, 225)
        pen = ImageDraw.Draw(picture)
        height = size[1] // (len(words) + 1)
        font = ImageFont.load_default(size=height)
        for row, word in enumerate(words):
            pen.text((size[0] // 20, height // 3 + row * height), word, 25, font)
        return picture

    return draw


@pytest.fixture
def encoded() -> Callable[..., bytes]:
    """A picture as a file of one format."""

    def save(
        picture: Image.Image, file_format: str = "PNG", **options: object
    ) -> bytes:
        target = io.BytesIO()
        picture.save(target, file_format, **options)
        return target.getvalue()

    return save


@pytest.fixture
def film() -> Callable[..., bytes]:
    """Frames (arrays h x w x 3) as a film, with tags that must not come out."""

    def encode(
        frames: list[np.ndarray],
        *,
        form: str = "mp4",
        codec: str = "mpeg4",
        gop: int = 1,
    ) -> bytes:
        target = io.BytesIO()
        with av.open(target, "w", format=form) as container:
            container.metadata["title"] = "CANARY-title"
            container.metadata["comment"] = "CANARY-comment"
            stream = container.add_stream(codec, rate=10)
            stream.height, stream.width = frames[0].shape[:2]
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            stream.gop_size = gop
            for frame in frames:
                picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
                for packet in stream.encode(picture):
                    container.mux(packet)
            for packet in stream.encode():
                container.mux(packet)
        return target.getvalue()

    return encode


@pytest.fixture
def wave() -> Callable[..., bytes]:
    """Sixteen-bit mono samples as a WAV file."""

    def encode(samples: np.ndarray, rate: int = 8000) -> bytes:
        data = samples.astype("<i2").tobytes()
        head = b"RIFF" + (36 + len(data)).to_bytes(4, "little") + b"WAVEfmt "
        head += (16).to_bytes(4, "little") + b"\x01\0\x01\0"
        head += rate.to_bytes(4, "little") + (2 * rate).to_bytes(4, "little")
        head += b"\x02\0\x10\0data" + len(data).to_bytes(4, "little")
        return head + data

    return encode


@pytest.fixture(scope="session")
def pictures() -> list[Image.Image]:
    """Grey pictures at most 480 pixels wide: the demo's and those of the samples."""
    folders = [ROOT / "archive/cli/collection/media", samples_folder() / "good"]
    found = []
    for path in sorted(path for folder in folders for path in folder.rglob("*")):
        if path.suffix.lower() not in _PICTURES or path.stat().st_size > 8 << 20:
            continue
        try:
            with Image.open(io.BytesIO(path.read_bytes())) as picture:
                picture.draft("L", (480, 480))
                grey = picture.convert("L")
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombWarning):
            continue  # samples hold odd ones on purpose; other tests open those
        grey.thumbnail((480, 480))
        if min(grey.size) >= 96 and np.asarray(grey).std() > _FLAT:
            found.append(grey)
    return found


_PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".tif", ".tiff"}
_FLAT = 8  # levels; what shows nothing has no hash
ROOT = Path(__file__).parents[2]


def samples_folder() -> Path:
    """Where the sample media lie; the tests that need them are skipped without."""
    named = os.environ.get("VIGIL_SAMPLES")
    return Path(named) if named else Path(__file__).parents[2].parent / "shared/samples"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for fixture in ("good_sample", "bad_sample"):
        if fixture not in metafunc.fixturenames:
            continue
        folder = samples_folder() / fixture.removesuffix("_sample")
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        missing = pytest.mark.skip(reason=f"no sample media in {folder}")
        cases = [pytest.param(p, id=str(p.relative_to(folder))) for p in files]
        none = pytest.param(folder, marks=missing, id="no-samples")
        metafunc.parametrize(fixture, cases or [none])
