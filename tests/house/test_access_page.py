"""docs/access.md says what the rules say, in words for every condition and reason."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from auth import policy, telling
from auth.conditions import Condition
from auth.policy import Action
from auth.viewer import ReasonCode

PAGE = Path(__file__).parents[2] / "docs" / "access.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == telling.page(), "run: make access"


def test_every_condition_and_reason_is_told_and_no_other() -> None:
    assert set(telling.CONDITIONS) == {each.value for each in Condition}
    assert set(telling.REASONS) == {each.value for each in ReasonCode}


def test_every_act_has_a_row() -> None:
    rows = re.findall(
        r"^\| [a-z ]+ \(`(\w+)`\) \|.*nothing|^\| .*?`(\w+)`\) \|", telling.page(), re.M
    )
    assert {a or b for a, b in rows} >= {each.value for each in Action}


def test_a_rule_that_falls_away_changes_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = telling.page()
    shorter = {**policy.RULES, Action.OPEN_ORIGINAL: policy.RULES[Action.READ_RECORD]}
    monkeypatch.setattr(policy, "RULES", shorter)
    monkeypatch.setattr(telling, "RULES", shorter)
    after = telling.page()
    assert "| a consent | `consent` |" in before
    assert "| a consent |  |" in after


def test_no_token_does_what_asks_for_a_proof() -> None:
    tokens = telling.page().split("## What a token may do")[1].split("## The cond")[0]
    proved = {
        action.value
        for action, row in policy.RULES.items()
        if any(rule.failing.__name__ == "proved_lately" for rule in row)
    }
    assert proved >= {"shred", "change_credentials"}
    assert not [each for each in proved if f"`{each}`" in tokens]


def test_those_who_have_everything_open_and_lose_it_with_each_thing() -> None:
    full = telling.people()["researcher"]
    decided = policy.decide(
        Action.OPEN_ORIGINAL, full, telling.item(), telling._ASKS, telling.NOW
    )
    assert isinstance(decided, policy.Permit)
    for lacking, viewer, thing, asks in telling._lacks():
        refused = policy.decide(Action.OPEN_ORIGINAL, viewer, thing, asks, telling.NOW)
        assert isinstance(refused, policy.Refusal), lacking
    assert replace(full, consents=()) != full
