"""The archive's modes: what each closes, for everybody, everywhere."""

from __future__ import annotations

import json
import time

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from archive import config
from archive.cli.main import main
from archive.ledger.tables import LedgerEntry
from archive.site import Site, open_site
from auth.policy import RULES, Action, Permit, decide
from auth.telling import NOW, item, people
from auth.viewer import Mode, Rules
from tests.web.conftest import Browser, Clock, Desk, TokenOf, csrf

WORD = "quillwort"
PATH = "/admin/mode"


def put(site: Site, mode: Mode, **messages: str) -> None:
    with site.db.write() as s:
        site.change_mode(s, mode, messages, "operator")
    site.look_at_mode_again()


@pytest.mark.parametrize("action", list(Action))
def test_read_only_stops_what_changes_the_collection_and_nothing_else(
    action: Action,
) -> None:
    changing = {
        Action.GIVE_CONSENT,
        Action.DEPOSIT,
        Action.IMPORT,
        Action.DESCRIBE,
        Action.LABEL,
        Action.REDACT,
        Action.PUBLISH,
        Action.WITHDRAW,
        Action.VERIFY,
        Action.RELATE,
        Action.LABEL_IN_BULK,
        Action.CATALOGUE,
        Action.GIVE_ACCOUNT,
        Action.SET_EMBARGO,
        Action.MODERATE,
        Action.PUBLISH_TERMS,
        Action.MANAGE_COLLECTIONS,
        Action.MANAGE_GAZETTEER,
        Action.MANAGE_VOCABULARY,
        Action.REPORT,
        Action.APPEAL,
        Action.DECIDE_REPORTS,
        Action.CONTRIBUTE,
        Action.ANSWER_CONTRIBUTION,
        Action.REVIEW_CONTRIBUTIONS,
        Action.TAKE_DOWN,
        Action.RESTORE,
        Action.DECIDE_TAKEDOWNS,
    }

    def may(rules: Rules) -> set[str]:
        answers = {
            n: decide(action, v, item(), rules, NOW) for n, v in people().items()
        }
        return {name for name, said in answers.items() if isinstance(said, Permit)}

    openly, read_only = may(Rules()), may(Rules(mode=Mode.READ_ONLY))
    assert read_only == (set() if action in changing else openly)
    assert may(Rules(mode=Mode.READ_ONLY).for_looking) == openly
    closed = may(Rules(mode=Mode.NO_ACCESS))
    assert closed == may(Rules(mode=Mode.NO_ACCESS).for_looking)
    kept = {rule.condition.value for rule in RULES[action]}
    shut = kept & {"maintenance", "showing", "changes"}
    assert closed == (set() if shut else openly)


def test_reading_goes_on_and_forms_answer_calmly_while_read_only(
    site: Site, desk: Desk, browser: Browser, token: TokenOf, visitor: FlaskClient
) -> None:
    record = desk.publish(desk.deposit()).record.id
    client = browser("moderator")
    held = csrf(client)
    put(site, Mode.READ_ONLY, en="Back <b>at noon</b>.", ru="Вернёмся в полдень.")

    for path in ("/", "/search", f"/records/{record}", "/deposit"):
        page = client.get(path)
        assert page.status_code == 200, path
        assert "Back &lt;b&gt;at noon&lt;/b&gt;." in page.text
        assert 'id="archive-mode"' in page.text
    russian = visitor.get("/", headers={"Accept-Language": "ru"}).text
    assert "Вернёмся в полдень." in russian
    assert "Back &lt;b&gt;" in visitor.get("/", headers={"Accept-Language": "hy"}).text
    assert f"/moderation/{record}" not in client.get("/").text

    sent = client.post("/deposit", data={"csrf_token": held, "title": "x"})
    assert (sent.status_code, sent.headers["Retry-After"]) == (503, "300")
    assert "Nothing can be added or changed at the moment." in sent.text
    told = visitor.post(
        "/api/v1/records", json={"title": "x"}, headers=token("moderator")
    )
    assert (told.status_code, told.mimetype) == (503, "application/problem+json")
    assert told.json["code"] == "maintenance"
    assert told.json["reasons"] == ["maintenance"]

    put(site, Mode.OPEN)
    assert 'id="archive-mode"' not in client.get("/").text
    again = visitor.post(
        "/api/v1/records", json={"title": "x"}, headers=token("moderator")
    )
    assert again.status_code == 201


@pytest.mark.parametrize("who", ["visitor", "researcher", "moderator", "administrator"])
def test_no_access_shows_nothing_of_the_collection_at_any_door(
    app: Flask, site: Site, desk: Desk, browser: Browser, who: str, clock: Clock
) -> None:
    deposit = desk.publish(desk.deposit(draft=desk.draft(f"The {WORD} letter")))
    names = {"record_id": deposit.record.id, "asset_id": deposit.assets[0].id}
    client = browser(who)
    assert WORD in client.get("/").text, "it is shown while the archive is open"
    put(site, Mode.NO_ACCESS)

    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint.startswith("admin."):
            continue
        values = {name: names.get(name, "nothing") for name in rule.arguments}
        with app.test_request_context():
            path = app.url_for(rule.endpoint, **values)
        with client.get(path) as answer:
            assert WORD.encode() not in answer.data, path
            if rule.endpoint.startswith(("media.", "search.")):
                assert answer.status_code >= 400, path

    closed = client.get(f"/records/{deposit.record.id}")
    assert closed.status_code == 503
    assert "Nothing of it is shown for now." in closed.text
    assert client.get("/login").status_code in (200, 303)
    if who == "administrator":
        assert client.get(PATH).status_code == 200
        assert client.get("/admin/accounts").status_code == 200


def test_an_administrator_sets_it_with_a_fresh_proof_and_a_line_of_the_ledger(
    site: Site, browser: Browser, clock: Clock, people: dict[str, str]
) -> None:
    client = browser("administrator")
    form = {
        "csrf_token": csrf(client),
        "mode": "no_access",
        "message.en": "Closed for today.",
        "message.hy": "Այսօր փակ է։",
    }
    answer = client.post(PATH, data=form)
    assert answer.status_code == 303
    assert site.mode.mode is Mode.NO_ACCESS
    assert site.mode.messages == {"en": "Closed for today.", "hy": "Այսօր փակ է։"}
    with site.db.read() as s:
        line = s.scalars(select(LedgerEntry).order_by(LedgerEntry.seq.desc())).first()
        assert line is not None
        assert (line.event, line.actor) == ("mode changed", people["administrator"])

    clock.advance(minutes=6)
    later = client.post(PATH, data={**form, "mode": "open"})
    assert later.status_code == 403
    assert "message.en" in later.text, "what was typed is kept for after the proof"
    assert site.mode.mode is Mode.NO_ACCESS


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"mode": "shut"}, "mode"),
        ({"mode": ""}, "mode"),
        ({"message.az": "x" * 501}, "Use at most 500 characters."),
    ],
)
def test_a_form_that_will_not_do_changes_nothing(
    site: Site, browser: Browser, changes: dict[str, str], fault: str
) -> None:
    client = browser("administrator")
    form = {"csrf_token": csrf(client), "mode": "read_only", **changes}
    answer = client.post(PATH, data=form)
    assert (answer.status_code, fault in answer.text) == (422, True)
    assert site.mode.mode is Mode.OPEN


def test_another_process_follows_within_five_seconds(
    site: Site, environ: dict[str, str]
) -> None:
    other = open_site(config.load(environ))
    assert other.mode.mode is Mode.OPEN
    put(site, Mode.READ_ONLY)
    until = time.monotonic() + 60
    while other.mode.mode is Mode.OPEN and time.monotonic() < until:
        time.sleep(0.1)
    assert other.rules.mode is Mode.READ_ONLY
    assert other._modes.LOOK_SECONDS <= 3
    other.close()


def test_the_command_sets_it_and_says_it(
    site: Site, environ: dict[str, str], browser: Browser
) -> None:
    browser("researcher")

    def run(*words: str) -> dict[str, object]:
        done = CliRunner().invoke(main, ["mode", *words, "--json"], env=environ)
        assert done.exit_code == 0, done.output
        told: dict[str, object] = json.loads(done.output)
        return told

    assert run()["mode"] == "open"
    told = run("no-access", "--message", "en=Back at noon.", "--end-sessions")
    assert (told["mode"], told["messages"]) == ("no_access", {"en": "Back at noon."})
    assert told["by"] == "operator"
    assert told["sessions_ended"] == 1
    wrong = CliRunner().invoke(main, ["mode", "open", "--message", "de=x"], env=environ)
    assert wrong.exit_code == 2
    assert run()["mode"] == "no_access"
    assert run("open")["messages"] == {}
