"""The archive's main job in a real browser, as each person, from `vigil init` on.

Once as it is meant, and once with JavaScript off. Every window watches itself: a
request to another origin, a word on the console or a 5xx fails the journey; axe-core
looks at every page in both themes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys import media
from tests.journeys.holdings import Holdings
from tests.journeys.home import Home
from tests.journeys.media import Planted
from tests.journeys.server import Server, serving
from tests.journeys.windows import (
    CHROMIUM,
    SECONDS,
    Window,
    chromium,
    open_window,
    right_answers,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None,
        reason="NO BROWSER JOURNEY WAS MADE: install chromium-headless-shell",
    ),
]

PASSWORD = "violet anchors drift past noon {}"
TEXTS = {
    "en": ("The yard of the school", "Soldiers speak to men who stand at a wall."),
    "hy": ("Դպրոցի բակը", "Զինվորները խոսում են պատի մոտ կանգնած մարդկանց հետ։"),
    "az": ("Məktəbin həyəti", "Əsgərlər divarın yanında duran adamlarla danışır."),
    "ru": ("Двор школы", "Солдаты говорят с людьми, стоящими у стены."),
}
SEARCHED = {
    "en": ("yard", "soldiers", "Shushi"),
    "hy": ("բակը", "զինվորները", "Շուշի"),
    "az": ("həyəti", "əsgərlər", "Şuşa"),
    "ru": ("двор", "солдаты", "Шуша"),
}
VIEWER = re.compile(r"/records/[0-9a-z]{12}/view(#|$)")
LABELS = {"harm.threat": "3", "dead.body": "3"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(autouse=True)
def _no_window_stays(browser: Browser) -> Iterator[None]:
    """What a failed journey leaves open goes on drawing, and takes half a core."""
    yield
    for context in browser.contexts:
        context.close()


@pytest.fixture
def new_archive(tmp_path: Path) -> Iterator[tuple[Server, str]]:
    """An archive in which nobody is yet, and the way in for its administrator."""
    home = Home(tmp_path / "root")
    home.root.mkdir(mode=0o700)
    link = home.do("init")["setup_url"]
    with serving(home) as server:
        yield server, link


@dataclass
class Journey:
    """Everybody's windows on one archive."""

    browser: Browser
    server: Server
    scripts: bool
    windows: dict[str, Window] = field(default_factory=dict)

    def of(self, who: str) -> Window:
        if who not in self.windows:
            self.windows[who] = open_window(
                self.browser, self.server, scripts=self.scripts
            )
        return self.windows[who]

    def look(self, who: str, what: str) -> Page:
        """Judge the page; without scripts, axe-core cannot run in it."""
        window = self.of(who)
        return window.checked(what) if self.scripts else window.page

    def close(self) -> None:
        for window in self.windows.values():
            assert window.is_quiet()
            window.context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_the_archive_s_main_job_from_the_first_page_to_the_ledger(
    browser: Browser, new_archive: tuple[Server, str], scripts: bool
) -> None:
    server, link = new_archive
    journey = Journey(browser, server, scripts)
    found_the_archive(journey, link)
    apply(journey)
    confirm_and_refer(journey)
    approve(journey)
    become_a_reader(journey)
    invite_a_moderator(journey)
    files = [media.picture(), media.video(), media.sound(), media.document()]
    record = deposit(journey, files)
    label_and_publish(journey, record, len(files))
    find_and_cite(journey, record)
    see_and_hide(journey, record, files)
    read_the_ledger(journey, record)
    journey.close()


# --- people ---------------------------------------------------------------------------


def found_the_archive(journey: Journey, link: str) -> None:
    """The link of `vigil init` works once, and makes the first administrator."""
    window = journey.of("administrator")
    page = window.go(path_of(link))
    journey.look("administrator", "the first administrator")
    page.fill("[name=name]", "Anahit A.")
    page.fill("[name=email]", "anahit@archive.example")
    set_password(page, "administrator")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    again = window.page.request.get(window.server.url + path_of(link))
    assert again.status == 410


def apply(journey: Journey) -> None:
    """Somebody applies; a form with gaps comes back with what was typed."""
    page = journey.of("researcher").go("/apply")
    page.fill("[name=legal_name]", "Rosa R.")
    page.get_by_role("button", name=re.compile("application|apply", re.I)).last.click()
    expect(page.locator("#error-summary")).to_be_visible()
    expect(page.locator("[name=legal_name]")).to_have_value("Rosa R.")
    journey.look("researcher", "the application with errors")
    answers = {
        "institution": "Institute for Contemporary History",
        "role": "doctoral researcher",
        "country": "Germany",
        "project": "Announcements and outcomes",
        "purpose": "To compare what was promised with what followed.",
        "ethics_approval": "IRB 2026/14",
        "referee_name": "Prof. L. M.",
        "referee_email": "referee@history.example",
        "statement": "On an encrypted machine, with nobody else in the room.",
        "email": "rosa@history.example",
        "password": PASSWORD.format("researcher"),
        "password_again": PASSWORD.format("researcher"),
    }
    for name, value in answers.items():
        page.fill(f"[name={name}]", value)
    page.check("[name=conduct]")
    page.get_by_role("button", name=re.compile("application|apply", re.I)).last.click()
    page.wait_for_url("**/apply/status")
    journey.look("researcher", "the application's state")


def confirm_and_refer(journey: Journey) -> None:
    """The address is confirmed by a mail; the referee answers by another."""
    page = journey.of("researcher").go(_mailed(journey, "rosa@", "/apply/confirm/"))
    journey.look("researcher", "an address to confirm")
    page.get_by_role("button", name="Confirm this address").click()
    page.wait_for_url("**/apply/status")
    page = journey.of("referee").go(_mailed(journey, "referee@", "/refer/"))
    page.get_by_role("button", name="Send my answer").click()
    expect(page.locator("#error-summary")).to_be_visible()
    journey.look("referee", "a reference with errors")
    page.fill("[name=known_as]", "I supervise her thesis.")
    page.fill("[name=known_since]", "2021")
    page.check("input[name=vouches][value=yes]")
    page.fill("[name=words]", "Careful with what is confidential.")
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    journey.look("referee", "a reference given")


def _mailed(journey: Journey, to: str, part: str) -> str:
    """The path of the link in the mail that the worker has put into the outbox."""
    for _ in range(int(SECONDS * 5)):
        for letter in journey.server.home.do("mail", "list")["mails"]:
            found = re.search(rf"{part}[\w.-]+", letter["text"])
            if letter["to"].startswith(to) and found:
                return found[0]
        time.sleep(0.2)
    raise AssertionError(f"no mail to {to} has {part}")


def approve(journey: Journey) -> None:
    """The administrator reads the evidence, and decides at each stage with a reason."""
    page = journey.of("administrator").go("/admin/")
    journey.look("administrator", "administration")
    page.goto(journey.server.url + "/admin/applications")
    journey.look("administrator", "applications")
    page.get_by_role("link", name="Rosa R.").click()
    expect(page.get_by_text("IRB 2026/14")).to_be_visible()
    page.get_by_role("button", name="Decide").click()
    expect(page.locator("#error-summary")).to_be_visible()  # no reason, no decision
    journey.look("administrator", "an application")
    for stage in ("Identity", "Reference", "Final decision"):
        expect(page.get_by_role("heading", name=f"Stage: {stage}")).to_be_visible()
        page.check("input[name=outcome][value=approve]")
        page.fill("[name=reason]", "The institute names her; the referee agrees.")
        page.get_by_role("button", name="Decide").click()
        expect(page.get_by_text("Decided.")).to_be_visible()
        page.get_by_role("link", name="Rosa R.").first.click()
    journey.look("administrator", "an application decided")


def become_a_reader(journey: Journey) -> None:
    """Sign in, sign the terms, pass the induction."""
    page = sign_in(journey, "researcher", "rosa@history.example")
    journey.look("researcher", "the account")
    page.goto(journey.server.url + "/account/terms")
    journey.look("researcher", "the terms")
    page.check("[name=agree]")
    page.get_by_role("button", name="Sign", exact=True).click()
    page.goto(journey.server.url + "/account/induction")
    for question, answer in right_answers().items():
        wrong = page.locator(f"input[name='{question}']:not([value='{answer}'])")
        wrong.first.check()
    page.get_by_role("button", name="Hand in the answers").click()
    expect(page.locator("#error-summary")).to_be_visible()
    journey.look("researcher", "the induction with errors")
    for question, answer in right_answers().items():
        page.check(f"input[name='{question}'][value='{answer}']")
    page.get_by_role("button", name="Hand in the answers").click()
    page.goto(journey.server.url + "/account/")
    # All that is left is for the gravest alone.
    expect(page.get_by_text("Next: Second factor.")).to_be_visible()


def invite_a_moderator(journey: Journey) -> None:
    """By a link that the administrator hands over, and nobody uses twice."""
    page = journey.of("administrator").go("/admin/accounts")
    journey.look("administrator", "accounts")
    invitation = page.locator("form[action='/admin/accounts'][method=post]")
    invitation.locator("[name=name]").fill("Murad M.")
    invitation.locator("[name=email]").fill("murad@archive.example")
    invitation.locator("[name=role]").select_option("moderator")
    invitation.get_by_role("button").click()
    link = page.locator("code.secret").inner_text()
    journey.look("administrator", "a link that works once")
    theirs = journey.of("moderator").go(path_of(link))
    journey.look("moderator", "an invitation")
    set_password(theirs, "moderator")
    expect(theirs.get_by_role("heading", level=1)).to_have_text("Your account")


def sign_in(journey: Journey, who: str, email: str) -> Page:
    page = journey.of(who).go("/login")
    journey.look(who, "signing in")
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD.format(who))
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/account/")
    return page


def set_password(page: Page, who: str) -> None:
    page.fill("[name=password]", PASSWORD.format(who))
    page.fill("[name=password_again]", PASSWORD.format(who))
    page.get_by_role("button", name="Set the password").click()
    page.wait_for_url("**/account/")


def path_of(link: str) -> str:
    return re.sub(r"^https?://[^/]+", "", link)


# --- material -------------------------------------------------------------------------


def deposit(journey: Journey, files: list[Planted]) -> str:
    """A moderator hands in several files, described in four languages."""
    page = journey.of("moderator").go("/deposit")
    for fold in page.locator("form#deposit details summary").all():
        fold.click()
    journey.look("moderator", "the deposit form")
    for language, (title, body) in TEXTS.items():
        page.fill(f"[name=title_{language}]", title)
        page.fill(f"[name=body_{language}]", body)
    page.fill("[name=event_date]", "2020-10~")
    page.fill("[name=places]", "Shushi; 39.7601, 46.7499")
    page.check("input[name=visibility][value=public]")
    hand_in(page, [Planted("words.jpg", b"no picture at all", b"")])
    refused = page.get_by_role("alert")
    expect(refused).to_contain_text("words.jpg")
    journey.look("moderator", "a refused deposit")
    page.check("input[name=visibility][value=public]")
    hand_in(page, files, instead=journey.scripts)
    page.wait_for_url(re.compile(r"/deposit/[0-9a-z]{12}"))
    record = page.url.rsplit("/", 1)[-1]
    journey.look("moderator", "the state of a deposit")
    wait_for(journey, page, "Everything is ready")
    return record


def hand_in(page: Page, files: list[Planted], *, instead: bool = False) -> None:
    if instead:
        page.get_by_role("button", name=re.compile("Take out")).first.click()
    given: list[Any] = [
        {
            "name": file.name,
            "mimeType": "application/octet-stream",
            "buffer": file.content,
        }
        for file in files
    ]
    page.set_input_files("#files", given)
    page.get_by_role("button", name="Hand in").click()


def wait_for(journey: Journey, page: Page, words: str) -> None:
    """With scripts the page tells by itself; without, one looks again."""
    if journey.scripts:
        expect(page.get_by_text(words)).to_be_visible(timeout=SECONDS)
        return
    for _ in range(240):
        if page.get_by_text(words).count():
            return
        page.wait_for_timeout(250)
        page.reload()
    raise AssertionError(words)


def label_and_publish(journey: Journey, record: str, files: int) -> None:
    """Each file gets its labels; then the record is let out."""
    page = journey.of("moderator").go("/moderation/")
    expect(page.get_by_role("link", name=TEXTS["en"][0])).to_be_visible()
    journey.look("moderator", "the queue")
    page.goto(f"{journey.server.url}/moderation/{record}")
    journey.look("moderator", "the label picker")
    addresses = [
        str(link.get_attribute("href")) for link in page.locator(".desk-files a").all()
    ]
    assert len(addresses) == files
    for address in addresses:
        page.goto(journey.server.url + address)
        for code, tier in LABELS.items():
            page.check(f"input[name=label][value='{code}']")
            page.select_option(f"select[name='tier-{code}']", tier)
        page.get_by_role("button", name="Save these labels").first.click()
        expect(page.locator(".notice, .flash, [role=status]").first).to_be_attached()
    page.goto(f"{journey.server.url}/moderation/{record}")
    page.check("input[name=visibility][value=public]")
    page.check("input[name=access][value=vetted]")
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url(f"**/records/{record}")
    expect(page.get_by_text("The record is published.")).to_be_visible()


def find_and_cite(journey: Journey, record: str) -> None:
    """A visitor finds it in each language, reads it, and takes its citation along."""
    page = journey.of("visitor").go("/")
    journey.look("visitor", "home")
    wait_until_found(page, journey, record)
    for language, words in SEARCHED.items():
        for word in words:
            page.goto(journey.server.url + "/")
            box = page.locator("main input[type=search]").first
            box.fill(word)
            box.press("Enter")
            page.wait_for_url("**/search?*")
            link = page.locator(f"a[href*='/records/{record}']").first
            expect(link).to_be_visible()
            if word == words[1]:  # it stands in the text, not in the title alone
                assert page.locator("mark").count(), (language, word)
    journey.look("visitor", "results")
    page.locator(f"a[href*='/records/{record}']").first.click()
    expect(page.locator("#reveal")).to_contain_text("Sign in")
    journey.look("visitor", "a record")
    for tile in page.locator("main img").all():
        expect(tile).to_have_attribute("alt", re.compile(r"\w{4}"))
    for position in range(1, 5):
        opened = page.request.get(original_of(page, position))
        assert opened.status == 401
    page.get_by_role("link", name="Cite").click()
    expect(page.locator("#citation")).to_contain_text(TEXTS["en"][0])
    journey.look("visitor", "a citation")
    forms = page.get_by_role("link", name="Download").all()
    assert len(forms) >= 3
    for form in forms:
        address = journey.server.url + str(form.get_attribute("href"))
        assert page.request.get(address).text().strip()


def wait_until_found(page: Page, journey: Journey, record: str) -> None:
    for _ in range(240):
        page.goto(f"{journey.server.url}/search?q=yard")
        if page.locator(f"a[href*='/records/{record}']").count():
            return
        page.wait_for_timeout(250)
    raise AssertionError("the record was not indexed")


def original_of(page: Page, position: int) -> str:
    """The address of a file's original, from its preview's."""
    preview = page.locator(f"#file-{position} img").first.get_attribute("src") or ""
    found = re.search(r"/media/(\w+)/preview", preview)
    if found is None:  # the picture stands in the page itself
        origin, record = page.url.split("/records/")
        told = page.request.get(f"{origin}/api/v1/records/{record[:12]}").json()
        return f"{origin}/media/{told['assets'][position - 1]['id']}/original"
    return f"{page.url.split('/records/')[0]}/media/{found[1]}/original"


# --- the reveal -----------------------------------------------------------------------


def see_and_hide(journey: Journey, record: str, files: list[Planted]) -> None:
    """Consent to what is named, see it, hide it, and take the consent back."""
    page = journey.of("researcher").go(f"/records/{record}")
    originals = [original_of(page, number + 1) for number in range(len(files))]
    for address in originals:
        assert page.request.get(address).status == 403
    journey.look("researcher", "the reveal panel")
    consent(page)
    journey.look("researcher", "the viewer")
    for address, file in zip(originals, files, strict=True):
        opened = page.request.get(address)
        assert opened.status == 200
        assert opened.body() == file.content
        part = page.request.get(address, headers={"Range": "bytes=5-50"})
        assert (part.status, part.body()) == (206, file.content[5:51])
    for number, see in enumerate((see_picture, see_film, hear_sound, see_document), 1):
        page.goto(f"{journey.server.url}/records/{record}/view?file={number}")
        if journey.scripts:
            go_all_the_way(page)
            see(page)
            journey.look("researcher", f"the viewer, file {number}")
            page.keyboard.press("Escape")
            expect(page.locator("[data-part=media]")).to_have_count(0)
            expect(page.locator("[data-part=cover]")).to_be_visible()
        else:
            expect(page.locator("[data-part=media]")).to_be_attached()
            page.locator("[data-part=leave]").click()  # "Hide" is a link here
            page.wait_for_url(VIEWER)
    page.get_by_role("button", name="Withdraw my consent").click()
    page.wait_for_url(f"**/records/{record}")
    expect(page.get_by_text("Your consent is withdrawn.")).to_be_visible()
    for address in originals:
        assert page.request.get(address).status == 403


def consent(page: Page) -> None:
    """Nothing is ticked beforehand, and nothing goes without every tick."""
    boxes = page.locator("input[name=acknowledged]").all()
    assert len(boxes) == len(LABELS)
    for box in boxes:
        expect(box).not_to_be_checked()
    for box in boxes:
        box.check()
    page.select_option("select[name=purpose]", "research")
    page.get_by_role("button", name="I consent: open the viewer").click()
    page.wait_for_url(VIEWER)


def go_all_the_way(page: Page) -> None:
    """Step by step to the whole file; every step on the way is made on the server."""
    while (steps := page.locator("[aria-current=step]")).count():
        drawn = page.locator("img[data-part=media]")
        if drawn.count():
            assert drawn.evaluate("e => e.decode().then(() => e.naturalWidth)") > 0
        following = steps.locator("xpath=../following-sibling::li[1]/a")
        if not following.count():
            return
        following.click()
        page.wait_for_load_state()


def see_picture(page: Page) -> None:
    picture = page.locator("img[data-part=media]")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 640)
    assert picture.evaluate("e => getComputedStyle(e).filter") == "none"


def see_film(page: Page) -> None:
    """It starts paused and muted; seeking asks for the part that is wanted."""
    film = page.locator("video[data-part=media]")
    expect(film).to_have_js_property("paused", value=True)
    expect(film).to_have_js_property("muted", value=True)
    at = film.evaluate(
        "async video => {"
        "  await video.play(); video.pause();"
        "  const sought = new Promise(done => video.onseeked = done);"
        "  video.currentTime = 2; await sought;"
        "  return [video.currentTime, video.videoWidth, video.seekable.length]; }"
    )
    assert at == [2, 320, 1]


def hear_sound(page: Page) -> None:
    sound = page.locator("audio[data-part=media]")
    length = sound.evaluate(
        "async sound => { await sound.play(); sound.pause(); return sound.duration; }"
    )
    assert length == pytest.approx(2, abs=0.2)
    expect(sound).to_have_js_property("muted", value=True)


def see_document(page: Page) -> None:
    page.get_by_role("link", name="Show the untouched original").click()
    expect(page.locator("[data-part=media] canvas").first).to_be_visible()


def read_the_ledger(journey: Journey, record: str) -> None:
    """Every step is in it, and the chain holds."""
    page = journey.of("administrator").go(f"/admin/ledger?record={record}")
    listed = page.locator("main").inner_text()
    for event in ("consent", "displaying", "labelling", "publication", "accession"):
        assert event in listed, event
    journey.look("administrator", "the ledger")
    page.get_by_role("button", name="Verify now").click()
    expect(page.get_by_text("The chain holds")).to_be_visible(timeout=SECONDS)
    page.goto(f"{journey.server.url}/records/{record}")
    # Whoever keeps the ledger sees no picture by that.
    assert page.request.get(original_of(page, 1)).status == 403


# --- every page -----------------------------------------------------------------------

PAGES = {
    "visitor": (
        "/search?q=photograph",
        "/search?view=list&facet.kind=image",
        "/search?q=%22never+closed",
        "/search?q=nothingatall",
        "/records/{film}",
        "/records/{grave}",
        "/apply",
        "/apply/status",
        "/help/",
        "/help/search",
        "/help/labels",
        "/help/consent",
        "/help/protection",
        "/help/wellbeing",
        "/help/accessibility",
        "/api/v1/docs",
        "/records/nosuchrecord",
        "/admin/",
        "/setup/usedup",
    ),
    "applicant": ("/account/", "/apply/status", "/records/{wall}", "/deposit"),
    "researcher": (
        "/account/security",
        "/account/sessions",
        "/account/consents",
        "/account/exposure",
        "/account/tokens",
        "/account/data",
        "/account/induction",
        "/records/{gravest}",
        "/records/{asked}",
        "/records/{shut}",
        "/records/{inner}",
        "/deposit",
    ),
    "moderator": ("/moderation/", "/moderation/{unseen}", "/records/{unseen}"),
    "administrator": (
        "/admin/accounts",
        "/admin/accounts?email={applicant}",
        "/admin/jobs",
        "/admin/ledger",
        "/admin/ledger?event=accession",
    ),
}


@pytest.mark.parametrize("who", PAGES)
def test_every_page_can_be_used_by_everybody_in_both_themes(
    browser: Browser, server: Server, holdings: Holdings, who: str
) -> None:
    window = open_window(browser, server)
    if who != "visitor":
        person = holdings.people[who]
        page = window.go("/login")
        page.fill("[name=email]", person.email)
        page.fill("[name=password]", person.password)
        page.locator("main").get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/account/")
    places = {name: each.id for name, each in holdings.records.items()}
    places["applicant"] = holdings.people["applicant"].email
    for path in PAGES[who]:
        window.page.goto(server.url + path.format(**places))
        expect(window.page.locator("h1")).to_have_count(1)
        window.checked(path)
        assert not overflows(window.page, 360), path
    assert window.is_quiet()
    window.context.close()


def overflows(page: Page, width: int) -> bool:
    """Whether a narrow screen would have to be moved sideways."""
    before = page.viewport_size or {"width": 1280, "height": 720}
    page.set_viewport_size({"width": width, "height": 800})
    wide = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size(before)
    return bool(wide > width)


@pytest.mark.parametrize("language", ["hy", "az", "ru"])
def test_the_interface_speaks_the_reader_s_language(
    browser: Browser, server: Server, holdings: Holdings, language: str
) -> None:
    window = open_window(browser, server, language=language)
    english = open_window(browser, server)
    for path in ("/", "/login", f"/records/{holdings['film'].id}", "/records/none"):
        page, other = window.page, english.page
        page.goto(server.url + path)
        other.goto(server.url + path)
        expect(page.locator("html")).to_have_attribute("lang", language)
        for part in (".site-nav", ".site-footer"):
            theirs, ours = page.locator(part), other.locator(part)
            assert theirs.inner_text() != ours.inner_text(), (path, part)
    panel = window.go(f"/records/{holdings['film'].id}").locator("#reveal-title")
    assert panel.inner_text() != "To see the originals"
    assert window.is_quiet()
    window.context.close()
    english.context.close()


def test_no_key_hover_scroll_or_waiting_shows_an_original(
    browser: Browser, server: Server, holdings: Holdings
) -> None:
    """With a live consent, too, nothing opens that was not asked for by a click.

    Requirement 118.
    """
    window = open_window(browser, server)
    person, wall = holdings.people["colleague"], holdings["wall"]
    asked: list[str] = []
    window.page.on("request", lambda request: asked.append(request.url))
    page = window.go("/login")
    page.fill("[name=email]", person.email)
    page.fill("[name=password]", person.password)
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/account/")
    window.go(f"/records/{wall.id}")
    page.check("input[name=acknowledged]")
    page.select_option("select[name=purpose]", "research")
    page.get_by_role("button", name="I consent: open the viewer").click()
    page.wait_for_url(VIEWER)
    for path in (f"/records/{wall.id}", "/", f"/search?q={wall.words.body}"):
        window.go(path)
        for picture in page.locator("main img").all():
            picture.hover(force=True)
        page.mouse.wheel(0, 2000)
        for key in ("j", "k", "r", "g", "l", "Space", "Tab"):
            page.keyboard.press(key)
        page.go_back()
        page.go_forward()
    clear = ("/original", "/clean", "/copy", "/view/")
    media = [address for address in asked if "/static/" not in address]
    assert not [address for address in media if any(c in address for c in clear)]
    window.go(f"/records/{wall.id}/view?file=1")
    expect(page.locator("[data-part=media]")).to_be_visible()
    assert [address for address in asked if "/view/small" in address]
    assert not [address for address in asked if "/original" in address]
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/")
    page.go_back()
    expect(page.locator("[data-part=media]")).to_have_count(0)
    assert window.is_quiet()
    window.context.close()


def test_letters_act_as_keys_only_where_the_reader_wants_them(
    browser: Browser, server: Server
) -> None:
    """WCAG 2.2, 2.1.4: single letters can be switched off; `?` says which there are."""
    window = open_window(browser, server)
    page, sheet = window.go("/search"), window.page.locator("#keys-sheet")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("?")
    expect(page.locator("#q")).to_have_value("?")
    expect(sheet).to_be_hidden()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    expect(sheet).to_be_visible()
    window.checked("the list of keys")
    sheet.get_by_role("button", name="Keys off").click()
    page.wait_for_load_state()
    page.evaluate("document.activeElement.blur()")
    for key in ("/", "?"):
        page.keyboard.press(key)
    expect(page.locator("#q")).not_to_be_focused()
    expect(sheet).to_be_hidden()
    page.get_by_role("link", name="Keys", exact=True).click()
    expect(sheet).to_be_visible()
    sheet.get_by_role("button", name="Keys on").click()
    page.wait_for_load_state()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    assert window.is_quiet()
    window.context.close()
