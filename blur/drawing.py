"""One view of a file for one reveal, in the child: drawn from the original, bare.

The picture is decoded as large as the view needs and no larger. What leaves is made
from raw pixels, so that nothing the file says beside its picture goes along.
"""

from __future__ import annotations

import io
from functools import partial
from typing import IO, TYPE_CHECKING, Final

from PIL import Image

from blur.errors import TooLarge
from blur.kinds import Family
from blur.steps import TILE_SIDE, Tile, grid, parsed

if TYPE_CHECKING:
    from blur.child import Job

QUALITY: Final = 88
SHEET_COLUMNS: Final = 4
_GAP = 4


def drawn(job: Job, source: IO[bytes]) -> bytes:
    """The view as a JPEG; nothing for a tile that lies outside the picture.

    :raises BlurError: why the file cannot be opened
    """
    view = parsed(job.view)
    if isinstance(view, Tile):
        return _tile(job, source, view)
    whole = _WHOLE[job.kind.family](job, source, view.side)
    whole.thumbnail((view.side, view.side), Image.Resampling.LANCZOS)
    return as_jpeg(whole, grey=view.is_grey)


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
    return as_jpeg(cut, grey=True)


def _picture(job: Job, source: IO[bytes], side: int) -> Image.Image:
    from blur.image import small_picture

    return small_picture(source, job.size, job.kind, job.limits, side)[0]


def _page(_job: Job, source: IO[bytes], side: int) -> Image.Image:
    from blur.document import first_page

    return first_page(source, side)[0]


def _sheet(job: Job, source: IO[bytes], side: int) -> Image.Image:
    """Eight stills in two rows; each a quarter of the sheet's width."""
    from blur.container import anew, opened
    from blur.video import Film

    with opened(source, job.kind) as container:
        again = partial(anew, source, job.kind)
        film = Film(container, job.limits, side // SHEET_COLUMNS - _GAP, again=again)
        stills = film.stills()
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


_WHOLE: Final = {
    Family.IMAGE: _picture,
    Family.DOCUMENT: _page,
    Family.VIDEO: _sheet,
}
