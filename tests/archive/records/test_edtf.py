"""Event dates: what can be read, the days it spans, and what cannot be read."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.records import edtf


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2020-10-15", "2020-10-15", "2020-10-15"),
        ("2020-10", "2020-10-01", "2020-10-31"),
        ("2020-02", "2020-02-01", "2020-02-29"),
        ("2021-02", "2021-02-01", "2021-02-28"),
        ("2020", "2020-01-01", "2020-12-31"),
        ("2020-10~", "2020-10-01", "2020-10-31"),
        ("2020?", "2020-01-01", "2020-12-31"),
        ("2020-10-15%", "2020-10-15", "2020-10-15"),
        ("202X", "2020-01-01", "2029-12-31"),
        ("19XX", "1900-01-01", "1999-12-31"),
        ("2020-1X", "2020-10-01", "2020-12-31"),
        ("2020-XX", "2020-01-01", "2020-12-31"),
        ("2020-10-XX", "2020-10-01", "2020-10-31"),
        ("2020-10-2X", "2020-10-20", "2020-10-29"),
        ("2020-02-2X", "2020-02-20", "2020-02-29"),
        ("2020-21", "2020-03-01", "2020-05-31"),
        ("2020-24", "2020-12-01", "2021-02-28"),
        ("2020-09-27/2020-11-10", "2020-09-27", "2020-11-10"),
        (" 2020-09/2020-11 ", "2020-09-01", "2020-11-30"),
    ],
)
def test_a_date_spans_the_days_it_can_mean(text: str, first: str, last: str) -> None:
    read = edtf.parse(text)
    assert (read.first, read.last) == (
        date.fromisoformat(first),
        date.fromisoformat(last),
    )


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2020-09-27/..", date(2020, 9, 27), None),
        ("2020-09-27/", date(2020, 9, 27), None),
        ("../2020", None, date(2020, 12, 31)),
    ],
)
def test_an_interval_may_be_open_at_one_end(
    text: str, first: date | None, last: date | None
) -> None:
    read = edtf.parse(text)
    assert (read.first, read.last) == (first, last)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2020-13",
        "2020-00",
        "2020-02-30",
        "2021-02-29",
        "15.10.2020",
        "2020-10-15T12:00",
        "../..",
        "2020/2021/2022",
        "2020-11/2020-09",
        "20",
        "2020-1",
        "0000",
        "XXXX",
        "2020-21-05",
        "２０２０",
    ],
)
def test_what_is_no_date_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^The date .*\.$"):
        edtf.parse(text)


@pytest.mark.parametrize(
    ("text", "certain"), [("2020-10-15", True), ("2020~", False), ("202X", False)]
)
def test_doubt_is_kept(text: str, certain: bool) -> None:
    assert edtf.parse(text).is_certain is certain


@given(st.text(alphabet="0123456789X-/.~?% ", max_size=24))
def test_nothing_typed_gives_anything_but_a_date_or_a_refusal(text: str) -> None:
    try:
        read = edtf.parse(text)
    except ValueError:
        return
    assert read.first is not None or read.last is not None
    if read.first and read.last:
        assert read.first <= read.last
