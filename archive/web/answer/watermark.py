"""The mark over everything that is revealed: who sees it, when, and what.

A pattern of words in an SVG picture, so that it covers any size, cannot be selected as
text, and is not read aloud again and again.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime

from markupsafe import escape

LETTER_WIDTH = 9  # pixels, generously, at 15 pixels of height
_PATTERN = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="100%"><defs>'
    '<pattern id="mark" width="{width}" height="110" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(-14)"><text x="20" y="60" font-family="sans-serif" '
    'font-size="15" font-weight="600" fill="#fff" fill-opacity=".5" stroke="#000" '
    'stroke-opacity=".3" stroke-width="2" paint-order="stroke">{words}</text>'
    '</pattern></defs><rect width="100%" height="100%" fill="url(#mark)"/></svg>'
)


def words(name: str, record_id: str, now: datetime) -> str:
    """The mark as one line of text."""
    return f"{name} · {now:%Y-%m-%d %H:%M} UTC · {record_id}"


def picture(text: str) -> str:
    """The mark as a `data:` address of a picture that repeats it."""
    width = 40 + LETTER_WIDTH * len(text)
    drawn = _PATTERN.format(width=width, words=escape(text))
    return "data:image/svg+xml;base64," + b64encode(drawn.encode()).decode()
