"""The history of labels: author, time, file version, reason, removal and end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from archive.moderation import expiring
from archive.records import store
from archive.work import run_one
from auth.viewer import Tier, TokenScope
from tests.web.conftest import csrf

WHY = "seen again in full"


@pytest.fixture
def held(desk):
    return desk.publish(desk.deposit(), "harm.threat", Tier.G2)


def put(client, held, head, *codes, **more):
    sent = {"labels": list(codes), **more}
    address = f"/api/v1/assets/{held.assets[0].id}/labels"
    return client.put(address, json=sent, headers=head)


def lines(client, held, head):
    address = f"/api/v1/assets/{held.assets[0].id}/labels/history"
    return client.get(address, headers=head).get_json()["lines"]


def test_a_removal_keeps_who_when_and_why_and_so_does_what_is_given(
    app, token, people, clock, held
) -> None:
    client, head = app.test_client(), token("moderator", TokenScope.LABEL)
    clock.advance(minutes=1)
    assert put(client, held, head, "dead.body", reason=WHY).status_code == 200
    told = lines(client, held, head)
    given, removed = (
        next(each for each in told if each["code"] == "dead.body"),
        next(each for each in told if each["negates"]),
    )
    for each in (given, removed):
        assert each["author"] == people["moderator"]
        assert each["reason"] == WHY
        assert each["object"] == str(held.assets[0].object_id)
        assert each["is_of_present_file"]
        assert each["created_at"] == clock().isoformat().replace("+00:00", "Z")
    first = next(each for each in told if each["id"] == removed["negates"])
    assert (first["code"], first["reason"]) == ("harm.threat", None)


def test_staff_read_the_history_on_the_record_and_nobody_else_does(
    app, token, browser, visitor, held
) -> None:
    client, head = app.test_client(), token("moderator", TokenScope.LABEL)
    put(client, held, head, "dead.body", reason=WHY)
    address = f"/records/{held.record.id}"
    page = browser("moderator").get(address).text
    assert "History of labels" in page
    assert "File 1</summary>" in page
    assert WHY in page
    assert f"File version {str(held.assets[0].object_id)[:8]}" in page
    for other in (visitor, browser("researcher"), browser("administrator")):
        shown = other.get(address).text
        assert "History of labels" not in shown
        assert WHY not in shown
    history = f"/api/v1/assets/{held.assets[0].id}/labels/history"
    assert visitor.get(history).status_code == 401


def test_a_label_that_runs_out_leaves_the_file_to_be_looked_at_again(
    site, app, token, browser, clock, held
) -> None:
    client, head = app.test_client(), token("moderator", TokenScope.LABEL)
    until = (clock() + timedelta(days=1)).isoformat()
    made = put(client, held, head, "harm.threat", "dead.body", expires_at=until)
    assert made.status_code == 200
    record = held.record.id

    def tier():
        with site.db.read() as s:
            found = store.require(s, record)
            return (found.tier, found.labelled)

    with site.db.write() as s:
        assert expiring.expire(site, s, "system:worker", clock()) == 0
    assert tier() == (Tier.G3, True)
    clock.advance(days=2)
    with site.db.write() as s:
        assert expiring.expire(site, s, "system:worker", clock()) == 1
        assert expiring.expire(site, s, "system:worker", clock()) == 0
    assert tier() == (Tier.G5, False)
    page = browser("moderator").get(f"/records/{record}").text
    assert "ran out" in page
    with site.db.read() as s:
        newest = next(iter(site.ledger.entries(s, event="labelling")))
        assert newest.detail["reason"] == "expired"
        assert newest.detail["tier"] == ["G3", "G5"]
    head = token("moderator", TokenScope.LABEL)
    assert put(client, held, head, "dead.body").status_code == 200
    assert tier() == (Tier.G3, True)


def test_the_worker_takes_back_what_ran_out(site, app, token, clock, held) -> None:
    client, head = app.test_client(), token("moderator", TokenScope.LABEL)
    until = (clock() + timedelta(minutes=5)).isoformat()
    put(client, held, head, "dead.body", expires_at=until)
    clock.advance(hours=1)
    while run_one(site, clock()):
        pass
    from archive.work import housekeeping

    housekeeping.queue_due(site, clock())
    while run_one(site, clock()):
        pass
    with site.db.read() as s:
        assert not store.require(s, held.record.id).labelled


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"reason": "x" * 501}, "500 characters"),
        ({"until": "2020-01-01"}, "Labels end on a day to come"),
        ({"until": "9999-01-01"}, "Labels end on a day to come"),
        ({"until": "tomorrow"}, "Write a day such as 2027-06-30."),
    ],
)
def test_a_remark_that_cannot_be_taken_is_said_and_nothing_is_labelled(
    site, browser, held, more, sentence
) -> None:
    client, asset = browser("moderator"), held.assets[0].id
    address = f"/moderation/{held.record.id}"
    form = {"label": "dead.body", "tier-dead.body": "3", **more}
    form["csrf_token"] = csrf(client, address)
    answer = client.post(f"/moderation/labels/{asset}", data=form)
    assert answer.status_code == 422
    assert sentence in answer.text
    ((name, typed),) = more.items()
    assert f'href="#{name}"' in answer.text
    assert f'value="{typed}"' in answer.text
    with site.db.read() as s:
        assert store.require(s, held.record.id).codes == ["harm.threat"]
    form |= {"reason": WHY, "until": ""}
    assert client.post(f"/moderation/labels/{asset}", data=form).status_code == 303
    assert WHY in client.get(f"/records/{held.record.id}").text
