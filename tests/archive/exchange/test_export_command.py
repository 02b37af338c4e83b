"""`vigil export` as somebody meets it in a shell."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import bagit
import pytest
from click.testing import CliRunner, Result

from archive.cli import main
from archive.exchange.lists import FORMS
from archive.site import Site
from archive.work import run_one
from auth.viewer import Visibility
from tests.archive.conftest import Clock, Desk, photo

from .test_court import agree, unpacked
from .test_package_command import token_of

Vigil = Callable[..., Result]


@pytest.fixture
def vigil(
    site: Site, environ: dict[str, str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Vigil:
    clock.now = datetime.now(UTC)  # the command's own

    def run(*words: str | Path, **more: str) -> Result:
        for name, value in (environ | more).items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(main, ["export", *map(str, words)])

    return run


@pytest.fixture
def content() -> bytes:
    return photo((90, 70))


@pytest.fixture
def record(site: Site, desk: Desk, content: bytes) -> str:
    """A published record of that content, which the index knows."""
    held = desk.publish(desk.deposit(content)).record.id
    while run_one(site, site.clock()):
        pass
    return held


def test_every_form_is_written_and_the_ledger_knows(
    site: Site, vigil: Vigil, record: str, tmp_path: Path
) -> None:
    for form in (*FORMS, "bagit"):
        path = tmp_path / form
        ran = vigil(form, "--out", path)
        assert ran.exit_code == 0, ran.output
        assert path.stat().st_mode & 0o777 == 0o600
        assert record.encode() in path.read_bytes()
        assert "1 records are in" in ran.stderr
    with site.db.read() as s:
        lines = site.ledger.entries(s, event="exporting")
    assert [line.detail["format"] for line in lines] == ["bagit", *reversed(FORMS)]
    assert {(line.actor, line.detail["as"]) for line in lines} == {
        ("operator", "visitor")
    }


def test_it_goes_to_standard_output_alone_and_over_no_file(
    vigil: Vigil, record: str, site: Site, tmp_path: Path
) -> None:
    told = vigil("json", "--language", "ru")
    assert [each["id"] for each in json.loads(told.stdout)["items"]] == [record]
    assert json.loads(vigil("json", "--query", "zeppelin").stdout)["items"] == []
    path = tmp_path / "out"
    path.write_text("mine")
    assert vigil("csv", "--out", path).exit_code == 1
    assert path.read_text() == "mine"
    inside = vigil("csv", "--out", site.config.home / "out.csv")
    assert (inside.exit_code, "name a place outside" in inside.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("doc",), 2, "is not one of"),
        (("csv", "--query", '"open'), 1, "quot"),
        (("csv", "--as", "nobody@example.org"), 1, "no account"),
        (("csv", "--with-originals"), 1, "Only a bag"),
        (("csv", "--purpose", "legal"), 2, "are for --with-originals"),
        (("csv", "--with-previews"), 1, "Only a bag or a crate"),
        (("bagit", "--with-originals"), 1, "name one with --as"),
        (
            ("bagit", "--with-originals", "--as", "nare@example.org"),
            1,
            "--purpose",
        ),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    vigil: Vigil,
    record: str,
    words: tuple[str, ...],
    status: int,
    told: str,
) -> None:
    ran = vigil(*words)
    assert ran.exit_code == status
    assert told in ran.stderr
    assert ran.stdout_bytes == b""


def test_originals_are_a_persons_with_a_token_and_consent_for_that_purpose(
    site: Site, desk: Desk, vigil: Vigil, record: str, content: bytes, tmp_path: Path
) -> None:
    own, viewer = token_of(site, str(desk.researcher().account_id))
    wanted = ("bagit", "--with-originals", "--as", "nare@example.org")
    legal = (*wanted, "--purpose", "legal")

    refused = vigil(*legal, VIGIL_TOKEN="")
    assert "must hold a live access token" in refused.stderr
    refused = vigil(*legal, VIGIL_TOKEN=own)
    assert (refused.exit_code, "consent" in refused.stderr) == (1, True)
    assert refused.stdout_bytes == b""

    agree(desk, viewer, record)
    other = vigil(*wanted, "--purpose", "research", VIGIL_TOKEN=own)
    assert (other.exit_code, "not for this purpose" in other.stderr) == (1, True)
    assert other.stdout_bytes == b""
    clear = vigil(*legal, "--out", tmp_path / "out.zip", VIGIL_TOKEN=own)
    assert (clear.exit_code, "unencrypted" in clear.stderr) == (1, True)
    assert not (tmp_path / "out.zip").exists()

    given = vigil(*legal, VIGIL_TOKEN=own)
    assert given.exit_code == 0, given.stderr
    folder = unpacked(given.stdout_bytes, tmp_path / "out")
    assert bagit.Bag(str(folder)).validate()
    (original,) = (folder / "data/originals" / record).iterdir()
    assert original.read_bytes() == content
    with site.db.read() as s:
        (shown,) = site.ledger.entries(s, event="displaying")
        (told,) = site.ledger.entries(s, event="exporting")
    assert (shown.detail["form"], shown.account_id) == ("bag", viewer.account_id)
    assert told.detail["purpose"] == "legal"
    assert told.detail["what"] == "descriptions and originals"


def crate_of(path: Path) -> dict[str, bytes]:
    """The files of a crate by their names below its folder."""
    with zipfile.ZipFile(path) as whole:
        return {n.partition("/")[2]: whole.read(n) for n in whole.namelist()}


@pytest.fixture
def shelf(site: Site, desk: Desk) -> dict[str, str]:
    """Assets by what they are: open to all, G4, for the vetted alone, G5."""
    drafts = {
        "open": (Visibility.PUBLIC, "property.heritage"),
        "grave": (Visibility.PUBLIC, "dead.desecration"),
        "inner": (Visibility.VETTED, "property.heritage"),
        "gravest": (Visibility.PUBLIC, "kill.beheading"),
    }
    held = {}
    for name, (visibility, code) in drafts.items():
        made = desk.deposit(photo(), draft=desk.draft(visibility=visibility))
        held[name] = desk.publish(made, code).assets[0].id
    while run_one(site, site.clock()):
        pass
    return held


@pytest.mark.parametrize("form", ["bagit", "ro-crate"])
def test_previews_come_along_as_their_reader_is_shown_them(
    site: Site,
    desk: Desk,
    vigil: Vigil,
    shelf: dict[str, str],
    tmp_path: Path,
    form: str,
) -> None:
    desk.researcher()
    met = {}
    for who, more in (("visitor", ()), ("reader", ("--as", "nare@example.org"))):
        path = tmp_path / who
        ran = vigil(form, "--with-previews", "--out", path, *more)
        assert ran.exit_code == 0, ran.output
        files = crate_of(path)
        met[who] = {
            asset: content
            for name, content in files.items()
            for asset in shelf.values()
            if "previews/" in name and asset in name
        }
        assert all(each.startswith(b"\x89PNG") for each in met[who].values())
        assert not any("original" in name for name in files)
    names = {asset: name for name, asset in shelf.items()}
    assert {names[each] for each in met["visitor"]} == {"open", "grave"}
    assert {names[each] for each in met["reader"]} == {"open", "grave", "inner"}
    assert met["visitor"][shelf["open"]] == met["reader"][shelf["open"]]
    assert met["visitor"][shelf["grave"]] != met["reader"][shelf["grave"]]
    with site.db.read() as s:
        lines = site.ledger.entries(s, event="exporting")
    counts = [line.detail["previews"] for line in lines]
    assert counts == [3, 2]


def test_a_crate_describes_its_previews_and_a_bag_is_whole_with_them(
    vigil: Vigil, shelf: dict[str, str], tmp_path: Path
) -> None:
    assert vigil("ro-crate", "--with-previews", "--out", tmp_path / "c").exit_code == 0
    files = crate_of(tmp_path / "c")
    graph = json.loads(files["ro-crate-metadata.json"])["@graph"]
    parts = {each["@id"]: each for each in graph}
    told = {each["@id"] for each in parts["./"]["hasPart"]}
    assert told == set(files) - {"ro-crate-metadata.json"}
    shown = [each for each in told if each.startswith("previews/")]
    assert len(shown) == 2
    for each in shown:
        assert parts[each]["encodingFormat"] == "image/png"
        assert parts[each]["about"]["@id"].endswith(each.split("/")[1])
    assert vigil("bagit", "--with-previews", "--out", tmp_path / "b").exit_code == 0
    with zipfile.ZipFile(tmp_path / "b") as whole:
        whole.extractall(tmp_path / "unpacked")
    (folder,) = (tmp_path / "unpacked").iterdir()
    bagit.Bag(str(folder)).validate()


def test_a_script_is_told_what_was_written(
    vigil: Vigil, record: str, tmp_path: Path
) -> None:
    path = tmp_path / "list.csv"
    told = json.loads(vigil("csv", "--out", path, "--json").stdout)
    assert told == {"form": "csv", "out": str(path), "records": 1, "cut": False}
    again = vigil("csv", "--out", path, "--json")
    assert (again.exit_code, "error" in json.loads(again.stdout)) == (1, True)
    assert vigil("csv", "--json").exit_code == 2
