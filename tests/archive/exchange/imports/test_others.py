"""Bags, auto-archiver, Telegram and web archives come in with where they came from.

Row I6.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import zipfile
from pathlib import Path

import bagit
import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.exchange import court
from archive.exchange.court import Wish
from archive.exchange.imports import pythonwords
from archive.exchange.imports.entries import SourceError, Unfit
from archive.exchange.imports.trees import opened
from archive.records import store
from archive.site import Site
from auth.viewer import operator_viewer
from tests.archive.conftest import Desk, photo

from .conftest import Vigil, documents, records

SAVED = Path(__file__).parent / "autoarchiver"
TOKEN = base64.b64encode(bytes.fromhex("3003020100")).decode()


def digests(site: Site) -> set[str]:
    """Of every file in the archive."""
    with site.db.read() as s:
        return {
            store.details_of(site.sealing, asset).sha256
            for record in records(site)
            for asset in store.assets_of(s, record.id)
        }


def bagged(folder: Path) -> Path:
    """A bag made by bagit-python, of two pictures and a text."""
    folder.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(photo())
    (folder / "list.txt").write_text("what is here")
    info = {"External-Identifier": "k-1", "External-Description": "Two walls"}
    bagit.make_bag(str(folder), info, checksums=["sha256", "md5"])
    return folder


def zipped(folder: Path) -> Path:
    made = shutil.make_archive(str(folder), "zip", folder.parent, folder.name)
    shutil.rmtree(folder)
    return Path(made)


def test_a_bag_comes_in_as_a_folder_and_as_a_zip(
    site: Site, source: Path, bring: Vigil
) -> None:
    folder = bagged(source / "bag")
    kept = {
        hashlib.sha256(f.read_bytes()).hexdigest() for f in folder.glob("data/*.jpg")
    }
    assert bring("bagit", source, "--dry-run").results == ["would be taken in"]
    told = bring("bagit", source)
    assert (told.status, told.results) == (0, ["taken in"])
    assert ["list.txt was left out" in n for n in told.report["lines"][0]["notes"]]
    assert digests(site) == kept
    brought = documents(site)["Two walls"].provenance
    assert brought is not None
    assert (brought.form, brought.identifier) == ("bagit", "k-1")
    assert {f.claimed["sha256"] for f in brought.files} == kept
    assert all(len(f.claimed["md5"]) == 32 for f in brought.files)
    zipped(folder)
    assert bring("bagit", source).results == ["there already"]


def _flip(bag: Path) -> None:
    (bag / "data/a.jpg").write_bytes(photo())


def _unlisted(bag: Path) -> None:
    (bag / "data/c.jpg").write_bytes(photo())


def _missing(bag: Path) -> None:
    (bag / "data/a.jpg").unlink()


def _fetched(bag: Path) -> None:
    (bag / "fetch.txt").write_text("https://a.example/x 3 data/x.jpg\n")


def _climbing(bag: Path) -> None:
    with (bag / "manifest-md5.txt").open("a") as lines:
        lines.write(f"{'0' * 32}  data/../../outside.jpg\n")


def _linked(bag: Path) -> None:
    (bag / "data/c.jpg").symlink_to(bag / "data/a.jpg")


def _bare(bag: Path) -> None:
    for each in bag.glob("*manifest-*"):
        each.unlink()


@pytest.mark.parametrize(
    "harm", [_flip, _unlisted, _missing, _fetched, _climbing, _linked, _bare]
)
def test_a_bag_that_does_not_hold_is_left_out_whole(
    site: Site, source: Path, bring: Vigil, harm
) -> None:
    folder = bagged(source / "bag")
    for each in folder.glob("tagmanifest-*"):
        each.unlink()  # or it would be the first to tell
    harm(folder)
    told = bring("bagit", folder)
    assert told.results == ["error"]
    assert records(site) == []


def test_a_court_package_comes_back_in(
    site: Site, desk: Desk, source: Path, bring: Vigil
) -> None:
    record = desk.publish(desk.deposit()).record
    made = court.prepare(site, Wish(record.id), operator_viewer(), site.clock())
    (source / "package.zip").write_bytes(b"".join(court.zipped(made.bag)))
    told = bring("bagit", source / "package.zip")
    assert (told.status, told.results) == (0, ["taken in"])
    assert len(records(site)) == 2
    with site.db.read() as s:
        again = store.require(s, told.report["lines"][0]["record"])
    described = store.document_of(site.sealing, again)
    assert described.descriptions == documents(site)["A church"].descriptions
    assert described.provenance is not None
    assert described.provenance.identifier == record.id


def members(*named: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in named:
            packed.writestr(name, content)
    return sink.getvalue()


def test_a_zip_of_a_stranger_is_looked_at_before_anything_is_read(
    source: Path,
) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    hostile = {
        "climbs": members(("../../a.jpg", b"x")),
        "is absolute": members(("/etc/a.jpg", b"x")),
        "links": members((link, b"/etc/passwd")),
        "swells": members(("a.jpg", bytes(40_000_000))),
        "is none": b"PK no",
    }
    for name, content in hostile.items():
        path = source / f"{name}.zip"
        path.write_bytes(content)
        with pytest.raises(SourceError), opened(path):
            pass
    path.write_bytes(members(("a/b.jpg", b"x")))
    with opened(path) as tree:
        assert list(tree.names()) == ["a/b.jpg"]
        with pytest.raises(Unfit):
            tree.file("a/../../b.jpg")


@pytest.mark.parametrize("kept", ["db.csv", "metadata.json"])
def test_auto_archiver_comes_in_by_its_table_and_by_its_json(
    site: Site, source: Path, bring: Vigil, kept: str
) -> None:
    shutil.copytree(SAVED, source, dirs_exist_ok=True)
    (source / ({"db.csv", "metadata.json"} - {kept}).pop()).unlink()
    told = bring("auto-archiver", source)
    gone = ["error"] if kept == "db.csv" else []
    assert told.results == ["taken in", *gone]
    if gone:
        assert "nothing archived" in told.problems[0]
    document = documents(site)["A wall"]
    assert document.source.url == "https://social.example/p/1"
    assert document.source.captured_at.startswith("2026-10-05T08:01:07.12")
    brought = document.provenance
    assert brought is not None
    assert brought.published_at[:10] == "2020-10-16"
    (file,) = brought.files
    assert file.url == "https://social.example/p/1/photo.png"
    assert {file.claimed["sha256"]} == digests(site)
    if kept == "db.csv":
        (stamp,) = brought.stamps
        assert stamp.token == TOKEN
        assert stamp.authority == "http://timestamp.example/tsa"
        assert file.claimed["sha256"] in stamp.over
    assert bring("auto-archiver", source).results[0] == "there already"


def test_a_file_that_is_not_what_auto_archiver_hashed_is_left_out(
    site: Site, source: Path, bring: Vigil
) -> None:
    shutil.copytree(SAVED, source, dirs_exist_ok=True)
    for path in source.glob("local_archive/p1/*.png"):
        path.write_bytes(photo())
    told = bring("auto-archiver", source, "--dry-run")
    assert told.results == ["error", "error"]
    assert "the file has" in told.problems[0]


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "[x for x in (1, 2)]",
        "datetime.datetime(2020, 1, __import__('os'))",
        "datetime.datetime(99999, 1, 1)",
        "(" * 500 + ")" * 500,
        "{**{}}",
        "open('x')",
    ],
)
def test_what_is_more_than_a_plain_value_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"plain|whole|out of range|argument"):
        pythonwords.read(text)


def test_an_export_of_telegram_comes_in_message_by_message(
    site: Site, source: Path, picture, bring: Vigil
) -> None:
    picture("photos/photo_1.jpg")
    (source / "files").mkdir()
    (source / "files/list.txt").write_text("a list")
    words = ["Seen ", {"type": "bold", "text": "today"}, "\nby the road"]
    here = {"type": "message", "date": "2020-10-16T12:00:00", "from": "A channel"}
    messages = [
        {"id": 1, "type": "service", "action": "create_channel"},
        {**here, "id": 2, "text": "words alone"},
        {
            **here,
            "id": 3,
            "date_unixtime": "1602849600",
            "text": words,
            "photo": "photos/photo_1.jpg",
            "forwarded_from": "Another",
        },
        {**here, "id": 4, "text": "", "file": "(File not included. Change …)"},
        {**here, "id": 5, "text": "", "file": "files/list.txt"},
        {**here, "id": 6, "text": "", "photo": "../outside.jpg"},
    ]
    told = {"name": "Channel", "type": "public_channel", "id": 77, "messages": messages}
    (source / "result.json").write_text(json.dumps(told))
    ran = bring("telegram", source)
    assert ran.results == [
        "passed over",
        "passed over",
        "taken in",
        "passed over",
        "passed over",
        "error",
    ]
    document = documents(site)["Seen today"]
    assert document.descriptions["en"].body == "Seen today\nby the road"
    assert document.source.platform == "Telegram, Channel"
    assert "Forwarded from: Another" in document.source.note
    brought = document.provenance
    assert brought is not None
    assert brought.identifier == "77/3"
    assert brought.published_at == "2020-10-16T12:00:00+00:00"
    (source / "result.json").write_text('{"chats": {"list": []}}')
    assert "no export" in bring("telegram", source).report["error"]["message"]


def warc(*answers: tuple[str, str, bytes], packed: bool = True) -> bytes:
    """A WARC as warcio writes it, of addresses with status and body."""
    sink = io.BytesIO()
    writer = WARCWriter(sink, gzip=packed)
    for url, status, body in answers:
        headers = StatusAndHeaders(
            status, [("Content-Type", "x/y")], protocol="HTTP/1.1"
        )
        record = writer.create_warc_record(
            url,
            "response",
            payload=io.BytesIO(body),
            http_headers=headers,
            warc_headers_dict={"WARC-Date": "2020-10-16T12:00:00Z"},
        )
        writer.write_record(record)
        record.raw_stream.close()
    return sink.getvalue()


@pytest.mark.parametrize("packed", [True, False])
def test_media_of_a_web_archive_come_in_with_address_and_moment(
    site: Site, source: Path, bring: Vigil, packed: bool
) -> None:
    picture = photo()
    content = warc(
        ("https://a.example/", "200 OK", b"<p>page</p>"),
        ("https://a.example/x/photo.jpg?w=1", "200 OK", picture),
        ("https://a.example/gone.jpg", "404 Not Found", photo()),
        packed=packed,
    )
    path = source / ("crawl.warc.gz" if packed else "crawl.warc")
    path.write_bytes(content)
    assert bring("warc", path, "--dry-run").status == 0
    told = bring("warc", path)
    assert told.results == ["passed over", "taken in", "passed over"]
    assert digests(site) == {hashlib.sha256(picture).hexdigest()}
    document = documents(site)["https://a.example/x/photo.jpg?w=1"]
    assert document.source.captured_at == "2020-10-16T12:00:00Z"
    assert document.provenance is not None
    (file,) = document.provenance.files
    assert (file.filename, file.claimed["payload-digest"][:5]) == ("photo.jpg", "sha1:")
    assert bring("warc", source, "--name", path.name).results[1] == "there already"


def test_a_capture_that_is_not_what_it_claims_is_left_out(
    site: Site, source: Path, bring: Vigil
) -> None:
    content = warc(("https://a.example/a.jpg", "200 OK", photo()), packed=False)
    at = content.rindex(b"\xff\xd9")
    path = source / "crawl.warc"
    flipped = bytes([content[at - 9] ^ 1])
    path.write_bytes(content[: at - 9] + flipped + content[at - 8 :])
    for more in ((), ("--dry-run",)):
        told = bring("warc", path, *more)
        assert told.results == ["error"]
        assert "claims sha1:" in told.problems[0]
    path.write_bytes(content[: len(content) // 2])
    assert "taken in" not in bring("warc", path).results
    path.write_bytes(b"no web archive at all")
    assert bring("warc", path).status == 1
    assert records(site) == []


def test_a_wacz_is_held_against_its_own_list_and_keeps_its_stamp(
    site: Site, source: Path, bring: Vigil
) -> None:
    content = warc(("https://a.example/a.jpg", "200 OK", photo()))
    name = "archive/data.warc.gz"

    def wacz(digest: str) -> bytes:
        listed = {"resources": [{"path": name, "hash": f"sha256:{digest}"}]}
        signed = {"signedData": {"timeSignature": TOKEN}}
        return members(
            (name, content),
            ("datapackage.json", json.dumps(listed).encode()),
            ("datapackage-digest.json", json.dumps(signed).encode()),
        )

    path = source / "crawl.wacz"
    path.write_bytes(wacz("0" * 64))
    assert "sha256" in bring("warc", path).report["error"]["message"]
    assert records(site) == []
    path.write_bytes(wacz(hashlib.sha256(content).hexdigest()))
    assert bring("warc", path).results == ["taken in"]
    (document,) = documents(site).values()
    assert document.provenance is not None
    assert [stamp.token for stamp in document.provenance.stamps] == [TOKEN]
