"""English that runs from right to left and takes more room, to try the pages with.

A page that keeps its shape in it is ready for Arabic, Farsi or Hebrew: what stands at
the side where a line begins must change sides, and no word may be cut off. Gaps such
as `%(name)s` and `{name}` stay as they are.
"""

from __future__ import annotations

import re

OVERRIDE, END = "\u202e", "\u202c"
"""All between the two is shown from right to left, whatever its letters."""

_GAP = re.compile(r"(%\(\w+\)[sd]|%%|\{\w*\}|\s+)")
_VOWEL = re.compile(r"([aeiouAEIOU])")


def mirrored(text: str) -> str:
    """The same words, a third longer, each from right to left."""
    return "".join(
        part if not part or _GAP.fullmatch(part) else _turned(part)
        for part in _GAP.split(text)
    )


def _turned(word: str) -> str:
    longer = _VOWEL.sub(r"\1\1", word)
    return f"{OVERRIDE}{longer}{END}"
