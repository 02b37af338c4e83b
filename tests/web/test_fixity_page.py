"""The reading of every sealed file, on the administrators' page and in the API."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from archive import jobs
from archive.fixity import Manner, Walk
from archive.vault.tables import DataKey
from auth.viewer import Tier
from tests.web.conftest import csrf


@pytest.fixture
def damaged(site, desk) -> str:
    """A published record of which the file was found damaged."""
    deposit = desk.publish(desk.deposit(), "property.heritage", Tier.G1)
    wanted = select(DataKey).where(DataKey.object_id == deposit.assets[0].object_id)
    with site.db.read() as s:
        name = s.scalars(wanted).one().id.hex
    path = next(site.config.object_store.glob(f"??/{name}"))
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    Walk(site, Manner("worker")).run()
    return deposit.record.id


def test_the_page_shows_rounds_and_what_is_set_aside(browser, damaged):
    shown = browser("administrator").get("/admin/fixity").get_data(as_text=True)
    assert damaged in shown
    assert "its bytes were changed or cut off" in shown
    assert "the worker" in shown


def test_nothing_aside_is_said_so(browser):
    shown = browser("administrator").get("/admin/fixity").get_data(as_text=True)
    assert "Nothing is set aside" in shown
    assert "No reading has begun yet." in shown


def test_an_administrator_has_all_files_read_now_but_never_twice_at_once(site, browser):
    administrator = browser("administrator")
    for _ in range(2):
        form = {"csrf_token": csrf(administrator)}
        assert administrator.post("/admin/fixity", data=form).status_code == 303
    with site.db.read() as s:
        assert len(jobs.unfinished(s, "fixity")) == 1
    shown = administrator.get("/admin/fixity").get_data(as_text=True)
    assert "A reading is under way." in shown
    assert "Read every file now" not in shown


def test_a_reading_can_be_cancelled_where_it_is_watched_and_says_how_it_ended(
    site, browser
):
    administrator = browser("administrator")
    form = {"csrf_token": csrf(administrator)}
    administrator.post("/admin/fixity", data=form)
    shown = administrator.get("/admin/fixity").get_data(as_text=True)
    with site.db.read() as s:
        (job,) = jobs.unfinished(s, "fixity")
    assert "data-settled" not in shown
    assert f'action="/admin/jobs/{job.id}/cancel?page=fixity"' in shown
    administrator.post(f"/admin/jobs/{job.id}/cancel", data=form)
    after = administrator.get("/admin/fixity").get_data(as_text=True)
    assert "The last one did not come to its end:" in after
    assert "data-settled" in after
    assert f"/admin/jobs/{job.id}/cancel" not in after


def test_the_report_by_the_api(visitor, token, damaged):
    header = token("administrator")
    report = visitor.get("/api/v1/fixity", headers=header).get_json()
    (found,) = report["quarantined"]
    assert (found["record"], found["problem"], found["kind"]) == (
        damaged,
        "damaged",
        "original",
    )
    assert report["rounds"][0]["checked"] == 1
    assert report["job"] is None
    answer = visitor.post("/api/v1/fixity", headers=header)
    assert (answer.status_code, bool(answer.get_json()["job"])) == (202, True)
    assert visitor.get("/api/v1/fixity", headers=token("moderator")).status_code == 403
