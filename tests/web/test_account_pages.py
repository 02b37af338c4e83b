"""One's own account: the chain, security, sessions, consents, tokens, data."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest

from archive.records import store
from archive.web.showing import browsers
from auth import accounts, induction
from auth.access import consents, exposure
from auth.credentials import second_factor, sessions
from auth.credentials import tokens as kept_tokens
from auth.viewer import Tier

from .working import PASSWORD, events, give_password, post, text

PAGES = ("", "security", "sessions", "consents", "exposure", "terms", "induction",
         "tokens", "data", "data/export")  # fmt: skip


@pytest.fixture
def mine(browser, site, people):
    give_password(site, people["researcher"])
    return browser("researcher")


@pytest.fixture
def consent(site, people, desk):
    """A live consent of the researcher in the session given, for a new record."""

    def given(client):
        record = desk.publish(desk.deposit()).record
        with site.db.write() as s:
            fresh = store.require(s, record.id)
            live = sessions.list_live(s, people["researcher"], site.clock())
            viewer = accounts.load_viewer(
                s,
                people["researcher"],
                session_id=live[0].id,
                second_factor=False,
                scopes=None,
                now=site.clock(),
            )
            item = store.item_of(fresh)
            return record.id, consents.give(
                s, viewer, item, list(fresh.codes), "ab", "en", "study", "", 20,
                site.clock(),
            )  # fmt: skip

    return given


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_for_its_owner_and_for_no_visitor(
    browser, visitor, page: str
) -> None:
    assert browser("applicant").get(f"/account/{page}").status_code == 200
    assert visitor.get(f"/account/{page}").status_code == 401


def test_the_overview_says_what_is_missing_next(browser) -> None:
    assert "Next: Vetting." in text(browser("applicant").get("/account/"))
    assert "Next: Second factor." in text(browser("researcher").get("/account/"))


def test_the_name_can_be_changed_and_an_empty_one_not(mine, site, people) -> None:
    assert post(mine, "/account/profile", name="  ").status_code == 422
    assert post(mine, "/account/profile", name="R. Searcher").status_code == 303
    with site.db.read() as s:
        account = accounts.get(s, people["researcher"])
    assert accounts.name_of(site.sealing, account) == "R. Searcher"


def test_the_password_changes_with_the_present_one_and_ends_other_sessions(
    mine, browser, site, people
) -> None:
    other = browser("researcher")
    new = {"new": "granite sparrow meadow eleven"}
    new["new_again"] = new["new"]
    wrong = post(mine, "/account/security/password", current="no", **new)
    assert (wrong.status_code, 'id="current-error"' in wrong.text) == (403, True)
    old = mine.get_cookie("vigil").value
    right = post(mine, "/account/security/password", current=PASSWORD, **new)
    assert right.status_code == 303
    assert mine.get_cookie("vigil").value != old
    assert mine.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 401
    assert "password changed" in events(site, account=people["researcher"])


def test_wrong_passwords_are_counted_although_they_are_refused(mine) -> None:
    for _ in range(8):
        assert post(mine, "/login/again", password="wrong").status_code == 422
    assert post(mine, "/login/again", password=PASSWORD).status_code == 429


def test_an_authenticator_is_set_up_confirmed_and_removed(
    mine, site, people, clock
) -> None:
    address = "/account/security/authenticator"
    begun = post(mine, address)
    assert 'src="data:image/svg+xml' in begun.text
    seed = re.search(r'class="secret">([A-Z2-7]+)<', begun.text)[1]
    assert post(mine, f"{address}/confirm", code="123456").status_code == 422
    confirmed = post(mine, f"{address}/confirm", code=pyotp.TOTP(seed).at(clock.now))
    assert len(re.findall(r"<li>(?:\w{4}-){3}\w{4}</li>", confirmed.text)) == 10
    assert seed not in mine.get("/account/security").text
    assert "Shown when you signed in." in text(mine.get("/account/"))
    again = post(mine, address)
    assert again.status_code == 422
    assert mine.get("/account/").status_code == 200, "the session goes on"
    renewed = post(mine, "/account/security/recovery-codes")
    assert len(re.findall(r"<li>(?:\w{4}-){3}\w{4}</li>", renewed.text)) == 10
    assert post(mine, f"{address}/remove").status_code == 303
    with site.db.read() as s:
        assert not second_factor.is_enrolled(s, people["researcher"])
    told = events(site, account=people["researcher"])
    assert {"second factor added", "second factor removed"} <= set(told)


def test_a_session_is_ended_from_another_and_strangers_sessions_are_not_there(
    browser, site, people
) -> None:
    here, there = browser("researcher"), browser("researcher")
    stranger = browser("other")
    with site.db.read() as s:
        live = sessions.list_live(s, people["researcher"], site.clock())
    (there_id,) = [
        row.id for row in live if _opens(there) and row.id != _own_session(here)
    ]
    address = f"/account/sessions/{there_id}/end"
    assert post(stranger, address).status_code == 404
    assert there.get("/account/").status_code == 200
    assert post(here, address).status_code == 303
    assert there.get("/account/").status_code == 401
    assert here.get("/account/").status_code == 200


def _opens(client) -> bool:
    return client.get("/account/").status_code == 200


def _own_session(client) -> str:
    page = client.get("/account/sessions").text
    mine = page[: page.index("this one")]
    after = page[page.index("this one") :]
    assert mine
    return re.search(r"/account/sessions/(\w+)/end", after)[1]


def test_all_others_and_all_sessions_can_be_ended(browser) -> None:
    here, there = browser("researcher"), browser("researcher")
    post(here, "/account/sessions/end-others")
    assert (_opens(here), _opens(there)) == (True, False)
    post(here, "/account/sessions/end-all")
    assert not _opens(here)


def test_a_consent_is_listed_has_a_receipt_and_can_be_ended(
    mine, consent, browser, site, people
) -> None:
    record_id, given = consent(mine)
    page = mine.get("/account/consents")
    assert "Live now" in page.text
    receipt = mine.get(f"/account/consents/{given.id}/receipt")
    assert "attachment" in receipt.headers["Content-Disposition"]
    assert receipt.json["pii_processing"]["subject"]["record"] == record_id
    stranger = browser("other")
    assert stranger.get(f"/account/consents/{given.id}/receipt").status_code == 404
    address = f"/account/consents/{given.id}/withdraw"
    assert post(stranger, address).status_code == 404
    assert post(mine, address).status_code == 303
    assert "Live now" not in mine.get("/account/consents").text
    assert "consent withdrawn" in events(site, account=people["researcher"])


def test_every_consent_ends_with_one_button(mine, consent) -> None:
    consent(mine)
    consent(mine)
    post(mine, "/account/consents/withdraw-all")
    assert "Live now" not in mine.get("/account/consents").text


def test_exposure_is_counted_by_tier_and_in_minutes(
    mine, consent, site, people, clock
) -> None:
    record_id, given = consent(mine)
    with site.db.write() as s:
        asset = store.assets_of(s, record_id)[0]
        exposure.record(
            s, people["researcher"], record_id, asset.id, Tier.G3, given.id, clock.now
        )
    clock.advance(minutes=7)
    page = text(mine.get("/account/exposure"))
    assert "1 of at most 100 originals" in page
    assert "7 minutes under consent at most" in page
    assert re.search(r"G3 graphic openings minutes .* 1 1 7", page)
    shown = mine.get("/account/exposure?by=week").text
    assert shown.count('<rect class="chart-g3"') == 1
    assert mine.get("/account/exposure?by=year").status_code == 200


def opened(site, account_id: str, record_id: str, consent_id: str, now) -> None:
    with site.db.write() as s:
        asset = store.assets_of(s, record_id)[0]
        exposure.record(s, account_id, record_id, asset.id, Tier.G3, consent_id, now)


def test_ones_own_measure_offers_breaks_and_closes_nothing(
    mine, consent, site, people, clock
) -> None:
    """X13, B14."""
    record_id, given = consent(mine)
    measure = {"day_reveals": 1, "day_minutes": 0, "break_reveals": 1}
    answer = post(mine, "/account/exposure", **measure, break_minutes="many")
    assert answer.status_code == 422
    assert (
        post(mine, "/account/exposure", **measure, break_minutes=0).status_code == 303
    )
    viewer = f"/records/{record_id}/view"
    offer = "A good moment for a break"
    assert offer not in mine.get(viewer).text
    opened(site, people["researcher"], record_id, given.id, clock.now)
    assert offer in mine.get(viewer).text
    assert "Your own budget for today is reached" in mine.get("/account/exposure").text
    assert "Easy things next" in mine.get("/account/break").text
    assert post(mine, "/account/break", next="/search").location == "/search"
    assert post(mine, "/account/break", next="//evil").location == "/"
    assert offer not in mine.get(viewer).text


def test_no_administrator_is_shown_anybodys_exposure_or_measure(
    mine, consent, site, people, clock, browser, token, visitor
) -> None:
    """X13: private to the person; the ledger's lines of openings are all there is."""
    record_id, given = consent(mine)
    numbers = {"day_reveals": 1234, "day_minutes": 1235, "break_reveals": 1236}
    post(mine, "/account/exposure", **numbers, break_minutes=1237)
    assert "1234" in mine.get("/account/exposure").text
    opened(site, people["researcher"], record_id, given.id, clock.now)
    boss = browser("administrator")
    pages = ["/admin/", "/admin/accounts", f"/admin/accounts/{people['researcher']}"]
    for page in [*pages, "/admin/ledger", "/account/exposure", "/account/data/export"]:
        shown = boss.get(page)
        assert shown.status_code in (200, 404), page
        for number in (*numbers.values(), 1237):
            assert str(number) not in shown.text, page
    own = visitor.get("/api/v1/me/exposure", headers=token("administrator")).json
    assert own["total"] == 0
    assert "0 of at most 100" in text(boss.get("/account/exposure"))


def test_terms_are_signed_once_in_the_version_shown(browser, site, people) -> None:
    client = browser("applicant")
    page = client.get("/account/terms")
    assert "Code of conduct" in page.text
    assert "**" not in page.text
    assert post(client, "/account/terms", version="1").status_code == 422
    assert post(client, "/account/terms", version="7", agree="y").status_code == 409
    assert post(client, "/account/terms", version="1", agree="y").status_code == 303
    assert 'name="agree"' not in client.get("/account/terms").text
    assert "terms signed" in events(site, account=people["applicant"])


def test_the_induction_is_graded_explains_and_may_be_tried_again(
    browser, site, people
) -> None:
    client = browser("applicant")
    right = {q.id: _right_answer(q.id) for q in induction.questions("en")}
    wrong_id = next(iter(right))
    refused = post(client, "/account/induction", **{**right, wrong_id: "nonsense"})
    assert refused.status_code == 422
    assert f'href="#{wrong_id}"' in refused.text
    assert f'id="{wrong_id}-error"' in refused.text
    assert refused.text.count(" checked") == len(right) - 1, "answers are kept"
    assert post(client, "/account/induction", **right).status_code == 303
    with site.db.read() as s:
        until = accounts.get(s, people["applicant"]).induction_until
    assert until - site.clock() == timedelta(days=365)
    told = events(site, account=people["applicant"])
    assert told[:2] == ["induction passed", "induction failed"]


def _right_answer(question: str) -> str:
    for choice in "abcdefgh":
        others = {q.id: "?" for q in induction.questions("en")}
        if question not in induction.grade({**others, question: choice}).wrong:
            return choice
    raise AssertionError(question)


def test_a_token_is_shown_once_works_and_is_revoked(
    mine, app, browser, site, people
) -> None:
    assert post(mine, "/account/tokens", name="x", days="30").status_code == 422
    fields = {"name": "my script", "scopes": ["read"], "days": "30"}
    made = post(mine, "/account/tokens", **fields)
    secret = re.search(r"vgl_[\w-]+", made.text)[0]
    assert secret not in mine.get("/account/tokens").text
    header = {"Authorization": f"Bearer {secret}"}
    script = app.test_client()
    assert script.get("/api/v1/me", headers=header).status_code == 200
    with site.db.read() as s:
        (token,) = kept_tokens.list_for(s, people["researcher"])
    address = f"/account/tokens/{token.id}/revoke"
    assert post(browser("other"), address).status_code == 404
    assert post(mine, address).status_code == 303
    assert script.get("/api/v1/me", headers=header).status_code == 401


def test_no_token_gets_a_scope_beyond_the_role_or_a_life_beyond_a_year(mine) -> None:
    for fields in (
        {"scopes": ["admin"], "days": "30"},
        {"scopes": ["label"], "days": "30"},
        {"scopes": ["read"], "days": "366"},
        {"scopes": ["read"], "days": "0"},
    ):
        assert post(mine, "/account/tokens", name="x", **fields).status_code == 422


def test_an_applicant_gets_no_token(browser) -> None:
    fields = {"name": "x", "scopes": ["read"], "days": "30"}
    assert post(browser("applicant"), "/account/tokens", **fields).status_code == 422


def test_the_export_holds_ones_own_data_and_no_secret(
    mine, consent, site, people
) -> None:
    consent(mine)
    fields = {"name": "my script", "scopes": ["read"], "days": "30"}
    post(mine, "/account/tokens", **fields)
    answer = mine.get("/account/data/export")
    assert answer.json["account"]["email"] == "researcher@example.org"
    assert [token["name"] for token in answer.json["tokens"]] == ["my script"]
    assert len(answer.json["consents"]) == 1
    assert "token made" in [line["event"] for line in answer.json["ledger"]]
    assert not re.search(r"_sealed|_hash\b|_index|argon2|vgl_", answer.text)
    assert people["other"] not in answer.text


@pytest.mark.parametrize(
    ("said", "called"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Linux",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
            "Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 "
            "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", ""),
    ],
)
def test_a_browser_is_called_as_people_call_it(app, said, called):
    with app.test_request_context("/"):
        assert browsers.called(said) == called
