"""Which bytes a request asks for, against the rule of RFC 9110 byte by byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from archive.web.request import ranges

TAG = "a-tag"
CONTENT = bytes(range(256)) * 4


def _bytes(header: str | None, if_range: str | None = None) -> bytes:
    span = ranges.asked(header, if_range, TAG, len(CONTENT))
    return CONTENT[span.start : span.stop]


@given(st.integers(0, 1023), st.integers(0, 1023))
def test_first_and_last_byte_are_both_in_it(one: int, two: int) -> None:
    first, last = sorted((one, two))

    assert _bytes(f"bytes={first}-{last}") == CONTENT[first : last + 1]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-", CONTENT),
        ("bytes=1000-", CONTENT[1000:]),
        ("bytes=-5", CONTENT[-5:]),
        ("bytes=-5000", CONTENT),
        ("bytes=1023-", CONTENT[1023:]),
        ("bytes=0-99999", CONTENT),
        ("lines=1-2", CONTENT),
        (None, CONTENT),
    ],
)
def test_open_suffix_and_unknown_ranges(header: str | None, expected: bytes) -> None:
    assert _bytes(header) == expected


@pytest.mark.parametrize(
    "header",
    [
        "bytes=5-2",
        "bytes=1024-",
        "bytes=99999-",
        "bytes=0-1,5-6",
        "bytes=x-y",
        "bytes=",
        "bytes=-0",
        "bytes=--5",
        "bytes=" + ",".join("0-1" for _ in range(1000)),
    ],
)
def test_a_range_that_is_not_there_or_not_one_is_refused(header: str) -> None:
    """Requirement 76."""
    with pytest.raises(RequestedRangeNotSatisfiable):
        _bytes(header)


def test_no_part_of_an_empty_file_can_be_asked_for() -> None:
    with pytest.raises(RequestedRangeNotSatisfiable):
        ranges.asked("bytes=0-", None, TAG, 0)
    assert ranges.asked(None, None, TAG, 0).length == 0


@pytest.mark.parametrize(
    ("if_range", "is_partial"),
    [
        (f'"{TAG}"', True),
        ('"another"', False),
        (f'W/"{TAG}"', False),
        ("Wed, 21 Oct 2026 07:28:00 GMT", False),
        (None, True),
    ],
)
def test_if_range_must_name_the_file_as_it_is(
    if_range: str | None, is_partial: bool
) -> None:
    span = ranges.asked("bytes=0-9", if_range, TAG, len(CONTENT))

    assert span.is_partial is is_partial
