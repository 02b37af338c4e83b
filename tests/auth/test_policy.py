"""The decision: what opens, what stays shut, and that no rule of the table is idle."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auth import conditions, policy, scope
from auth.policy import Action, Permit, Refusal, decide
from auth.viewer import (
    ANONYMOUS,
    LABELLING,
    Access,
    AccountStatus,
    Consent,
    Grant,
    Item,
    PreviewTier,
    ReasonCode,
    RecordState,
    Role,
    Rules,
    Tier,
    TokenScope,
    Viewer,
    Visibility,
    operator_viewer,
    system_viewer,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
BEFORE = NOW - timedelta(hours=1)
RULES = Rules()


def consent(**changes: object) -> Consent:
    given = Consent("c1", "r1", "v1", "research", "my thesis", BEFORE, LATER)
    return replace(given, **changes)


def researcher(**changes: object) -> Viewer:
    full = Viewer(
        account_id="a1",
        role=Role.RESEARCHER,
        status=AccountStatus.APPROVED,
        vetted_until=LATER,
        terms_version=1,
        induction_until=LATER,
        session_id="s1",
        proved_at=NOW - timedelta(minutes=1),
        consents=(consent(),),
    )
    return replace(full, **changes)


def record(**changes: object) -> Item:
    item = Item(
        "r1",
        RecordState.PUBLISHED,
        Visibility.PUBLIC,
        Access.VETTED,
        Tier.G4,
        labelled=True,
        codes=frozenset({"kill.execution"}),
        labels_version="v1",
        asset_id="f1",
    )
    return replace(item, **changes)


def grant(**changes: object) -> Grant:
    given = Grant("g1", "r1", None, Tier.G5, BEFORE, LATER, approvals=2)
    return replace(given, **changes)


def codes(
    viewer: Viewer,
    item: Item | None,
    rules: Rules = RULES,
    action: Action | None = None,
) -> tuple[str, ...]:
    outcome = decide(action or Action.OPEN_ORIGINAL, viewer, item, rules, NOW)
    return () if isinstance(outcome, Permit) else tuple(map(str, outcome.codes))


def test_a_full_researcher_opens_and_the_permit_names_the_consent() -> None:
    outcome = decide(Action.OPEN_ORIGINAL, researcher(), record(), RULES, NOW)
    assert isinstance(outcome, Permit)
    assert outcome.consent is not None
    assert outcome.consent.id == "c1"


LACKING = {
    "unknown record": (researcher(), record(visibility=Visibility.STAFF), "not_found"),
    "draft": (researcher(), record(state=RecordState.DRAFT), "not_found"),
    "tier X": (researcher(), record(tier=Tier.X), "not_found"),
    "withdrawn": (researcher(), record(state=RecordState.WITHDRAWN), "closed"),
    "shredded": (researcher(), record(state=RecordState.SHREDDED), "closed"),
    "closed access": (researcher(), record(access=Access.CLOSED), "closed"),
    "nobody": (ANONYMOUS, record(), "sign_in"),
    "applied": (
        researcher(status=AccountStatus.APPLIED),
        record(),
        "account_pending",
    ),
    "returned": (
        researcher(status=AccountStatus.RETURNED),
        record(),
        "account_pending",
    ),
    "rejected": (
        researcher(status=AccountStatus.REJECTED),
        record(),
        "account_pending",
    ),
    "suspended": (
        researcher(status=AccountStatus.SUSPENDED),
        record(),
        "account_suspended",
    ),
    "closed account": (
        researcher(status=AccountStatus.CLOSED),
        record(),
        "account_suspended",
    ),
    "expired": (researcher(status=AccountStatus.EXPIRED), record(), "vetting_expired"),
    "vetting over": (researcher(vetted_until=NOW), record(), "vetting_expired"),
    "never vetted": (researcher(vetted_until=None), record(), "vetting_expired"),
    "terms unsigned": (researcher(terms_version=0), record(), "account_pending"),
    "no induction": (researcher(induction_until=None), record(), "account_pending"),
    "old induction": (researcher(induction_until=NOW), record(), "vetting_expired"),
    "applicant": (researcher(role=Role.APPLICANT), record(), "role"),
    "token without reveal": (
        researcher(scopes=frozenset({TokenScope.READ})),
        record(),
        "role",
    ),
    "G5 without a grant": (
        researcher(second_factor=True),
        record(tier=Tier.G5),
        "access_request",
    ),
    "G5 without a late proof": (
        researcher(
            second_factor=True,
            proved_at=NOW - timedelta(minutes=5),
            grants=(grant(),),
        ),
        record(tier=Tier.G5),
        "second_factor",
    ),
    "G5 without a second factor": (
        researcher(grants=(grant(),)),
        record(tier=Tier.G5),
        "second_factor",
    ),
    "on request": (researcher(), record(access=Access.REQUEST), "access_request"),
    "grant not begun": (
        researcher(grants=(grant(starts=LATER),)),
        record(access=Access.REQUEST),
        "access_request",
    ),
    "grant over": (
        researcher(grants=(grant(ends=NOW),)),
        record(access=Access.REQUEST),
        "access_request",
    ),
    "grant for less": (
        researcher(grants=(grant(highest_tier=Tier.G3),)),
        record(access=Access.REQUEST),
        "access_request",
    ),
    "grant for another": (
        researcher(grants=(grant(record_id="r2"),)),
        record(access=Access.REQUEST),
        "access_request",
    ),
    "grant without this label": (
        researcher(grants=(grant(excluded_labels=frozenset({"kill.execution"})),)),
        record(access=Access.REQUEST),
        "access_request",
    ),
    "one approval of two": (
        researcher(grants=(grant(approvals=1),)),
        record(access=Access.DUAL),
        "access_request",
    ),
    "embargo": (researcher(), record(embargo_until=LATER), "embargo"),
    "unlabelled": (researcher(), record(labelled=False), "not_labelled"),
    "no consent": (researcher(consents=()), record(), "consent"),
    "consent over": (
        researcher(consents=(consent(expires=NOW),)),
        record(),
        "consent",
    ),
    "consent withdrawn": (
        researcher(consents=(consent(ended_at=BEFORE),)),
        record(),
        "consent",
    ),
    "consent for another record": (
        researcher(consents=(consent(record_id="r2"),)),
        record(),
        "consent",
    ),
    "consent without a reason at G4": (
        researcher(consents=(consent(reason=" "),)),
        record(),
        "consent",
    ),
    "labelled since": (researcher(), record(labels_version="v2"), "consent_stale"),
}


@pytest.mark.parametrize("lack", LACKING)
def test_with_one_thing_lacking_it_stays_shut_for_that_reason(lack: str) -> None:
    viewer, item, code = LACKING[lack]
    assert codes(viewer, item) == (code,)


def test_maintenance_and_the_daily_limit_shut_the_gate_for_everybody() -> None:
    full = frozenset({("c0", "f0")})
    assert codes(researcher(), record(), Rules(maintenance=True)) == ("maintenance",)
    limited = Rules(daily_reveals=1)
    assert codes(researcher(), record(), limited) == ()
    assert codes(researcher(revealed_today=full), record(), limited) == (
        "exposure_limit",
    )
    again = frozenset({("c1", "f1")})
    assert codes(researcher(revealed_today=again), record(), limited) == ()


def test_a_second_factor_is_asked_of_the_roles_the_settings_name() -> None:
    rules = Rules(second_factor_roles=frozenset({Role.RESEARCHER}))
    assert codes(researcher(), record(), rules) == ("second_factor",)
    assert codes(researcher(second_factor=True), record(), rules) == ()


@pytest.mark.parametrize("access", [Access.REQUEST, Access.DUAL])
def test_a_fitting_grant_opens_what_needs_one(access: Access) -> None:
    assert codes(researcher(grants=(grant(),)), record(access=access)) == ()
    by_collection = grant(record_id=None, collection_id="k1")
    holder = researcher(grants=(by_collection,))
    assert codes(holder, record(access=access, collection_id="k1")) == ()
    assert codes(holder, record(access=access)) == ("access_request",)


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.ADMINISTRATOR])
def test_staff_need_their_own_vetting_and_consent(role: Role) -> None:
    assert codes(researcher(role=role), record()) == ()
    assert codes(researcher(role=role, vetted_until=None), record()) == (
        "vetting_expired",
    )
    assert codes(researcher(role=role, consents=()), record()) == ("consent",)


def test_a_moderator_may_see_what_nobody_has_labelled_in_a_labelling_session() -> None:
    unlabelled = record(labelled=False, tier=Tier.G5)
    session = (consent(purpose=LABELLING),)
    moderator = researcher(role=Role.MODERATOR, consents=session)
    assert codes(moderator, unlabelled) == ()
    assert codes(replace(moderator, consents=(consent(),)), unlabelled) == (
        "not_labelled",
    )
    assert codes(researcher(consents=session), unlabelled) == ("not_labelled",)


def test_everything_that_applies_is_said_at_once() -> None:
    bare = researcher(vetted_until=None, terms_version=0, consents=())
    held = codes(bare, record(embargo_until=LATER, access=Access.REQUEST))
    assert held == (
        "vetting_expired",
        "account_pending",
        "access_request",
        "embargo",
        "consent",
    )


def test_what_may_not_be_known_says_nothing_else() -> None:
    hidden = record(visibility=Visibility.STAFF, embargo_until=LATER)
    outcome = decide(Action.OPEN_ORIGINAL, ANONYMOUS, hidden, RULES, NOW)
    assert isinstance(outcome, Refusal)
    assert outcome.is_hidden
    assert outcome.codes == (ReasonCode.NOT_FOUND,)


def test_the_program_and_the_shell_open_no_original() -> None:
    for viewer in (system_viewer("worker"), operator_viewer()):
        assert "sign_in" in codes(viewer, record())


def test_only_the_program_derives() -> None:
    assert codes(system_viewer("worker"), record(), action=Action.DERIVE) == ()
    for viewer in (operator_viewer(), researcher(), ANONYMOUS):
        assert codes(viewer, record(), action=Action.DERIVE) == ("role",)


ROLE_TABLE = {
    Action.SAVE_SEARCHES: {Role.RESEARCHER, Role.MODERATOR, Role.ADMINISTRATOR},
    Action.EXPORT_METADATA: {Role.RESEARCHER, Role.MODERATOR, Role.ADMINISTRATOR},
    Action.PACKAGE: {Role.RESEARCHER, Role.MODERATOR, Role.ADMINISTRATOR},
    Action.DEPOSIT: {Role.RESEARCHER, Role.MODERATOR, Role.ADMINISTRATOR},
    Action.LABEL: {Role.MODERATOR},
    Action.REDACT: {Role.MODERATOR},
    Action.PUBLISH: {Role.MODERATOR},
    Action.WITHDRAW: {Role.MODERATOR},
    Action.VERIFY: {Role.MODERATOR},
    Action.RELATE: {Role.MODERATOR},
    Action.CATALOGUE: {Role.MODERATOR},
    Action.GIVE_ACCOUNT: {Role.RESEARCHER, Role.MODERATOR, Role.ADMINISTRATOR},
    Action.DESCRIBE: {Role.MODERATOR, Role.ADMINISTRATOR},
    Action.REVIEW_APPLICATIONS: {Role.ADMINISTRATOR},
    Action.READ_EVIDENCE: {Role.ADMINISTRATOR},
    Action.MANAGE_DENIALS: {Role.ADMINISTRATOR},
    Action.PUBLISH_TERMS: {Role.ADMINISTRATOR},
    Action.MANAGE_ACCOUNTS: {Role.ADMINISTRATOR},
    Action.CHANGE_ACCOUNTS: {Role.ADMINISTRATOR},
    Action.EXPORT_LEDGER: {Role.ADMINISTRATOR},
    Action.MANAGE_GAZETTEER: {Role.ADMINISTRATOR},
    Action.MANAGE_VOCABULARY: {Role.ADMINISTRATOR},
    Action.MANAGE_COLLECTIONS: {Role.ADMINISTRATOR},
    Action.REQUEST_ACCESS: {Role.RESEARCHER, Role.MODERATOR, Role.ADMINISTRATOR},
    Action.REQUEST_COLLECTION: {Role.RESEARCHER, Role.MODERATOR, Role.ADMINISTRATOR},
    Action.DECIDE_REQUESTS: {Role.ADMINISTRATOR},
    Action.SET_EMBARGO: {Role.ADMINISTRATOR},
    Action.READ_LEDGER: {Role.ADMINISTRATOR},
    Action.MANAGE_JOBS: {Role.ADMINISTRATOR},
    Action.ROTATE_KEYS: {Role.ADMINISTRATOR},
    Action.READ_OPERATIONS: {Role.ADMINISTRATOR},
    Action.READ_QUEUE: {Role.MODERATOR, Role.ADMINISTRATOR},
    Action.MODERATE: {Role.MODERATOR},
    Action.READ_JOBS: {Role.MODERATOR, Role.ADMINISTRATOR},
}


@pytest.mark.parametrize("action", ROLE_TABLE)
@pytest.mark.parametrize("role", list(Role))
def test_each_role_does_its_own_work_and_no_other(action: Action, role: Role) -> None:
    held = codes(researcher(role=role), record(), action=action)
    assert (held == ()) is (role in ROLE_TABLE[action])
    suspended = researcher(role=role, status=AccountStatus.SUSPENDED)
    assert "account_suspended" in codes(suspended, record(), action=action)
    assert "sign_in" in codes(ANONYMOUS, record(), action=action)


def test_only_an_administrator_with_a_second_factor_shreds() -> None:
    for role in Role:
        proved = researcher(role=role, second_factor=True)
        held = codes(proved, record(), action=Action.SHRED)
        assert (held == ()) is (role is Role.ADMINISTRATOR), role
    unproved = researcher(role=Role.ADMINISTRATOR, second_factor=False)
    assert codes(unproved, record(), action=Action.SHRED) == ("second_factor",)
    by_token = replace(unproved, scopes=frozenset(TokenScope))
    assert "second_factor" in codes(by_token, record(), action=Action.SHRED)
    assert "sign_in" in codes(operator_viewer(), record(), action=Action.SHRED)


def test_a_depositor_mends_only_what_is_theirs_and_unreviewed() -> None:
    own = record(state=RecordState.SUBMITTED, depositor_id="a1")
    assert codes(researcher(), own, action=Action.DESCRIBE) == ()
    published = record(depositor_id="a1")
    assert codes(researcher(), published, action=Action.DESCRIBE) == ("role",)
    other = record(state=RecordState.SUBMITTED, depositor_id="a2")
    assert codes(researcher(), other, action=Action.DESCRIBE) == ("not_found",)


@pytest.mark.parametrize(
    ("action", "scope"),
    [
        (Action.DEPOSIT, TokenScope.DEPOSIT),
        (Action.LABEL, TokenScope.LABEL),
        (Action.OPEN_ORIGINAL, TokenScope.REVEAL),
    ],
)
def test_a_token_does_only_what_its_scopes_say(
    action: Action, scope: TokenScope
) -> None:
    moderator = researcher(role=Role.MODERATOR)
    with_scope = replace(moderator, scopes=frozenset({TokenScope.READ, scope}))
    without = replace(moderator, scopes=frozenset({TokenScope.READ}))
    assert codes(with_scope, record(), action=action) == ()
    assert codes(without, record(), action=action) == ("role",)


STEPPED = (
    Action.CHANGE_CREDENTIALS,
    Action.EXPORT_OWN_DATA,
    Action.CHANGE_ACCOUNTS,
    Action.EXPORT_LEDGER,
    Action.EXPORT_METADATA,
    Action.PACKAGE,
    Action.SHRED,
)


@pytest.mark.parametrize("action", STEPPED)
@pytest.mark.parametrize(
    ("ago", "holds"),
    [(0, True), (4, True), (5, False), (600, False), (-5, False), (None, False)],
)
def test_grave_acts_need_a_proof_of_the_last_five_minutes(
    action: Action, ago: int | None, holds: bool
) -> None:
    """Requirement 29, line 29."""
    proved = None if ago is None else NOW - timedelta(minutes=ago)
    viewer = researcher(role=Role.ADMINISTRATOR, second_factor=True, proved_at=proved)
    outcome = decide(action, viewer, record(), RULES, NOW)
    if holds:
        assert isinstance(outcome, Permit)
    else:
        assert isinstance(outcome, Refusal)
        assert [r.condition for r in outcome.reasons] == [conditions.Condition.PROVED]
        assert outcome.codes == (ReasonCode.SECOND_FACTOR,)


def test_a_token_stands_for_the_proof_with_which_it_was_made_and_for_no_more() -> None:
    by_token = researcher(
        role=Role.ADMINISTRATOR, scopes=frozenset(TokenScope), proved_at=None
    )
    assert codes(by_token, None, action=Action.EXPORT_METADATA) == ()
    for action in (Action.CHANGE_CREDENTIALS, Action.CHANGE_ACCOUNTS):
        assert codes(by_token, None, action=action) == ("second_factor",)


def test_showing_the_gravest_begins_with_a_proof_and_ends_with_the_consent() -> None:
    """Requirement 29: what was begun goes on, and another file needs another proof."""
    old = researcher(
        second_factor=True,
        proved_at=NOW - timedelta(minutes=9),
        grants=(grant(),),
    )
    gravest = record(tier=Tier.G5)
    assert codes(old, gravest) == ("second_factor",)
    assert codes(old, gravest, action=Action.GIVE_CONSENT) == ("second_factor",)
    assert codes(old, record(tier=Tier.G4)) == ()
    begun = replace(old, revealed_today=frozenset({("c1", "f1")}))
    assert codes(begun, gravest) == ()
    assert codes(begun, replace(gravest, asset_id="f2")) == ("second_factor",)
    elsewhere = replace(old, revealed_today=frozenset({("c0", "f1")}))
    assert codes(elsewhere, gravest) == ("second_factor",)


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.ADMINISTRATOR])
def test_a_passkey_can_be_demanded_of_a_role(role: Role) -> None:
    """Requirement 12, line 12."""
    rules = Rules(passkey_roles=frozenset({role}))
    by_code = researcher(role=role, second_factor=True)
    by_key = replace(by_code, passkey=True)
    for action in (Action.READ_QUEUE, Action.OPEN_ORIGINAL):
        assert codes(by_code, record(), rules, action) == ("second_factor",)
        assert codes(by_key, record(), rules, action) == ()
    assert codes(by_code, None, rules, Action.CHANGE_CREDENTIALS) == ()
    assert codes(researcher(second_factor=True), record(), rules) == ()


def test_a_passkey_is_a_second_factor_where_one_is_asked_of_a_role() -> None:
    """Requirement 12: mandatory per role."""
    rules = Rules(second_factor_roles=frozenset({Role.RESEARCHER}))
    assert codes(researcher(), record(), rules) == ("second_factor",)
    assert codes(researcher(second_factor=True), record(), rules) == ()
    by_key = researcher(second_factor=True, passkey=True)
    assert codes(by_key, record(), rules) == ()


def test_who_it_is_opens_only_for_a_consent_that_says_why() -> None:
    shown = record(codes=frozenset({"dead.body", "id.witness"}))
    assert codes(researcher(), shown) == ("identity",)
    for empty in ("", "  "):
        silent = researcher(consents=(consent(identity=empty),))
        assert codes(silent, shown) == ("identity",)
    saying = researcher(consents=(consent(identity="to compare two faces"),))
    assert codes(saying, shown) == ()
    assert codes(researcher(consents=()), shown) == ("consent",)
    copy = replace(shown, codes=frozenset({"dead.body"}), redacted_version="r1")
    assert codes(researcher(), copy, action=Action.OPEN_REDACTED) == ()


def test_a_consent_to_the_copies_opens_the_copies_alone() -> None:
    holder = researcher(consents=(consent(labels_version="r1", identity="why"),))
    assert codes(holder, record()) == ("consent_stale",)
    copy = record(redacted_version="r1")
    assert codes(holder, copy, action=Action.OPEN_REDACTED) == ()
    later = record(redacted_version="r2")
    assert codes(holder, later, action=Action.OPEN_REDACTED) == ("consent_stale",)


def test_no_rule_is_idle() -> None:
    """Each rule of the gate's row fails in some case where all the others hold."""
    lone = {
        decide(Action.OPEN_ORIGINAL, viewer, item, RULES, NOW).reasons[0].condition
        for viewer, item, _ in LACKING.values()
    } | {conditions.Condition.MAINTENANCE, policy.Condition.EXPOSURE}
    lone.add(policy.Condition.IDENTITY)
    row = {rule.condition for rule in policy.RULES[Action.OPEN_ORIGINAL]}
    assert row == lone


def test_every_action_has_a_row_and_one_without_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert set(policy.RULES) == set(Action)
    fewer = {a: row for a, row in policy.RULES.items() if a is not Action.SEARCH}
    monkeypatch.setattr(policy, "RULES", fewer)  # a row put back would stand last
    assert codes(researcher(), record(), action=Action.SEARCH) == ("role",)


@pytest.mark.parametrize(
    ("viewer", "audiences", "guarded"),
    [
        (ANONYMOUS, {"public"}, False),
        (
            researcher(role=Role.APPLICANT, status=AccountStatus.APPLIED),
            {"public"},
            False,
        ),
        (researcher(), {"public", "vetted"}, True),
        (researcher(vetted_until=NOW), {"public"}, False),
        (researcher(scopes=frozenset({TokenScope.REVEAL})), {"public"}, False),
        (
            researcher(role=Role.MODERATOR, vetted_until=None),
            {"public", "vetted", "staff"},
            True,
        ),
        (
            researcher(role=Role.ADMINISTRATOR, status=AccountStatus.SUSPENDED),
            {"public"},
            False,
        ),
        (operator_viewer(), {"public", "vetted", "staff"}, True),
    ],
)
def test_lists_take_their_filter_from_the_same_policy(
    viewer: Viewer, audiences: set[str], guarded: bool
) -> None:
    held = scope.scope(viewer, NOW)
    assert held.audiences == audiences
    assert held.guarded is guarded


@pytest.mark.parametrize(
    ("viewer", "item", "tier"),
    [
        (ANONYMOUS, record(tier=Tier.G3), PreviewTier.COLOUR_HAZE),
        (ANONYMOUS, record(), PreviewTier.TRACE),
        (researcher(), record(), PreviewTier.HAZE),
        (researcher(), record(tier=Tier.G5), PreviewTier.SEALED),
        (researcher(), record(labelled=False, tier=Tier.G1), PreviewTier.SEALED),
        (
            researcher(),
            record(tier=Tier.G1, codes=frozenset({"id.minor"})),
            PreviewTier.SEALED,
        ),
        (researcher(), record(state=RecordState.WITHDRAWN), PreviewTier.SEALED),
        (
            researcher(role=Role.MODERATOR),
            record(labelled=False, tier=Tier.G5),
            PreviewTier.HAZE,
        ),
        (
            researcher(role=Role.MODERATOR, status=AccountStatus.SUSPENDED),
            record(labelled=False, tier=Tier.G5),
            PreviewTier.SEALED,
        ),
        (
            researcher(role=Role.MODERATOR),
            record(labelled=False, tier=Tier.X),
            PreviewTier.SEALED,
        ),
        (
            researcher(role=Role.ADMINISTRATOR),
            record(labelled=False, tier=Tier.G5),
            PreviewTier.SEALED,
        ),
    ],
)
def test_the_preview_tells_no_more_than_tier_and_audience_allow(
    viewer: Viewer, item: Item, tier: PreviewTier
) -> None:
    assert scope.preview_tier(viewer, item, RULES, NOW) is tier
    capped = Rules(preview_ceiling=PreviewTier.SEALED)
    assert scope.preview_tier(viewer, item, capped, NOW) is PreviewTier.SEALED


def test_the_public_reads_a_neutral_title_from_g4_on() -> None:
    assert not scope.may_read_title(ANONYMOUS, record(), NOW)
    assert scope.may_read_title(researcher(), record(), NOW)
    assert scope.may_read_title(ANONYMOUS, record(tier=Tier.G3), NOW)


ITEMS = st.builds(
    record,
    state=st.sampled_from(list(RecordState)),
    visibility=st.sampled_from(list(Visibility)),
    access=st.sampled_from(list(Access)),
    tier=st.sampled_from(list(Tier)),
    labelled=st.booleans(),
    labels_version=st.sampled_from(["v1", "v2"]),
    embargo_until=st.sampled_from([None, BEFORE, LATER]),
    depositor_id=st.sampled_from([None, "a1", "a2"]),
)
MOMENTS = st.sampled_from([None, BEFORE, LATER])
VIEWERS = st.builds(
    researcher,
    account_id=st.sampled_from([None, "a1"]),
    role=st.sampled_from(list(Role)),
    status=st.sampled_from([None, *AccountStatus]),
    vetted_until=MOMENTS,
    induction_until=MOMENTS,
    terms_version=st.integers(0, 1),
    second_factor=st.booleans(),
    scopes=st.sampled_from([None, frozenset(), frozenset({TokenScope.REVEAL})]),
    grants=st.sampled_from([(), (grant(),), (grant(approvals=1),)]),
    consents=st.sampled_from([(), (consent(),), (consent(ended_at=BEFORE),)]),
)


@settings(max_examples=2000, deadline=None, derandomize=True)
@given(VIEWERS, ITEMS)
def test_whatever_opens_had_every_condition_of_the_gate(
    viewer: Viewer, item: Item
) -> None:
    outcome = decide(Action.OPEN_ORIGINAL, viewer, item, RULES, NOW)
    if isinstance(outcome, Refusal):
        assert outcome.reasons
        return
    assert item.state not in (RecordState.WITHDRAWN, RecordState.SHREDDED)
    assert item.tier < Tier.X
    assert item.access is not Access.CLOSED
    assert viewer.status is AccountStatus.APPROVED
    assert viewer.role in conditions.REVEALERS
    assert viewer.vetted_until == LATER
    assert viewer.induction_until == LATER
    assert viewer.terms_version == RULES.terms_version
    assert item.embargo_until in (None, BEFORE)
    assert item.labelled
    assert outcome.consent is not None
    assert outcome.consent.labels_version == item.labels_version
    assert outcome.consent.ended_at is None
    restricted = item.access is not Access.VETTED or item.tier >= Tier.G5
    assert outcome.grant is not None or not restricted


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(VIEWERS, ITEMS)
def test_the_panel_and_the_gate_never_disagree(viewer: Viewer, item: Item) -> None:
    lines = policy.checks(Action.OPEN_ORIGINAL, viewer, item, RULES, NOW)
    outcome = decide(Action.OPEN_ORIGINAL, viewer, item, RULES, NOW)
    assert isinstance(outcome, Permit) is all(line.code is None for line in lines)
