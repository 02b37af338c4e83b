"""Documents, in the child: page one of a PDF, drawn straight to a thumbnail."""

from __future__ import annotations

from typing import IO

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from blur.errors import Encrypted, Unreadable

SIDE = 128
_PASSWORD = pdfium.FPDF_ERR_PASSWORD
_LEAST_POINTS = 0.01


def first_page(
    source: IO[bytes], side: int = SIDE
) -> tuple[Image.Image, tuple[int, int], int]:
    """Page one at `side` pixels, its size in points, and how many pages there are.

    :raises Encrypted: it opens only with a password
    :raises Unreadable: not a PDF, damaged, or without pages
    """
    try:
        return _drawn(pypdfium2.PdfDocument(source), side)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD:
            raise Encrypted from error
        raise Unreadable(detail="PdfiumError") from error


def _drawn(
    document: pypdfium2.PdfDocument, side: int
) -> tuple[Image.Image, tuple[int, int], int]:
    pages = len(document)
    if not pages:
        raise Unreadable(detail="NoPages")
    page = document[0]
    width, height = page.get_size()
    if not _LEAST_POINTS < min(width, height):
        raise Unreadable(detail="NoSize")
    picture = page.render(scale=side / max(width, height)).to_pil()
    return picture.convert("RGB"), (round(width), round(height)), pages
