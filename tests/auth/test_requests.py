"""Asking for access: states, one open request, timeline, the end of vetting."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest

from auth import notices
from auth.access import deciding, grants, requests, timeline
from auth.access.deciding import Offer
from auth.access.purposes import StatedPurpose, Use
from auth.access.questions import Answer, Kind, Question
from auth.access.requests import Scope, State, Told, Wish
from auth.access.timeline import What
from auth.access.useconditions import Condition
from auth.errors import NotPossible, NotThere, OwnAccount, ReasonMissing
from auth.tables import Base
from auth.viewer import Role, Tier

from .conftest import People

DAY = timedelta(days=1)
SECRET = "the family of the man in the blue coat"


def purpose(**changed):
    facts = {
        "text": SECRET,
        "project": "Churches of Shushi",
        "institution": "University of X",
        "country": "AM",
        "until": date(2027, 6, 1),
        "uses": frozenset({Use.PUBLISH_FINDINGS}),
    }
    return StatedPurpose(**{**facts, **changed})


def wish(record="record", **changed):
    question = Question("supervisor", Kind.TEXT, {"en": "Who supervises it?"})
    told = Told(purpose(), (Answer(question, "A. B."),), (Condition("IRB"),))
    return Wish(**{"scope": Scope(record_id=record), "told": told, **changed})


@pytest.fixture
def applicant(people):
    return people.add()


@pytest.fixture
def second(people):
    return people.add(Role.ADMINISTRATOR)


@pytest.fixture
def row(s, sealing, applicant, now):
    return requests.submit(s, sealing, applicant.id, wish(), now)


@pytest.fixture
def offer(now):
    return Offer(Tier.G4, now, now + 60 * DAY, "checked with the referee")


def state(s, row, now):
    grant = requests.grants_of(s, [row]).get(row.grant_id or "")
    return requests.state_of(row, grant, now)


def test_what_was_told_comes_back_with_the_questions_as_asked(s, sealing, row):
    """C5, C6: the answers keep the questions they answer."""
    told = requests.told_of(sealing, row)
    assert told.purpose == purpose()
    assert told.answers[0].question.text == {"en": "Who supervises it?"}
    assert told.answers[0].said == "A. B."
    assert told.conditions == (Condition("IRB"),)


def test_what_people_write_is_stored_sealed(s, sealing, row, administrator, now):
    requests.comment(s, sealing, row, administrator.id, f"about {SECRET}", now)
    kept = [
        value
        for table in ("access_requests", "access_request_entries")
        for line in s.execute(Base.metadata.tables[table].select())
        for value in line
    ]
    assert not any(SECRET in str(value) for value in kept)
    assert not any(SECRET.encode() in v for v in kept if isinstance(v, bytes))
    assert timeline.of(s, sealing, row.id)[-1].text == f"about {SECRET}"


def test_one_person_has_one_open_request_for_one_thing(
    s, sealing, row, applicant, people, now
):
    with pytest.raises(NotPossible, match="open request"):
        requests.submit(s, sealing, applicant.id, wish(), now)
    requests.submit(s, sealing, applicant.id, wish("another"), now)
    requests.submit(s, sealing, people.add().id, wish(), now)
    requests.withdraw(s, row, now)
    assert requests.submit(s, sealing, applicant.id, wish(), now).id != row.id


def test_a_request_goes_through_its_states(
    s, sealing, row, applicant, administrator, offer, now
):
    """C7."""
    by = administrator.id
    seen = [state(s, row, now)]
    deciding.take_up(s, row, by, now)
    seen.append(state(s, row, now))
    deciding.send_back(s, sealing, row, by, "which court?", now)
    seen.append(state(s, row, now))
    requests.resubmit(s, sealing, row, wish(), now)
    seen.append(state(s, row, now))
    deciding.approve(s, sealing, row, offer, by, 1, now)
    seen += [state(s, row, now + n * DAY) for n in (0, 30, 59, 60)]
    assert seen == [
        State.SUBMITTED,
        State.IN_REVIEW,
        State.RETURNED,
        State.SUBMITTED,
        State.GRANTED,
        State.EXPIRING,
        State.EXPIRING,
        State.EXPIRED,
    ]
    lines = [(each.what, each.by) for each in timeline.of(s, sealing, row.id)]
    assert lines == [
        (What.SUBMITTED, applicant.id),
        (What.IN_REVIEW, by),
        (What.RETURNED, by),
        (What.RESUBMITTED, applicant.id),
        (What.GRANTED, by),
    ]


def test_a_grant_has_the_terms_offered(s, sealing, row, administrator, now):
    """C8, C11: start, end, highest tier, labels left out."""
    offer = Offer(Tier.G3, now + DAY, now + 9 * DAY, "why", frozenset({"x.y"}))
    deciding.approve(s, sealing, row, offer, administrator.id, 1, now)
    assert grants.current_for(s, row.account_id, now) == ()
    (grant,) = grants.current_for(s, row.account_id, now + DAY)
    assert (grant.highest_tier, grant.excluded_labels) == (Tier.G3, {"x.y"})
    assert (grant.record_id, grant.ends) == ("record", now + 9 * DAY)


def test_nobody_decides_on_their_own(s, sealing, administrator, second, offer, now):
    """V11: each way of deciding refuses the applicant, and takes another."""
    row = requests.submit(s, sealing, administrator.id, wish(), now)
    own = administrator.id
    acts = [
        lambda by: deciding.take_up(s, row, by, now),
        lambda by: deciding.approve(s, sealing, row, offer, by, 2, now),
        lambda by: deciding.send_back(s, sealing, row, by, "why", now),
        lambda by: deciding.decline(s, sealing, row, by, "why", now),
    ]
    for act in acts:
        with pytest.raises(OwnAccount):
            act(own)
        act(second.id)
    assert state(s, row, now) is State.DECLINED


def test_two_must_stand_behind_it_where_two_are_needed(
    s, sealing, row, administrator, second, offer, now
):
    assert deciding.approve(s, sealing, row, offer, administrator.id, 2, now) is None
    assert grants.current_for(s, row.account_id, now) == ()
    with pytest.raises(NotPossible, match="Another administrator"):
        deciding.confirm(s, sealing, row, administrator.id, "yes", now)
    with pytest.raises(OwnAccount):
        deciding.confirm(s, sealing, row, row.account_id, "yes", now)
    with pytest.raises(NotPossible, match="approved this already"):
        deciding.approve(s, sealing, row, offer, second.id, 2, now)
    deciding.confirm(s, sealing, row, second.id, "yes", now + DAY)
    (grant,) = grants.current_for(s, row.account_id, now + DAY)
    assert (grant.approvals, grant.ends) == (2, offer.ends)


def test_a_first_approval_falls_with_whoever_gave_it(
    s, sealing, row, administrator, second, offer, now
):
    deciding.approve(s, sealing, row, offer, administrator.id, 2, now)
    administrator.role = Role.RESEARCHER.value
    s.flush()
    with pytest.raises(NotPossible, match="no administrator any more"):
        deciding.confirm(s, sealing, row, second.id, "yes", now)
    deciding.send_back(s, sealing, row, second.id, "again", now)
    assert row.approved_by is None


def test_a_revoked_grant_is_gone_at_once_and_says_so(
    s, sealing, row, administrator, offer, now
):
    """C9."""
    deciding.approve(s, sealing, row, offer, administrator.id, 1, now)
    with pytest.raises(ReasonMissing):
        deciding.revoke(s, sealing, row, administrator.id, " ", now)
    assert grants.current_for(s, row.account_id, now)
    deciding.revoke(s, sealing, row, administrator.id, "shared a still", now)
    assert grants.current_for(s, row.account_id, now) == ()
    assert state(s, row, now) is State.REVOKED
    assert timeline.of(s, sealing, row.id)[-1].text == "shared a still"


@pytest.mark.parametrize("act", [deciding.decline, deciding.send_back])
def test_a_no_needs_a_reason_and_tells_the_applicant(
    s, sealing, row, administrator, act, now
):
    with pytest.raises(ReasonMissing):
        act(s, sealing, row, administrator.id, "", now)
    act(s, sealing, row, administrator.id, "not this one", now)
    told = [notice.kind for notice in notices.for_account(s, row.account_id)]
    assert told == ["request_changed"]


def test_what_is_over_stays_over(s, sealing, row, administrator, offer, now):
    requests.withdraw(s, row, now)
    for act in (
        lambda: requests.withdraw(s, row, now),
        lambda: requests.comment(s, sealing, row, row.account_id, "but", now),
        lambda: deciding.decline(s, sealing, row, administrator.id, "no", now),
        lambda: deciding.approve(s, sealing, row, offer, administrator.id, 1, now),
    ):
        with pytest.raises(NotPossible):
            act()


def test_a_renewal_names_an_old_request_of_ones_own(s, sealing, row, people, now):
    """C10."""
    stranger = people.add()
    with pytest.raises(NotThere):
        requests.submit(s, sealing, stranger.id, wish(renews=row.id), now)
    requests.withdraw(s, row, now)
    again = requests.submit(s, sealing, row.account_id, wish(renews=row.id), now)
    assert again.renews == row.id


def test_when_vetting_ends_open_requests_close_and_no_other(
    s, sealing, row, applicant, administrator, people, offer, now
):
    """X9."""
    granted = requests.submit(s, sealing, applicant.id, wish("granted"), now)
    deciding.approve(s, sealing, granted, offer, administrator.id, 1, now)
    returned = requests.submit(s, sealing, applicant.id, wish("returned"), now)
    deciding.send_back(s, sealing, returned, administrator.id, "why", now)
    other = requests.submit(s, sealing, people.add().id, wish(), now)

    closed = requests.close_all_of(s, applicant.id, "The vetting has ended.", now)

    assert set(closed) == {row.id, returned.id}
    assert state(s, row, now) is State.WITHDRAWN
    assert state(s, granted, now) is State.GRANTED
    assert state(s, other, now) is State.SUBMITTED
    line = timeline.of(s, sealing, row.id)[-1]
    assert (line.what, line.note) == (What.CLOSED, "The vetting has ended.")
    assert requests.close_all_of(s, applicant.id, "again", now) == []


def test_of_two_who_act_at_once_one_is_told(database, sealing, hasher, now):
    """Two approvals, two withdrawals: one takes effect, once."""
    with database() as s, s.begin():
        people = People(s, sealing, hasher, now)
        applicant = people.add().id
        chiefs = [people.add(Role.ADMINISTRATOR).id for _ in range(2)]
        one = requests.submit(s, sealing, applicant, wish("one"), now).id
        two = requests.submit(s, sealing, applicant, wish("two"), now).id
    offer = Offer(Tier.G4, now, now + DAY, "why")

    def approve(n, s, row):
        deciding.approve(s, sealing, row, offer, chiefs[n], 1, now)

    def withdraw(_n, s, row):
        requests.withdraw(s, row, now)

    assert _at_once(database, one, approve) == ["done", "told"]
    assert _at_once(database, two, withdraw) == ["done", "told"]
    with database() as s:
        assert len(grants.for_account(s, applicant)) == 1
        whats = [line.what for line in timeline.of(s, sealing, two)]
        assert whats.count(What.WITHDRAWN) == 1


def test_two_cannot_both_be_the_first_of_two(database, sealing, hasher, now):
    with database() as s, s.begin():
        people = People(s, sealing, hasher, now)
        applicant = people.add().id
        chiefs = [people.add(Role.ADMINISTRATOR).id for _ in range(2)]
        one = requests.submit(s, sealing, applicant, wish("one"), now).id
    offer = Offer(Tier.G4, now, now + DAY, "why")

    def approve(n, s, row):
        deciding.approve(s, sealing, row, offer, chiefs[n], 2, now)

    assert _at_once(database, one, approve) == ["done", "told"]
    with database() as s:
        assert grants.for_account(s, applicant) == []


def _at_once(database, request_id, act):
    """What two got who read the same state before either of them acted."""
    ready, found = threading.Barrier(2), []

    def person(n):
        with database() as s:
            row = requests.get(s, request_id)
            s.expunge(row)
            s.rollback()
        ready.wait()
        try:
            with database() as s, s.begin():
                s.add(row)
                act(n, s, row)
            found.append("done")
        except NotPossible:
            found.append("told")

    threads = [threading.Thread(target=person, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found)
