"""Administration by page: applications, accounts, ledger, jobs; each yes and no."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import text as sql

from archive import fixity, jobs, witness
from archive.exchange.cells import harmless
from archive.jobs import JobState
from archive.searches import latency
from archive.web import latency as gathering
from archive.witness.checkpoints import written
from archive.work import run_one
from auth import accounts
from auth.credentials import sessions
from auth.vetting import applications
from auth.vetting.facts import ApplicationFacts
from auth.viewer import AccountStatus, Role, Tier

from .working import PASSWORD, events, give_password, post, text

PAGES = ("/admin/", "/admin/applications", "/admin/accounts", "/admin/ledger")
FACTS = ApplicationFacts(
    legal_name="Nune Test",
    email="nune@university.example",
    institution="University of Somewhere",
    role="researcher",
    country="Armenia",
    project="Announcements <b>and</b> outcomes",
    purpose="To compare.",
    ethics_approval="IRB 12",
    referee_name="Prof. Elder",
    referee_email="elder@university.example",
    statement="With care.",
)


@pytest.fixture
def admin(browser):
    return browser("administrator")


@pytest.fixture
def application(site) -> applications.Application:
    with site.db.write() as s:
        made = applications.submit(
            s, site.sealing, FACTS, site.clock(), password=PASSWORD
        )
        assert made is not None
        applications.confirm(s, made, site.clock())
        return made


def account(site, account_id: str):
    with site.db.read() as s:
        return accounts.get(s, account_id)


def another_administrator(site, people) -> None:
    with site.db.write() as s:
        other = accounts.get(s, people["other"])
        accounts.set_role(
            s, other, Role.ADMINISTRATOR, "operator", "a second one", site.clock()
        )


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_are_for_administrators(browser, page: str) -> None:
    assert browser("administrator").get(page).status_code == 200
    for who, status in [("visitor", 401), ("researcher", 403), ("moderator", 403)]:
        assert browser(who).get(page).status_code == status, who


def test_the_dashboard_says_what_waits_and_how_the_house_is(
    admin, application, desk, site
) -> None:
    desk.deposit()
    with site.db.write() as s:
        job = jobs.listing(s)[0]
        job.state = JobState.FAILED
    page = text(admin.get("/admin/"))
    assert "1 application waits" in page
    assert "1 record not yet labelled" in page
    assert "1 job failed" in page
    assert "search index answers" in page
    assert "There never was one." in page


def test_the_dashboard_counts_each_day_and_names_nobody(
    browser, desk, site, clock, people
) -> None:
    made = desk.deposit()
    clock.advance(days=3)
    desk.deposit()
    with site.db.write() as s:
        site.ledger.append(
            s,
            "access refused",
            actor=people["other"],
            account=people["other"],
            record=made.record.id,
            now=site.clock(),
        )
        clock.advance(days=13)
        for event in ("replication", "accession"):
            site.ledger.append(s, event, actor="operator", now=site.clock())
    answer = page_of(browser("administrator"), "/admin/")
    plots = answer.split('id="days"')[1].split('id="machine"')[0]
    for event, total in [
        ("accession", 2),
        ("access(?:.|%20)refused", 1),
        ("displaying", 0),
    ]:
        assert re.search(rf"event={event}[^>]*>[^<]+</a><b[^>]*>{total}</b>", plots)
    assert plots.count("<rect ") == 3
    assert people["other"] not in plots
    assert "The newest is" in answer


def test_openings_are_counted_by_tier_and_nobody_is_named(
    browser, desk, site, clock, people
) -> None:
    assert 'id="openings"' not in page_of(browser("administrator"), "/admin/")
    mild = desk.publish(desk.deposit(), "context.mourning", Tier.G1).assets[0].id
    grave = desk.publish(desk.deposit(), "kill.execution", Tier.G4).assets[0].id
    for days, who, asset in [
        (0, "researcher", grave),
        (20, "researcher", grave),
        (2, "other", grave),
        (0, "researcher", mild),
    ]:
        now = clock.advance(days=days)
        with site.db.write() as s:
            opened = {"actor": people[who], "account": people[who], "asset": asset}
            site.ledger.append(s, "displaying", **opened, now=now)
    administrator = browser("administrator")
    plots = page_of(administrator, "/admin/").split('id="openings"')[1]
    plots = plots.split('id="health"')[0]
    told = re.findall(r'id="opening-\d">(G\d)</a><b[^>]*>(\d+)</b>', plots)
    assert told == [("G1", "1"), ("G4", "2")]
    assert not any(each in plots for each in people.values())
    counted = page_of(administrator, "/metrics")
    assert 'vigil_openings_today{tier="G1"} 1\n' in counted
    assert 'vigil_openings_today{tier="G4"} 1\n' in counted


def test_what_the_machine_did_is_counted_by_day(
    app, browser, desk, site, clock, visitor
) -> None:
    deposit = desk.publish(desk.deposit())
    size = deposit.assets[0].size
    while run_one(site, clock()):
        pass
    gathered = app.extensions[gathering.GATHERED]
    for word in ("church", "church", "secretword"):
        assert visitor.get(f"/search?q={word}").status_code == 200
    administrator = browser("administrator")
    assert "vigil_search_seconds_count 0\n" in page_of(administrator, "/metrics")
    gathered._written -= gathering.SECONDS
    page_of(administrator, "/help/")
    told = page_of(administrator, "/metrics")
    assert "vigil_search_seconds_count 3\n" in told
    assert 'vigil_search_seconds_bucket{le="+Inf"} 3\n' in told
    assert f'vigil_original_bytes{{what="originals"}} {size}\n' in told
    plots = page_of(administrator, "/admin/").split('id="machine"')[1]
    totals = re.findall(r'id="machine-\d">(.+?)</.+?numbers">(.+?)</b>', plots)
    named = dict(totals)
    assert named["Searches"] == "3"
    assert int(named["Jobs done"]) > 0
    assert named["Jobs failed"] == "0"
    assert named["Bytes taken in"].split()[0] not in ("0", "")
    assert int(named["95 of 100 searches took at most, ms"].replace(",", "")) > 0
    assert "secretword" not in plots


def test_a_database_that_cannot_be_written_loses_no_search_s_time(
    app, site, visitor
) -> None:
    gathered = app.extensions[gathering.GATHERED]
    visitor.get("/search?q=church")
    for name, other in (("search_times", "away"), ("away", "search_times")):
        with site.db.write() as s:
            s.execute(sql(f"ALTER TABLE {name} RENAME TO {other}"))
        gathered._written -= gathering.SECONDS
        assert visitor.get("/search?q=bridge").status_code == 200
    with site.db.read() as s:
        assert latency.ever(s)[0].total() == 3


def page_of(client, address: str) -> str:
    """The page at an address, as it is written."""
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.text


def test_a_file_that_does_not_hold_is_on_the_dashboard(admin, site) -> None:
    assert "Sealed files read back" in text(admin.get("/admin/"))
    with site.db.write() as s:
        row = fixity.FixityRound(
            keeper="worker",
            id="r1",
            begun_at=site.clock(),
            kept_at=site.clock(),
            ended_at=site.clock(),
            place=None,
            checked=7,
            read_bytes=70,
            findings={"off": [{"object_id": "a", "what": "damaged"}]},
        )
        s.add(row)
    assert "1 sealed file does not hold of 7 read back" in text(admin.get("/admin/"))


def test_the_evidence_stands_beside_the_form_and_is_escaped(admin, application) -> None:
    assert "Nune Test" in admin.get("/admin/applications").text
    page = admin.get(f"/admin/applications/{application.id}")
    for fact in ("To compare.", "IRB 12", "Prof. Elder", "nune@university.example"):
        assert fact in page.text
    assert "<b>and</b>" not in page.text
    assert 'name="reason"' in page.text
    assert not re.search(r"<input[^>]* checked", page.text), "nothing is chosen"


def test_approving_needs_a_reason_and_vets_until_the_day(
    admin, application, site, clock
) -> None:
    address = f"/admin/applications/{application.id}"
    until = (clock.now + timedelta(days=90)).date()
    given = {"outcome": "approve", "until": until.isoformat()}
    assert post(admin, address, **given, reason=" ").status_code == 422
    for stage in ("identity", "reference"):
        seen = {**given, "stage": stage, "reason": f"{stage} seen"}
        assert post(admin, address, **seen).status_code == 303
        assert post(admin, address, **seen).status_code == 422, "once only"
    past = post(admin, address, outcome="approve", until="2020-01-01", reason="x")
    assert (past.status_code, 'id="until-error"' in past.text) == (422, True)
    assert account(site, application.account_id).status == AccountStatus.APPLIED
    assert post(admin, address, **given, reason="Letter seen.").status_code == 303
    approved = account(site, application.account_id)
    assert (approved.role, approved.status) == ("researcher", "approved")
    assert approved.vetted_until.date() == until
    assert "application decided" in events(site, account=application.account_id)
    assert "Letter seen." in admin.get(address).text
    again = post(admin, address, **given, reason="Twice.")
    assert again.status_code == 422
    assert "decided already" in text(again)


@pytest.mark.parametrize(
    ("outcome", "status"), [("reject", "rejected"), ("return", "returned")]
)
def test_the_applicant_reads_the_reason(
    browser, admin, application, site, app, outcome: str, status: str
) -> None:
    address = f"/admin/applications/{application.id}"
    given = {"outcome": outcome, "reason": "Which board approved it?"}
    assert post(admin, address, **given).status_code == 303
    assert account(site, application.account_id).status == status
    applicant = app.test_client()
    signing = {"email": FACTS.email, "password": PASSWORD}
    answer = post(applicant, "/login", **signing)
    if outcome == "reject":
        assert answer.status_code == 422, "a rejected account has no way in"
    else:
        assert "Which board approved it?" in text(applicant.get("/apply/status"))


@pytest.mark.parametrize("who", ["moderator", "researcher"])
def test_nobody_else_decides(browser, application, site, who: str) -> None:
    address = f"/admin/applications/{application.id}"
    given = {"outcome": "approve", "reason": "x"}
    assert post(browser(who), address, **given).status_code == 403
    assert account(site, application.account_id).status == AccountStatus.APPLIED


def test_nobody_decides_about_the_own_application(admin, site, people) -> None:
    with site.db.write() as s:
        own = accounts.get(s, people["administrator"])
        facts = ApplicationFacts(**{**vars(FACTS), "email": "administrator@x.example"})
        made = applications.submit(s, site.sealing, facts, site.clock(), account=own)
    address = f"/admin/applications/{made.id}"
    assert 'name="reason"' not in admin.get(address).text
    answer = post(admin, address, outcome="approve", reason="me")
    assert answer.status_code == 422
    assert "Nobody decides about their own account" in text(answer)


def test_unknown_things_are_not_there(admin) -> None:
    assert admin.get("/admin/applications/nonsense").status_code == 404
    assert admin.get("/admin/accounts/nonsense").status_code == 404
    given = {"outcome": "approve", "reason": "x"}
    assert post(admin, "/admin/applications/nonsense", **given).status_code == 404


def test_accounts_are_listed_filtered_and_found_by_address(admin, people) -> None:
    page = admin.get("/admin/accounts").text
    assert all(f"{who}@example.org" in page for who in people)
    only = admin.get("/admin/accounts?role=moderator").text
    assert "moderator@example.org" in only
    assert "researcher@example.org" not in only
    found = admin.get("/admin/accounts?email=Researcher@example.org")
    assert found.location == f"/admin/accounts/{people['researcher']}"
    assert "There is no account" in admin.get("/admin/accounts?email=no@x.org").text


def test_suspending_ends_the_session_at_once_and_can_be_lifted(
    admin, browser, site, people
) -> None:
    victim = browser("researcher")
    address = f"/admin/accounts/{people['researcher']}/standing"
    assert post(admin, address, act="suspend", reason="").status_code == 422
    assert post(admin, address, act="nonsense", reason="x").status_code == 422
    assert victim.get("/account/").status_code == 200
    assert post(admin, address, act="suspend", reason="Shared it.").status_code == 303
    assert victim.get("/account/").status_code == 401
    page = text(admin.get(f"/admin/accounts/{people['researcher']}"))
    assert "Shared it." in page
    assert post(admin, address, act="reinstate", reason="Cleared.").status_code == 303
    assert account(site, people["researcher"]).status == AccountStatus.APPROVED
    told = events(site, account=people["researcher"])
    assert told[:2] == ["account reinstated", "account suspended"]


def test_role_vetting_and_sessions_of_others_can_be_changed(
    admin, browser, site, people, clock
) -> None:
    base = f"/admin/accounts/{people['researcher']}"
    session = browser("researcher")
    post(admin, f"{base}/end-sessions")
    assert session.get("/account/").status_code == 401
    given = {"role": "moderator", "role_reason": "joins the desk"}
    assert post(admin, f"{base}/role", **given).status_code == 303
    assert account(site, people["researcher"]).role == Role.MODERATOR
    until = (clock.now + timedelta(days=20)).date().isoformat()
    vetting = {"until": until, "vetting_reason": "passport seen"}
    assert post(admin, f"{base}/vetting", **vetting).status_code == 303
    assert account(site, people["researcher"]).vetted_until.date().isoformat() == until
    assert post(admin, f"{base}/vetting", until=until).status_code == 422


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("standing", {"act": "suspend", "reason": "x"}),
        ("standing", {"act": "expire", "reason": "x"}),
        ("role", {"role": "researcher", "role_reason": "x"}),
        ("vetting", {"until": "2099-01-01", "vetting_reason": "x"}),
        ("link", {}),
        ("end-sessions", {}),
    ],
)
def test_nobody_changes_the_own_account(
    admin, browser, site, people, act: str, fields: dict[str, str]
) -> None:
    another_administrator(site, people)
    before = account(site, people["administrator"])
    address = f"/admin/accounts/{people['administrator']}"
    assert f"{address}/{act}" not in admin.get(address).text
    answer = post(admin, f"{address}/{act}", **fields)
    assert 400 <= answer.status_code < 500
    after = account(site, people["administrator"])
    assert (after.role, after.status, after.vetted_until) == (
        before.role,
        before.status,
        before.vetted_until,
    )
    other = browser("other")
    assert 200 <= post(other, f"{address}/{act}", **fields).status_code < 400


def test_a_moderator_changes_no_account(browser, site, people) -> None:
    address = f"/admin/accounts/{people['researcher']}/standing"
    given = {"act": "suspend", "reason": "x"}
    assert post(browser("moderator"), address, **given).status_code == 403
    assert account(site, people["researcher"]).status == AccountStatus.APPROVED


def test_an_invitation_leads_to_a_password_and_a_role(admin, app, site) -> None:
    given = {"name": "Murad", "email": "murad@example.org", "role": "moderator"}
    shown = post(admin, "/admin/accounts", **given)
    link = re.search(r"http://[^<]*(/setup/[\w-]+)", shown.text)[1]
    assert post(admin, "/admin/accounts", **given).status_code == 422
    guest = app.test_client()
    both = {"password": PASSWORD, "password_again": PASSWORD}
    assert post(guest, link, **both).location == "/account/"
    assert guest.get("/moderation/").status_code == 200
    researcher = {**given, "email": "r@example.org", "role": "researcher"}
    assert post(admin, "/admin/accounts", **researcher).status_code == 422


def test_a_reset_link_is_shown_once_and_no_password_ever(
    admin, app, site, people
) -> None:
    give_password(site, people["researcher"])
    base = f"/admin/accounts/{people['researcher']}"
    shown = post(admin, f"{base}/link")
    link = re.search(r"/setup/[\w-]+", shown.text)[0]
    assert link not in admin.get(base).text
    new = "granite sparrow meadow eleven"
    both = {"password": new, "password_again": new}
    assert post(app.test_client(), link, **both).status_code == 303
    assert "invitation made" in events(site, account=people["researcher"])


def test_what_a_line_of_the_ledger_says_is_said_in_words(app, admin, site):
    detail = {
        "checked": {"ledger": 12, "sealed_files": 3},
        "scopes": ["read", "<b>"],
        "was_cut": False,
        "until": None,
    }
    with site.db.write() as s:
        site.ledger.append(
            s, "verification", actor="operator", now=site.clock(), detail=detail
        )
    page = admin.get("/admin/ledger").text
    for told in (
        "<b>checked</b> ledger 12, sealed files 3<",
        "<b>scopes</b> read, &lt;b&gt;<",
        "<b>was cut</b> no<",
        "<b>until</b> –<",
    ):
        assert told in page


def test_the_ledger_is_filtered_by_its_address_and_paged(
    admin, desk, site, people
) -> None:
    made = desk.publish(desk.deposit())
    page = text(admin.get(f"/admin/ledger?record={made.record.id}"))
    assert "publication" in page
    assert "vetting" not in admin.get("/admin/ledger?event=publication").text[-2000:]
    by_address = admin.get("/admin/ledger?account=researcher@example.org")
    assert by_address.status_code == 200
    assert "No line fits" in text(admin.get("/admin/ledger?record=nonsense"))
    for _ in range(8):
        desk.publish(desk.deposit())
    first = admin.get("/admin/ledger").text
    older = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    assert "before=" in older
    assert admin.get(older).status_code == 200


def test_verifying_finds_a_changed_line_and_writes_down_that_it_was_done(
    admin, desk, site
) -> None:
    desk.publish(desk.deposit())
    whole = post(admin, "/admin/ledger/verify")
    assert "The chain holds" in text(whole)
    assert events(site)[0] == "verification"
    _forge_third_line(site)
    broken = post(admin, "/admin/ledger/verify")
    assert "The chain does not hold" in text(broken)
    assert "Line 3: it was changed after it was written" in text(broken)


def _forge_third_line(site) -> None:
    with site.db.write() as s:
        for name in s.scalars(
            sql("SELECT name FROM sqlite_master WHERE type='trigger'")
        ).all():
            s.execute(sql(f"DROP TRIGGER {name}"))
        s.execute(sql("UPDATE ledger SET actor = 'somebody' WHERE seq = 3"))


def test_an_export_is_written_down_and_holds_no_formula_and_no_media(
    admin, browser, desk, site
) -> None:
    made = desk.publish(desk.deposit())
    answer = post(admin, "/admin/ledger/export", format="json", record=made.record.id)
    lines = json.loads(answer.data)["lines"]
    assert {line["record"] for line in lines} == {made.record.id}
    assert "attachment" in answer.headers["Content-Disposition"]
    table = post(admin, "/admin/ledger/export", format="csv")
    rows = list(csv.DictReader(io.StringIO(table.get_data(as_text=True))))
    assert [int(row["seq"]) for row in rows] == sorted(
        (int(row["seq"]) for row in rows), reverse=True
    )
    assert rows[0]["event"] == "ledger exported"
    assert admin.get("/admin/ledger/export").status_code == 405
    assert post(admin, "/admin/ledger/export", format="exe").status_code == 400
    moderator = browser("moderator")
    assert post(moderator, "/admin/ledger/export", format="csv").status_code == 403


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\0"])
def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    assert harmless(f"a{cell}") == f"a{cell}"


def test_jobs_are_listed_retried_and_cancelled_by_administrators_alone(
    admin, browser, desk, site
) -> None:
    desk.deposit()
    with site.db.read() as s:
        job = jobs.listing(s)[0]
    moderator = browser("moderator")
    assert moderator.get("/admin/jobs").status_code == 200
    assert "Cancel" not in text(moderator.get("/admin/jobs"))
    assert browser("researcher").get("/admin/jobs").status_code == 403
    cancel, retry = (f"/admin/jobs/{job.id}/{act}" for act in ("cancel", "retry"))
    assert post(moderator, cancel).status_code == 403
    assert post(admin, cancel).status_code == 303
    with site.db.read() as s:
        assert jobs.get(s, job.id).state is JobState.CANCELLED
    assert post(admin, retry).status_code == 303
    with site.db.read() as s:
        assert jobs.get(s, job.id).state is JobState.QUEUED
    assert events(site)[:2] == ["job retried", "job cancelled"]
    late = post(admin, retry)
    assert "not in a state for this" in text(admin.get(late.location))


def test_all_sessions_of_an_account_are_counted(admin, browser, site, people) -> None:
    browser("researcher")
    browser("researcher")
    with site.db.read() as s:
        live = sessions.list_live(s, people["researcher"], site.clock())
    page = text(admin.get(f"/admin/accounts/{people['researcher']}"))
    assert f"Live sessions {len(live)}" in page


def test_a_checkpoint_is_signed_shown_and_taken_away(site, admin, browser):
    moderator = browser("moderator")
    assert "admin/ledger/checkpoints" not in admin.get("/admin/ledger").text
    assert post(admin, "/admin/ledger/checkpoint").status_code == 303
    with site.db.read() as s:
        newest = witness.latest(s)
    address = f"/admin/ledger/checkpoints/{newest.size}"
    assert address in admin.get("/admin/ledger").text
    answer = admin.get(address)
    assert answer.data == written(newest.document)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    for wrong in (f"{address}/stamp", f"{address}1", "/admin/ledger/checkpoints/x"):
        assert admin.get(wrong).status_code == 404
    assert moderator.get(address).status_code == 403
    assert post(moderator, "/admin/ledger/checkpoint").status_code == 403
