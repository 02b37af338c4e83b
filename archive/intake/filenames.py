"""File names are kept as a field for people to read, never used as a name on disk."""

from __future__ import annotations

import re
import unicodedata

NAME_BYTES = 255
UNNAMED = "unnamed"
_SEPARATORS = re.compile(r"[/\\]")
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def clean(name: str | None) -> str:
    """Give the last part of a name, NFC, without control and direction characters.

    At most 255 bytes of UTF-8; the ending is kept when the middle must go.
    """
    last = _SEPARATORS.split(name or "")[-1]
    seen = "".join(c for c in last if unicodedata.category(c) not in _UNSEEN)
    tidy = " ".join(unicodedata.normalize("NFC", seen).split()).strip(". ")
    return _shortened(tidy) or UNNAMED


def _shortened(name: str) -> str:
    if len(name.encode()) <= NAME_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending.encode()) > 16:
        stem, dot, ending = name, "", ""
    room = NAME_BYTES - len((dot + ending).encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip() + dot + ending
