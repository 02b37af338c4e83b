"""Which bytes of a file a request asks for (RFC 9110, section 14).

One range is answered with 206; several at once, or one that isn't there, with 416; an
`If-Range` that does not name the file as it is now makes the whole file the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import parse_range_header, quote_etag


@dataclass(frozen=True)
class Span:
    """Bytes `start` up to but not including `stop`, of `size` in all."""

    start: int
    stop: int
    size: int
    is_partial: bool

    @property
    def length(self) -> int:
        return self.stop - self.start

    @property
    def content_range(self) -> str:
        return f"bytes {self.start}-{self.stop - 1}/{self.size}"


def asked(range_header: str | None, if_range: str | None, etag: str, size: int) -> Span:
    """The part that is asked for; the whole where no range is.

    :raises RequestedRangeNotSatisfiable: the range is not there, or is not one range
    """
    whole = Span(0, size, size, is_partial=False)
    if not range_header or not _still_that_file(if_range, etag):
        return whole
    if not range_header.strip().lower().startswith("bytes="):
        return whole  # a unit we do not know is ignored
    parsed = parse_range_header(range_header)
    if parsed is None or len(parsed.ranges) != 1 or size == 0:
        raise RequestedRangeNotSatisfiable(length=size)
    first, stop = parsed.ranges[0]
    start = max(0, size + first) if first < 0 else first
    if start >= size:
        raise RequestedRangeNotSatisfiable(length=size)
    return Span(start, min(size, stop or size), size, is_partial=True)


def _still_that_file(if_range: str | None, etag: str) -> bool:
    """Whether the condition names this file; tags only, for we give no dates."""
    return not if_range or if_range.strip() == quote_etag(etag)
