"""How gently something is met: the strictest of person, record and archive (B8)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.access import preferences
from auth.scope import IDENTIFIED, treatment
from auth.viewer import (
    NO_WISHES,
    Item,
    Rules,
    Tier,
    Treatment,
    Wishes,
)

CODES = ["kill.execution", "dead.body", "property.heritage", *sorted(IDENTIFIED)]
TREATMENTS = st.sampled_from(list(Treatment))
WISHES = st.builds(
    Wishes,
    labels=st.dictionaries(st.sampled_from(CODES), TREATMENTS),
    tiers=st.dictionaries(st.sampled_from(list(Tier)), TREATMENTS),
)
ITEMS = st.builds(
    Item,
    record_id=st.just("r1"),
    tier=st.sampled_from(list(Tier)),
    labelled=st.booleans(),
    codes=st.frozensets(st.sampled_from(CODES)),
)
RULES = st.builds(Rules, warn_tier=st.sampled_from(list(Tier)))


@given(ITEMS, WISHES, RULES)
def test_the_stricter_of_person_record_and_archive_wins(item, wishes, rules):
    """B8: nobody's word makes it gentler than another's."""
    found = treatment(item, wishes, rules)
    assert found >= wishes.tiers.get(item.tier, Treatment.PREVIEW)
    for code in item.codes:
        assert found >= wishes.labels.get(code, Treatment.PREVIEW)
    if item.codes & IDENTIFIED or item.tier >= rules.warn_tier:
        assert found >= Treatment.WARN
    said = [
        wishes.tiers.get(item.tier),
        *(wishes.labels.get(code) for code in item.codes),
        Treatment.WARN,
        Treatment.PREVIEW,
    ]
    assert found in said, "it is somebody's word, never an invention"


@given(ITEMS, WISHES, RULES, st.sampled_from(CODES))
def test_one_label_more_never_makes_it_gentler(item, wishes, rules, code):
    more = replace(item, codes=item.codes | {code})
    assert treatment(more, wishes, rules) >= treatment(item, wishes, rules)


@given(ITEMS, WISHES, RULES, st.sampled_from(CODES), TREATMENTS)
def test_a_stricter_wish_never_makes_it_gentler(item, wishes, rules, code, asked):
    before = wishes.labels.get(code, Treatment.PREVIEW)
    stricter = Wishes({**wishes.labels, code: max(before, asked)}, wishes.tiers)
    assert treatment(item, stricter, rules) >= treatment(item, wishes, rules)


@given(ITEMS, RULES)
def test_without_wishes_it_is_what_record_and_archive_say(item, rules):
    flagged = bool(item.codes & IDENTIFIED) or item.tier >= rules.warn_tier
    expected = Treatment.WARN if flagged else Treatment.PREVIEW
    assert treatment(item, NO_WISHES, rules) is expected


@pytest.mark.parametrize("word", ["preview", "warn", "HIDE"])
def test_a_treatment_reads_what_it_writes(word):
    assert str(Treatment.parse(word)) == word.lower()


def test_another_word_is_refused():
    with pytest.raises(ValueError, match="preview, warn or hide"):
        Treatment.parse("blur")


def test_wishes_are_remembered_and_hiding_labels_keeps_the_rest(people):
    """B8: the list of excluded labels and the preferences are one thing."""
    account = people.add()
    tiers = {Tier.G4: Treatment.WARN, Tier.G5: Treatment.HIDE}
    labels = {"dead.body": Treatment.WARN, "kill.execution": Treatment.HIDE}
    assert preferences.wishes_of(account) == NO_WISHES
    preferences.keep(account, Wishes(labels, tiers))
    assert preferences.wishes_of(account) == Wishes(labels, tiers)
    preferences.hide_labels(account, ["property.heritage"])
    now = preferences.wishes_of(account)
    assert now.hidden_labels == ("property.heritage",)
    assert now.labels["dead.body"] is Treatment.WARN
    assert now.tiers == tiers
