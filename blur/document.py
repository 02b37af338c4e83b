"""Documents, in the child: page one of a PDF, drawn straight to a thumbnail."""

from __future__ import annotations

from typing import IO, Protocol

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


def bare_pages(source: IO[bytes], sink: Sink) -> None:
    """Write a new PDF of the same pages, without title, author, XMP and attachments.

    :raises Encrypted: it opens only with a password
    :raises Unreadable: not a PDF, damaged, or without pages
    """
    try:
        document = pypdfium2.PdfDocument(source)
        if not len(document):
            raise Unreadable(detail="NoPages")
        bare = pypdfium2.PdfDocument.new()
        bare.import_pages(document)
        bare.save(sink)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD:
            raise Encrypted from error
        raise Unreadable(detail="PdfiumError") from error


class Sink(Protocol):
    """Where a document is written, in order."""

    def write(self, data: bytes, /) -> int:
        """Take all of it."""
        ...


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
