"""A day's work of a moderator and of an administrator, in a real browser.

By the words and keys that are on the pages: what cannot be found so fails here, however
well it does when it is sent by a program.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from archive import twins, work
from archive.site import Site
from archive.vault.tables import DataKey
from auth.credentials import sessions
from blur.likeness.form import Closeness

pytestmark = pytest.mark.browser

Sitting = Callable[[str], Page]


@pytest.fixture
def environ(environ):
    return {**environ, "VIGIL_LABEL_OPINIONS": "1"}


@pytest.fixture
def sitting(chromium, live, site, people, clock) -> Iterator[Sitting]:
    """A page of a browser in which somebody of this name has just signed in."""
    opened: list[BrowserContext] = []

    def sit(name: str) -> Page:
        with site.db.write() as s:
            secret, _ = sessions.start(s, people[name], "a browser", clock())
        context = chromium.new_context(base_url=live.url, reduced_motion="reduce")
        context.add_cookies([{"name": "vigil", "value": secret, "url": live.url}])
        opened.append(context)
        return context.new_page()

    yield sit
    for context in opened:
        context.close()


def damage(site: Site, object_id: UUID) -> None:
    """Change the last byte of a sealed file, as a failing disk does."""
    with site.db.read() as s:
        key = s.scalars(select(DataKey).where(DataKey.object_id == object_id)).one()
    blob = next(site.config.object_store.glob(f"??/{key.id.hex}"))
    blob.write_bytes(blob.read_bytes()[:-1] + b"\0")


def press(page: Page, name: str) -> None:
    """Press the first button of this name, and wait for what comes of it."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).first.click()


def test_a_moderator_labels_finds_decides_undoes_and_withdraws(
    sitting, chromium, live, site, desk
):
    made = desk.deposit(draft=desk.draft("A convoy on the road"))
    assert work.drain(site, made.record.id)
    page, record = sitting("moderator"), f"/records/{made.record.id}"

    # The queue, the ladder and the labels.
    page.goto("/moderation/")
    page.keyboard.press("n")
    page.wait_for_url(f"**/moderation/{made.record.id}*")
    with page.expect_navigation():
        page.keyboard.press("u")
    page.get_by_role("checkbox", name="Dead body", exact=True).check()
    press(page, "Save these labels")
    page.goto(f"/moderation/{made.record.id}")
    press(page, "Publish")

    # What was found out about it, and what is told of it.
    page.goto(record)
    page.get_by_role("link", name="Write down a finding").click()
    page.get_by_label("What was found").select_option(
        "authentic; place and date confirmed"
    )
    page.get_by_label("How sure").select_option("high")
    page.get_by_label("How it was found out").fill("By the length of shadows.")
    press(page, "Write it down")
    page.goto(record)
    expect(page.locator("main")).to_contain_text("By the length of shadows.")

    # A label for many at once, looked at first, and undone.
    page.goto("/moderation/batches")
    page.get_by_label("Ids or addresses of records or files").fill(made.record.id)
    page.locator("summary", has_text="Captivity").first.click()
    page.locator("#label input[name=label]:visible").first.check()
    press(page, "Show what would happen")
    expect(page.locator("main")).to_contain_text("A convoy on the road")
    press(page, "Label these files")
    press(page, "Undo it")

    # A reader's report, taken up and decided; they read why.
    reader = chromium.new_context(base_url=live.url).new_page()
    reader.goto(f"{record}/report")
    reader.get_by_role("radio", name=re.compile("A label is wrong")).check()
    reader.locator("main textarea").first.fill("Nobody is dead in it.")
    press(reader, "Send the report")
    reader.context.close()
    page.goto("/moderation/reports")
    page.get_by_role("link", name="A label is wrong").first.click()
    expect(page.locator("main")).to_contain_text(
        "You have labelled this record: somebody else decides."
    )
    other = sitting("administrator")
    other.goto(page.url)
    press(other, "Take it up")
    other.get_by_role("radio", name="declined").check()
    other.get_by_label("What the reporter reads").fill("A dead body is seen in it.")
    press(other, "Decide and tell the reporter")
    expect(other.locator("main")).to_contain_text("declined")

    # The last word: a tombstone, and nothing of it.
    page.goto(f"/moderation/{made.record.id}")
    page.locator("details:has([name=category]) > summary").click()
    page.locator("[name=category]").select_option("danger to somebody")
    page.get_by_label("What the tombstone will say").fill("A family asked for it.")
    page.locator("input[name=sure]").check()
    press(page, "Withdraw for good")
    page.goto(record)
    expect(page.locator("main")).to_contain_text("A family asked for it.")


def test_a_moderator_says_that_two_files_are_not_the_same(sitting, site, desk):
    older = desk.publish(desk.deposit(draft=desk.draft("The first of two")))
    newer = desk.deposit(draft=desk.draft("The second of two"))
    one, other = older.assets[0].id, newer.assets[0].id
    with site.db.write() as s:
        twins.record_found(
            site, s, other, one, Closeness.SURE, by="worker", now=site.clock()
        )
    page = sitting("moderator")
    page.goto("/moderation/")
    page.get_by_role("link", name="All twins that wait for a decision").click()
    expect(page.locator("main")).to_contain_text("The first of two")
    press(page, "Not a twin")
    expect(page.locator("main")).not_to_contain_text("The first of two")
    page.goto("/moderation/dashboard")
    expect(page.get_by_role("heading", level=1)).to_have_text("The queue in numbers")


def test_an_administrator_verifies_reads_back_words_and_packs(sitting, site, desk):
    made = desk.publish(desk.deposit(draft=desk.draft("A convoy on the road")))
    broken = desk.publish(desk.deposit(draft=desk.draft("A bridge")))
    damage(site, broken.assets[0].object_id)
    page = sitting("administrator")
    page.goto("/admin/")
    expect(page.locator("main")).to_contain_text("not yet labelled")

    page.goto("/admin/ledger")
    press(page, "Verify now")
    expect(page.get_by_role("status").first).to_contain_text("The chain holds")

    with page.expect_download() as given:
        page.get_by_role("button", name="Export as CSV").click()
    assert given.value.suggested_filename.endswith(".csv")

    page.goto("/admin/fixity")
    press(page, "Read every file now")
    while work.run_one(site, site.clock() + timedelta(minutes=5)):
        pass
    page.reload()
    expect(page.get_by_role("button", name="Read every file now")).to_be_visible()
    aside = page.locator("main")
    expect(aside).to_contain_text("its bytes were changed or cut off")
    expect(aside).to_contain_text(broken.record.id)

    page.goto("/admin/vocabulary/dead.body")
    page.get_by_label(re.compile("^Name.*English|^English")).first.fill(
        "Dead, and seen"
    )
    page.get_by_label(re.compile("^Why")).first.fill("Plainer words.")
    press(page, "Save")
    page.goto("/help/labels")
    expect(page.locator("main")).to_contain_text("Dead, and seen")

    page.goto(f"/records/{made.record.id}/package")
    with page.expect_download() as given:
        page.get_by_role("button", name="Make the package").click()
    assert given.value.suggested_filename.endswith(".zip")
