"""Sounds are sixty-four bars whatever their length; of documents, page one counts."""

from __future__ import annotations

import io

import numpy as np
import pypdfium2
import pytest
from PIL import Image

import blur
from blur.cells import BARS, grey_value
from blur.errors import TooLong, UnknownCodec
from blur.kinds import KINDS, Family
from blur.limits import Limits
from blur.preview import DurationBucket, PageBucket


def tone(seconds: float, rate: int = 8000) -> np.ndarray:
    return np.sin(np.arange(int(seconds * rate)) / 5) * 12_000


@pytest.mark.parametrize("seconds", [0.05, 1, 7, 90])
def test_a_sound_has_sixty_four_bars_whatever_its_length(seconds, wave, preview_of):
    preview = preview_of(wave(tone(seconds)))
    assert preview.family is Family.AUDIO
    assert len(preview.cells) == BARS
    assert max(preview.cells) == 7
    assert len(preview.to_bytes()) == 33


def test_bars_follow_loud_and_quiet(wave, preview_of):
    loud, quiet = tone(8), tone(8) / 50
    bars = preview_of(wave(np.concatenate([quiet, loud]))).cells
    assert max(bars[:30]) <= 2
    assert min(bars[34:]) == 7


def test_silence_is_flat(wave, preview_of):
    preview = preview_of(wave(np.zeros(16_000)))
    assert preview.cells == bytes(BARS)
    assert not preview.sealed


class Repeated:
    """Hours of a sound that nobody has to hold: a head, then one block for ever."""

    def __init__(self, head: bytes, block: bytes, times: int) -> None:
        self._head, self._block = head, block
        self.size = len(head) + len(block) * times
        self.served = 0

    def read_range(self, offset: int, length: int) -> bytes:
        self.served += length
        length = min(length, self.size - offset)
        start = max(0, offset - len(self._head)) % len(self._block)
        behind = self._block[start:] + self._block * (length // len(self._block) + 1)
        return (self._head[offset:] + behind)[:length]


def test_nine_hours_are_heard_through_sixty_four_windows(wave, noise_key):
    block = tone(1).astype("<i2").tobytes()
    times = 9 * 3600
    head = bytearray(wave(np.zeros(0)))
    head[40:44] = (len(block) * times).to_bytes(4, "little")
    head[4:8] = (len(block) * times + 36).to_bytes(4, "little")
    source = Repeated(bytes(head), block, times)
    preview = blur.make_preview(source, KINDS["wav"], noise_key, b"item")
    assert preview.cells == bytes([7] * BARS)
    assert preview.duration is DurationBucket.LONGER
    assert source.served < source.size / 20


def test_a_sound_longer_than_allowed_is_refused(wave):
    with pytest.raises(TooLong):
        blur.probe(io.BytesIO(wave(tone(3))), KINDS["wav"], Limits(seconds=2))


def test_a_sound_in_an_unknown_code_says_so(wave):
    data = bytearray(wave(tone(1)))
    data[20:22] = (0x0270).to_bytes(2, "little")  # ATRAC3
    with pytest.raises(UnknownCodec) as refusal:
        blur.probe(io.BytesIO(bytes(data)), KINDS["wav"])
    assert refusal.value.code == "unknown_codec"


def pdf(*pages: Image.Image) -> bytes:
    target = io.BytesIO()
    pages[0].save(target, "PDF", save_all=True, append_images=pages[1:])
    return target.getvalue()


def test_page_one_is_what_shows(preview_of, probe_of):
    dark, bright = Image.new("L", (300, 400), 20), Image.new("L", (300, 400), 240)
    preview = preview_of(pdf(dark, bright, bright))
    assert preview.family is Family.DOCUMENT
    assert preview.upright
    assert preview.pages is PageBucket.UP_TO_10
    assert np.mean([grey_value(c) for c in preview.cells]) < 80
    assert probe_of(pdf(dark, bright)).pages == 2


def test_a_page_of_any_size_is_drawn_small(preview_of):
    document = pypdfium2.PdfDocument.new()
    document.new_page(14_400, 14_400)
    target = io.BytesIO()
    document.save(target)
    preview = preview_of(target.getvalue())
    assert not preview.sealed
    assert np.mean([grey_value(c) for c in preview.cells]) > 200


def test_a_document_without_pages_or_cut_short_is_sealed(preview_of):
    whole = pdf(Image.new("L", (300, 400)))
    assert preview_of(b"%PDF-1.7\n%%EOF").reason == "unreadable"
    assert preview_of(whole[:200]).reason == "unreadable"
