"""Cells as something a page can show, made on request and never stored.

    picture(preview, tier, item_id)  whatever there is: PNG, or SVG for tile and sound
    data_uri(...)                    the same as a data: address
    png                              one pixel a cell; the page scales and blurs it
    soft_png, storyboard_png         already large and soft, for posters and sheets
    waveform_svg, sealed_tile_svg    bars, and the pattern of an item shown nothing of

Every PNG is IHDR, IDAT, IEND with stored (uncompressed) rows: its length depends on
family, tier and orientation alone. A grey haze is 122 bytes. Trace takes only the first
still of a video and has no storyboard; it is for those who shall not see movement.
"""

from __future__ import annotations

import base64
import hashlib
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from blur.cells import (
    BARS,
    CLIP_SIDES,
    SECONDS_PER_STILL,
    STILL,
    STILLS,
    TRACE,
    chroma_offset,
    shown_value,
    trace_of,
)
from blur.kinds import Family
from blur.preview import Preview, PreviewTier

SOFT_SCALE = 12  # pixels of a soft picture for each cell
_SHEET_COLUMNS = 4
SHEET_GAP = 6
_SHEET_GROUND = 128
TILE_SIZE = (320, 240)  # of sealed tiles and of sounds
CLIP_SECONDS = STILLS * SECONDS_PER_STILL
_MEDIA_PNG, _MEDIA_SVG = "image/png", "image/svg+xml"


class NothingToShow(ValueError):
    """This preview has no such picture at this tier; show the sealed tile."""


@dataclass(frozen=True)
class Picture:
    """Bytes and what they are."""

    media_type: str
    content: bytes


def picture(preview: Preview | None, tier: str, item_id: str) -> Picture:
    """What this tier may show; without a preview, or sealed, the item's tile."""
    if preview is None or preview.sealed or PreviewTier(tier) is PreviewTier.SEALED:
        return Picture(_MEDIA_SVG, sealed_tile_svg(item_id).encode())
    if preview.family is Family.AUDIO:
        wave = waveform_svg(preview, tier)
        return Picture(_MEDIA_SVG, _WAVE_TILE.format(wave=wave).encode())
    return Picture(_MEDIA_PNG, png(preview, tier))


@lru_cache(maxsize=4096)
def data_uri(preview: Preview | None, tier: str, item_id: str) -> str:
    """`picture` as an address that needs no request."""
    shown = picture(preview, tier, item_id)
    return f"data:{shown.media_type};base64,{base64.b64encode(shown.content).decode()}"


def png(preview: Preview, tier: str) -> bytes:
    """One pixel for each cell of the picture, the page, or the video's poster.

    :raises NothingToShow: a sound, or sealed
    """
    plane = _plane(preview, PreviewTier(tier))
    return _encoded(plane.width, plane.height, plane.channels)


def soft_png(preview: Preview, tier: str) -> bytes:
    """The same, smoothly enlarged twelve times: for where no style sheet reaches.

    :raises NothingToShow: a sound, or sealed
    """
    plane = _plane(preview, PreviewTier(tier))
    size = (plane.width * SOFT_SCALE, plane.height * SOFT_SCALE)
    channels = [_soft(channel, plane, size) for channel in plane.channels]
    return _encoded(*size, channels)


def soft_size(preview: Preview, tier: str) -> tuple[int, int]:
    """Width and height of `soft_png`, in pixels.

    :raises NothingToShow: a sound, or sealed
    """
    plane = _plane(preview, PreviewTier(tier))
    return plane.width * SOFT_SCALE, plane.height * SOFT_SCALE


def clip_size(preview: Preview) -> tuple[int, int]:
    """Width and height of a film's clip, in pixels."""
    return CLIP_SIDES[::-1] if preview.upright else CLIP_SIDES


def storyboard_png(preview: Preview, tier: str) -> bytes:
    """A video's eight stills on one sheet, four by two, grey and soft.

    :raises NothingToShow: not a video, or a tier below haze
    """
    seen = PreviewTier(tier) in (PreviewTier.HAZE, PreviewTier.COLOUR_HAZE)
    if preview.sealed or preview.family is not Family.VIDEO or not seen:
        raise NothingToShow
    columns, rows = STILL.shape(upright=preview.upright)
    tile = (columns * SOFT_SCALE, rows * SOFT_SCALE)
    planes = [_grey_plane(still, (columns, rows)) for still in preview.stills]
    return _sheet([_soft(plane.channels[0], plane, tile) for plane in planes], tile)


def waveform_svg(preview: Preview, tier: str) -> str:
    """A sound's bars, sixty-four of them; at trace sixteen of four heights.

    Drawn in `currentColor`, to be put into a page as it is.

    :raises NothingToShow: not a sound, or sealed
    """
    chosen = PreviewTier(tier)
    if (
        preview.sealed
        or preview.family is not Family.AUDIO
        or chosen is PreviewTier.SEALED
    ):
        raise NothingToShow
    bars = preview.cells
    if chosen is PreviewTier.TRACE:
        merged = [max(bars[at : at + 4]) // 2 * 2 + 1 for at in range(0, BARS, 4)]
        bars = bytes(bar for bar in merged for _ in range(4))
    return _WAVEFORM.format(bars="".join(_bar(at, bar) for at, bar in enumerate(bars)))


def sealed_tile_svg(item_id: str) -> str:
    """A quiet pattern drawn from the item's random id, and from nothing else."""
    drawn = hashlib.sha256(b"vigil tile\0" + item_id.encode()).digest()
    bands = "".join(
        _BAND.format(
            y=24 + 30 * row,
            lift=drawn[2 * row] % 40 - 20,
            dip=drawn[2 * row + 1] % 40 - 20,
            shade=8 + drawn[16 + row] % 10,
        )
        for row in range(7)
    )
    return _TILE.format(hue=200 + drawn[31] % 60, bands=bands)


_WAVEFORM = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 160">'
    '<g fill="currentColor">{bars}</g></svg>'
)
_WAVE_TILE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 240">'
    '<rect width="320" height="240" fill="hsl(220,14%,34%)"/>'
    '<svg x="24" y="86" width="272" height="68" color="#c6ccd8">{wave}</svg></svg>'
)
_TILE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 240">'
    '<rect width="320" height="240" fill="hsl({hue:03d},14%,34%)"/>'
    '<g fill="none" stroke="#fff" stroke-width="14">{bands}</g></svg>'
)
_BAND = (
    '<path stroke-opacity="0.{shade:02d}" '
    'd="M-20 {y:03d}c90 {lift:+04d} 90 {dip:+04d} 180 0s90 {lift:+04d} 180 0"/>'
)


def _bar(at: int, level: int) -> str:
    height = 8 + 20 * level
    return (
        f'<rect x="{at * 10 + 2:03d}" y="{80 - height // 2:03d}" '
        f'width="6" height="{height:03d}" rx="3"/>'
    )


# Planes ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Plane:
    width: int
    height: int
    channels: list[bytes]  # one of grey, or red, green and blue


def _plane(preview: Preview, tier: PreviewTier) -> _Plane:
    stills = preview.stills
    if not stills or tier is PreviewTier.SEALED:
        raise NothingToShow
    poster = stills[len(stills) // 2]
    grid = preview.grid
    if tier is PreviewTier.TRACE:
        cells = trace_of(poster, grid, upright=preview.upright)
        return _grey_plane(cells, TRACE.shape(upright=preview.upright))
    plane = _grey_plane(poster, grid.shape(upright=preview.upright))
    if tier is PreviewTier.COLOUR_HAZE:
        return _coloured(plane, preview.chroma)
    return plane


def _grey_plane(cells: bytes, shape: tuple[int, int]) -> _Plane:
    return _Plane(*shape, [bytes(map(shown_value, cells))])


def _coloured(plane: _Plane, chroma: bytes) -> _Plane:
    size = (plane.width, plane.height)
    blue, red = _spread(chroma[:4], size), _spread(chroma[4:], size)
    points = list(zip(plane.channels[0], blue, red, strict=True))
    return _Plane(
        *size,
        [
            bytes(_byte(y + 1.402 * r) for y, _, r in points),
            bytes(_byte(y - 0.344 * b - 0.714 * r) for y, b, r in points),
            bytes(_byte(y + 1.772 * b) for y, b, _ in points),
        ],
    )


@lru_cache(maxsize=1024)
def _spread(levels: bytes, size: tuple[int, int]) -> tuple[float, ...]:
    """One colour over the whole plane; there are not many that four levels can be."""
    return tuple(enlarged([chroma_offset(each) for each in levels], (2, 2), size))


def _soft(channel: bytes, plane: _Plane, size: tuple[int, int]) -> bytes:
    values = enlarged(channel, (plane.width, plane.height), size)
    return bytes(map(_byte, values))


def _byte(value: float) -> int:
    return min(255, max(0, round(value)))


Weights = tuple[tuple[tuple[int, float], ...], ...]


def enlarged(
    values: Sequence[float], have: tuple[int, int], want: tuple[int, int]
) -> list[float]:
    """Cubic B-spline: no edge of a cell is left to see, and nothing overshoots."""
    across = _spline(have[0], want[0])
    down = _spline(have[1], want[1])
    rows = [
        [sum(values[y * have[0] + x] * share for x, share in taps) for taps in across]
        for y in range(have[1])
    ]
    return [
        sum(rows[y][x] * share for y, share in taps)
        for taps in down
        for x in range(want[0])
    ]


@lru_cache(maxsize=64)
def _spline(have: int, want: int) -> Weights:
    return tuple(_taps((at + 0.5) * have / want - 0.5, have) for at in range(want))


def _taps(centre: float, have: int) -> tuple[tuple[int, float], ...]:
    base = int(centre // 1)
    f = centre - base
    shares = (
        (1 - f) ** 3 / 6,
        (3 * f**3 - 6 * f**2 + 4) / 6,
        (-3 * f**3 + 3 * f**2 + 3 * f + 1) / 6,
        f**3 / 6,
    )
    return tuple(
        (min(have - 1, max(0, base - 1 + step)), share)
        for step, share in enumerate(shares)
    )


def _sheet(tiles: list[bytes], tile: tuple[int, int]) -> bytes:
    width = _SHEET_COLUMNS * (tile[0] + SHEET_GAP) - SHEET_GAP
    height = STILLS // _SHEET_COLUMNS * (tile[1] + SHEET_GAP) - SHEET_GAP
    sheet = bytearray([_SHEET_GROUND]) * (width * height)
    for number, content in enumerate(tiles):
        left = number % _SHEET_COLUMNS * (tile[0] + SHEET_GAP)
        top = number // _SHEET_COLUMNS * (tile[1] + SHEET_GAP)
        for row in range(tile[1]):
            at = (top + row) * width + left
            sheet[at : at + tile[0]] = content[row * tile[0] : (row + 1) * tile[0]]
    return _encoded(width, height, [bytes(sheet)])


# PNG ------------------------------------------------------------------------------

_GREY, _RGB = 0, 2


def _encoded(width: int, height: int, channels: Sequence[bytes]) -> bytes:
    """Eight bits a channel, rows unfiltered and stored: the length tells nothing."""
    colour = _GREY if len(channels) == 1 else _RGB
    pixels = channels[0] if colour == _GREY else _interleaved(channels)
    stride = width * len(channels)
    rows = b"".join(
        b"\0" + pixels[at : at + stride] for at in range(0, len(pixels), stride)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(rows, 0)),
            _chunk(b"IEND", b""),
        )
    )


def _interleaved(channels: Sequence[bytes]) -> bytes:
    return bytes(value for point in zip(*channels, strict=True) for value in point)


def _chunk(name: bytes, body: bytes) -> bytes:
    check = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)
