"""Citations: stable, complete, and safe whatever stands in a title."""

from __future__ import annotations

import json
from datetime import date

import pytest

from archive.records.citation import FORMS, Cited, bibtex, csl_json, ris, sentence


def cited(title: str = "Ruins of a church", **fields: object) -> Cited:
    known = {
        "record_id": "0123456789ab",
        "title": title,
        "address": "https://archive.example/records/0123456789ab",
        "language": "en",
        "published": date(2026, 3, 1),
        "read_on": date(2026, 4, 2),
        "event_date": "2020-10~",
    }
    return Cited(**{**known, **fields})  # type: ignore[arg-type]


def test_the_sentence_says_what_where_and_when() -> None:
    assert sentence(cited()) == (
        "“Ruins of a church” (2020-10~). Vigil, record 0123456789ab, 2026. "
        "https://archive.example/records/0123456789ab (accessed 2026-04-02)."
    )


def test_a_record_without_a_date_is_cited_without_one() -> None:
    undated = cited(published=None, event_date="")
    assert "n.d." in sentence(undated)
    assert "year" not in bibtex(undated)
    assert "PY" not in ris(undated)
    assert "issued" not in json.loads(csl_json(undated))[0]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_title_address_and_id(form: str) -> None:
    _name, media_type, make = FORMS[form]
    made = make(cited())
    for part in ("Ruins of a church", cited().address, "0123456789ab"):
        assert part in made
    assert "/" in media_type


def test_a_title_cannot_break_out_of_bibtex() -> None:
    made = bibtex(cited("x}, note = {evil} % $ & # _ \\"))
    assert r"x\}, note = \{evil\} \% \$ \& \# \_ \textbackslash{}" in made
    unescaped = made
    for escape in (r"\{", r"\}", r"\textbackslash{}", r"\textasciitilde{}"):
        unescaped = unescaped.replace(escape, "")
    assert unescaped.count("{") == unescaped.count("}")


def test_dates_in_ris_are_in_its_own_form_and_the_event_s_in_a_note() -> None:
    """RIS writes a date YYYY/MM/DD/other; an EDTF interval is none."""
    made = ris(cited(event_date="1992-02~/1992-03")).splitlines()
    assert "DA  - 2026/03/01/" in made
    assert "N1  - Event date: 1992-02~/1992-03" in made
    assert not [
        line for line in ris(cited(published=None)).splitlines() if "DA" in line
    ]


def test_a_title_cannot_add_a_field_to_ris() -> None:
    made = ris(cited("x\r\nER  - \r\nTY  - EVIL"))
    assert [line for line in made.split("\r\n") if line.startswith(("TY", "ER"))] == [
        "TY  - GEN",
        "ER  - ",
    ]


def test_csl_is_json_with_a_date() -> None:
    (item,) = json.loads(csl_json(cited("“Շուշի”")))
    assert item["title"] == "“Շուշի”"
    assert item["issued"] == {"date-parts": [[2026, 3, 1]]}
