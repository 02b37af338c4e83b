"""File names that people give, on their way into a header."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.web.answer.disposition import NAME_BYTES, content_disposition, safe_name


def _encoded(value: str) -> str:
    return unquote(value.split("filename*=UTF-8''")[1])


def test_a_plain_name_stands_as_it_is() -> None:
    assert (
        content_disposition("image/jpeg", "photo 1.jpg")
        == 'inline; filename="photo 1.jpg"'
    )


@pytest.mark.parametrize(
    "media_type", ["image/svg+xml", "text/html", "application/pdf", "image/tiff", ""]
)
def test_what_a_browser_could_run_is_saved_not_opened(media_type: str) -> None:
    assert content_disposition(media_type, "x").startswith("attachment; ")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ('a"b\\c;d.jpg', "c;d.jpg"),
        ("a\r\nSet-Cookie: x=1.jpg", "aSet-Cookie: x=1.jpg"),
        ("Շուշի.mp4", "Շուշի.mp4"),
        ("😀.png", "😀.png"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("../../etc/passwd", "passwd"),
        ("\x00", "file"),
        ("...", "file"),
    ],
)
def test_a_strange_name_is_made_harmless_and_kept(name: str, kept: str) -> None:
    """Requirement 72."""
    assert safe_name(name) == kept
    header = content_disposition("image/jpeg", name)
    told = _encoded(header) if "filename*" in header else header.split('"')[1]
    assert told == kept


@given(st.text(max_size=400), st.sampled_from(["image/jpeg", "application/pdf"]))
def test_no_name_breaks_the_header(name: str, media_type: str) -> None:
    """Requirement 72."""
    header = content_disposition(media_type, name)

    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    assert len(safe_name(name).encode()) <= NAME_BYTES


def test_a_long_name_keeps_its_ending() -> None:
    """Requirement 72."""
    assert safe_name("ա" * 300 + ".jpeg").endswith(".jpeg")
    assert len(safe_name("ա" * 300 + ".jpeg").encode()) <= NAME_BYTES
