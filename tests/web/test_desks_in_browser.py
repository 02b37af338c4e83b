"""Moderators and administrators in a real browser: reports, the ledger, the files."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from archive.jobs.tables import Job
from archive.reports import handing
from archive.reports.handing import Said
from archive.reports.kinds import Kind, State
from archive.reports.tables import Report
from auth.credentials import sessions

pytestmark = pytest.mark.browser

PATIENCE = 60_000
REASON = "You are right; thank you."


@pytest.fixture
def at(chromium, live, site, people, clock) -> Iterator:
    """Opens a page of the archive as somebody, in one browser for all of them."""
    context = chromium.new_context()
    page = context.new_page()

    def opened(name: str, path: str) -> Page:
        with site.db.write() as s:
            secret, _ = sessions.start(
                s, people[name], "a browser", clock(), second_factor=True
            )
        context.clear_cookies()
        context.add_cookies([{"name": "vigil", "value": secret, "url": live.url}])
        page.goto(live.url + path)
        return page

    yield opened
    context.close()


def reported(site, record_id: str, kind: Kind, clock) -> str:
    said = Said(
        kind=kind, words="It is my brother.", file=None, contact="", language="en"
    )
    with site.db.write() as s:
        row, _code = handing.hand_in(site, s, record_id, said, None, clock())
        return row.id


def test_moderators_and_administrators_walk_their_desks(at, site, desk, clock) -> None:
    record = desk.publish(desk.deposit()).record
    plain = reported(site, record.id, Kind.WRONG_LABEL, clock)
    grave = reported(site, record.id, Kind.SHOWS_ME, clock)

    page = at("moderator", "/moderation/reports")
    assert page.locator(f'a[href$="{grave}"]').count() == 0
    page.locator(f'a[href$="{plain}"]').first.click()
    page.get_by_role("button", name="Take it up").click()
    page.get_by_role("radio", name="upheld", exact=True).check()
    page.get_by_label("What the reporter reads").fill(REASON)
    page.get_by_role("button", name="Decide and tell the reporter").click()
    expect(page.get_by_text("Decided. The reporter is told.")).to_be_visible(
        timeout=PATIENCE
    )

    page = at("administrator", f"/moderation/reports/{grave}")
    page.get_by_role("button", name="Take it up").click()
    page.get_by_role("radio", name="upheld", exact=True).check()
    page.get_by_role("radio", name=re.compile("a tombstone stands")).check()
    page.get_by_label("What the reporter reads").fill(REASON)
    page.get_by_label("Where it is withdrawn: the reason").select_option("privacy")
    page.get_by_label("what the tombstone will say").fill("Withdrawn for its people.")
    page.get_by_role("button", name="Decide and tell the reporter").click()
    expect(page.get_by_text("Decided. The reporter is told.")).to_be_visible(
        timeout=PATIENCE
    )
    with site.db.read() as s:
        stands = {row.id: row.state for row in s.scalars(select(Report))}
    assert stands == {plain: State.UPHELD, grave: State.UPHELD}

    page = at("administrator", f"/records/{record.id}")
    expect(page.get_by_text("Withdrawn for its people.")).to_be_visible(
        timeout=PATIENCE
    )

    page = at("administrator", f"/admin/ledger?record={record.id}")
    lines = page.locator("tbody tr")
    expect(lines.filter(has_text="report decided")).to_have_count(2, timeout=PATIENCE)
    page.get_by_role("button", name="Verify now").click()
    expect(page.get_by_text("The chain holds")).to_be_visible(timeout=PATIENCE)

    page = at("administrator", "/admin/fixity")
    with page.expect_response(lambda got: got.request.method == "POST") as told:
        page.get_by_role("button", name="Read every file now").click()
    assert told.value.status == 303
    with site.db.read() as s:
        kinds = set(s.scalars(select(Job.kind)))
    assert any("fixity" in kind for kind in kinds)
