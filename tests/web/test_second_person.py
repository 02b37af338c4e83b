"""What nobody does alone: a new administrator, and an export of many.

Requirement 46.
"""

from __future__ import annotations

import csv
import io
import json
import threading
from dataclasses import replace

import pytest
from click.testing import CliRunner

from archive import mail
from archive.cli.main import main
from archive.exchange.lists import FORMS
from archive.requests import seconding as asking
from archive.requests import taking
from archive.witness import ended
from archive.work import run_one
from auth import accounts, lifecycle, notices, seconding
from auth.errors import AuthError, NotPossible, OwnAccount
from auth.policy import Action, Permit, decide
from auth.seconding import State
from auth.viewer import AccountStatus, Role, Viewer

from .conftest import START
from .working import events, post, text

WHY = "Anahit leaves in spring."


def person(site, email, role):
    with site.db.write() as s:
        added = accounts.add(s, site.sealing, email, email, role, None, START)
        return added.id


@pytest.fixture
def chief(people):
    return people["administrator"]


@pytest.fixture
def second(site):
    """Another administrator, made by the machine's owner."""
    return person(site, "second@example.org", Role.ADMINISTRATOR)


@pytest.fixture
def third(site):
    return person(site, "third@example.org", Role.ADMINISTRATOR)


@pytest.fixture
def chosen(site):
    """Whom somebody wants to administer."""
    return person(site, "chosen@example.org", Role.MODERATOR)


def viewer(site, account_id):
    """A person who has just proved who they are."""
    with site.db.read() as s:
        found = accounts.load_viewer(
            s,
            account_id,
            session_id=None,
            second_factor=True,
            scopes=None,
            now=site.clock(),
        )
    return replace(found, proved_at=site.clock())


def ask(site, by, about):
    with site.db.write() as s:
        account = accounts.get(s, about)
        row = asking.ask_administrator(
            site, s, account, WHY, viewer(site, by), site.clock()
        )
        return row.id


def confirm(site, proposal, by):
    with site.db.write() as s:
        row = seconding.get(s, proposal)
        asking.confirm(site, s, row, viewer(site, by), site.clock())


def role(site, account_id):
    with site.db.read() as s:
        row = accounts.get(s, account_id)
        return Role(row.role), AccountStatus(row.status)


def state(site, proposal):
    with site.db.read() as s:
        return seconding.state_of(seconding.get(s, proposal), site.clock())


ADMINISTERS = (Role.ADMINISTRATOR, AccountStatus.APPROVED)
MODERATES = (Role.MODERATOR, AccountStatus.APPROVED)


def test_one_alone_makes_no_administrator_and_two_do(site, chief, second, chosen):
    """Requirement 46."""
    made = ask(site, chief, chosen)
    assert role(site, chosen) == MODERATES
    with pytest.raises(OwnAccount):
        confirm(site, made, chief)
    assert role(site, chosen) == MODERATES
    confirm(site, made, second)
    assert role(site, chosen) == ADMINISTERS
    assert state(site, made) is State.DONE
    assert events(site, account=chosen) == [
        "administrator made",
        "second person confirmed",
        "second person asked for",
    ]
    with pytest.raises(NotPossible):
        confirm(site, made, second)


def test_who_is_alone_makes_the_second_one_and_it_is_said(
    site, browser, people, chief, chosen
):
    """Requirement 46: the founding, after which it always takes two."""
    page = f"/admin/accounts/{chosen}"
    admin = browser("administrator")
    assert "you alone make the second one" in text(admin.get(page))
    given = {"role": "administrator", "role_reason": WHY}
    answer = post(admin, f"{page}/role", **given)
    assert (answer.status_code, answer.location) == (303, page)
    assert role(site, chosen) == ADMINISTERS
    with site.db.read() as s:
        (line,) = site.ledger.entries(s, event="administrator made")
    assert (line.actor, line.detail["how"]) == (chief, "alone")
    listed = text(admin.get("/admin/confirmations"))
    assert "made alone, by the only administrator" in listed
    assert "So you alone may make" not in listed

    answer = post(admin, f"/admin/accounts/{people['other']}/role", **given)
    assert answer.location == "/admin/confirmations"
    assert role(site, people["other"])[0] is Role.RESEARCHER


def test_of_two_foundings_at_once_one_is_alone(site, people, chief, chosen):
    start = threading.Barrier(2)

    def found(about):
        start.wait()
        ask(site, chief, about)

    both = (chosen, people["other"])
    hands = [threading.Thread(target=found, args=(about,)) for about in both]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    roles = [role(site, each)[0] for each in both]
    assert roles.count(Role.ADMINISTRATOR) == 1
    assert len(events(site, event="administrator made")) == 1


def test_the_owner_of_the_machine_makes_one_at_once_and_all_are_told(
    site, environ, people, chief
):
    """The first administrator has nobody to ask, and a shell holds every key."""

    def run(*words):
        done = CliRunner().invoke(main, ["account", *words], env=environ)
        assert done.exit_code == 0, done.output
        return done.output

    made = run("add", "owner@example.org", "--role", "administrator", "--json")
    assert json.loads(made)["role"] == "administrator"
    run("role", "other@example.org", "administrator")
    run("suspend", "other@example.org")
    run("reinstate", "other@example.org")
    run("reset-password", "other@example.org")
    with site.db.read() as s:
        lines = site.ledger.entries(s, event="administrator made")
        told = [each.kind for each in notices.for_account(s, chief)]
    assert [(line.actor, line.detail["how"]) for line in lines] == [
        ("operator", "operator")
    ] * 3
    assert [line.detail["others"] for line in lines] == [2, 2, 1]
    assert told.count("administrator_made") == 3


def test_on_the_pages_another_one_confirms_with_a_second_factor(
    site, browser, people, second, chosen
):
    people["second"] = second
    given = {"role": "administrator", "role_reason": WHY}
    asker = browser("administrator", second_factor=True)
    assert post(asker, f"/admin/accounts/{chosen}/role", **given).status_code == 303
    with site.db.read() as s:
        (row,) = seconding.waiting(s, site.clock())
    address = f"/admin/confirmations/{row.id}/confirm"
    assert address not in asker.get("/admin/confirmations").text
    assert post(asker, address).status_code >= 400
    assert post(browser("second"), address).status_code == 403
    assert post(browser("researcher"), address).status_code == 403
    assert role(site, chosen) == MODERATES

    other = browser("second", second_factor=True)
    shown = other.get("/admin/confirmations").text
    assert address in shown
    assert WHY in shown
    assert post(other, address).status_code == 303
    assert role(site, chosen) == ADMINISTERS
    again = post(asker, f"/admin/accounts/{chosen}/role", **given)
    assert again.status_code == 422
    assert "administers already" in text(again)


def test_the_invited_administrator_waits_for_two(site, browser, second):
    admin = browser("administrator")
    sent = {"email": "new@example.org", "name": "New", "role": "administrator"}
    assert post(admin, "/admin/accounts", **sent).status_code == 200
    with site.db.read() as s:
        made = accounts.find_by_email(s, site.sealing, "new@example.org")
        (row,) = seconding.waiting(s, site.clock())
    assert (made.role, row.account_id) == (Role.RESEARCHER.value, made.id)


def test_withdrawn_late_and_asked_twice_make_nobody_anything(
    site, chief, second, third, chosen, clock
):
    made = ask(site, chief, chosen)
    with pytest.raises(NotPossible):
        ask(site, third, chosen)
    with site.db.write() as s:
        asking.withdraw(site, s, seconding.get(s, made), second, site.clock())
    assert state(site, made) is State.WITHDRAWN
    with pytest.raises(NotPossible):
        confirm(site, made, third)
    late = ask(site, chief, chosen)
    clock.advance(days=8)
    assert state(site, late) is State.EXPIRED
    with pytest.raises(NotPossible):
        confirm(site, late, second)
    assert role(site, chosen) == MODERATES
    # What waited in vain is out of the way of who asks anew.
    confirm(site, ask(site, second, chosen), third)
    assert role(site, chosen) == ADMINISTERS


def test_both_must_administer_when_it_is_done(site, chief, second, third, chosen):
    made = ask(site, chief, chosen)
    with site.db.write() as s:
        asker = accounts.get(s, chief)
        accounts.set_role(s, asker, Role.MODERATOR, "operator", "x", site.clock())
    with pytest.raises(NotPossible):
        confirm(site, made, second)
    with pytest.raises(OwnAccount):
        confirm(site, made, chosen)
    assert role(site, chosen) == MODERATES


def test_of_two_who_confirm_at_once_one_makes_the_administrator(
    site, chief, second, third, chosen
):
    made = ask(site, chief, chosen)
    start, refused = threading.Barrier(2), []

    def try_it(by):
        start.wait()
        try:
            confirm(site, made, by)
        except AuthError as error:
            refused.append(error)

    hands = [threading.Thread(target=try_it, args=(by,)) for by in (second, third)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert len(refused) == 1
    assert events(site, event="administrator made") == ["administrator made"]


def test_an_administrator_who_was_shut_out_comes_back_by_two(
    site, chief, second, third
):
    with site.db.write() as s:
        out = accounts.get(s, third)
        accounts.suspend(s, out, chief, "a quarrel", site.clock())
        with pytest.raises(NotPossible, match="by two"):
            accounts.reinstate(s, out, chief, "made up", site.clock())
        with pytest.raises(NotPossible, match="by two"):
            accounts.set_role(
                s, out, Role.ADMINISTRATOR, chief, "made up", site.clock()
            )
        site.ledger.append(
            s, "account suspended", actor=chief, account=third, now=site.clock()
        )
    confirm(site, ask(site, chief, third), second)
    assert role(site, third) == ADMINISTERS
    with site.db.read() as s:
        assert list(ended.contradictions(s, site.ledger, site.clock())) == []


def test_nothing_but_leave_of_the_policy_for_this_act_appoints(site, chief, chosen):
    """The lowest layer holds it, whatever a page forgets."""
    now = site.clock()
    who = viewer(site, chief)
    leave = decide(Action.CHANGE_ACCOUNTS, who, None, site.rules, now)
    assert isinstance(leave, Permit)
    refused = decide(Action.MAKE_ADMINISTRATOR, who, None, site.rules, now)
    assert refused.codes == ("second_person",)
    with site.db.write() as s:
        account = accounts.get(s, chosen)
        with pytest.raises(NotPossible):
            lifecycle.appoint(s, account, leave, chief, WHY, now)
        for by in (chief, "worker"):
            with pytest.raises(NotPossible, match="by two"):
                accounts.set_role(s, account, Role.ADMINISTRATOR, by, WHY, now)


def test_every_other_administrator_is_told(site, chief, second, third, chosen):
    confirm(site, ask(site, chief, chosen), second)
    with site.db.read() as s:
        told = {
            who: [
                each.kind
                for each in notices.for_account(s, who)
                if each.kind in ("second_person", "administrator_made")
            ]
            for who in (chief, second, third, chosen)
        }
    assert told[chief] == ["second_person"]
    assert sorted(told[third]) == ["administrator_made", "second_person"]
    assert told[chosen] == []
    settle(site)
    letters = mail.waiting(site.config, site.sealing)
    named = [each.to for each in letters if "second person" in each.subject]
    assert sorted(named) == ["second@example.org", "third@example.org"]
    assert "chosen" not in "".join(each.text for each in letters)


# --- exports of many


def counted_from(site, number):
    """From how many on an export is one of many, in the archive of this test."""
    object.__setattr__(site.config, "mass_export", number)


@pytest.fixture
def many(site):
    """Two records at once are many in this archive."""
    counted_from(site, 2)


@pytest.fixture
def shelf(site, desk):
    made = [desk.publish(desk.deposit()).record.id for _ in range(3)]
    settle(site)
    return made


def settle(site):
    """Let the search know of what was published."""
    while run_one(site, site.clock()):
        pass


def rows(answer):
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))


def proposal(site):
    with site.db.read() as s:
        (row,) = seconding.waiting(s, site.clock())
        return row.id


ASKED = {"what": "descriptions", "format": "csv", "narrowed": ""}


def test_an_export_of_many_takes_a_second_person_and_is_taken_once(
    site, browser, people, chief, many, shelf, clock
):
    """Requirement 46."""
    client = browser("researcher")
    refused = post(client, "/search/export", format="csv", search="")
    assert refused.status_code == 403
    assert "A second person is needed" in text(refused)
    assert post(client, "/account/exports", **ASKED, reason="").status_code == 422
    assert events(site, event="exporting") == []
    assert post(client, "/account/exports", **ASKED, reason=WHY).status_code == 303
    made = proposal(site)
    take = f"/account/exports/{made}/take"
    assert post(client, take).status_code == 403
    assert events(site, event="exporting") == []
    confirm(site, made, chief)
    assert post(browser("other"), take).status_code == 404
    answer = post(client, take)
    assert answer.status_code == 200
    assert {row["id"] for row in rows(answer)} == set(shelf)
    with site.db.read() as s:
        (line,) = site.ledger.entries(s, event="exporting")
    assert (line.detail["proposal"], line.detail["confirmed_by"]) == (made, chief)
    assert post(client, take).status_code == 403
    assert len(events(site, event="exporting")) == 1


def test_every_form_of_a_list_can_be_asked_for_and_no_other(site, browser, many, shelf):
    client = browser("researcher")
    for form in FORMS:
        given = {**ASKED, "format": form}
        assert post(client, "/account/exports", **given, reason=WHY).status_code == 303
    wrong = {**ASKED, "format": "exe"}
    assert post(client, "/account/exports", **wrong, reason=WHY).status_code == 400
    with site.db.read() as s:
        assert len(seconding.waiting(s, site.clock())) == len(FORMS)


def test_no_more_is_given_than_was_confirmed_and_not_after_a_day(
    site, browser, chief, many, shelf, desk, clock
):
    client = browser("researcher")
    for _ in range(2):
        post(client, "/account/exports", **ASKED, reason=WHY)
    with site.db.read() as s:
        first, late = [row.id for row in seconding.waiting(s, site.clock())]
    desk.publish(desk.deposit())
    settle(site)
    confirm(site, first, chief)
    confirm(site, late, chief)
    answer = post(client, f"/account/exports/{first}/take")
    assert len(rows(answer)) == len(shelf)
    clock.advance(days=1)
    assert state(site, late) is State.EXPIRED
    later = browser("researcher")
    assert post(later, f"/account/exports/{late}/take").status_code == 403


def test_many_small_exports_are_one_large_one(site, browser, people, desk, clock):
    desk.publish(desk.deposit())
    settle(site)
    counted_from(site, 3)
    client = browser("researcher")

    def export(by):
        return post(by, "/search/export", format="json", search="").status_code

    assert [export(client) for _ in range(3)] == [200, 200, 403]
    assert export(browser("other")) == 200
    with site.db.read() as s:
        assert taking.taken(site, s, people["researcher"], site.clock()) == 2
    clock.advance(days=1)
    assert export(browser("researcher")) == 200


def test_what_somebody_may_not_take_at_all_is_not_asked_for(
    site, browser, people, many, shelf
):
    for what, status in (("ledger", 403), ("access requests", 403), ("x", 400)):
        given = {**ASKED, "what": what, "reason": WHY}
        answer = post(browser("researcher"), "/account/exports", **given)
        assert answer.status_code == status, what
    assert post(browser("visitor"), "/account/exports", **ASKED).status_code == 401
    with site.db.read() as s:
        assert seconding.listing(s) == []


@pytest.mark.parametrize(
    ("what", "address"),
    [("ledger", "/admin/ledger/export"), ("access requests", "/admin/requests/export")],
)
def test_ledger_and_overview_are_held_to_the_same(
    site, browser, chief, second, what, address
):
    counted_from(site, 1)
    with site.db.write() as s:
        site.ledger.append(
            s, "exporting", actor=chief, now=site.clock(), detail={"lines": 1}
        )
    admin = browser("administrator")
    assert post(admin, address, format="json").status_code == 403
    given = {"what": what, "format": "json", "narrowed": "", "reason": WHY}
    assert post(admin, "/account/exports", **given).status_code == 303
    made = proposal(site)
    with pytest.raises(OwnAccount):
        confirm(site, made, chief)
    confirm(site, made, second)
    answer = post(admin, f"/account/exports/{made}/take")
    assert answer.status_code == 200
    assert json.loads(answer.get_data())


def test_by_the_api_it_is_asked_for_and_given_in_the_same_way(
    site, visitor, token, chief, many, shelf
):
    def send(headers, **sent):
        return visitor.post("/api/v1/exports", json=sent, headers=headers)

    mine = token("researcher")
    refused = send(mine, format="json")
    assert refused.status_code == 403
    assert refused.get_json()["reasons"] == ["second_person"]
    asked = send(mine, format="json", reason=WHY)
    assert (asked.status_code, asked.get_json()["records"]) == (202, 3)
    made = asked.get_json()["id"]
    assert send(mine, confirmed=made).status_code == 403
    confirm(site, made, chief)
    assert send(token("other"), confirmed=made).status_code == 404
    given = send(mine, confirmed=made)
    assert given.status_code == 200
    assert {each["id"] for each in given.get_json()["items"]} == set(shelf)
    assert send(mine, confirmed=made).status_code == 403


def test_a_second_person_stands_behind_one_act_alone(site, chief):
    """Being confirmed for something leaves everything else as it is."""
    who = replace(viewer(site, chief), seconded=True)
    nobody = Viewer(seconded=True)
    for action in (Action.MAKE_ADMINISTRATOR, Action.EXPORT_IN_MASS):
        given = decide(action, who, None, site.rules, site.clock())
        assert isinstance(given, Permit)
        refused = decide(action, nobody, None, site.rules, site.clock())
        assert refused.codes == ("sign_in",)
