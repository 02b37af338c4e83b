"""One view of a file for one reveal, in the child: drawn from the original, bare.

The picture is decoded as large as the view needs and no larger. What leaves is made
from raw pixels, so that nothing the file says beside its picture goes along.
"""

from __future__ import annotations

import io
import struct
from functools import partial
from typing import IO, TYPE_CHECKING, Final

from PIL import Image, ImageOps

from blur.errors import TooLarge
from blur.kinds import Family
from blur.stamping import Mark, stamped
from blur.steps import TILE_SIDE, WHOLE, Tile, grid, parsed

if TYPE_CHECKING:
    from blur.child import Job

QUALITY: Final = 88
GAUGE_SIDE: Final = 1600
SHEET_COLUMNS: Final = 4
_GAP = 4


def drawn(job: Job, source: IO[bytes]) -> bytes:
    """The view as a JPEG; nothing for a tile that lies outside the picture.

    :raises BlurError: why the file cannot be opened
    """
    if job.view == WHOLE:
        full = _picture(job, source, job.limits.pixels)  # longer than any side
        return _written(job, full, grey=False)
    view = parsed(job.view)
    if isinstance(view, Tile):
        return _tile(job, source, view)
    whole = _WHOLE[job.kind.family](job, source, view.side)
    whole.thumbnail((view.side, view.side), Image.Resampling.LANCZOS)
    return _written(job, whole, grey=view.is_grey)


def gauged(job: Job, source: IO[bytes]) -> bytes:
    """Grey levels of the picture, or of a film's stills, each after its size.

    :raises BlurError: why the file cannot be opened
    """
    if job.kind.family is Family.VIDEO:
        pictures = _stills(job, source, GAUGE_SIDE)
    else:
        pictures = [_picture(job, source, GAUGE_SIDE)]
    parts = []
    for picture in pictures:
        picture.thumbnail((GAUGE_SIDE, GAUGE_SIDE), Image.Resampling.BOX)
        grey = picture.convert("L")
        parts.append(struct.pack(">II", *grey.size) + grey.tobytes())
    return b"".join(parts)


def pictures(job: Job, source: IO[bytes], side: int) -> list[Image.Image]:
    """The picture, a film's eight stills, or a document's first page.

    :raises BlurError: why the file cannot be opened
    """
    if job.kind.family is Family.VIDEO:
        return _stills(job, source, side)
    return [_WHOLE[job.kind.family](job, source, side)]


def _written(job: Job, picture: Image.Image, *, grey: bool) -> bytes:
    shown = picture.convert("L" if grey else "RGB")
    if job.mark is not None:
        shown = stamped(shown, Mark.from_json(job.mark))
    return as_jpeg(shown, grey=grey)


def as_jpeg(picture: Image.Image, *, grey: bool, quality: int = QUALITY) -> bytes:
    """The pixels and nothing else."""
    bare = picture.convert("L" if grey else "RGB")
    bare = Image.frombytes(bare.mode, bare.size, bare.tobytes())
    written = io.BytesIO()
    bare.save(written, "JPEG", quality=quality, optimize=False)
    return written.getvalue()


def _tile(job: Job, source: IO[bytes], tile: Tile) -> bytes:
    whole = _picture(job, source, TILE_SIDE * min(grid(upright=False)))
    columns, rows = grid(upright=whole.height > whole.width)
    if tile.column >= columns or tile.row >= rows:
        return b""
    left, right = (whole.width * (tile.column + n) // columns for n in (0, 1))
    top, bottom = (whole.height * (tile.row + n) // rows for n in (0, 1))
    if left == right or top == bottom:
        raise TooLarge(detail="Flat")  # a line: its cells hold no pixel to show
    cut = whole.crop((left, top, right, bottom))
    cut.thumbnail((TILE_SIDE, TILE_SIDE), Image.Resampling.LANCZOS)
    if job.mark is not None:  # its words need room, which shows no more of the picture
        cut = ImageOps.contain(cut, (TILE_SIDE, TILE_SIDE), Image.Resampling.BICUBIC)
    return _written(job, cut, grey=True)


def _picture(job: Job, source: IO[bytes], side: int) -> Image.Image:
    from blur.image import small_picture

    return small_picture(source, job.size, job.kind, job.limits, side)[0]


def _page(_job: Job, source: IO[bytes], side: int) -> Image.Image:
    from blur.document import first_page

    return first_page(source, side)[0]


def _sheet(job: Job, source: IO[bytes], side: int) -> Image.Image:
    """Eight stills in two rows; each a quarter of the sheet's width."""
    stills = _stills(job, source, side // SHEET_COLUMNS - _GAP)
    width = max(still.width for still in stills)
    height = max(still.height for still in stills)
    rows = -(-len(stills) // SHEET_COLUMNS)
    sheet = Image.new(
        "RGB", ((width + _GAP) * SHEET_COLUMNS, (height + _GAP) * rows), (0, 0, 0)
    )
    for number, still in enumerate(stills):
        row, column = divmod(number, SHEET_COLUMNS)
        sheet.paste(still, ((width + _GAP) * column, (height + _GAP) * row))
    return sheet


def _stills(job: Job, source: IO[bytes], side: int) -> list[Image.Image]:
    from blur.container import anew, opened
    from blur.video import Film

    with opened(source, job.kind) as container:
        again = partial(anew, source, job.kind)
        return Film(container, job.limits, side, again=again).stills()


_WHOLE: Final = {
    Family.IMAGE: _picture,
    Family.DOCUMENT: _page,
    Family.VIDEO: _sheet,
}
