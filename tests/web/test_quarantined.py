"""What was handed in from outside is nowhere met until it is accepted; and limits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from archive.contributions import handing, quarantine
from archive.contributions.kinds import State
from archive.contributions.tables import Contribution
from archive.records import store
from archive.records.tables import Asset, Record
from archive.web.request import limits
from archive.web.showing import daily
from auth.limits import Allowance
from auth.viewer import Mode

from .conftest import csrf, photo
from .test_contributions import (
    PLANTED,
    add,
    code_of,
    counted,
    environ,
    hand_in,
    row_of,
    taken_up,
    work,
)
from .working import post, text

__all__ = ["environ"]
READERS = ("visitor", "applicant", "researcher", "administrator")
DESK = "/moderation/contributions"
PROGRAM = "/api/v1/contributions"


@pytest.fixture
def asset_id(site, visitor) -> str:
    """The file of a contribution that waits, with its preview made."""
    code_of(hand_in(visitor, photo()))
    work(site)
    with site.db.read() as s:
        return store.assets_of(s, row_of(site).record_id)[0].id


def addresses(app, site, asset_id: str):
    """Every address that GET answers, of this record, file and contribution."""
    row = row_of(site)
    known = {
        "record_id": row.record_id,
        "asset_id": asset_id,
        "contribution_id": row.id,
        "variant": "card",
        "name": "labels",
        "filename": "css/tokens.css",
    }
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()):
            values = {name: known.get(name, "x") for name in rule.arguments}
            with app.test_request_context():
                path = app.url_for(rule.endpoint, **values)
            yield path
            if not rule.arguments:
                yield f"{path}{'&' if '?' in path else '?'}q={PLANTED[0]}"


def blobs(site) -> set[str]:
    """The names of every sealed file that lies in the store."""
    folder = site.config.object_store
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_nobody_but_reviewers_meets_a_word_of_it(app, site, browser, asset_id):
    paths = sorted(set(addresses(app, site, asset_id)))
    for name in (*READERS, "moderator"):
        client = browser(name)
        met = set()
        for path in paths:
            with client.get(path) as answer:
                assert answer.status_code < 500, (name, path)
                body = answer.get_data().decode(errors="replace")
                body = body.replace(f"q={PLANTED[0]}", "")
            asked = path.endswith(f"q={PLANTED[0]}")
            words = PLANTED[1:] if asked else PLANTED
            if any(word in body for word in words):
                met.add(path.split("?")[0])
        one = row_of(site).id
        desk = {f"{to}{path}" for to in (DESK, PROGRAM) for path in ("", f"/{one}")}
        assert met == (desk if name == "moderator" else set()), name


def test_by_its_address_it_is_not_there(site, browser, token, asset_id):
    record_id = row_of(site).record_id
    for name in (*READERS, "moderator"):
        client = browser(name)
        assert client.get(f"/records/{record_id}").status_code == 404
        assert client.get(f"/media/{asset_id}/original").status_code == 404
        shown = client.get(f"/media/{asset_id}/preview").status_code
        assert shown == (200 if name == "moderator" else 404)
        if name in ("researcher", "moderator", "administrator"):
            found = client.get(f"/api/v1/records/{record_id}", headers=token(name))
            assert found.status_code == 404
    moderator = browser("moderator")
    for act in ("publish", "withdraw"):
        address = f"/moderation/{record_id}/{act}"
        assert post(moderator, address).status_code == 404
    assert "Quillfeather" not in text(moderator.get("/moderation/"))


def test_no_count_has_it(site, visitor):
    before = visitor.get("/metrics").get_data(as_text=True)
    code_of(hand_in(visitor, photo()))
    after = visitor.get("/metrics").get_data(as_text=True)
    for family in ("vigil_records", "vigil_assets", "vigil_original_bytes"):
        lines = [
            [line for line in text.splitlines() if line.startswith(family)]
            for text in (before, after)
        ]
        assert lines[0] == lines[1]
    with site.db.read() as s:
        assert next(plot.total for plot in daily.machine(s, site.clock())) == 0
    assert 'vigil_quarantine_bytes{what="used"} 0' in before
    assert 'vigil_quarantine_bytes{what="used"} 0' not in after


def test_whoever_sends_the_same_file_is_not_told_that_it_waits(
    site, visitor, browser, desk
):
    same = photo()
    code_of(hand_in(visitor, same))
    assert desk.deposit(same).duplicates == ()


@pytest.mark.parametrize(
    ("files", "words", "said"),
    [
        ((), {}, "at least one file"),
        ((b"MZ" + bytes(4000),), {}, ""),
        ((photo(), b"plain words, no picture"), {}, ""),
        ((photo(),), {"is_mine": ""}, "tick this"),
        ((photo(),), {"wish": ""}, "choose one"),
        ((photo(),), {"event_date": "last autumn"}, "date"),
        ((photo(),), {"contact": "nowhere"}, ""),
        ((photo(),), {"title": ""}, "fill this in"),
    ],
)
def test_what_is_refused_leaves_nothing(site, visitor, files, words, said):
    before = blobs(site)
    answer = hand_in(visitor, *files, **words)
    assert answer.status_code in (413, 415, 422)
    assert said.lower() in text(answer).lower()
    assert [counted(site, each) for each in (Contribution, Record, Asset)] == [0, 0, 0]
    assert blobs(site) == before


def test_a_crash_between_the_file_and_the_row_leaves_nothing(
    site, visitor, monkeypatch
):
    def broken(*_: object) -> None:
        raise RuntimeError("the power went")

    before = blobs(site)
    with monkeypatch.context() as patched:
        patched.setattr(handing, "tell_ledger", broken)
        assert hand_in(visitor, photo()).status_code == 500
    assert [counted(site, each) for each in (Contribution, Record, Asset)] == [0, 0, 0]
    assert blobs(site) == before
    code_of(hand_in(visitor, photo()))
    assert blobs(site) > before


def test_one_address_may_hand_in_so_often_and_no_row_tells_the_address(
    site, visitor, monkeypatch
):
    few = Allowance(1, timedelta(hours=1))
    monkeypatch.setattr(limits, "CONTRIBUTIONS", few)
    kept: list[str] = []
    spend = limits._spend

    def noted(key: str, allowance: Allowance) -> None:
        kept.append(key)
        spend(key, allowance)

    monkeypatch.setattr(limits, "_spend", noted)
    code_of(hand_in(visitor, photo()))
    refused = hand_in(visitor, photo())
    assert refused.status_code == 429 and "Retry-After" in refused.headers
    assert counted(site, Contribution) == 1
    assert kept and not any("127.0.0.1" in key for key in kept)


def test_a_full_quarantine_takes_nothing_and_says_so(site, visitor, browser, people):
    size = len(photo())
    object.__setattr__(site.config, "quarantine_bytes", size + 100)
    code_of(hand_in(visitor, photo()))
    refused = hand_in(visitor, photo())
    assert refused.status_code in (422, 503, 507)
    assert "Too much is waiting" in text(refused)
    assert counted(site, Contribution) == 1
    assert "nearly full" in text(browser("moderator").get(DESK))
    told = text(browser("administrator").get("/admin/"))
    assert "contribution from outside waits" in told
    with site.db.read() as s:
        assert quarantine.held(site, s).is_nearly_full


def test_a_contribution_holds_so_much_and_no_more(site, visitor):
    object.__setattr__(site.config, "contribution_files", 1)
    assert hand_in(visitor, photo(), photo()).status_code in (413, 422)
    code = code_of(hand_in(visitor, photo()))
    assert add(visitor, code, photo()).status_code in (413, 422)
    assert row_of(site).files == 1


def test_while_nothing_is_taken_nothing_comes_in(site, visitor, people):
    code = code_of(hand_in(visitor, photo()))
    token = csrf(visitor, "/contribute")
    with site.db.write() as s:
        site.change_mode(s, Mode.READ_ONLY, {}, people["administrator"])
    site.look_at_mode_again()
    for address in ("", "/status/answer", "/status/files", "/status/withdraw"):
        sent = {"csrf_token": token, "code": code, "words": "x", "is_meant": "y"}
        assert visitor.post(f"/contribute{address}", data=sent).status_code == 503
    found = visitor.post("/contribute/status", data={"csrf_token": token, "code": code})
    assert "waits for review" in text(found)
    assert row_of(site).state is State.RECEIVED


def test_nobody_decides_on_what_they_handed_in(site, browser):
    moderator = browser("moderator")
    code_of(hand_in(moderator, photo()))
    page = f"{DESK}/{row_of(site).id}"
    post(moderator, f"{page}/take")
    assert row_of(site).holder is None
    assert "somebody else decides" in text(moderator.get(page))
    refused = post(moderator, f"{page}/decide", page, outcome="accepted")
    assert refused.status_code == 422
    assert row_of(site).state is State.RECEIVED


def test_what_is_in_no_hands_is_not_decided(site, visitor, browser):
    code_of(hand_in(visitor, photo()))
    moderator = browser("moderator")
    page = f"{DESK}/{row_of(site).id}"
    refused = post(moderator, f"{page}/decide", page, outcome="accepted")
    assert refused.status_code == 422
    taken_up(site, moderator)
    post(moderator, f"{page}/give-back")
    refused = post(moderator, f"{page}/decide", page, outcome="accepted")
    assert refused.status_code == 422
    assert row_of(site).state is State.RECEIVED


def test_a_near_twin_changes_nothing_that_others_see(site, visitor, browser, desk):
    """Else a stranger could learn by handing it in whether the archive holds it."""
    same = photo((160, 120))
    public = desk.publish(desk.deposit(same))
    work(site)
    address = f"/media/{public.assets[0].id}/preview"
    before = visitor.get(address).headers["ETag"]
    code_of(hand_in(visitor, same))
    work(site)
    assert visitor.get(address).headers["ETag"] == before
    page = browser("moderator").get(f"{DESK}/{row_of(site).id}")
    assert "may hold this already" in text(page)
    with site.db.read() as s:
        assert s.scalar(select(func.count()).select_from(Contribution)) == 1
