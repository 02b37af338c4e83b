"""Files to deposit, made in code: each carries a mark that nothing else has.

The mark stands in a part of the file that decoders skip (a comment, a `free` box, a
chunk of no meaning), so that wherever it turns up, the original's own bytes did.
"""

from __future__ import annotations

import io
import secrets
import struct
import wave
import zlib
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import av
import numpy as np
from PIL import Image, ImageDraw


@dataclass(frozen=True)
class Planted:
    """A file, and the mark in it."""

    name: str
    content: bytes
    mark: bytes

    def traces(self) -> tuple[bytes, ...]:
        """Byte strings by which any piece of this file can be known again."""
        step = max(1, len(self.content) // 7)
        pieces = [self.content[at : at + 24] for at in range(step, 6 * step, step)]
        telling = [piece for piece in pieces if len(set(piece)) > 12]
        return (self.mark, *telling)


def new_mark() -> bytes:
    return f"planted-{secrets.token_hex(24)}".encode()


def picture(
    name: str = "picture.jpg", *, size: tuple[int, int] = (640, 480)
) -> Planted:
    """A drawing with noise in it, as JPEG with a comment."""
    mark, sink = new_mark(), io.BytesIO()
    _drawing(size, secrets.randbelow(1000)).save(sink, "JPEG", quality=90, comment=mark)
    return Planted(name, sink.getvalue(), mark)


def png(name: str = "picture.png") -> Planted:
    """A drawing as PNG with a text chunk."""
    mark, sink = new_mark(), io.BytesIO()
    _drawing((320, 240), secrets.randbelow(1000)).save(sink, "PNG")
    plain = sink.getvalue()
    chunk = b"tEXtComment\0" + mark
    told = struct.pack(">I", len(chunk) - 4) + chunk
    told += struct.pack(">I", zlib.crc32(chunk))
    return Planted(name, plain[:33] + told + plain[33:], mark)


def video(name: str = "film.mp4", *, seconds: int = 3) -> Planted:
    """A moving drawing with a tone, as H.264 and AAC in MP4, then a `free` box."""
    mark = new_mark()
    return Planted(name, _film(seconds) + box(b"free", mark), mark)


def sound(name: str = "voice.wav", *, seconds: int = 2) -> Planted:
    """A rising tone as WAV, with a chunk of no meaning at the end."""
    mark, sink = new_mark(), io.BytesIO()
    at = np.arange(8000 * seconds) / 8000
    tone = (np.sin(2 * np.pi * (200 + 150 * at) * at) * 12000).astype("<i2")
    with wave.open(sink, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(tone.tobytes())
    body = sink.getvalue()[8:]
    body += b"JUNK" + struct.pack("<I", len(mark)) + mark
    return Planted(name, b"RIFF" + struct.pack("<I", len(body)) + body, mark)


def document(name: str = "letter.pdf") -> Planted:
    """Two pages as PDF, with a comment after the end."""
    mark, sink = new_mark(), io.BytesIO()
    first, second = _drawing((400, 560), 3), _drawing((400, 560), 4)
    first.save(sink, "PDF", save_all=True, append_images=[second])
    return Planted(name, sink.getvalue() + b"\n%" + mark + b"\n", mark)


def box(kind: bytes, body: bytes) -> bytes:
    """A box of an MP4 file."""
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _drawing(size: tuple[int, int], seed: int) -> Image.Image:
    """Noise, a disc and two blocks, elsewhere for each seed: no two are near twins."""
    chance = np.random.default_rng(seed)
    noise = chance.integers(0, 255, (*size[::-1], 3), np.uint8)
    drawn = Image.fromarray(noise // 3 + 60)
    pen = ImageDraw.Draw(drawn)
    for fill in ((20, 90, 120), (230, 220, 90), (200, 40, 30)):
        left, top = (int(chance.integers(0, side // 2)) for side in size)
        right, bottom = left + size[0] // 3, top + size[1] // 3
        draw = pen.ellipse if fill[0] == 200 else pen.rectangle
        draw((left, top, right, bottom), fill=fill)
    return drawn


@cache
def _film(seconds: int) -> bytes:
    sink = io.BytesIO()
    with av.open(sink, "w", format="mp4") as out:
        shown = out.add_stream("libx264", rate=12)
        shown.width, shown.height, shown.pix_fmt = 320, 240, "yuv420p"
        heard = out.add_stream("aac", rate=16000, layout="mono")
        for number in range(12 * seconds):
            out.mux(shown.encode(_frame(number)))
        for number in range(16 * seconds):
            out.mux(heard.encode(_tone(number)))
        out.mux(shown.encode(None))
        out.mux(heard.encode(None))
    return sink.getvalue()


def _frame(number: int) -> av.VideoFrame:
    drawn = _drawing((320, 240), 7)
    ImageDraw.Draw(drawn).rectangle((number * 4, 20, number * 4 + 60, 90), fill="white")
    return av.VideoFrame.from_image(drawn)


def _tone(number: int) -> av.AudioFrame:
    at = (np.arange(1000) + number * 1000) / 16000
    wave_form = (np.sin(2 * np.pi * 440 * at) * 8000).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(wave_form[None, :], "s16", "mono")
    frame.sample_rate, frame.pts = 16000, number * 1000
    frame.time_base = Fraction(1, 16000)
    return frame
