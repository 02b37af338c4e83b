"""Texts and dates of findings, tidied as those of records are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from archive.records import edtf
from archive.records.document import SHORT_LIMIT, TEXT_LIMIT, tidy
from archive.records.errors import FieldError

MOST_LINES = 50
_ID = re.compile(r"[0-9a-z]{1,32}")


def is_id(text: str) -> bool:
    """Whether this could be the id of anything; databases are asked for no other."""
    return _ID.fullmatch(text) is not None


def short(field: str, text: str) -> str:
    """One line.

    :raises FieldError: it is too long
    """
    return " ".join(tidy(field, text, SHORT_LIMIT).split())


def long(field: str, text: str) -> str:
    """Several lines.

    :raises FieldError: it is too long
    """
    return tidy(field, text, TEXT_LIMIT)


def lines(field: str, given: Iterable[str]) -> tuple[str, ...]:
    """Lines without the empty ones.

    :raises FieldError: one is too long, or there are too many
    """
    found = tuple(line for line in (short(field, each) for each in given) if line)
    if len(found) > MOST_LINES:
        raise FieldError(field, f"Use at most {MOST_LINES} lines.")
    return found


def date(field: str, text: str) -> str:
    """An EDTF date, or nothing.

    :raises FieldError: it cannot be read
    """
    clean = short(field, text)
    if clean:
        try:
            edtf.parse(clean)
        except ValueError as error:
            raise FieldError(field, str(error)) from None
    return clean


def address(field: str, text: str) -> str:
    """An address on the web, or nothing.

    :raises FieldError: it is something else
    """
    clean = short(field, text)
    try:
        parts = urlsplit(clean)
    except ValueError:
        parts = urlsplit("")
    if clean and not (parts.scheme in ("http", "https") and parts.netloc):
        raise FieldError(field, "Write an address that begins with https://.")
    return clean


def first_day(text: str) -> str:
    """By what dates are put in order; what has none comes last."""
    day = edtf.parse(text).first if text else None
    return day.isoformat() if day else "9999"
