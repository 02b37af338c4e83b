"""Upkeep on the administrators' page: begun, watched, cancelled, how it ended."""

from __future__ import annotations

from archive import jobs, work
from archive.jobs import JobState
from archive.upkeep import Work
from tests.web.conftest import csrf
from tests.web.working import events


def ask(client, address: str, **more: str) -> str:
    answer = client.post(address, data={"csrf_token": csrf(client), **more})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return client.get(answer.location).get_data(as_text=True)


def unfinished(site, which: Work):
    with site.db.read() as s:
        return jobs.unfinished(s, which)


def test_a_work_is_begun_watched_cancelled_and_gone_on_with(site, browser):
    administrator = browser("administrator")
    shown = administrator.get("/admin/upkeep").get_data(as_text=True)
    assert "Nobody has asked for it here yet." in shown
    assert 'data-said="0 jobs under way" data-settled' in shown
    for _ in range(2):
        shown = ask(administrator, "/admin/upkeep/verify", part="ledger")
    (job,) = unfinished(site, Work.VERIFY)
    assert job.args["parts"] == ["ledger"]
    assert events(site).count("upkeep asked for") == 1
    assert "This is under way already." in shown
    assert "data-settled" not in shown
    assert "<progress" in shown
    shown = ask(administrator, f"/admin/jobs/{job.id}/cancel?page=upkeep")
    assert "Cancelled, what was read stays read" in shown
    shown = ask(administrator, f"/admin/jobs/{job.id}/retry?page=upkeep")
    work.run_one(site, site.clock())
    shown = administrator.get("/admin/upkeep").get_data(as_text=True)
    assert "were read back, and all of it holds." in shown


def test_what_is_off_is_named_where_it_was_asked_for(site, desk, browser):
    deposit = desk.deposit()
    administrator = browser("administrator")
    ask(administrator, "/admin/upkeep/verify", part="previews")
    (job,) = unfinished(site, Work.VERIFY)
    with site.db.write() as s:
        found = {"part": "previews", "about": "asset abc", "what": "it is missing"}
        taken = s.get(jobs.Job, job.id)
        taken.state, taken.finished_at = JobState.FAILED, site.clock()
        taken.result = {"checked": {}, "named": [found], "more": 2}
        taken.error = "3 things are off."
    shown = administrator.get("/admin/upkeep").get_data(as_text=True)
    assert "3 things are off." in shown
    assert "asset abc" in shown
    assert "And 2 more." in shown
    assert deposit.record.id not in shown


def test_new_keys_want_a_fresh_proof_and_the_rest_does_not(site, browser, clock):
    administrator = browser("administrator")
    page = ask(administrator, "/admin/upkeep/reindex")
    assert unfinished(site, Work.REINDEX)
    assert "/admin/upkeep/keys" in page
    clock.advance(minutes=30)
    form = {"csrf_token": csrf(administrator)}
    administrator.post("/admin/upkeep/keys", data=form)
    assert not unfinished(site, Work.KEYS)


def test_no_address_begins_what_is_no_plain_work(site, browser):
    administrator = browser("administrator")
    form = {"csrf_token": csrf(administrator)}
    for work_name in ("rotate", "shred", "fixity"):
        address = f"/admin/upkeep/{work_name}"
        assert administrator.post(address, data=form).status_code == 404
    shown = ask(administrator, "/admin/upkeep/backup")
    assert "VIGIL_BACKUP_TO" in shown
    assert not unfinished(site, Work.BACKUP)
