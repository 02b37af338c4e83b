"""`vigil publish`: what a visitor may know as a folder of pages, and nothing else."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive import moderation, work
from archive.app import create_app
from archive.cli import main
from archive.records import store
from archive.records.document import Description, Place, RecordDocument, Source
from archive.records.store import RecordDraft
from archive.vault.keys import Purpose
from archive.web.publishing import edition
from archive.web.publishing.folder import NotPublishedError, appearing
from archive.web.publishing.press import Wish
from archive.web.request.i18n import LANGUAGES
from auth.viewer import Tier, Visibility

from .conftest import START, photo

HIDDEN = "kept-from-visitors"
"""Stands in every text that no visitor may read."""
WINDOW = 12
STILL = re.compile(r'src="(data:image/[^"]+)"')


@dataclass
class Holdings:
    """Records of every standing, and the bytes of their originals."""

    known: dict[str, str]
    unknown: dict[str, str]
    originals: list[bytes]


def draft(
    title: str, body: str = "What is left.", visibility: Visibility = Visibility.PUBLIC
) -> RecordDraft:
    return RecordDraft(
        RecordDocument(
            {
                "en": Description(title, body),
                "hy": Description(f"{title} hy", "Եկեղեցին ճանապարհից։"),
            },
            places=(Place("Shushi", 39.758341, 46.748529),),
            event_date="2020-10-08",
            source=Source(
                f"https://{HIDDEN}.example/v", "Telegram", note=f"{HIDDEN} note"
            ),
        ),
        visibility,
    )


@pytest.fixture
def holdings(site, desk) -> Holdings:
    originals: list[bytes] = []

    def kept(made: RecordDraft, code: str, tier: Tier | None = None) -> str:
        originals.append(photo((96, 72)))
        deposit = desk.deposit(originals[-1], draft=made, name=f"{HIDDEN}.jpg")
        return desk.publish(deposit, code, tier).record.id

    embargoed = replace(draft("Under embargo"), embargo_until=START + timedelta(9))
    known = {
        "plain": kept(draft("A <b>church</b> & its wall"), "property.heritage"),
        "severe": kept(draft(f"{HIDDEN} severe"), "kill.execution", Tier.G4),
        "extreme": kept(draft(f"{HIDDEN} extreme"), "kill.execution", Tier.G5),
        "embargoed": kept(embargoed, "dead.body"),
    }
    inner = {
        "vetted": kept(draft(HIDDEN, HIDDEN, Visibility.VETTED), "dead.body"),
        "staff": kept(draft(HIDDEN, HIDDEN, Visibility.STAFF), "dead.body"),
        "withdrawn": kept(draft(HIDDEN, HIDDEN), "dead.body"),
    }
    originals.append(photo())
    submitted = desk.deposit(originals[-1], draft=draft(HIDDEN, HIDDEN))
    inner["submitted"] = submitted.record.id
    with site.db.write() as s:
        moderation.withdraw(
            site,
            s,
            inner["withdrawn"],
            category="legal",
            note=HIDDEN,
            by="operator",
            now=site.clock(),
        )
    while work.run_one(site, site.clock()):
        pass
    return Holdings(known, inner, originals)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "public"


def command(environ: dict[str, str], *words: object):
    return CliRunner().invoke(main, ["publish", *map(str, words)], env=environ)


def pages(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in folder.rglob("*.html")
    }


def shown_words(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))


def test_the_command_writes_what_a_visitor_may_know_and_nothing_else(
    environ, site, holdings, folder, visitor
):
    said = command(environ, folder, "--json")
    assert said.exit_code == 0, said.output
    told = json.loads(said.stdout)
    written = pages(folder)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert told["records"] == len(holdings.known)
    assert told["files"] == len(files)
    assert {path.suffix for path in files} == {".html", ".css"}

    for language in LANGUAGES:
        for record_id in holdings.known.values():
            assert f"{language}/records/{record_id}.html" in written
            assert record_id in written[f"{language}/records.html"]
    everything = "\n".join(written.values())
    assert HIDDEN not in everything
    for record_id in holdings.unknown.values():
        assert record_id not in everything
        assert not any(record_id in name for name in written)

    _holds_no_material(files, holdings, site)
    _holds_the_stills_of_the_visitors_pages(written, holdings, visitor)


def _holds_no_material(files, holdings: Holdings, site) -> None:
    told = [path.read_bytes() for path in files]
    stills = {
        b64decode(each.partition("base64,")[2])
        for text in told
        for each in STILL.findall(text.decode())
    }
    told += stills
    seen = {
        text[at : at + WINDOW] for text in told for at in range(len(text) - WINDOW + 1)
    }
    for original in holdings.originals:
        trace = [
            at for at in range(len(original)) if original[at : at + WINDOW] in seen
        ]
        assert not trace
    for purpose in Purpose:
        if site.keyring.holds(purpose):
            secret = site.keyring.active(purpose).secret_bytes()
            for form in (secret, secret.hex().encode()):
                assert not any(form in text for text in told), purpose


def _holds_the_stills_of_the_visitors_pages(written, holdings, visitor) -> None:
    for name, record_id in holdings.known.items():
        page = visitor.get(f"/records/{record_id}").get_data(as_text=True)
        shown = STILL.findall(page)
        assert shown
        assert STILL.findall(written[f"en/records/{record_id}.html"]) == shown
        assert ("svg+xml" in shown[0]) == (name == "extreme")


def test_a_page_tells_the_record_in_every_language_it_has(environ, holdings, folder):
    assert command(environ, folder).exit_code == 0
    written = pages(folder)
    plain, severe = holdings.known["plain"], holdings.known["severe"]
    for language in LANGUAGES:
        html = written[f"{language}/records/{plain}.html"]
        said = shown_words(html)
        assert f'<html lang="{language}"' in html
        for words in (
            "A <b>church</b> & its wall",
            "What is left.",
            "Եկեղեցին ճանապարհից։",
            "Shushi",
            "Telegram",
            "2020",
            f"/records/{plain} (accessed",
        ):
            assert words in said, words
        assert "39.75" not in said
        assert "<b>church" not in html
    neutral = f"Record {severe}, with severe content"
    assert neutral in written[f"en/records/{severe}.html"]
    assert neutral in written["index.html"]
    assert severe in written["en/labels/kill.execution.html"]
    assert plain not in written["en/labels/kill.execution.html"]
    assert "labels/property.heritage.html" in written["en/labels.html"]


def test_every_link_leads_somewhere_and_nothing_runs_or_is_fetched(
    environ, holdings, folder
):
    assert command(environ, folder).exit_code == 0
    for name, html in pages(folder).items():
        here = (folder / name).parent
        for address in re.findall(r'(?:href|src)="([^"]*)"', html):
            if address.startswith("data:image/"):
                continue
            if address.startswith("http://127.0.0.1"):
                assert "/media/" not in address
                assert "/api/" not in address
                continue
            target = address.partition("#")[0]
            assert not target.startswith(("/", "http"))
            assert not target or (here / target).is_file(), (name, address)
        assert "<script" not in html
        assert " style=" not in html
        assert "<video" not in html
        assert "default-src 'none'" in html.partition("<link")[0]


def test_one_language_and_one_collection_alone(environ, site, desk, holdings, folder):
    with site.db.write() as s:
        now = site.clock()
        shelf = store.add_collection(s, "shushi", {"en": "Shushi"}, {}, "operator", now)
        store.require(s, holdings.known["plain"]).collection_id = shelf.id
        store.require(s, holdings.unknown["vetted"]).collection_id = shelf.id
    done = command(environ, folder, "--collection", "shushi", "--lang", "hy", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["records"] == 1
    assert not (folder / "en").exists()
    listed = [path.stem for path in (folder / "hy" / "records").iterdir()]
    assert listed == [holdings.known["plain"]]
    assert '<html lang="hy"' in (folder / "index.html").read_text()


def test_the_ledger_says_what_was_given_away(environ, site, holdings, folder):
    assert command(environ, folder, "--lang", "en").exit_code == 0
    with site.db.read() as s:
        (line,) = site.ledger.entries(s, event="exporting")
    assert line.actor == "operator"
    assert line.detail == {
        "what": "preview-only edition",
        "records": len(holdings.known),
        "languages": ["en"],
        "collection": None,
    }


@pytest.mark.parametrize("standing", ["file", "filled", "link", "no parent", "home"])
def test_a_place_that_is_taken_is_refused_and_left_as_it_was(
    environ, site, tmp_path, standing
):
    place = tmp_path / "public"
    if standing == "file":
        place.write_text("mine")
    elif standing == "filled":
        place.mkdir()
        (place / "mine").write_text("mine")
    elif standing == "link":
        (tmp_path / "elsewhere").mkdir()
        place.symlink_to(tmp_path / "elsewhere")
    elif standing == "no parent":
        place = tmp_path / "nowhere" / "public"
    else:
        place = site.config.home / "public"
    before = sorted(map(str, tmp_path.iterdir()))
    done = command(environ, place)
    assert done.exit_code == 1
    assert done.stderr.strip().count("\n") == 0
    assert sorted(map(str, tmp_path.iterdir())) == before
    with site.db.read() as s:
        assert not site.ledger.entries(s, event="exporting")


def test_a_collection_that_is_not_there_fails_and_a_language_is_wrong_usage(
    environ, site, folder
):
    assert command(environ, folder, "--collection", "none").exit_code == 1
    assert command(environ, folder, "--lang", "xx").exit_code == 2
    assert not folder.exists()


def test_an_empty_folder_is_filled_and_an_archive_without_records_has_a_page(
    environ, site, folder
):
    folder.mkdir()
    assert command(environ, folder, "--lang", "en").exit_code == 0
    assert "Nothing is published yet" in (folder / "index.html").read_text()


@pytest.mark.parametrize("change", ["withdrawn", "relabelled"])
def test_a_record_closed_or_relabelled_meanwhile_lets_nothing_out(
    site, desk, holdings, folder, change
):
    record_id = holdings.known["plain"]

    def meanwhile(done: int, total: int) -> None:
        assert done == total
        if change == "relabelled":
            with site.db.read() as s:
                asset = store.assets_of(s, record_id)[0].id
            desk.label(asset, "kill.execution", Tier.G4)
            return
        with site.db.write() as s:
            moderation.withdraw(
                site,
                s,
                record_id,
                category="legal",
                note="asked",
                by="operator",
                now=site.clock(),
            )

    with pytest.raises(NotPublishedError):
        edition.publish(create_app(site), folder, Wish(("en",)), meanwhile)
    assert not folder.exists()
    assert not [each for each in folder.parent.iterdir() if "public" in each.name]


def test_lists_go_on_over_several_pages(environ, site, holdings, folder, monkeypatch):
    monkeypatch.setattr("archive.web.publishing.press.PER_PAGE", 1)
    assert command(environ, folder, "--lang", "en").exit_code == 0
    lists = ["records.html", *(f"records-{n}.html" for n in range(2, 5))]
    for one, following in pairwise(lists):
        assert f'href="{following}"' in (folder / "en" / one).read_text()


def test_a_folder_appears_whole_or_not_at_all(folder):
    def failing() -> None:
        with appearing(folder) as beside:
            (beside / "page").write_text("half")
            assert not folder.exists()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        failing()
    assert list(folder.parent.iterdir()) == []
