"""Amounts in the language of the answer: 12,345 records, 8.4 MB.

A unit of size is a thousand of the one before it, as on the disk that was bought.
"""

from __future__ import annotations

from babel.numbers import format_decimal
from babel.units import format_unit
from flask_babel import get_locale, ngettext

UNITS = ((10**9, "gigabyte"), (10**6, "megabyte"), (10**3, "kilobyte"))
COUNT = "%(num)d"
"""The gap of a plural's own number, as templates write it."""


def size(length: int) -> str:
    """A length in bytes as people write it, with one decimal where there is one."""
    for unit, name in UNITS:
        if length >= unit:
            value, named = round(length / unit, 1), f"digital-{name}"
            return format_unit(value, named, "short", "#,##0.#", get_locale())
    return str(ngettext("%(num)d byte", "%(num)d bytes", length))


def count(number: int, language: str | None = None) -> str:
    """A whole number with its thousands set apart; for `language`, or the answer's."""
    return format_decimal(number, locale=language or get_locale())
