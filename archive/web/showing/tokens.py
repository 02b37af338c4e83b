"""The design as it stands in the interface's own files, for the page that shows it.

`static/css/tokens.css` is read as it is served, so the page cannot fall behind it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parents[3] / "static"
_TOKEN = re.compile(r"^  (--[a-z0-9-]+):\s*([^;]+);", re.MULTILINE)
_ICON = re.compile(r'<symbol id="([a-z0-9-]+)"')


@dataclass(frozen=True)
class Token:
    """One value of the interface by its name; `value` as the sheet writes it."""

    name: str
    value: str

    @property
    def is_colour(self) -> bool:
        return self.value.startswith(("light-dark(", "#"))

    @property
    def is_type(self) -> bool:
        return self.name.startswith("--size-")


@cache
def tokens() -> Sequence[Token]:
    """Every token, in the order of its sheet; of one given twice the first."""
    sheet = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    found: dict[str, Token] = {}
    for name, value in _TOKEN.findall(sheet):
        found.setdefault(name, Token(name, " ".join(value.split())))
    return tuple(found.values())


@cache
def icons() -> Sequence[str]:
    """The names of all icons, in the order of the sprite."""
    sprite = (STATIC / "icons" / "sprite.svg").read_text(encoding="utf-8")
    return tuple(_ICON.findall(sprite))
