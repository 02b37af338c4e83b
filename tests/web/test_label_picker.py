"""The label picker: what is typed comes back, what is read becomes labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from archive.records import vocabulary
from archive.records.tables import LabelRow
from archive.web.pages.moderation import picker
from archive.web.pages.moderation.picker import Answer, Unreadable
from auth.viewer import Tier

WORDS = vocabulary.packaged()


def row(code: str, **more: object) -> LabelRow:
    plain = {"tier": None, "from_s": None, "to_s": None, "region": None, "note": ""}
    return LabelRow(code=code, **{**plain, **more})


def test_every_label_of_the_vocabulary_is_offered_exactly_once() -> None:
    offered = [c.term.code for g in picker.groups(WORDS, "en", {}) for c in g.choices]
    assert sorted(offered) == sorted(WORDS.terms)


def test_every_group_of_the_vocabulary_has_a_heading() -> None:
    used = {term.group for term in WORDS.terms.values()}
    assert used <= set(picker.GROUPS)


def test_the_gravest_severity_is_offered_first() -> None:
    choices = {
        c.term.code: c
        for g in picker.groups(WORDS, "en", {})
        for c in g.choices
        if c.tiers
    }
    for code, choice in choices.items():
        assert choice.tiers[0] == WORDS.term(code).highest
        assert list(choice.tiers) == sorted(choice.tiers, reverse=True)


def test_a_form_gives_back_what_was_ticked_and_typed_and_nothing_else() -> None:
    form = MultiDict(
        [
            ("label", "dead.body"),
            ("tier-dead.body", "3"),
            ("ranges-dead.body", "0:12–0:40"),
            ("note-dead.body", "at the left"),
            ("tier-kill.execution", "5"),
        ]
    )
    answers = picker.answers_from_form(form)
    assert answers == {"dead.body": Answer(Tier.G3, "0:12–0:40", "at the left")}


def test_ranges_become_one_label_each() -> None:
    answers = {"dead.body": Answer(Tier.G3, "0:12–0:40, 1:05-1:20")}
    made = picker.labels(answers, [], duration=90.0)
    assert [(label.from_s, label.to_s) for label in made] == [(12, 40), (65, 80)]
    assert {label.tier for label in made} == {Tier.G3}


def test_without_ranges_a_label_is_about_the_whole() -> None:
    (made,) = picker.labels({"dead.body": Answer(Tier.G3)}, [], duration=90.0)
    assert (made.from_s, made.to_s) == (None, None)


@pytest.mark.parametrize(
    "ranges", ["0:12", "12–", "1:2:3:4–5", "0:40–0:12", "0:10–9:00", "a–b", "-1–2"]
)
def test_a_range_that_makes_no_sense_is_said_beside_its_field(
    app: object, ranges: str
) -> None:
    with app.test_request_context(), pytest.raises(Unreadable) as refused:  # type: ignore[attr-defined]
        picker.labels({"dead.body": Answer(Tier.G3, ranges)}, [], duration=90.0)
    assert set(refused.value.sentences) == {"ranges-dead.body"}


def test_a_region_drawn_elsewhere_stays_while_its_label_stays() -> None:
    drawn = row("id.captive", region=[0.1, 0.2, 0.3, 0.4])
    kept = picker.labels({"id.captive": Answer()}, [drawn], duration=None)
    assert [label.region for label in kept] == [(0.1, 0.2, 0.3, 0.4)]
    gone = picker.labels({"dead.body": Answer(Tier.G3)}, [drawn], duration=None)
    assert [label.code for label in gone] == ["dead.body"]


@given(
    st.lists(
        st.tuples(st.integers(0, 500_000), st.integers(0, 500_000)).map(sorted),
        min_size=1,
        max_size=4,
    )
)
def test_what_stands_is_read_again_as_it_was_written(spans: list[list[int]]) -> None:
    rows = [
        row("dead.body", tier=Tier.G3, from_s=a / 100, to_s=b / 100) for a, b in spans
    ]
    answers = picker.answers_from_rows(rows)
    again = picker.labels(answers, rows, duration=None)
    found = [(label.from_s, label.to_s) for label in again]
    assert found == [(pytest.approx(a / 100), pytest.approx(b / 100)) for a, b in spans]
