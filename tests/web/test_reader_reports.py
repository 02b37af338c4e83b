"""What readers report: handed in by anybody, decided by the right person, told."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from archive import moderation
from archive.jobs.tables import Job
from archive.mail import queueing
from archive.records import store
from archive.reports import codes, desk, finding, forgetting
from archive.reports.deciding import Decision, decide
from archive.reports.kinds import Kind, State
from archive.reports.tables import Report
from auth import accounts
from auth.errors import NotPossible, OwnAccount
from auth.viewer import RecordState, Role, Visibility

from .conftest import START, csrf
from .working import events, post, text

DESK = "/api/v1/reports"
WORDS = "walrus-tambourine: that is my brother"
CONTACT = "petrel@example.net"
UPHELD = {"outcome": "upheld", "remedy": "none", "reason": "You are right; thank you."}
DECLINED = {"outcome": "declined", "remedy": "none", "reason": "It is as it should be."}
WITHDRAWN = {
    "outcome": "upheld",
    "remedy": "withdraw",
    "reason": "It is gone.",
    "category": "family-request",
    "tombstone": "Withdrawn at the request of a family.",
}


@pytest.fixture
def record(desk):
    return desk.publish(desk.deposit()).record


@pytest.fixture
def more(site, people):
    """Makes more accounts of a role, and lets `browser` know them by name."""

    def made(name, role):
        with site.db.write() as s:
            account = accounts.add(
                s, site.sealing, f"{name}@example.org", name, role, None, START
            )
            until = START + timedelta(days=300)
            accounts.vet_offline(
                s, site.sealing, account, "seen", until, "operator", START
            )
            people[name] = account.id
        return people[name]

    return made


@pytest.fixture
def people(people):
    return dict(people)


def report(client, record, kind="wrong_label", **more):
    address = f"/records/{record.id}/report"
    return post(client, address, address, **{"kind": kind, "words": WORDS, **more})


def code_of(answer) -> str:
    assert answer.status_code == 303, text(answer)
    return re.search(r"/reports/([0-9a-z-]+)", answer.location)[1]


def rows(site):
    with site.db.read() as s:
        found = s.scalars(select(Report)).all()
        # The tests' clock stands still: an appeal comes after its report.
        return sorted(found, key=lambda row: (row.made_at, row.is_appeal))


def act(client, row, what, **fields):
    address = f"/moderation/reports/{row.id}"
    return post(client, f"{address}/{what}", "/help/", **fields)


def decided(client, row, **fields):
    assert act(client, row, "take").status_code == 303
    return act(client, row, "decide", **fields)


def letters(site):
    """The mails that wait, opened."""
    with site.db.read() as s:
        waiting = s.scalars(select(Job).where(Job.kind == queueing.LETTER)).all()
        return [queueing.read(site.sealing, job.args) for job in waiting]


def test_a_visitor_reports_follows_and_hears_the_outcome(
    visitor, browser, site, record
):
    page = visitor.get(f"/records/{record.id}").get_data(as_text=True)
    assert f'href="/records/{record.id}/report"' in page

    code = code_of(report(visitor, record, file="1", contact=CONTACT))
    told = text(visitor.get(f"/reports/{code}"))
    assert code in told and "received" in told and WORDS in told

    (row,) = rows(site)
    moderator = browser("moderator")
    assert WORDS in text(moderator.get(f"/moderation/reports/{row.id}"))
    act(moderator, row, "take")
    assert "being looked at" in text(visitor.get(f"/reports/{code}"))
    assert act(moderator, row, "decide", **UPHELD, note="seen twice").status_code == 303

    again = post(visitor, "/reports", "/reports", code=code.upper().replace("-", " "))
    told = text(visitor.get(again.location))
    assert "upheld" in told and UPHELD["reason"] in told
    assert "seen twice" not in told
    assert events(site, record=record.id)[:3] == [
        "report decided",
        "report taken up",
        "report received",
    ]
    first, second = letters(site)
    assert (first["to"], second["to"]) == (CONTACT, CONTACT)
    assert code in first["text"] and code not in second["text"]


def test_what_is_missing_is_said_and_what_was_typed_is_kept(visitor, site, record):
    answer = report(visitor, record, kind="", words="kept-words", contact="nobody")
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "kept-words" in page and "Please choose one." in page
    assert "Write an e-mail address" in page
    assert report(visitor, record, file="7").status_code == 422
    assert report(visitor, record, words=" ").status_code == 422
    assert report(visitor, record, kind="restore").status_code == 422
    assert rows(site) == []


def test_a_hidden_record_is_answered_like_one_that_is_not_there(
    visitor, browser, site, desk
):
    hidden = desk.deposit().record

    def seen(client, record_id, method):
        address = f"/records/{record_id}/report"
        data = {"csrf_token": csrf(client, "/help/"), "kind": "legal", "words": "x"}
        answer = client.open(
            address, method=method, data=data if method == "POST" else None
        )
        body = answer.get_data(as_text=True).replace(record_id, "")
        body = re.sub(r'name="csrf_token" value="[^"]+"', "", body)
        body = re.sub(r"<code>[^<]*</code>|nonce-[\w-]+|[0-9a-z]{12,}", "", body)
        return answer.status_code, len(body)

    for client in (visitor, browser("researcher")):
        for method in ("GET", "POST"):
            met = seen(client, hidden.id, method)
            assert met[0] == 404
            assert met == seen(client, "000000000000", method)
    assert rows(site) == []


def test_no_reference_is_found_by_trying(visitor, record):
    code_of(report(visitor, record))
    for _ in range(2):
        assert visitor.get(f"/reports/{codes.draw()}").status_code == 404
    wrong = post(visitor, "/reports", "/reports", code=codes.draw())
    assert wrong.status_code == 422
    statuses = {visitor.get("/reports/" + "0" * 20).status_code for _ in range(150)}
    assert statuses == {404, 429}


def test_a_flood_is_held_back_and_leaves_the_others(visitor, browser, site, record):
    met = [report(visitor, record).status_code for _ in range(12)]
    assert met == [303] * 10 + [429] * 2
    assert len(rows(site)) == 10
    assert report(browser("researcher"), record).status_code == 303


def test_an_address_gets_few_mails_however_many_reports_name_it(visitor, site, record):
    for _ in range(5):
        report(visitor, record, contact=CONTACT)
    assert len(letters(site)) == 3


def test_signed_in_readers_find_theirs_and_nobody_else_does(
    browser, site, record, clock
):
    researcher, other = browser("researcher"), browser("other")
    code_of(report(researcher, record, contact=CONTACT))
    (row,) = rows(site)
    assert row.contact_sealed is None
    assert "A label is wrong" in text(researcher.get("/account/reports"))
    assert WORDS in text(researcher.get(f"/account/reports/{row.id}"))
    assert "A label is wrong" not in text(other.get("/account/reports"))
    assert other.get(f"/account/reports/{row.id}").status_code == 404
    assert report(researcher, record).status_code == 422
    assert len(rows(site)) == 1

    decided(browser("moderator"), row, **UPHELD)
    assert "A report of yours was decided" in text(researcher.get("/account/"))
    assert report(researcher, record).status_code == 303


def test_what_people_wrote_is_nowhere_in_clear(visitor, browser, site, record):
    code = code_of(report(visitor, record, kind="shows_me", contact=CONTACT))
    (row,) = rows(site)
    decided(browser("administrator"), row, **{**UPHELD, "note": "osprey-kettle"})
    with site.db.read() as s:
        told = [str(line.detail) for line in site.ledger.entries(s, limit=50)]
    home = b"".join(
        path.read_bytes() for path in site.config.home.rglob("*") if path.is_file()
    )
    words = ("walrus-tambourine", CONTACT, "osprey-kettle", UPHELD["reason"], code)
    for word in words:
        assert word.encode() not in home
        assert not [line for line in told if word in line]


def test_what_is_grave_is_for_administrators_alone(visitor, browser, site, record):
    for kind in ("wrong_label", "legal", "shows_me"):
        report(visitor, record, kind=kind)
    by_kind = {row.kind: row for row in rows(site)}
    moderator, chief = browser("moderator"), browser("administrator")

    queue = text(chief.get("/moderation/reports"))
    found = [queue.index(f" {word}") for word in ("It shows me", "A legal demand")]
    assert found[0] < found[1]
    assert 'class="panel-title"' in chief.get("/moderation/reports").get_data(True)
    listed = moderator.get("/moderation/reports").get_data(as_text=True)
    assert by_kind[Kind.WRONG_LABEL].id in listed
    for kind in (Kind.LEGAL, Kind.SHOWS_ME):
        row = by_kind[kind]
        assert row.id not in listed
        assert moderator.get(f"/moderation/reports/{row.id}").status_code == 404
        for what in ("take", "decide", "give-back"):
            assert act(moderator, row, what, **UPHELD).status_code == 404
    assert "3 wait" not in text(moderator.get("/moderation/"))
    assert "3 wait" in text(chief.get("/moderation/"))
    assert "readers' reports wait" in text(chief.get("/admin/"))


def test_the_queue_is_in_the_order_of_need(visitor, site, record, clock):
    for kind in ("too_dark", "wrong_label", "legal", "too_open", "shows_me"):
        report(visitor, record, kind=kind)
        clock.advance(minutes=1)
    with site.db.read() as s:
        wanted = desk.Wanted(grave=True)
        order = [row.kind for row in desk.table(s, wanted, site.clock())]
        waits = desk.waiting(s, grave=True)
        assert (waits.count, waits.age(site.clock())) == (5, timedelta(minutes=5))
        assert desk.waiting(s, grave=False).count == 3
        older = desk.Wanted(grave=True, older_than=1)
        assert desk.table(s, older, site.clock()) == []
    assert order == ["shows_me", "legal", "too_open", "wrong_label", "too_dark"]


def test_neither_reporter_nor_labeller_decides(browser, site, record, people, more):
    moderator = browser("moderator")
    report(moderator, record)
    (row,) = rows(site)
    page = moderator.get(f"/moderation/reports/{row.id}")
    assert "You have reported this yourself" in text(page)
    act(moderator, row, "take")
    assert act(moderator, row, "decide", **UPHELD).status_code == 422
    assert rows(site)[0].state is State.RECEIVED

    more("labeller", Role.MODERATOR)
    with site.db.write() as s:
        (asset,) = store.assets_of(s, record.id)
        given = [
            moderation.LabelInput("dead.body"),
            moderation.LabelInput("kill.execution"),
        ]
        moderation.label(site, s, asset.id, given, people["labeller"], site.clock())
        with pytest.raises(OwnAccount, match="labelled"):
            desk.take(site, s, finding.require(s, row.id), people["labeller"], START)
    more("third", Role.MODERATOR)
    assert decided(browser("third"), row, **UPHELD).status_code == 303


def test_of_two_deciders_one_decides(browser, site, record, visitor, people, more):
    report(visitor, record)
    (row,) = rows(site)
    more("second", Role.MODERATOR)
    one, two = browser("moderator"), browser("second")
    act(one, row, "take")
    assert "Somebody is looking at it" in text(two.get(f"/moderation/reports/{row.id}"))
    act(two, row, "take")
    assert act(two, row, "decide", **DECLINED).status_code == 422
    assert act(one, row, "decide", **UPHELD).status_code == 303
    assert act(one, row, "decide", **DECLINED).status_code == 422
    (row,) = rows(site)
    assert (row.state, row.decided_by) == (State.UPHELD, people["moderator"])


def test_of_many_who_take_and_decide_at_once_one_does(
    visitor, site, record, people, more
):
    report(visitor, record)
    (row,) = rows(site)
    hands = [people["moderator"], *(more(f"m{n}", Role.MODERATOR) for n in range(3))]
    ready = threading.Barrier(len(hands))

    def at_once(by):
        ready.wait()
        try:
            with site.db.write() as s:
                desk.take(site, s, finding.require(s, row.id), by, site.clock())
            with site.db.write() as s:
                found = finding.require(s, row.id)
                decide(site, s, found, Decision(State.UPHELD, by), by, site.clock())
        except NotPossible:
            return None
        return by

    with ThreadPoolExecutor(len(hands)) as pool:
        won = [by for by in pool.map(at_once, hands) if by]
    assert [each.decided_by for each in rows(site)] == won
    assert events(site, record=record.id).count("report decided") == 1


def test_a_lease_that_is_over_is_taken_by_another(
    visitor, browser, site, record, clock, more
):
    report(visitor, record)
    (row,) = rows(site)
    more("second", Role.MODERATOR)
    act(browser("moderator"), row, "take")
    clock.advance(minutes=31)
    assert decided(browser("second"), row, **UPHELD).status_code == 303
    assert act(browser("moderator"), row, "decide", **DECLINED).status_code == 422


def test_an_upheld_label_is_looked_at_again_before_all_others(
    visitor, browser, site, record
):
    report(visitor, record, kind="too_open", file="1")
    (row,) = rows(site)
    answer = decided(browser("moderator"), row, **{**UPHELD, "remedy": "relabel"})
    assert answer.location.startswith(f"/moderation/{record.id}")
    assert "labels reopened" in events(site, record=record.id)
    page = text(browser("administrator").get("/moderation/"))
    assert "One record waits" in page


def test_a_takedown_is_decided_by_an_administrator_and_leaves_a_tombstone(
    visitor, browser, site, record
):
    code = code_of(report(visitor, record, kind="shows_me", contact=CONTACT))
    (row,) = rows(site)
    chief = browser("administrator")
    assert CONTACT in text(chief.get(f"/moderation/reports/{row.id}"))
    unsaid = decided(chief, row, **{**WITHDRAWN, "tombstone": ""})
    assert unsaid.status_code == 422
    assert rows(site)[0].state is State.TAKEN
    assert act(chief, row, "decide", **WITHDRAWN).status_code == 303
    page = text(visitor.get(f"/records/{record.id}"))
    assert WITHDRAWN["tombstone"] in page and "family-request" in page
    assert START.date().isoformat() in page
    assert "a tombstone stands in its place" in text(visitor.get(f"/reports/{code}"))
    assert letters(site)[-1]["to"] == CONTACT


def test_an_embargo_follows_only_where_a_day_is_given(visitor, browser, site, record):
    report(visitor, record, kind="legal")
    (row,) = rows(site)
    chief = browser("administrator")
    asked = {**UPHELD, "remedy": "embargo"}
    assert decided(chief, row, **asked).status_code == 422
    until = (START + timedelta(days=30)).date()
    assert act(chief, row, "decide", **asked, until=until).status_code == 303
    with site.db.read() as s:
        assert store.require(s, record.id).embargo_until.date() == until


def test_moderators_may_not_embargo_by_way_of_a_report(visitor, browser, site, record):
    report(visitor, record)
    (row,) = rows(site)
    until = (START + timedelta(days=30)).date()
    asked = {**UPHELD, "remedy": "embargo", "until": until}
    assert decided(browser("moderator"), row, **asked).status_code == 422
    with site.db.read() as s:
        assert store.require(s, record.id).embargo_until is None


def test_a_reporter_appeals_once_and_another_decides(
    visitor, browser, site, record, more
):
    code = code_of(report(visitor, record, kind="shows_me"))
    (row,) = rows(site)
    chief = browser("administrator")
    address = f"/reports/{code}"
    early = post(visitor, f"{address}/appeal", address, words="please")
    assert early.status_code == 422
    decided(chief, row, **DECLINED)
    assert post(visitor, f"{address}/appeal", address, words="").status_code == 422
    assert post(visitor, f"{address}/appeal", address, words="Look!").status_code == 303
    assert post(visitor, f"{address}/appeal", "/help/", words="2").status_code == 422
    _first, against = rows(site)
    decided(chief, against, **UPHELD)
    assert rows(site)[1].state is State.RECEIVED
    more("second", Role.ADMINISTRATOR)
    page = text(browser("second").get(f"/moderation/reports/{against.id}"))
    assert DECLINED["reason"] in page and WORDS in page and "Look!" in page
    assert decided(browser("second"), against, **WITHDRAWN).status_code == 303
    told = text(visitor.get(address))
    assert DECLINED["reason"] in told and WITHDRAWN["reason"] in told


def test_an_appeal_comes_too_late(visitor, browser, site, record, clock):
    code = code_of(report(visitor, record))
    (row,) = rows(site)
    decided(browser("moderator"), row, **DECLINED)
    clock.advance(days=61)
    address = f"/reports/{code}"
    assert "If you do not agree" not in text(visitor.get(address))
    late = post(visitor, f"{address}/appeal", "/help/", words="now")
    assert late.status_code == 422


def test_a_depositor_asks_back_what_was_withdrawn_and_gets_it(
    browser, site, desk, people, more, clock
):
    made = desk.publish(desk.deposit())
    record = made.record
    with site.db.write() as s:
        store.require(s, record.id).created_by = people["researcher"]
    depositor, other = browser("researcher"), browser("other")
    back = f"/records/{record.id}/appeal"
    assert depositor.get(back).status_code == 403
    report(other, record, kind="shows_me")
    (row,) = rows(site)
    decided(browser("administrator"), row, **WITHDRAWN)

    assert "was withdrawn, or is there again" in text(depositor.get("/account/"))
    assert back in depositor.get("/account/reports").get_data(as_text=True)
    assert other.get(back).status_code == 403
    assert post(depositor, back, back, words="It is my own film.").status_code == 303
    assert post(depositor, back, "/help/", words="Again").status_code == 422
    _first, asked = rows(site)
    upheld = {**UPHELD, "remedy": "restore"}
    decided(browser("administrator"), asked, **upheld)  # who withdrew it
    assert rows(site)[1].state is State.RECEIVED
    more("second", Role.ADMINISTRATOR)
    assert decided(browser("second"), asked, **UPHELD).status_code == 422
    assert act(browser("second"), asked, "decide", **upheld).status_code == 303
    with site.db.read() as s:
        record = store.require(s, record.id)
        assert (record.state, record.tombstone) == (RecordState.PUBLISHED, None)
    assert events(site, record=record.id)[:2] == [
        "appeal decided",
        "withdrawal reversed",
    ]
    assert "A church in Shushi" in text(other.get(f"/records/{record.id}"))


def test_reporters_are_forgotten_first_whom_to_write_to_then_the_rest(
    visitor, browser, site, record, clock
):
    code = code_of(report(visitor, record, contact=CONTACT))
    (row,) = rows(site)

    def forget():
        with site.db.write() as s:
            return forgetting.forget(s, (), timedelta(days=365), site.clock())

    clock.advance(days=400)
    assert forget() == {}
    decided(browser("moderator"), row, **DECLINED)
    clock.advance(days=30)
    post(visitor, f"/reports/{code}/appeal", f"/reports/{code}", words="No.")
    clock.advance(days=70)
    assert forget() == {}
    decided(browser("administrator"), rows(site)[1], **UPHELD)
    clock.advance(days=91)
    assert forget() == {"contacts": 1}
    assert rows(site)[0].contact_sealed is None
    clock.advance(days=365)
    assert forget() == {"reports": 2}
    assert rows(site) == []


def test_a_report_outlives_what_its_reader_may_know(visitor, site, record):
    code = code_of(report(visitor, record))
    with site.db.write() as s:
        store.require(s, record.id).visibility = Visibility.STAFF
    page = visitor.get(f"/reports/{code}").get_data(as_text=True)
    assert WORDS in page
    assert record.id not in page and "A church in Shushi" not in page


def test_programs_report_follow_and_appeal(visitor, browser, site, record, desk):
    address = "/api/v1/reports"
    sent = {"record": record.id, "kind": "too_open", "words": WORDS, "file": 1}
    made = visitor.post(address, json=sent)
    assert made.status_code == 201
    code = made.get_json()["code"]
    assert visitor.get(f"{address}/{code}").get_json()["state"] == "received"
    (row,) = rows(site)
    decided(browser("moderator"), row, **DECLINED)
    found = visitor.get(f"{address}/{code}").get_json()
    assert (found["state"], found["reason"]) == ("declined", DECLINED["reason"])
    words = {"words": "Look again."}
    appealed = visitor.post(f"{address}/{code}/appeal", json=words)
    assert (appealed.status_code, appealed.get_json()["may_appeal"]) == (201, False)
    assert visitor.post(f"{address}/{code}/appeal", json=words).status_code == 409

    hidden = desk.deposit().record.id
    met = []
    for record_id in (hidden, "000000000000", ""):
        for kind in ("legal", "nonsense"):
            answer = visitor.post(
                address, json={**sent, "record": record_id, "kind": kind}
            )
            told = answer.get_json() | {"instance": ""}
            met.append((answer.status_code, told))
    assert {status for status, _ in met} == {404}
    assert all(told == met[0][1] for _, told in met)
    bad = ({"kind": "restore"}, {"words": ""}, {"file": 9}, {"language": "xx"})
    for wrong in (*bad, {"contact": "a@b.org\nBcc: c@d.org"}):
        assert visitor.post(address, json={**sent, **wrong}).status_code == 422


def withdrawn_by_page(browser, record):
    address = f"/moderation/{record.id}"
    said = {"category": "error", "note": "By mistake.", "sure": "y"}
    answer = post(browser("moderator"), f"{address}/withdraw", address, **said)
    assert answer.status_code == 303


@pytest.mark.parametrize("way", ["page", "program"])
def test_a_depositor_hears_of_a_withdrawal_that_nobody_reported(
    browser, token, visitor, site, record, people, way
):
    with site.db.write() as s:
        store.require(s, record.id).created_by = people["researcher"]
    if way == "page":
        withdrawn_by_page(browser, record)
    else:
        answer = visitor.delete(
            f"/api/v1/records/{record.id}",
            json={"category": "error", "note": "By mistake."},
            headers=token("moderator"),
        )
        assert answer.status_code == 200
    assert "was withdrawn, or is there again" in text(
        browser("researcher").get("/account/")
    )
    assert [each["to"] for each in letters(site)] == ["researcher@example.org"]


def test_ones_own_data_hold_what_one_reported_and_was_told(browser, site, record):
    mine = browser("researcher")
    report(mine, record)
    own = mine.get("/account/data/export").json["reports"]
    assert [(each["words"], each["state"]) for each in own] == [(WORDS, "received")]
    assert browser("moderator").get("/account/data/export").json["reports"] == []


def test_programs_take_up_and_decide_as_the_page_does(
    visitor, token, site, record, people, more
):
    for kind in ("wrong_label", "shows_me"):
        report(visitor, record, kind=kind, contact=CONTACT)
    by_kind = {row.kind: row for row in rows(site)}
    plain, grave = (by_kind[kind].id for kind in (Kind.WRONG_LABEL, Kind.SHOWS_ME))
    one, chief = token("moderator"), token("administrator")

    def call(method, path="", headers=one, **sent):
        return visitor.open(DESK + path, method=method, headers=headers, **sent)

    assert [each["id"] for each in call("GET").json["items"]] == [plain]
    assert [each["id"] for each in call("GET", headers=chief).json["items"]] == [
        grave,
        plain,
    ]
    assert call("GET", headers=token("researcher")).status_code == 403
    for wrong in ("?kind=x", "?state=x", "?older_than=x", "?collection=nowhere"):
        assert call("GET", wrong).status_code == 400
    assert call("GET", "?state=declined").json["total"] == 0

    taking, address = {"action": "take"}, f"/desk/{plain}"
    for method, path in (("GET", ""), ("PATCH", ""), ("POST", "/decision")):
        met = call(method, f"/desk/{grave}{path}", json=taking | UPHELD)
        assert met.status_code in {404, 422} and CONTACT not in text(met)
    assert call("GET", f"/desk/{grave}", chief).json["contact"] == CONTACT
    assert call("GET", address).json["contact"] is None

    assert call("POST", f"{address}/decision", json=UPHELD).status_code == 409
    assert call("PATCH", address, json={"action": "keep"}).status_code == 422
    taken = call("PATCH", address, json=taking)
    assert (taken.json["is_mine"], taken.json["words"]) == (True, WORDS)
    assert call("PATCH", address, chief, json=taking).status_code == 409
    for bad in ({"outcome": "taken"}, {"reason": ""}, {"until": "soon"}):
        assert call("POST", f"{address}/decision", json=UPHELD | bad).status_code == 422
    embargo = UPHELD | {"remedy": "embargo", "until": "2031-01-01"}
    assert call("POST", f"{address}/decision", json=embargo).status_code == 403
    lacking = call("POST", f"{address}/decision", json=WITHDRAWN | {"tombstone": ""})
    assert (lacking.status_code, rows(site)[0].decided_at) == (422, None)
    assert "tombstone" in text(lacking)
    done = call("POST", f"{address}/decision", json=UPHELD | {"note": "seen"})
    assert (done.status_code, done.json["state"]) == (200, "upheld")
    assert (done.json["note"], done.json["reason"]) == ("seen", UPHELD["reason"])
    again = call("POST", f"{address}/decision", json=DECLINED)
    assert again.status_code == 409
    assert events(site, record=record.id).count("report decided") == 1


def test_programs_decide_on_nothing_of_their_own_nor_twice(
    visitor, browser, token, site, record, more
):
    report(browser("moderator"), record)
    (row,) = rows(site)
    address, mine = f"{DESK}/desk/{row.id}", token("moderator")
    near = visitor.get(address, headers=mine).json["too_near"]
    assert "reported this yourself" in near
    taking = {"action": "take"}
    assert visitor.patch(address, json=taking, headers=mine).status_code == 403
    more("second", Role.MODERATOR)
    other = browser("second")
    assert decided(other, row, **DECLINED).status_code == 303
    own = browser("moderator")
    page = f"/account/reports/{row.id}"
    assert post(own, f"{page}/appeal", page, words="Again.").status_code == 303
    appeal = rows(site)[1]
    address = f"{DESK}/desk/{appeal.id}"
    chief = token("administrator")
    first = visitor.get(address, headers=chief).json["first"]
    assert (first["id"], first["state"]) == (row.id, "declined")
    assert visitor.patch(address, json=taking, headers=chief).status_code == 200
    sent = UPHELD | {"remedy": "relabel"}
    met = visitor.post(f"{address}/decision", json=sent, headers=chief)
    assert (met.status_code, met.json["remedy"]) == (200, "relabel")
