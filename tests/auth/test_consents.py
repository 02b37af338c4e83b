"""A consent fits exactly what was shown, belongs to one session, and ends."""

from dataclasses import replace
from datetime import timedelta

import pytest

from auth.access import consents, receipts
from auth.access.consents import Act
from auth.access.receipts import Parties
from auth.credentials import sessions, tokens
from auth.errors import FormSpent, LabelsChanged, NotPossible, NotThere, ReasonMissing
from auth.policy import Action, Permit, Refusal, decide
from auth.viewer import (
    ANONYMOUS,
    Access,
    Item,
    ReasonCode,
    RecordState,
    Rules,
    Tier,
    TokenScope,
    Visibility,
)

LABELS = ("harm.humiliation", "captive.public-curiosity")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def item():
    return Item(
        record_id="record",
        state=RecordState.PUBLISHED,
        visibility=Visibility.PUBLIC,
        access=Access.VETTED,
        tier=Tier.G3,
        labelled=True,
        codes=frozenset(LABELS),
        labels_version="v1",
        asset_id="asset",
    )


@pytest.fixture
def account(people, now):
    account = people.add()
    account.terms_version = 1
    account.induction_until = now + timedelta(days=1)
    return account


@pytest.fixture
def session(s, account, now):
    _, row = sessions.start(s, account.id, "Firefox", now)
    return row


@pytest.fixture
def viewer(people, account, session, now):
    def viewer(at=now):
        return people.viewer(account, session_id=session.id, now=at)

    return viewer


@pytest.fixture
def give(s, viewer, item, now):
    def give(**changes):
        facts = {
            "viewer": viewer(),
            "item": item,
            "labels": list(LABELS),
            "text_hash": "shown",
            "language": "hy",
            "purpose": "research",
            "reason": "",
            "minutes": 20,
            "now": now,
        }
        return consents.give(s, **(facts | changes))

    return give


def opens(viewer, item, at):
    return isinstance(decide(Action.OPEN_ORIGINAL, viewer, item, Rules(), at), Permit)


def test_a_consent_opens_and_without_it_nothing_does(viewer, item, give, now):
    assert not opens(viewer(), item, now)
    consent = give()
    assert opens(viewer(), item, now)
    assert consent.labels_version == "v1"
    assert (consent.starts, consent.expires) == (now, now + 20 * MINUTE)


@pytest.mark.parametrize(
    "labels",
    [[], LABELS[:1], [*LABELS, "harm.torture"], ["harm.torture"]],
)
def test_the_labels_acknowledged_are_exactly_those_shown_now(
    viewer, item, give, now, labels
):
    """X5: a consent names the labels."""
    with pytest.raises(LabelsChanged):
        give(labels=labels)
    assert not opens(viewer(), item, now)
    give(labels=reversed(LABELS))
    assert opens(viewer(), item, now)


def test_a_label_added_since_makes_it_stale(viewer, item, give, now):
    give()
    assert opens(viewer(), item, now)
    changed = replace(item, labels_version="v2")
    refusal = decide(Action.OPEN_ORIGINAL, viewer(), changed, Rules(), now)
    assert refusal.codes == (ReasonCode.CONSENT_STALE,)


def test_a_consent_for_one_record_is_none_for_another(viewer, item, give, now):
    give()
    assert opens(viewer(), item, now)
    assert not opens(viewer(), replace(item, record_id="another"), now)


def test_it_lapses_by_itself(viewer, item, give, now):
    """C4."""
    give()
    last = now + 20 * MINUTE - timedelta(seconds=1)
    assert opens(viewer(last), item, last)
    assert not opens(viewer(now + 20 * MINUTE), item, now + 20 * MINUTE)


@pytest.mark.parametrize(
    ("tier", "asked", "given"),
    [
        (Tier.G0, 600, 60),
        (Tier.G2, 45, 45),
        (Tier.G3, 60, 30),
        (Tier.G4, 60, 15),
        (Tier.G5, 60, 10),
        (Tier.G5, 5, 5),
    ],
)
def test_the_tier_and_the_rules_bound_its_length(item, give, now, tier, asked, given):
    grave = replace(item, tier=tier)
    consent = give(item=grave, minutes=asked, reason="chapter 4")
    assert consent.expires == now + given * MINUTE


def test_an_archive_may_allow_less(give, now):
    consent = give(rules=Rules(consent_max_minutes=5))
    assert consent.expires == now + 5 * MINUTE


@pytest.mark.parametrize(
    "changes",
    [{"minutes": 0}, {"minutes": -5}, {"viewer": ANONYMOUS}],
)
def test_no_time_or_nobody_is_no_consent(give, changes):
    with pytest.raises(NotPossible):
        give(**changes)
    assert give()


def test_what_must_not_be_held_cannot_be_consented_to(item, give):
    with pytest.raises(NotPossible):
        give(item=replace(item, tier=Tier.X), reason="chapter 4")


@pytest.mark.parametrize(
    ("tier", "purpose", "reason", "taken"),
    [
        (Tier.G3, "research", "", True),
        (Tier.G3, " ", "", False),
        (Tier.G4, "research", " ", False),
        (Tier.G4, "research", "chapter 4", True),
        (Tier.G5, "research", "", False),
    ],
)
def test_a_purpose_is_needed_and_above_g3_a_typed_reason(
    item, give, tier, purpose, reason, taken
):
    wish = {"item": replace(item, tier=tier), "purpose": purpose, "reason": reason}
    if taken:
        assert give(**wish)
    else:
        with pytest.raises(ReasonMissing):
            give(**wish)


def test_it_belongs_to_the_session_in_which_it_was_given(
    s, people, account, viewer, item, give, now
):
    """Requirement 40."""
    _, other = sessions.start(s, account.id, "Chromium", now)
    give()
    elsewhere = people.viewer(account, session_id=other.id)
    assert opens(viewer(), item, now)
    assert not opens(elsewhere, item, now)


def test_one_given_with_a_token_ends_with_that_token(
    s, people, account, item, give, now
):
    scopes = {TokenScope.READ, TokenScope.REVEAL}
    _, token = tokens.add(s, account.id, scopes, 7, now)

    def with_token():
        return people.viewer(account, session_id=token.id, scopes=scopes)

    give(viewer=with_token())
    assert opens(with_token(), item, now)
    tokens.revoke(s, token, "lost", now)
    assert not opens(with_token(), item, now)


def test_its_giver_withdraws_it_at_once_and_nobody_else_can(
    s, people, account, viewer, item, give, now
):
    """C4; requirement 38."""
    consent = give()
    for who, what in ((people.add().id, consent.id), (account.id, "nothing")):
        with pytest.raises(NotThere):
            consents.withdraw(s, who, what, now)
    assert opens(viewer(), item, now)
    consents.withdraw(s, account.id, consent.id, now)
    assert not opens(viewer(), item, now)


def test_withdrawing_again_keeps_the_first_moment(s, account, give, now):
    consent = give()
    consents.withdraw(s, account.id, consent.id, now)
    row = consents.withdraw(s, account.id, consent.id, now + MINUTE)
    s.refresh(row)
    assert (row.ended_at, row.ended_why) == (now, "withdrawn")


def test_consenting_again_replaces_the_consent_before(s, account, viewer, give, now):
    first, second = give(), give(minutes=5)
    assert [consent.id for consent in viewer().consents] == [second.id]
    rows = {row.id: row for row in consents.for_account(s, account.id)}
    assert rows[first.id].ended_why == "replaced"
    assert rows[second.id].ended_at is None


def test_everything_can_be_ended_by_one_button_or_with_the_record(
    s, account, viewer, item, give, now
):
    other = replace(item, record_id="another")
    consent, another = give(), give(item=other)
    assert consents.end_for_record(s, "record", now) == [consent.id]
    assert [left.id for left in viewer().consents] == [another.id]
    assert consents.withdraw_all(s, account.id, now) == [another.id]
    assert viewer().consents == ()
    again = give(item=other)
    assert consents.withdraw_for_record(s, account.id, "another", now) == [again.id]


def test_a_moderator_consents_to_what_nobody_has_labelled(item, give, now):
    unlabelled = replace(
        item, labelled=False, codes=frozenset(), tier=Tier.G5, labels_version="none"
    )
    consent = give(
        item=unlabelled, labels=[], purpose="labelling", reason="queue", minutes=60
    )
    assert consent.expires == now + 10 * MINUTE


def told(row, now):
    return receipts.receipt(row, Parties("pseudonym", "https://a.example", "/w"), now)


def test_the_receipt_says_what_was_shown_to_whom_and_for_how_long(
    s, account, item, give, now
):
    """C3, X4: fields of ISO/IEC TS 27560."""
    act = Act("the words", "form", "batch", "chapter 4")
    give(item=replace(item, tier=Tier.G4), reason="chapter 4", minutes=10, act=act)
    (row,) = consents.for_account(s, account.id)
    receipt = told(row, now)
    assert receipt["record_header"]["schema_version"] == "ISO/IEC TS 27560:2023"
    assert receipt["record_header"]["pii_principal_id"] == "pseudonym"
    assert receipt["record_header"]["batch"] == {"id": "batch", "name": "chapter 4"}
    assert account.id not in str(receipt)
    processing = receipt["pii_processing"]
    notice = {"text": "the words", "sha256": "shown", "language": "hy"}
    assert processing["privacy_notice"] == notice
    (purpose,) = processing["purposes"]
    assert [each["value"] for each in purpose["pii_information"]] == sorted(LABELS)
    assert purpose["period"]["ends"] == (now + 10 * MINUTE).isoformat()
    assert purpose["period"]["validity_duration"] == "PT600S"
    assert purpose["withdrawal_method"]["url"] == "/w"
    assert [event["event_state"] for event in receipt["events"]] == ["given"]


def test_the_state_in_the_receipt_follows_the_consent(s, account, give, now):
    """C4."""
    give()
    (row,) = consents.for_account(s, account.id)
    assert consents.state_of(row, now) == "given"
    assert told(row, row.expires_at)["events"][-1]["event_state"] == "expired"
    consents.withdraw(s, account.id, row.id, now)
    s.refresh(row)
    last = told(row, now)["events"][-1]
    assert (last["event_state"], last["event_type"]) == ("withdrawn", "withdrawal")
    assert last["event_time"] == now.isoformat()


def test_a_form_counts_once_for_each_record_of_its_batch(item, give, viewer):
    """C2; requirement 40: two tabs that send one form make one consent."""
    act = Act("the words", "form", "batch")
    other = replace(item, record_id="another")
    give(act=act)
    give(act=act, item=other)
    for again in (item, other):
        with pytest.raises(FormSpent):
            give(act=act, item=again)
    assert {each.record_id for each in viewer().consents} <= {"record", "another"}


def test_a_batch_ends_as_one_and_only_for_its_giver(
    s, people, account, item, give, now
):
    """C2."""
    in_batch = give(act=Act(batch_id="batch"))
    beside = give(item=replace(item, record_id="another"))
    with pytest.raises(NotThere):
        consents.withdraw_batch(s, people.add().id, "batch", now)
    ended = consents.withdraw_batch(s, account.id, "batch", now)
    assert [row.id for row in ended] == [in_batch.id]
    live = consents.live_for(s, account.id, ended[0].session_id, now)
    assert [each.id for each in live] == [beside.id]


def test_without_consent_the_refusal_names_consent(viewer, item, now):
    refusal = decide(Action.OPEN_ORIGINAL, viewer(), item, Rules(), now)
    assert isinstance(refusal, Refusal)
    assert refusal.codes == (ReasonCode.CONSENT,)
