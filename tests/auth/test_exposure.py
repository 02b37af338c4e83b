"""Openings are counted once for each asset and consent, by day, for oneself."""

from datetime import date, timedelta

import pytest

from auth.access import budget, consents, exposure
from auth.errors import NotPossible
from auth.viewer import Item, Tier


@pytest.fixture
def account(people):
    return people.add()


@pytest.fixture
def consent(s, people, account, now):
    def consent(record="record"):
        item = Item(record, labelled=True, tier=Tier.G2, codes=frozenset({"a"}))
        viewer = people.viewer(account)
        given = consents.give(
            s, viewer, item, ["a"], "h", "en", "research", "", 30, now
        )
        return given.id

    return consent


@pytest.fixture
def record(s, account):
    def record(consent_id, at, asset="asset", record="record", tier=Tier.G2):
        return exposure.record(s, account.id, record, asset, tier, consent_id, at)

    return record


def test_a_thousand_ranges_are_one_opening(s, account, consent, record, now):
    one = consent()
    ids = {record(one, now + n * timedelta(seconds=1)) for n in range(20)}
    assert len(ids) == 1
    assert exposure.today(s, account.id, now) == 1
    record(one, now, asset="another")
    assert exposure.today(s, account.id, now) == 2


def test_the_same_asset_under_a_new_consent_counts_anew(
    s, account, consent, record, now
):
    first, second = consent(), consent()
    record(first, now)
    record(second, now)
    pairs = {(first, "asset"), (second, "asset")}
    assert exposure.pairs_today(s, account.id, now) == pairs


def test_the_day_begins_at_midnight_utc(s, account, consent, record, now):
    record(consent(), now)
    evening = now.replace(hour=23, minute=59, second=59)
    assert exposure.today(s, account.id, evening) == 1
    assert exposure.today(s, account.id, evening + timedelta(seconds=1)) == 0


def test_what_is_opened_on_after_midnight_counts_on_both_days(
    s, account, consent, record, now
):
    one, before = consent(), now.replace(hour=23, minute=55)
    record(one, before)
    record(one, before + timedelta(minutes=10))
    assert exposure.today(s, account.id, before + timedelta(minutes=10)) == 1


def test_the_viewer_knows_what_was_opened_today(
    s, people, account, consent, record, now
):
    one = consent()
    assert people.viewer(account).revealed_today == frozenset()
    record(one, now)
    assert people.viewer(account).revealed_today == {(one, "asset")}


def test_the_summary_counts_own_openings_by_tier_and_day(
    s, people, account, consent, record, now
):
    """X13: for the person alone."""
    one, other = consent(), consent("other")
    record(one, now)
    record(other, now + timedelta(days=1), record="other", tier=Tier.G4)
    record(other, now + timedelta(days=1), asset="b", record="other", tier=Tier.G4)
    summary = exposure.summary(s, account.id, now - timedelta(days=7))
    assert (summary.total, summary.records) == (3, 2)
    assert summary.by_tier == {Tier.G2: 1, Tier.G4: 2}
    assert summary.by_day == {date(2026, 11, 22): 1, date(2026, 11, 23): 2}
    assert exposure.summary(s, account.id, now + timedelta(days=1)).total == 2
    assert exposure.summary(s, people.add().id, now - timedelta(days=7)).total == 0


def test_own_openings_are_listed_newest_first(s, account, consent, record, now):
    one = consent()
    record(one, now, asset="a")
    record(one, now + timedelta(minutes=1), asset="b")
    listed = exposure.for_account(s, account.id)
    assert [reveal.asset_id for reveal in listed] == ["b", "a"]


def test_minutes_run_from_the_first_opening_and_overlaps_count_once(
    s, account, people, consent, record, now
):
    """X13, B14."""
    first, second = consent("record"), consent("another")
    record(first, now)
    record(second, now + timedelta(minutes=10), asset="b", record="another")
    later = now + timedelta(minutes=20)
    assert people.viewer(account, now=later).looked(later) == timedelta(minutes=20)
    hours = now + timedelta(hours=3)
    assert people.viewer(account, now=hours).looked(hours) == timedelta(minutes=30)


def test_an_hour_later_it_counts_for_the_day_alone(s, account, consent, record, now):
    record(consent(), now)
    for minutes, counted in ((0, 1), (59, 1), (61, 0)):
        seen = exposure.seen(s, account.id, now + timedelta(minutes=minutes))
        assert (len(seen.hour), len(seen.today)) == (counted, 1)


def test_periods_hold_openings_by_tier_and_minutes(s, account, consent, record, now):
    record(consent(), now, tier=Tier.G2)
    record(consent("b"), now, asset="b", record="b", tier=Tier.G4)
    days = exposure.periods(s, account.id, now.date() - timedelta(days=6), 1, now)
    assert [period.total for period in days] == [0] * 6 + [2]
    assert days[-1].by_tier == {Tier.G2: 1, Tier.G4: 1}
    week = now + timedelta(minutes=25)
    (only,) = exposure.periods(s, account.id, now.date() - timedelta(days=6), 7, week)
    assert (only.total, only.minutes) == (2, 25)


def test_a_break_is_due_by_number_or_minutes_and_counts_anew(
    s, account, consent, record, now
):
    """B14, X13: soft, and one's own."""
    assert not budget.is_due(budget.Budget(), budget.tally(s, account, now))
    one = consent()
    for n in range(3):
        record(one, now, asset=f"asset{n}")
    later = now + timedelta(minutes=12)
    tally = budget.tally(s, account, later)
    assert (tally.day_reveals, tally.reveals, tally.minutes) == (3, 3, 12)
    assert budget.is_due(budget.Budget(break_reveals=3), tally)
    assert not budget.is_due(budget.Budget(break_reveals=4, break_minutes=13), tally)
    assert budget.is_due(budget.Budget(break_reveals=0, break_minutes=12), tally)
    assert budget.is_spent(budget.Budget(day_minutes=12), tally)
    budget.take_break(account, later)
    after = budget.tally(s, account, later)
    assert (after.day_reveals, after.reveals, after.minutes) == (3, 0, 0)


@pytest.mark.parametrize("number", [-1, 1441])
def test_a_measure_beyond_a_day_is_refused(account, number):
    with pytest.raises(NotPossible):
        budget.keep(account, budget.Budget(day_minutes=number))
    assert budget.budget_of(account) == budget.Budget()
