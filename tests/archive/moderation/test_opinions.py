"""Independent answers: nothing stands until enough agree; graver stands at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from archive import moderation
from archive.ledger.tables import LedgerEntry
from archive.moderation import places, standing
from archive.moderation.standing import State
from archive.moderation.tables import LabelSet, Outcome
from archive.records import labels, store
from archive.records.errors import Conflict, FieldError, NotLabelled
from archive.records.labelremarks import Remark
from archive.records.labels import LabelInput
from archive.site import Site
from auth import accounts
from auth.viewer import Role, Tier

Say = Callable[..., labels.LabelChange]
TEAM = ("anna", "boris", "carla")


@pytest.fixture
def team(site: Site) -> dict[str, str]:
    return hire(site, *TEAM)


def hire(site: Site, *names: str) -> dict[str, str]:
    """Moderators of these names, by name."""
    people, now = {}, site.clock()
    with site.db.write() as s:
        for name in names:
            email = f"{name}@example.org"
            made = accounts.add(s, site.sealing, email, name, Role.MODERATOR, None, now)
            accounts.vet_offline(
                s, site.sealing, made, "papers", now.replace(year=2099), "operator", now
            )
            people[name] = made.id
    return people


@pytest.fixture
def held(desk):
    return desk.deposit()


@pytest.fixture
def say(site: Site, held, team) -> Say:
    """Somebody of the team answers for the file with these labels."""

    def answer(who: str, *given: str | LabelInput) -> labels.LabelChange:
        said = [LabelInput(g) if isinstance(g, str) else g for g in given]
        with site.db.write() as s:
            asset_id, now = held.assets[0].id, site.clock()
            return moderation.label(site, s, asset_id, said, team[who], now)

    return answer


def look(site: Site, held) -> tuple[State, bool, Tier, list[str]]:
    with site.db.read() as s:
        asset = store.require_asset(s, held.assets[0].id)
        now = places.standing(site, s, [asset])[asset.id]
        return now.state, asset.labelled, asset.tier, asset.codes


def outcomes(site: Site) -> list[Outcome | None]:
    with site.db.read() as s:
        rows = s.scalars(select(LabelSet).order_by(LabelSet.given_at, LabelSet.id))
        return sorted((row.outcome for row in rows), key=str)


def test_one_answer_leaves_a_file_in_the_dark_and_says_nothing_of_it(
    site, held, say
) -> None:
    change = say("anna", "dead.body")
    assert (change.added, change.tier_after) == ((), Tier.G5)
    assert look(site, held) == (State.SECOND, False, Tier.G5, [])
    with site.db.read() as s:
        assert labels.history(s, held.assets[0].id) == []
        line = s.scalars(select(LedgerEntry).order_by(LedgerEntry.seq.desc())).first()
        assert line is not None
        assert line.event == "opinion given"
        assert "dead.body" not in str(site.ledger.detail(line))


def test_a_record_with_one_answer_cannot_be_let_out(site, held, say) -> None:
    say("anna", "dead.body")
    with pytest.raises(NotLabelled), site.db.write() as s:
        moderation.publish(site, s, held.record.id, "m", site.clock())


def test_two_who_agree_close_it_and_times_of_both_stand(site, held, say) -> None:
    say("anna", LabelInput("dead.body", Tier.G3, from_s=1, to_s=2))
    change = say("boris", LabelInput("dead.body", Tier.G3, from_s=5, to_s=6))
    assert change.agreeing == 1
    assert look(site, held) == (State.CLOSED, True, Tier.G3, ["dead.body"])
    with site.db.read() as s:
        rows = labels.current(s, held.assets[0].id)
        asset = store.require_asset(s, held.assets[0].id)
        assert sorted((row.from_s, row.to_s) for row in rows) == [(1, 2), (5, 6)]
        assert labels.agreeing(s, asset) == 2
    assert outcomes(site) == [Outcome.AGREED, Outcome.AGREED]


def test_one_person_twice_is_one_opinion(site, held, say) -> None:
    say("anna", "dead.body")
    say("anna", "dead.body")
    assert look(site, held)[0] is State.SECOND
    assert outcomes(site) == [None, Outcome.REPLACED]


def test_disagreement_goes_to_a_third_who_alone_sees_both(
    site, held, say, team
) -> None:
    say("anna", "dead.body")
    say("boris", "dead.mutilation")
    assert look(site, held) == (State.DISPUTED, False, Tier.G5, [])
    with site.db.read() as s:
        asset = store.require_asset(s, held.assets[0].id)
        now = places.standing(site, s, [asset])[asset.id]
        sees = {
            name: standing.may_see_answers(s, now.answers, now.state, team[name])
            for name in TEAM
        }
    assert sees == {"anna": False, "boris": False, "carla": True}
    say("carla", "dead.mutilation")
    assert look(site, held) == (State.CLOSED, True, Tier.G5, ["dead.mutilation"])
    assert outcomes(site) == [Outcome.AGREED, Outcome.AGREED, Outcome.OVERRULED]


def test_before_there_is_a_disagreement_nobody_sees_what_another_said(
    site, held, say, team
) -> None:
    say("anna", "dead.body")
    with site.db.read() as s:
        asset = store.require_asset(s, held.assets[0].id)
        now = places.standing(site, s, [asset])[asset.id]
        assert not standing.may_see_answers(s, now.answers, now.state, team["boris"])


@pytest.fixture
def closed(say, held):
    say("anna", LabelInput("harm.torture", Tier.G4))
    say("boris", LabelInput("harm.torture", Tier.G4))
    return held


def test_what_makes_it_graver_stands_at_once(site, closed, say) -> None:
    change = say("carla", LabelInput("harm.torture", Tier.G4), "kill.beheading")
    assert (change.tier_before, change.tier_after) == (Tier.G4, Tier.G5)
    assert look(site, closed)[0] is State.CLOSED


def test_what_makes_it_milder_waits_for_a_second(site, closed, say) -> None:
    milder = LabelInput("harm.threat", Tier.G2)
    change = say("carla", milder)
    assert change.tier_after is Tier.G4
    state, labelled, tier, codes = look(site, closed)
    assert (state, labelled, tier) == (State.SECOND, True, Tier.G4)
    assert codes == ["harm.threat", "harm.torture"]
    say("anna", milder)
    assert look(site, closed) == (State.CLOSED, True, Tier.G2, ["harm.threat"])


def test_nothing_graphic_does_not_stand_beside_what_is(site, closed, say) -> None:
    say("carla", "context.none")
    assert look(site, closed)[2:] == (Tier.G4, ["harm.torture"])


def test_the_operator_and_an_only_moderator_answer_alone(site, desk) -> None:
    people = hire(site, "anna")
    for by in (people["anna"], "operator"):
        held = desk.deposit()
        desk.label(held.assets[0].id, "dead.body", by=by)
        assert look(site, held) == (State.CLOSED, True, Tier.G3, ["dead.body"])
    hire(site, "boris")
    held = desk.deposit()
    desk.label(held.assets[0].id, "dead.body", by=people["anna"])
    assert look(site, held)[0] is State.SECOND


def test_where_there_is_no_third_those_who_differ_see_both(site, desk) -> None:
    people, held = hire(site, "anna", "boris"), desk.deposit()
    desk.label(held.assets[0].id, "dead.body", by=people["anna"])
    desk.label(held.assets[0].id, "harm.dying", by=people["boris"])
    with site.db.read() as s:
        asset = store.require_asset(s, held.assets[0].id)
        now = places.standing(site, s, [asset])[asset.id]
        for who in people.values():
            assert standing.may_see_answers(s, now.answers, now.state, who)
    desk.label(held.assets[0].id, "harm.dying", by=people["anna"])
    assert look(site, held) == (State.CLOSED, True, Tier.G4, ["harm.dying"])


def test_who_does_not_hold_a_file_cannot_answer_while_another_does(
    site, held, say, team, clock
) -> None:
    with site.db.write() as s:
        places.hold(s, held.assets[0].id, team["anna"], site.clock())
    with pytest.raises(Conflict):
        say("boris", "dead.body")
    clock.advance(minutes=31)
    say("boris", "dead.body")
    assert look(site, held)[0] is State.SECOND


def test_what_the_first_remarked_goes_with_the_labels_once_they_stand(
    site: Site, held, team
) -> None:
    asset_id, now = held.assets[0].id, site.clock()
    soon, later = now + timedelta(days=5), now + timedelta(days=9)
    remarks = {
        "anna": Remark("seen in the second minute", later),
        "boris": Remark("the same", soon),
    }
    for who, remark in remarks.items():
        with site.db.write() as s:
            said = [LabelInput("dead.body")]
            moderation.label(site, s, asset_id, said, team[who], now, remark)
    with site.db.read() as s:
        (row,) = labels.current(s, asset_id)
    assert set(row.reason.split("\n")) == {"seen in the second minute", "the same"}
    assert row.expires_at == soon


def test_a_remark_that_cannot_be_taken_leaves_no_answer(site: Site, held, team) -> None:
    asset_id, now = held.assets[0].id, site.clock()
    with pytest.raises(FieldError), site.db.write() as s:
        said, past = [LabelInput("dead.body")], Remark("", now)
        moderation.label(site, s, asset_id, said, team["anna"], now, past)
    with site.db.read() as s:
        assert s.scalars(select(LabelSet)).all() == []


def shelved(site: Site, held, asked: int | None) -> None:
    """Put the record into a collection that asks for so many opinions."""
    with site.db.write() as s:
        shelf = store.add_collection(
            s, "grave", {"en": "Grave"}, {}, "op", site.clock()
        )
        shelf.label_opinions = asked
        store.require(s, held.record.id).collection_id = shelf.id


@pytest.mark.parametrize(("asked", "closes_at"), [(None, 2), (1, 2), (3, 3), (9, 3)])
def test_a_collection_asks_for_more_and_never_for_less(
    site, held, say, asked, closes_at
) -> None:
    shelved(site, held, asked)
    for count, who in enumerate(TEAM[:closes_at], 1):
        assert look(site, held)[1] is False
        say(who, "dead.body")
        state = State.CLOSED if count == closes_at else State.SECOND
        assert look(site, held)[:2] == (state, count == closes_at)


def test_the_queue_knows_what_a_collection_asks_for(site, held, say, team) -> None:
    """Two of three who differ wait for the third; they are not yet in dispute."""
    shelved(site, held, 3)
    say("anna", "dead.body")
    say("boris", "harm.dying")
    assert look(site, held)[0] is State.SECOND
    with site.db.write() as s:
        disputed = places.Wanted(state=State.DISPUTED.value)
        assert places.take(site, s, team["carla"], site.clock(), disputed) is None
        second = places.Wanted(state=State.SECOND.value)
        assert places.take(site, s, team["carla"], site.clock(), second) is not None
