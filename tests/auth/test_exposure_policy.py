"""The limits of the archive: day, hour and minutes, over thousands of people (B14)."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from auth.policy import Action, Permit, decide
from auth.viewer import Rules, covered
from tests.auth.test_policy import BEFORE, LATER, NOW, record, researcher

PAIRS = st.frozensets(
    st.tuples(st.sampled_from(["c1", "c2"]), st.sampled_from(["f1", "f2", "f3"]))
)
SPANS = st.lists(
    st.tuples(st.integers(-120, 60), st.integers(0, 90)).map(
        lambda pair: (
            NOW + timedelta(minutes=pair[0]),
            NOW + timedelta(minutes=sum(pair)),
        )
    ),
    max_size=5,
).map(tuple)
VIEWERS = st.builds(
    researcher, revealed_today=PAIRS, revealed_hour=PAIRS, looking=SPANS
)
RULES = st.builds(
    Rules,
    daily_reveals=st.integers(1, 6),
    hourly_reveals=st.integers(0, 6),
    daily_minutes=st.integers(0, 120),
)


def opens(viewer, rules) -> bool:
    outcome = decide(Action.OPEN_ORIGINAL, viewer, record(), rules, NOW)
    return isinstance(outcome, Permit)


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(VIEWERS, RULES)
def test_what_opens_is_within_every_limit_or_open_already(viewer, rules) -> None:
    again = ("c1", "f1") in viewer.revealed_today
    few = len(viewer.revealed_today) < rules.daily_reveals and (
        rules.hourly_reveals == 0 or len(viewer.revealed_hour) < rules.hourly_reveals
    )
    minutes = timedelta(minutes=rules.daily_minutes)
    short = rules.daily_minutes == 0 or viewer.looked(NOW) < minutes
    assert opens(viewer, rules) is ((again or few) and short)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(SPANS)
def test_time_that_overlaps_counts_once_and_what_is_to_come_not_yet(spans) -> None:
    minutes = {
        minute
        for start, end in spans
        for minute in range(-240, 0)
        if start <= NOW + timedelta(minutes=minute) < end
    }
    since = NOW - timedelta(minutes=240)
    assert covered(spans, since, NOW) == timedelta(minutes=len(minutes))


def test_minutes_run_out_while_something_is_open() -> None:
    """B14: the same facts, a later moment."""
    viewer = researcher(
        looking=((BEFORE, LATER),), revealed_today=frozenset({("c1", "f1")})
    )
    rules = Rules(daily_minutes=61)
    early = decide(Action.OPEN_ORIGINAL, viewer, record(), rules, NOW)
    later = NOW + timedelta(minutes=1)
    late = decide(Action.OPEN_ORIGINAL, viewer, record(), rules, later)
    assert isinstance(early, Permit)
    assert late.codes == ("exposure_limit",)
