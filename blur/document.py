"""Documents, in the child: page one of a PDF as a thumbnail, and its text layer."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Protocol

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from blur.errors import Encrypted, Unreadable

SIDE = 128
TEXT_PAGES = 20
TEXT_LETTERS = 400_000
_PASSWORD = pdfium.FPDF_ERR_PASSWORD
_LEAST_POINTS = 0.01


def first_page(
    source: IO[bytes], side: int = SIDE
) -> tuple[Image.Image, tuple[int, int], int]:
    """Page one at `side` pixels, its size in points, and how many pages there are.

    :raises Encrypted: it opens only with a password
    :raises Unreadable: not a PDF, damaged, or without pages
    """
    with _told():
        return _drawn(pypdfium2.PdfDocument(source), side)


def bare_pages(source: IO[bytes], sink: Sink) -> None:
    """Write a new PDF of the same pages, without title, author, XMP and attachments.

    :raises Encrypted: it opens only with a password
    :raises Unreadable: not a PDF, damaged, or without pages
    """
    with _told():
        document = _with_pages(source)
        bare = pypdfium2.PdfDocument.new()
        bare.import_pages(document)
        bare.save(sink)


def drawn_pages(
    source: IO[bytes], scale: float, most: int
) -> Iterator[tuple[Image.Image, tuple[float, float], float]]:
    """Every page as a picture, its size in points, and how much is drawn (0 to 1).

    `scale` is in pixels for each point; no side gets longer than `most` pixels.

    :raises Encrypted: it opens only with a password
    :raises Unreadable: not a PDF, damaged, or without pages
    """
    with _told():
        document = _with_pages(source)
        for number in range(len(document)):
            page = document[number]
            width, height = page.get_size()
            if not _LEAST_POINTS < min(width, height):
                raise Unreadable(detail="NoSize")
            fitting = min(scale, most / max(width, height))
            picture = page.render(scale=fitting).to_pil().convert("RGB")
            page.close()
            yield picture, (width, height), (number + 1) / len(document)


def written_pages(
    pages: Iterable[tuple[bytes, tuple[float, float]]], sink: Sink
) -> None:
    """Write a PDF in which each page is one JPEG of the size given in points.

    :raises Unreadable: what the pages come from is damaged
    """
    with _told():
        written = pypdfium2.PdfDocument.new()
        for jpeg, (width, height) in pages:
            page = written.new_page(width, height)
            image = pypdfium2.PdfImage.new(written)
            image.load_jpeg(io.BytesIO(jpeg), inline=True)
            image.set_matrix(pypdfium2.PdfMatrix().scale(width, height))
            page.insert_obj(image)
            page.gen_content()
            page.close()
        written.save(sink)


@contextmanager
def _told() -> Iterator[None]:
    """The errors of the library, as ours."""
    try:
        yield
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD:
            raise Encrypted from error
        raise Unreadable(detail="PdfiumError") from error


def _with_pages(source: IO[bytes]) -> pypdfium2.PdfDocument:
    document = pypdfium2.PdfDocument(source)
    if not len(document):
        raise Unreadable(detail="NoPages")
    return document


def text_of(source: IO[bytes]) -> str:
    """The text layer of the first pages; nothing where there is none.

    :raises Unreadable: not a PDF, or damaged
    """
    source.seek(0)
    try:
        document = pypdfium2.PdfDocument(source)
        pages = [document[at] for at in range(min(len(document), TEXT_PAGES))]
        parts = [page.get_textpage().get_text_bounded() for page in pages]
    except pypdfium2.PdfiumError as error:
        raise Unreadable(detail="PdfiumError") from error
    return "\n".join(parts)[:TEXT_LETTERS]


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
