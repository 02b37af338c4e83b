"""The gate, said a second time in other words, and held against the policy.

Thousands of viewers, records, times and settings are made up; the plain sentence below
and `auth.policy` must agree on each, in both directions.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import event, given, settings
from hypothesis import strategies as st

from auth.policy import Action, Permit, decide
from auth.viewer import (
    Access,
    AccountStatus,
    Consent,
    Grant,
    Item,
    Mode,
    RecordState,
    Role,
    Rules,
    Tier,
    TokenScope,
    Viewer,
    Visibility,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PEOPLE = (Role.RESEARCHER, Role.MODERATOR, Role.ADMINISTRATOR)
HERE = ("c1", "f1")


def ago(**how_long: float) -> datetime:
    return NOW - timedelta(**how_long)


def likely(usual: object, *others: object) -> st.SearchStrategy:
    """Mostly the usual, so that a gate of fifteen conditions opens now and then."""
    return st.sampled_from([usual] * (5 * len(others)) + list(others))


MOMENTS = likely(ago(hours=-1), None, ago(hours=1), NOW)
GRANTS = st.builds(
    Grant,
    id=st.just("g1"),
    record_id=likely("r1", "r2", None),
    collection_id=st.sampled_from([None, "k1", "k2"]),
    highest_tier=likely(Tier.G5, Tier.G3),
    starts=likely(ago(hours=1), ago(hours=-1)),
    ends=likely(ago(hours=-1), NOW),
    excluded_labels=likely(frozenset(), frozenset({"kill.execution"})),
    approvals=st.sampled_from([2, 1, 2]),
)
CONSENTS = st.builds(
    Consent,
    id=st.just("c1"),
    record_id=likely("r1", "r2"),
    labels_version=likely("v1", "v2"),
    purpose=st.just("research"),
    reason=likely("my thesis", "", "  "),
    starts=st.just(ago(hours=1)),
    expires=likely(ago(hours=-1), NOW),
    ended_at=likely(None, ago(hours=1)),
    identity=likely("to compare a face", "", "  "),
)
PAIRS = st.sampled_from(
    [
        frozenset(),
        frozenset({HERE}),
        frozenset({("c9", "f9")}),
        frozenset({("c1", "f2")}),
    ]
)
VIEWERS = st.builds(
    Viewer,
    account_id=likely("a1", None),
    role=st.sampled_from([*PEOPLE, *PEOPLE, *Role]),
    status=likely(AccountStatus.APPROVED, None, *AccountStatus),
    vetted_until=MOMENTS,
    terms_version=likely(2, 0, 1),
    induction_until=MOMENTS,
    session_id=st.just("s1"),
    second_factor=st.booleans(),
    passkey=st.booleans(),
    proved_at=likely(ago(minutes=1), None, ago(minutes=5), ago(minutes=-9)),
    scopes=likely(None, frozenset(), frozenset({TokenScope.READ, TokenScope.REVEAL})),
    grants=st.lists(GRANTS, max_size=2).map(tuple),
    consents=st.lists(CONSENTS, min_size=1, max_size=1).map(tuple),
    revealed_today=PAIRS,
    revealed_hour=PAIRS,
    looking=likely((), ((ago(minutes=30), ago(minutes=10)),)),
)
ITEMS = st.builds(
    Item,
    record_id=st.just("r1"),
    state=likely(RecordState.PUBLISHED, *RecordState),
    visibility=likely(Visibility.PUBLIC, *Visibility),
    access=likely(Access.VETTED, *Access),
    tier=st.sampled_from(list(Tier)),
    labelled=likely(True, False),
    codes=likely(
        frozenset({"kill.execution"}), frozenset({"kill.execution", "id.victim"})
    ),
    labels_version=st.just("v1"),
    embargo_until=likely(None, ago(hours=1), ago(hours=-1)),
    collection_id=st.sampled_from([None, "k1"]),
    depositor_id=st.sampled_from([None, "a1", "a2"]),
    asset_id=st.just("f1"),
    redacted_version=likely("", "v2", "v3"),
)
RULES = st.builds(
    Rules,
    terms_version=st.just(2),
    second_factor_tier=st.sampled_from([Tier.G4, Tier.G5]),
    second_factor_roles=likely(frozenset(), frozenset({Role.MODERATOR})),
    passkey_roles=likely(frozenset(), frozenset({Role.ADMINISTRATOR})),
    daily_reveals=likely(100, 1, 0),
    hourly_reveals=likely(0, 1),
    daily_minutes=likely(0, 20, 21),
    maintenance=likely(False, True),
    mode=likely(Mode.OPEN, *Mode),
)


def knows(viewer: Viewer, item: Item, _rules: Rules) -> bool:
    person, staff = is_person(viewer), is_person(viewer) and viewer.role in PEOPLE[1:]
    if item.state is RecordState.CONTRIBUTED:
        return False
    if person and viewer.account_id == item.depositor_id and item.tier < Tier.X:
        return True
    listed = (RecordState.PUBLISHED, RecordState.WITHDRAWN, RecordState.SHREDDED)
    for_staff = item.state not in listed or item.tier is Tier.X
    told = Visibility.STAFF if for_staff else item.visibility
    if told is Visibility.PUBLIC:
        return True
    if viewer.scopes is not None and TokenScope.READ not in viewer.scopes:
        return False
    vetted = person and is_ahead(viewer.vetted_until)
    return staff or (told is Visibility.VETTED and vetted)


def is_not_shut(_viewer: Viewer, item: Item, rules: Rules) -> bool:
    gone = item.state in (RecordState.WITHDRAWN, RecordState.SHREDDED)
    closed = item.access is Access.CLOSED or item.tier is Tier.X
    at_rest = rules.maintenance or rules.mode is Mode.NO_ACCESS
    return not (gone or closed or at_rest)


def is_somebody(viewer: Viewer, _item: Item, _rules: Rules) -> bool:
    by_token = viewer.scopes is not None and TokenScope.REVEAL not in viewer.scopes
    return is_person(viewer) and viewer.role in PEOPLE and not by_token


def is_in_order(viewer: Viewer, _item: Item, rules: Rules) -> bool:
    trained = is_ahead(viewer.induction_until)
    signed = viewer.terms_version >= rules.terms_version
    return is_ahead(viewer.vetted_until) and signed and trained


def proved(viewer: Viewer, item: Item, rules: Rules) -> bool:
    if viewer.role in rules.passkey_roles and not viewer.passkey:
        return False
    if viewer.role in rules.second_factor_roles and not (
        viewer.second_factor or viewer.passkey
    ):
        return False
    grave = item.labelled and item.tier >= rules.second_factor_tier
    return viewer.second_factor or not grave


def is_given_access(viewer: Viewer, item: Item, _rules: Rules) -> bool:
    needed = {Access.REQUEST: 1, Access.DUAL: 2}.get(item.access, 0)
    if item.labelled and item.tier >= Tier.G5:
        needed = 2
    given_it = any(covers(each, item, needed) for each in viewer.grants)
    return (given_it or not needed) and not is_ahead(item.embargo_until)


def consents(viewer: Viewer, item: Item, _rules: Rules) -> bool:
    [consent] = viewer.consents
    meant = ("v1", item.redacted_version) if item.redacted_version else ("v1",)
    fits = consent.record_id == "r1" and consent.labels_version in meant
    live = consent.ended_at is None and is_ahead(consent.expires)
    says_why = item.tier < Tier.G4 or consent.reason.strip() != ""
    return item.labelled and fits and live and says_why


def says_why_who(viewer: Viewer, item: Item, _rules: Rules) -> bool:
    [consent] = viewer.consents
    named = any(code.startswith("id.") for code in item.codes)
    return not named or consent.identity.strip() != ""


def proved_just_now(viewer: Viewer, item: Item, _rules: Rules) -> bool:
    if item.tier < Tier.G5 or HERE in viewer.revealed_today:
        return True
    at = viewer.proved_at
    return at is not None and abs(at - NOW) < timedelta(minutes=5)


def is_within_measure(viewer: Viewer, _item: Item, rules: Rules) -> bool:
    if viewer.looking and 0 < rules.daily_minutes <= 20:
        return False
    day = len(viewer.revealed_today) >= rules.daily_reveals
    hour = 0 < rules.hourly_reveals <= len(viewer.revealed_hour)
    return HERE in viewer.revealed_today or not (day or hour)


POINTS = (
    knows,
    is_not_shut,
    is_somebody,
    is_in_order,
    proved,
    is_given_access,
    consents,
    says_why_who,
    proved_just_now,
    is_within_measure,
)


def is_person(viewer: Viewer) -> bool:
    return viewer.account_id is not None and viewer.status is AccountStatus.APPROVED


def is_ahead(moment: datetime | None) -> bool:
    return moment is not None and moment > NOW


def covers(grant: Grant, item: Item, needed: int) -> bool:
    right = (
        grant.record_id == "r1"
        if grant.record_id is not None
        else grant.collection_id is not None
        and grant.collection_id == item.collection_id
    )
    return (
        right
        and grant.approvals >= needed
        and grant.starts <= NOW < grant.ends
        and item.tier <= grant.highest_tier
        and not grant.excluded_labels
    )


@settings(max_examples=300, deadline=None, derandomize=True)
@given(VIEWERS, ITEMS, RULES)
def test_a_redacted_copy_is_asked_for_on_the_same_terms(
    viewer: Viewer, item: Item, rules: Rules
) -> None:
    answers = (
        decide(action, viewer, item, rules, NOW)
        for action in (Action.OPEN_ORIGINAL, Action.OPEN_REDACTED)
    )
    clear, redacted = (isinstance(answer, Permit) for answer in answers)
    assert clear is redacted


@settings(max_examples=2000, deadline=None, derandomize=True)
@given(VIEWERS, ITEMS, RULES)
def test_the_policy_opens_what_the_plain_sentence_opens_and_nothing_else(
    viewer: Viewer, item: Item, rules: Rules
) -> None:
    outcome = decide(Action.OPEN_ORIGINAL, viewer, item, rules, NOW)
    failing = [point for point in POINTS if not point(viewer, item, rules)]
    expected = not failing
    event("opens" if expected else "stays shut")
    assert isinstance(outcome, Permit) is expected
