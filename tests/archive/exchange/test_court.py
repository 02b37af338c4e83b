"""The court package: whole, provable, the same each time, and never around the gate.

Rows X11, I7, E6, E10.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import bagit
import pytest
from sqlalchemy import func, select

from archive import moderation
from archive.exchange import court
from archive.exchange.court import NotForCourt, Wish
from archive.gate import RefusedError
from archive.intake import Deposit
from archive.ledger import LedgerEntry
from archive.records import labels, store
from archive.records.errors import NoSuchRecord
from archive.site import Site
from archive.vault import signing
from archive.witness import attestation
from auth.access import consents
from auth.viewer import Viewer, operator_viewer
from tests.archive.conftest import Desk, photo
from tests.archive.witness import authority

PREMIS = "{http://www.loc.gov/premis/v3}"


@pytest.fixture
def published(desk: Desk) -> tuple[Deposit, bytes]:
    content = photo()
    return desk.publish(desk.deposit(content)), content


def agree(desk: Desk, viewer: Viewer, record_id: str, purpose: str = "legal") -> Viewer:
    with desk.site.db.write() as s:
        item = store.item_of(store.require(s, record_id))
        consents.give(
            s,
            viewer,
            item,
            sorted(item.codes),
            "0" * 64,
            "en",
            purpose,
            "Evidence before a court.",
            30,
            desk.site.clock(),
        )
    return desk.fresh(str(viewer.account_id))


def packed(site: Site, wish: Wish, viewer: Viewer | None = None) -> bytes:
    who, now = viewer or operator_viewer(), site.clock()
    prepared = court.prepare(site, wish, who, now)
    with court.hand_over(site, prepared, who, now) as handed:
        return b"".join(court.zipped(handed.bag))


def unpacked(whole: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(whole)) as bag:
        bag.extractall(folder)
        (top,) = {name.split("/")[0] for name in bag.namelist()}
    return folder / top


def checked(folder: Path, site: Site, *more: str) -> tuple[int, str]:
    """What the verifier that lies in the package says of it."""
    key = ("--key", signing.public_key(site.keyring))
    script = [sys.executable, "-I", "-S", str(folder / "check_package.py"), *key, *more]
    done = subprocess.run(script, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def lines(site: Site) -> int:
    with site.db.read() as s:
        return s.scalar(select(func.count()).select_from(LedgerEntry)) or 0


def test_a_package_is_a_bag_that_says_who_did_what_and_proves_it(
    site: Site, published: tuple[Deposit, bytes], tmp_path: Path
) -> None:
    deposit, content = published
    folder = unpacked(packed(site, Wish(deposit.record.id)), tmp_path / "out")
    assert bagit.Bag(str(folder)).validate()
    status, said = checked(folder, site)
    assert (status, "It holds." in said) == (0, True), said
    record = json.loads((folder / "data/record.json").read_bytes())
    assert record["files"][0]["sha256"] == hashlib.sha256(content).hexdigest()
    assert "filename" not in record["files"][0]
    assert not list(folder.rglob("originals"))
    premis = ElementTree.parse(folder / "metadata/premis.xml").getroot()
    told = [each.text for each in premis.iter(f"{PREMIS}eventType")]
    assert told[:4] == [
        "accession",
        "ingestion",
        "message digest calculation",
        "encryption",
    ]
    assert {"labelling", "publication"} <= set(told)
    labels = json.loads((folder / "data/labels.json").read_bytes())
    (given,) = labels["files"][0]["history"]
    assert (given["code"], given["by"]) == ("property.heritage", "labeller 1")
    assert labels["definitions"]["property.heritage"]["name"]


@pytest.mark.parametrize("people", [False, True])
def test_the_same_state_makes_the_same_bytes(
    site: Site, published: tuple[Deposit, bytes], clock, people: bool
) -> None:
    wish = Wish(published[0].record.id, people=people)
    first = packed(site, wish)
    clock.advance(days=2)
    attestation.sign(site, actor="operator", now=site.clock())
    assert packed(site, wish) == first
    with site.db.read() as s:
        (told, _) = site.ledger.entries(s, event="exporting")
    assert told.detail["package"] in {
        hashlib.sha256(content).hexdigest() for content in _contents(first)
    }
    assert packed(site, replace(wish, up_to_now=True)) != first


def _contents(whole: bytes) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(whole)) as bag:
        for name in bag.namelist():
            yield bag.read(name)


def test_what_happens_next_makes_another_that_tells_of_the_first(
    site: Site, desk: Desk, published: tuple[Deposit, bytes], tmp_path: Path
) -> None:
    deposit, _ = published
    first = packed(site, Wish(deposit.record.id))
    desk.label(deposit.assets[0].id, "property.heritage", "property.pillage")
    later = packed(site, Wish(deposit.record.id))
    assert later != first
    folder = unpacked(later, tmp_path)
    assert checked(folder, site)[0] == 0
    extract = json.loads((folder / "data/custody/extract.json").read_bytes())
    events = [told["line"]["event"] for told in extract["lines"]]
    assert events[-2:] == ["exporting", "labelling"]


def test_nobody_is_named_unless_asked_for_and_the_line_can_be_shown_later(
    site: Site, desk: Desk, published: tuple[Deposit, bytes], tmp_path: Path
) -> None:
    deposit, _ = published
    viewer = agree(desk, desk.researcher(), deposit.record.id)
    with site.release(viewer, deposit.assets[0].id, site.clock()):
        pass
    blind = packed(site, Wish(deposit.record.id))
    assert not any(str(viewer.account_id).encode() in part for part in _contents(blind))
    folder = unpacked(blind, tmp_path / "blind")
    assert "1 of them are withheld" in checked(folder, site)[1]
    whole = unpacked(
        packed(site, Wish(deposit.record.id, people=True)), tmp_path / "whole"
    )
    told, shown = (
        {
            (each.get("line") or each["withheld"])["seq"]: each
            for each in json.loads((it / "data/custody/extract.json").read_bytes())[
                "lines"
            ]
        }
        for it in (folder, whole)
    )
    (seq,) = [number for number, each in told.items() if "withheld" in each]
    line = shown[seq]["line"]
    assert line["actor"] == viewer.account_id
    canonical = json.dumps(line, sort_keys=True, separators=(",", ":")).encode()
    assert hashlib.sha256(canonical).hexdigest() == told[seq]["digest"]
    assert "0 of them are withheld" in checked(whole, site)[1]


def test_other_material_that_a_line_speaks_of_is_not_told(
    site: Site, published: tuple[Deposit, bytes], tmp_path: Path
) -> None:
    deposit, _content = published
    hidden = "hiddenasset99"
    with site.db.write() as s:
        site.ledger.append(
            s,
            "twin found",
            actor="system:worker",
            record=deposit.record.id,
            asset=deposit.assets[0].id,
            now=site.clock(),
            detail={"twin": hidden},
        )
    blind = packed(site, Wish(deposit.record.id))
    assert not any(hidden.encode() in part for part in _contents(blind))
    assert "1 of them are withheld" in checked(unpacked(blind, tmp_path), site)[1]
    whole = packed(site, Wish(deposit.record.id, people=True))
    assert any(hidden.encode() in part for part in _contents(whole))


def test_labels_that_only_a_twin_brought_are_not_told(
    site: Site, desk: Desk, published: tuple[Deposit, bytes], tmp_path: Path
) -> None:
    deposit, _content = published
    (asset,) = deposit.assets
    with site.db.write() as s:
        (row,) = labels.current(s, asset.id)
        row.inherited_from = "labelelsewhere"
        store.require_asset(s, asset.id).labelled = False
    folder = unpacked(packed(site, Wish(deposit.record.id)), tmp_path)
    (told,) = json.loads((folder / "data/labels.json").read_bytes())["files"]
    assert (told["codes"], told["history"]) == ([], [])


@pytest.mark.parametrize(
    ("name", "before", "after", "what"),
    [
        ("data/labels.json", b"property", b"propertx", "labels.json was changed"),
        ("metadata/premis.xml", b"SHA-256", b"SHA-257", "premis.xml was changed"),
        ("data/extra.txt", b"", b"x", "is in no manifest"),
        ("data/record.json", b"", None, "record.json is missing"),
    ],
)
def test_the_verifier_names_what_was_changed(
    site: Site,
    published: tuple[Deposit, bytes],
    tmp_path: Path,
    name: str,
    before: bytes,
    after: bytes | None,
    what: str,
) -> None:
    folder = unpacked(packed(site, Wish(published[0].record.id)), tmp_path)
    path = folder / name
    if after is None:
        path.unlink()
    else:
        was = path.read_bytes() if path.exists() else b""
        path.write_bytes(was.replace(before, after, 1) if before else after)
    status, said = checked(folder, site)
    assert (status, what in said) == (1, True), said


def test_whoever_makes_the_manifests_anew_lacks_the_signature(
    site: Site, published: tuple[Deposit, bytes], tmp_path: Path
) -> None:
    folder = unpacked(packed(site, Wish(published[0].record.id)), tmp_path)
    record = folder / "data/record.json"
    record.write_bytes(record.read_bytes().replace(b"A church", b"A chapel"))
    bagit.Bag(str(folder)).save(manifests=True)
    assert bagit.Bag(str(folder)).validate()
    status, said = checked(folder, site)
    assert (status, "is not what was signed" in said) == (1, True), said
    signature = json.loads((folder / "signature.json").read_bytes())
    for name in signature["files"]:
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        signature["files"][name] = digest
    (folder / "signature.json").write_text(json.dumps(signature))
    bagit.Bag(str(folder)).save()
    status, said = checked(folder, site)
    assert (status, "signature of the package" in said) == (1, True), said


def test_under_another_key_it_does_not_hold(
    site: Site, published: tuple[Deposit, bytes], tmp_path: Path
) -> None:
    folder = unpacked(packed(site, Wish(published[0].record.id)), tmp_path)
    script = [
        sys.executable,
        str(folder / "check_package.py"),
        "--key",
        "58" + "66" * 31,
    ]
    done = subprocess.run(script, check=False, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout


def test_the_original_is_there_only_through_the_gate_and_for_a_court(
    site: Site, desk: Desk, published: tuple[Deposit, bytes], tmp_path: Path
) -> None:
    deposit, content = published
    wish = Wish(deposit.record.id, original=True)
    before = lines(site)
    viewer = desk.researcher()
    with pytest.raises(RefusedError) as refused:
        packed(site, wish, viewer)
    assert "consent" in refused.value.refusal.codes
    viewer = agree(desk, viewer, deposit.record.id, "research")
    with pytest.raises(NotForCourt, match="legal proceedings"):
        packed(site, wish, viewer)
    with site.db.read() as s:
        assert site.ledger.entries(s, event="displaying") == []
        assert site.ledger.entries(s, event="exporting") == []
        assert len(site.ledger.entries(s, event="access refused")) == 1
    assert lines(site) > before
    viewer = agree(desk, viewer, deposit.record.id)
    whole = packed(site, wish, viewer)
    folder = unpacked(whole, tmp_path)
    (path,) = (folder / "data/originals").iterdir()
    assert path.read_bytes() == content
    assert bagit.Bag(str(folder)).validate()
    assert "1 in the package" in checked(folder, site)[1]
    with site.db.read() as s:
        exported, shown = site.ledger.entries(s, limit=2)
    assert (shown.event, shown.detail["form"]) == ("displaying", "package")
    assert (exported.event, exported.actor) == ("exporting", viewer.account_id)
    assert packed(site, wish, desk.fresh(str(viewer.account_id))) == whole


def test_with_the_original_no_clear_byte_lies_in_the_home(
    site: Site, desk: Desk, published: tuple[Deposit, bytes], tmp_path: Path
) -> None:
    deposit, content = published
    viewer = agree(desk, desk.researcher(), deposit.record.id)
    packed(site, Wish(deposit.record.id, original=True), viewer)
    piece = content[len(content) // 2 :][:64]
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or piece not in path.read_bytes(), path


def test_a_consent_that_ends_on_the_way_cuts_the_package_short(
    site: Site, desk: Desk, clock, tmp_path: Path
) -> None:
    deposit = desk.publish(desk.deposit(photo((900, 700))))
    viewer = agree(desk, desk.researcher(), deposit.record.id)
    now = site.clock()
    wish = Wish(deposit.record.id, original=True)
    prepared = court.prepare(site, wish, viewer, now)
    pieces = []
    with court.hand_over(site, prepared, viewer, now) as handed:
        going = court.zipped(handed.bag)
        pieces.append(next(going))
        clock.advance(minutes=31)
        with pytest.raises(RefusedError):
            pieces.extend(going)
    assert not zipfile.is_zipfile(io.BytesIO(b"".join(pieces)))


def test_people_are_for_those_who_may_export_the_ledger(
    site: Site, desk: Desk, published: tuple[Deposit, bytes]
) -> None:
    with pytest.raises(RefusedError):
        packed(site, Wish(published[0].record.id, people=True), desk.researcher())
    with site.db.read() as s:
        assert site.ledger.entries(s, event="exporting") == []


def test_a_record_that_is_not_there_or_not_published_is_nobodys(
    site: Site, desk: Desk
) -> None:
    viewer, hidden = desk.researcher(), desk.deposit()
    with pytest.raises(RefusedError) as refused:
        court.prepare(site, Wish(hidden.record.id), viewer, site.clock())
    assert refused.value.refusal.is_hidden
    with pytest.raises(NoSuchRecord):
        court.prepare(site, Wish("nothing"), viewer, site.clock())


def test_a_withdrawn_record_keeps_its_custody_and_says_why(
    site: Site, desk: Desk, published: tuple[Deposit, bytes], tmp_path: Path
) -> None:
    record_id = published[0].record.id
    with site.db.write() as s:
        moderation.withdraw(
            site,
            s,
            record_id,
            category="privacy",
            note="A family asked.",
            by="operator",
            now=site.clock(),
        )
    folder = unpacked(packed(site, Wish(record_id)), tmp_path)
    assert checked(folder, site)[0] == 0
    record = json.loads((folder / "data/record.json").read_bytes())
    assert record["tombstone"]["note"] == "A family asked."
    extract = json.loads((folder / "data/custody/extract.json").read_bytes())
    assert extract["lines"][-1]["line"]["event"] == "deaccession"


def test_stamps_of_this_and_of_earlier_checkpoints_go_with_it(
    site: Site, desk: Desk, tmp_path: Path
) -> None:
    with authority.running(_made(tmp_path / "tsa")) as door:
        roots = tmp_path / "roots.pem"
        roots.write_bytes(Path(door.roots).read_bytes())
        settings = replace(site.config, tsa_url=door.url, tsa_certificates=roots)
        stamping = replace(site, config=settings)
        deposit = desk.publish(desk.deposit())
        attestation.sign(stamping, actor="operator", now=site.clock())
        attestation.bear_out(stamping)
        desk.label(deposit.assets[0].id, "property.pillage")
        attestation.sign(stamping, actor="operator", now=site.clock())
        attestation.bear_out(stamping)
    folder = unpacked(packed(stamping, Wish(deposit.record.id)), tmp_path / "out")
    stamps = sorted(path.name for path in (folder / "data/custody").glob("*.tsr"))
    assert [name.split("-")[0] for name in stamps] == ["checkpoint.tsr", "earlier"]
    status, said = checked(folder, site)
    assert (status, said.count("claims 20")) == (0, 2), said
    status, said = checked(folder, site, "--roots", str(roots))
    assert (status, said.count("believed")) == (0, 2), said
    other = tmp_path / "other.pem"
    with authority.running(_made(tmp_path / "tsa2")) as door:
        other.write_bytes(Path(door.roots).read_bytes())
    status, said = checked(folder, site, "--roots", str(other))
    assert (status, "OpenSSL does not believe" in said) == (1, True), said


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
