"""Pictures: bounded before decoding, first frame only, turned upright, bare."""

from __future__ import annotations

import io
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

import blur
from blur import render
from blur.cells import HAZE, grey_value
from blur.errors import BlurError, TooManyPixels, Unreadable
from blur.kinds import KINDS, Family
from blur.preview import PreviewTier

CANARY = "CANARY-Stepanakert-40.0-46.7"


def halves(left: str, right: str, size: tuple[int, int] = (160, 120)) -> Image.Image:
    picture = Image.new("RGB", size, left)
    picture.paste(right, (size[0] // 2, 0, size[0], size[1]))
    return picture


def columns(preview) -> np.ndarray:
    """Mean brightness of each column of cells."""
    shape = HAZE.shape(upright=preview.upright)[::-1]
    return np.array([grey_value(c) for c in preview.cells]).reshape(shape).mean(0)


@pytest.mark.parametrize(
    "file_format", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"]
)
def test_every_format_shows_its_dark_and_bright_side(file_format, encoded, preview_of):
    preview = preview_of(encoded(halves("black", "white"), file_format))
    left, right = columns(preview)[:4].mean(), columns(preview)[4:].mean()
    assert preview.family is Family.IMAGE
    assert right - left > 150


def test_the_same_file_item_and_key_give_the_same_bytes(encoded, preview_of):
    data = encoded(halves("navy", "orange"))
    once = preview_of(data, b"one").to_bytes()
    assert once == preview_of(data, b"one").to_bytes()
    assert once != preview_of(data, b"two").to_bytes()


def exif() -> Image.Exif:
    tags = Image.Exif()
    tags[0x010E] = CANARY  # description
    tags[0x013B] = CANARY  # artist
    tags.get_ifd(0x8825)[29] = CANARY  # a date of the place
    return tags


def laden(file_format: str, encoded) -> bytes:
    """A picture with the canary in every place its format has for words."""
    picture = halves("gray", "white")
    if file_format == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", CANARY)
        text.add_itxt("XML:com.adobe.xmp", f"<x>{CANARY}</x>")
        return encoded(picture, "PNG", pnginfo=text, exif=exif())
    options = {"exif": exif(), "icc_profile": b"\0" * 128 + CANARY.encode()}
    if file_format == "JPEG":
        options |= {"comment": CANARY, "xmp": f"<x>{CANARY}</x>".encode()}
    if file_format == "GIF":
        options = {"comment": CANARY}
    return encoded(picture, file_format, **options)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "AVIF"])
def test_nothing_written_in_the_file_comes_out(file_format, encoded, preview_of):
    data = laden(file_format, encoded)
    assert CANARY.encode() in data
    preview = preview_of(data)
    assert not preview.sealed
    shown = [preview.to_bytes(), render.soft_png(preview, "colour-haze")]
    shown += [render.picture(preview, tier, "item").content for tier in PreviewTier]
    assert all(b"CANARY" not in each and b"40.0" not in each for each in shown)


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_later_frames_change_nothing(file_format, encoded, preview_of):
    first = halves("black", "white")
    later = [Image.new("RGB", first.size, each) for each in ("red", "yellow", "black")]
    moving = encoded(first, file_format, save_all=True, append_images=later)
    assert Image.open(io.BytesIO(moving)).n_frames == 4
    assert preview_of(moving).cells == preview_of(encoded(first, file_format)).cells


def test_what_lies_under_full_transparency_does_not_show(encoded, preview_of):
    hidden = [halves("black", "white"), halves("white", "black")]

    def seen_at(alpha: int) -> list[bytes]:
        for picture in hidden:
            picture.putalpha(alpha)
        return [preview_of(encoded(picture)).cells for picture in hidden]

    one, other = seen_at(0)
    assert one == other
    one, other = seen_at(255)
    assert one != other  # the control: it is the alpha that hides them


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_photographs_are_seen_upright(
    orientation, encoded, preview_of, probe_of
):
    tags = Image.Exif()
    tags[0x0112] = orientation
    data = encoded(halves("black", "white"), "JPEG", exif=tags)
    preview, probe = preview_of(data), probe_of(data)
    turned = orientation >= 5
    assert preview.upright is turned
    assert (probe.width, probe.height) == ((120, 160) if turned else (160, 120))
    if orientation in (1, 4):
        assert columns(preview)[-1] > columns(preview)[0] + 150
    if orientation in (2, 3):
        assert columns(preview)[0] > columns(preview)[-1] + 150


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "CMYK", "I;16", "RGBA"])
def test_every_mode_keeps_light_and_dark(mode, encoded, preview_of):
    if mode == "I;16":
        deep = np.repeat(np.linspace(0, 65535, 160)[None], 120, axis=0)
        picture = Image.fromarray(deep.astype(np.uint16))
    else:
        picture = halves("black", "white").convert(mode)
    file_format = "TIFF" if mode == "CMYK" else "PNG"
    seen = columns(preview_of(encoded(picture, file_format)))
    assert seen[-2:].mean() - seen[:2].mean() > 120


# Bombs and damage -------------------------------------------------------------------


def png_claiming(width: int, height: int) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + check

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width // 8 + 1) * min(height, 2000)), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows)


def progressive_claiming(width: int, height: int, encoded) -> bytes:
    data = bytearray(encoded(Image.new("RGB", (64, 64)), "JPEG", progressive=True))
    at = data.index(b"\xff\xc2") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


@pytest.mark.parametrize("size", [(12_000, 12_000), (30_000, 30_000), (60_000_000, 3)])
def test_a_bomb_is_refused_before_it_is_unpacked(size, probe_of, preview_of):
    bomb = png_claiming(*size)
    assert len(bomb) < 400_000
    started = time.monotonic()
    with pytest.raises(TooManyPixels):
        probe_of(bomb)
    assert preview_of(bomb).reason == "too_many_pixels"
    assert time.monotonic() - started < 20


def test_a_progressive_photograph_has_the_lower_limit(encoded, probe_of):
    with pytest.raises(TooManyPixels):
        probe_of(progressive_claiming(8000, 7600, encoded))
    assert probe_of(progressive_claiming(640, 640, encoded)).width == 640


def test_words_that_unpack_to_two_hundred_mebibytes_are_refused(preview_of, encoded):
    plain = encoded(Image.new("L", (8, 8)))
    body = b"Comment\0\0" + zlib.compress(bytes(200 << 20), 9)
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body
    chunk += struct.pack(">I", zlib.crc32(b"zTXt" + body))
    assert preview_of(plain[:33] + chunk + plain[33:]).sealed


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF", "GIF", "AVIF", "BMP"])
def test_a_picture_cut_short_is_sealed_with_the_reason(
    file_format, encoded, preview_of, probe_of
):
    chance = np.random.default_rng(1)
    noise = Image.fromarray(chance.integers(0, 255, (90, 120, 3), dtype=np.uint8))
    data = encoded(noise, file_format)
    cut = data[: len(data) // 3]
    with pytest.raises(Unreadable):
        probe_of(cut)
    preview = preview_of(cut)
    assert (preview.reason, preview.cells) == ("unreadable", b"")


def test_a_photograph_cut_short_still_shows_what_there_is(encoded, preview_of):
    data = encoded(halves("black", "white", (640, 480)), "JPEG")
    assert not preview_of(data[: len(data) * 3 // 4]).sealed


@pytest.mark.parametrize(
    ("start", "tail"),
    [
        ("GIF", b"*/=1;alert(document.domain)//"),
        ("JPEG", b"<html><script>alert(1)</script></html>"),
        ("PNG", b"PK\x03\x04" + bytes(30)),
        ("BMP", b"%PDF-1.7 1 0 obj"),
    ],
)
def test_a_second_nature_behind_a_picture_is_dropped(start, tail, encoded, preview_of):
    picture = halves("black", "white")
    plain = encoded(picture, start)
    preview = preview_of(plain + tail)
    assert preview.cells == preview_of(plain).cells
    assert tail not in render.png(preview, "haze")


def test_one_kind_under_the_name_of_another_is_not_opened_by_guessing(encoded):
    data = encoded(halves("red", "blue"), "TIFF")
    with pytest.raises(BlurError) as refusal:
        blur.probe(io.BytesIO(data), KINDS["png"])
    assert refusal.value.code == "unreadable"
