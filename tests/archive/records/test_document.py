"""The descriptive document: what is tidied, what is refused, how it is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.records.document import (
    Description,
    Place,
    RecordDocument,
    Source,
    checked,
    document_from,
    tidy,
)
from archive.records.errors import FieldError


def described(**fields: object) -> RecordDocument:
    texts = {"en": Description("A church", "Ruins.")}
    return RecordDocument(**{"descriptions": texts, **fields})  # type: ignore[arg-type]


def test_a_document_comes_back_as_it_was_written() -> None:
    written = checked(
        described(
            descriptions={
                "hy": Description("Եկեղեցի", "Ավերակներ։"),
                "az": Description("Kilsə", "Xarabalıq."),
            },
            places=(Place("Shushi", 39.76, 46.75), Place("Talish")),
            event_date="2020-10~",
            source=Source("https://t.me/x/1", "Telegram", "2020-10-16", "seen by A"),
            rights="unknown",
            verification="authentic-open",
            stance="denies",
        )
    )
    assert RecordDocument.from_bytes(written.to_bytes()) == written


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"descriptions": {}}, "title"),
        ({"descriptions": {"en": Description(" \n")}}, "title"),
        ({"descriptions": {"en": Description("", "text")}}, "title.en"),
        ({"descriptions": {"en": Description("x" * 301)}}, "title.en"),
        ({"descriptions": {"en": Description("x", "y" * 50_001)}}, "description.en"),
        ({"descriptions": {"../x": Description("x")}}, "language"),
        ({"event_date": "soon"}, "event_date"),
        ({"places": (Place("x", 91, 0),)}, "places"),
        ({"places": (Place("x", float("nan"), 0),)}, "places"),
        ({"places": (Place("x", 1, None),)}, "places"),
        ({"places": (Place("x"),) * 51}, "places"),
        ({"source": Source("javascript:alert(1)")}, "source.url"),
        ({"source": Source("https://")}, "source.url"),
        ({"source": Source("http://[x")}, "source.url"),
        ({"verification": "true"}, "verification"),
        ({"stance": "maybe"}, "stance"),
    ],
)
def test_a_field_that_cannot_be_taken_is_named(
    fields: dict[str, object], name: str
) -> None:
    assert checked(described())
    with pytest.raises(FieldError) as refused:
        checked(described(**fields))
    assert refused.value.field == name


def test_text_is_normalised_and_loses_control_characters() -> None:
    assert tidy("t", " e\u0301\x00\x1b[0m\r\nx\ud800 ", 99) == "é[0m\nx"


def test_a_title_is_one_line() -> None:
    text = checked(described(descriptions={"en": Description("A\n church\t now")}))
    assert text.title("en") == "A church now"


@given(st.text(max_size=200))
def test_any_title_is_taken_or_refused_and_survives_storage(title: str) -> None:
    try:
        clean = checked(described(descriptions={"ru": Description(title, title)}))
    except FieldError:
        return
    assert RecordDocument.from_bytes(clean.to_bytes()) == clean


@pytest.mark.parametrize(
    ("preferred", "title"),
    [(("ru",), "Церковь"), (("az",), "Եկեղեցի"), (("az", "ru"), "Церковь")],
)
def test_the_title_falls_back_to_a_language_there_is(
    preferred: tuple[str, ...], title: str
) -> None:
    texts = {"ru": Description("Церковь"), "hy": Description("Եկեղեցի")}
    assert described(descriptions=texts).title(*preferred) == title


def test_a_language_that_is_none_of_the_four_is_shown_when_there_is_no_other() -> None:
    assert described(descriptions={"fr": Description("Église")}).title("en") == "Église"


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"descriptions": []},
        {"descriptions": {"en": "x"}},
        {"descriptions": {"en": {"title": "x"}}, "places": [{"lat": 1}]},
        {"descriptions": {"en": {"title": "x"}}, "places": [{"name": "x", "lat": "x"}]},
        {"descriptions": {"en": {"title": "x"}}, "source": {"colour": "red"}},
    ],
)
def test_json_of_another_shape_is_refused(raw: dict[str, object]) -> None:
    with pytest.raises(FieldError):
        document_from(raw)


def test_json_of_the_right_shape_is_a_document() -> None:
    raw = {
        "descriptions": {"en": {"title": "A", "body": "B"}},
        "places": [{"name": "Shushi", "lat": "39.7", "lon": 46}],
        "source": {"platform": "Telegram"},
    }
    made = document_from(raw)
    assert made.places == (Place("Shushi", 39.7, 46.0),)
    assert made.source.platform == "Telegram"
