"""Cells of a CSV that a spreadsheet will not run.

A cell that could be taken for a formula gets an apostrophe in front, which spreadsheets
do not show; the wide forms of the signs count too, and so does a sign behind spaces.
"""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


def harmless(cell: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_FORMULA) else text
