"""Resumable uploads by tus 1.0.0, as raw requests to the production server."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import json
import re
import secrets
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from archive import config, verification
from archive.intake import uploads
from archive.intake.tables import Upload
from archive.site import Site, open_site
from archive.vault.container import Kind
from archive.vault.tables import DataKey
from auth.credentials import sessions
from auth.viewer import TokenScope
from tests.web.conftest import Home, Live, bearer, copied, photo, serving, sound

UPLOADS = "/api/v1/uploads"
LIMIT = 8 << 20
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: Any


@dataclass
class Door:
    """The running server, what it keeps on disk, and two depositors of it."""

    site: Site
    live: Live
    people: dict[str, str]
    folder: Path

    def send(
        self, method: str, path: str, body: Any = None, headers: Any = None, **how: Any
    ) -> Reply:
        """One request of the researcher, with the protocol's version."""
        by = {**self.by, **TUS, **(headers or {})}
        sent = {name: value for name, value in by.items() if value is not None}
        line = http.client.HTTPConnection("127.0.0.1", self.live.port, timeout=60)
        with contextlib.closing(line):
            line.request(method, path, body, sent, **how)
            with line.getresponse() as answer:
                text = answer.read().decode()
        told = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(answer.status, told, json.loads(text) if text else None)

    def begin(self, length: int, name: str = "a.wav", **headers: str) -> str:
        told = f"filename {base64.b64encode(name.encode()).decode()}"
        wanted = {"Upload-Length": str(length), "Upload-Metadata": told, **headers}
        reply = self.send("POST", UPLOADS, headers=wanted)
        assert reply.status == 201, reply
        return reply.headers["location"]

    def add(self, url: str, offset: int, body: Any, **headers: Any) -> Reply:
        at = {**BYTES, "Upload-Offset": str(offset), **headers}
        return self.send("PATCH", url, body, at)

    def offset(self, url: str) -> int:
        reply = self.send("HEAD", url)
        assert reply.status == 200, reply
        return int(reply.headers["upload-offset"])

    def upload(self, content: bytes, name: str = "a.wav") -> str:
        url = self.begin(len(content), name)
        assert self.add(url, 0, content).status == 204
        return url

    def deposit(self, *urls: str, **more: Any) -> Reply:
        body = {"title": "In parts", "uploads": list(urls), **more}
        kind = {"Content-Type": "application/json", "Tus-Resumable": None}
        return self.send("POST", "/api/v1/records", json.dumps(body), kind)

    def blobs(self) -> set[str]:
        store = self.site.config.object_store
        return {path.name for path in store.rglob("*") if path.is_file()}

    def holds(self, marker: bytes) -> list[str]:
        """The files anywhere in the home, or beside it, that hold these bytes."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return [str(path) for path in files if marker in path.read_bytes()]

    def segments(self) -> int:
        query = select(func.count()).where(DataKey.kind == Kind.SEGMENT)
        with self.site.db.read() as s:
            return s.scalar(query) or 0

    def age(self, url: str, moment: datetime) -> None:
        with self.site.db.write() as s:
            of = Upload.id == url.rpartition("/")[2]
            s.execute(update(Upload).where(of).values(expires_at=moment))

    def __post_init__(self) -> None:
        self.by = bearer(self.site, self.people["researcher"])
        self.other = bearer(self.site, self.people["other"])


@pytest.fixture(scope="module")
def door(first_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("door")
    scratch = folder / "scratch"
    scratch.mkdir()
    environ = copied(first_home, folder)
    environ |= {"VIGIL_MAX_UPLOAD_BYTES": str(LIMIT), "TMPDIR": str(scratch)}
    site = open_site(config.load(environ))
    with serving(environ) as live:
        yield Door(site, live, first_home.people, folder)
    site.close()


@pytest.fixture(autouse=True)
def _tidy(door: Door) -> Iterator[None]:
    """Nothing of a test stays open in the next one."""
    yield
    for item in door.send("GET", UPLOADS).body["items"]:
        assert door.send("DELETE", item["url"]).status == 204


def checksum(algorithm: str, content: bytes) -> dict[str, str]:
    digest = base64.b64encode(hashlib.new(algorithm, content).digest()).decode()
    return {"Upload-Checksum": f"{algorithm} {digest}"}


def test_options_tells_the_protocol_to_anybody_and_nothing_of_uploads(
    door: Door,
) -> None:
    url = door.begin(1000)
    reply = door.send("OPTIONS", UPLOADS, headers={"Authorization": None})
    assert reply.status == 204
    assert reply.headers["tus-version"] == "1.0.0"
    assert reply.headers["tus-max-size"] == str(LIMIT)
    assert reply.headers["tus-checksum-algorithm"] == "sha1,sha256"
    assert reply.headers["tus-extension"].split(",") == [
        "creation",
        "creation-with-upload",
        "expiration",
        "checksum",
        "termination",
    ]
    assert not [name for name in reply.headers if name.startswith("access-control")]
    assert [door.send("OPTIONS", path).status for path in (url, f"{UPLOADS}/x")] == [
        405,
        405,
    ]


def test_a_file_in_parts_becomes_the_original_it_was(door: Door) -> None:
    content = sound(3 << 20)
    url, third = door.begin(len(content), "нота.wav"), len(content) // 3

    for start, stop in ((0, third), (third, 2 * third), (2 * third, len(content))):
        assert door.offset(url) == start
        reply = door.add(url, start, content[start:stop])
        assert (reply.status, reply.headers["upload-offset"]) == (204, str(stop))
        expires = parsedate_to_datetime(reply.headers["upload-expires"])
        assert expires - door.site.clock() > timedelta(hours=71)
    assert door.segments() == 3
    made = door.deposit(url)

    assert made.status == 201, made
    (asset,) = made.body["assets"]
    assert asset["sha256"] == hashlib.sha256(content).hexdigest()
    assert (asset["size"], asset["kind"]) == (len(content), "audio")
    assert door.segments() == 0
    assert door.send("HEAD", url).status == 410
    assert door.deposit(url).status == 409
    assert verification.verify(door.site, actor="a test", now=door.site.clock()).ok


def test_head_tells_what_was_sent_at_the_beginning(door: Door) -> None:
    told = f"filename {base64.b64encode(b'a.wav').decode()},is_confidential"
    reply = door.send(
        "POST", UPLOADS, headers={"Upload-Length": "7", "Upload-Metadata": told}
    )
    head = door.send("HEAD", reply.headers["location"]).headers
    assert head["upload-metadata"] == told
    assert (head["upload-length"], head["upload-offset"]) == ("7", "0")
    assert (head["tus-resumable"], head["cache-control"]) == ("1.0.0", "no-store")


def test_the_first_bytes_may_come_with_the_beginning(door: Door) -> None:
    content = photo()
    reply = door.send(
        "POST", UPLOADS, content, {**BYTES, "Upload-Length": str(len(content))}
    )
    assert reply.status == 201
    assert reply.headers["upload-offset"] == str(len(content))
    assert door.deposit(reply.headers["location"]).status == 201


def test_uploads_and_files_of_a_form_become_one_record(door: Door) -> None:
    urls = [door.upload(sound(100_000)), door.upload(photo(), "a.jpg")]
    ids = [url.rpartition("/")[2] for url in urls]
    line, parts = "a-line-that-stands-nowhere-else", []
    for name, value in [("title", "Three"), *(("uploads", each) for each in ids)]:
        head = f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'
        parts.append(head.encode())
    head = 'Content-Disposition: form-data; name="files"; filename="b.jpg"\r\n\r\n'
    parts.append(head.encode() + photo())
    body = b"".join(f"--{line}\r\n".encode() + part + b"\r\n" for part in parts)
    kind = {"Content-Type": f"multipart/form-data; boundary={line}"}
    made = door.send("POST", "/api/v1/records", body + f"--{line}--\r\n".encode(), kind)
    assert made.status == 201, made
    assert [a["kind"] for a in made.body["assets"]] == ["image", "audio", "image"]


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE", "POST"])
def test_to_everybody_else_an_upload_is_not_there(door: Door, method: str) -> None:
    url = door.begin(1000)
    more = {**BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    for headers in (door.other, {"Authorization": None}):
        replies = [
            door.send(method, path, headers={**more, **headers})
            for path in (url, f"{UPLOADS}/{secrets.token_hex(16)}")
        ]
        assert replies[0].status == replies[1].status
        assert replies[0].status in (404, 401)
        assert "upload-offset" not in replies[0].headers
        told = [{**(r.body or {}), "instance": ""} for r in replies]
        assert told[0] == told[1]
    assert door.offset(url) == 0


def test_nobody_deposits_or_lists_somebody_elses_upload(door: Door) -> None:
    url = door.upload(photo(), "a.jpg")
    mine, door.by = door.by, door.other
    try:
        refused, listed = door.deposit(url), door.send("GET", UPLOADS).body
    finally:
        door.by = mine
    assert (refused.status, refused.body["code"]) == (422, "no_upload")
    assert listed == {"items": []}
    assert door.offset(url) > 0


def test_a_token_without_the_scope_uploads_nothing(door: Door) -> None:
    by = bearer(door.site, door.people["researcher"], TokenScope.READ)
    reply = door.send("POST", UPLOADS, headers={**by, "Upload-Length": "7"})
    assert reply.status == 403


@pytest.mark.parametrize("version", [None, "0.2.2", "1.0.1"])
def test_another_version_of_the_protocol_is_refused(
    door: Door, version: str | None
) -> None:
    url = door.begin(1000)
    for method in ("HEAD", "PATCH", "DELETE"):
        reply = door.send(method, url, headers={"Tus-Resumable": version})
        assert (reply.status, reply.headers["tus-version"]) == (412, "1.0.0")
    assert door.offset(url) == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Upload-Length": "-1"}, 400),
        ({"Upload-Length": "1e3"}, 400),
        ({"Upload-Length": "٣"}, 400),
        ({"Upload-Defer-Length": "1"}, 400),
        ({"Upload-Length": "0"}, 422),
        ({"Upload-Length": str(LIMIT + 1)}, 413),
        ({"Upload-Length": "9" * 30}, 400),
        ({"Upload-Length": "7", "Upload-Metadata": "filename !"}, 400),
        ({"Upload-Length": "7", "Upload-Metadata": "a YQ==,a YQ=="}, 400),
        ({"Upload-Length": "7", "Upload-Metadata": "a " + "A" * 5000}, 400),
    ],
)
def test_a_beginning_that_cannot_be_read_is_refused(
    door: Door, headers: dict[str, str], status: int
) -> None:
    sent = {name: value.encode() for name, value in headers.items()}
    reply = door.send("POST", UPLOADS, headers=sent)
    assert (reply.status, reply.headers["tus-resumable"]) == (status, "1.0.0")
    assert door.send("GET", UPLOADS).body == {"items": []}


@pytest.mark.parametrize(
    ("offset", "body", "headers", "status"),
    [
        ("5", b"x", {}, 409),
        ("x", b"x", {}, 400),
        ("0", b"x" * 1001, {}, 413),
        ("0", b"x", {"Content-Type": "application/octet-stream"}, 415),
        ("0", b"x", {"Upload-Checksum": "md5 AAAA"}, 400),
        ("0", b"x", {"Upload-Checksum": "sha1 ?"}, 400),
        ("0", b"x", {"Upload-Checksum": "sha1 AAAA"}, 460),
    ],
)
def test_bytes_that_do_not_fit_are_refused_and_nothing_moves(
    door: Door, offset: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    url, before = door.begin(1000), door.blobs()
    reply = door.send("PATCH", url, body, {**BYTES, "Upload-Offset": offset, **headers})
    assert reply.status == status
    assert reply.body["status"] == status
    assert door.offset(url) == 0
    assert door.blobs() == before


def test_too_many_bytes_without_a_length_are_cut_off(door: Door) -> None:
    url = door.begin(1000)
    reply = door.send(
        "PATCH",
        url,
        iter([b"\xff\xd8\xff" + b"x" * 600, b"x" * 600]),
        {**BYTES, "Upload-Offset": "0"},
        encode_chunked=True,
    )
    assert reply.status == 413
    assert door.offset(url) == 0


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_checksum_lets_the_right_bytes_in_and_no_others(
    door: Door, algorithm: str
) -> None:
    content, before = photo(), door.blobs()
    url = door.begin(len(content), "a.jpg")
    changed = content[:-1] + bytes([content[-1] ^ 1])
    wrong = door.add(url, 0, changed, **checksum(algorithm, content))
    assert (wrong.status, wrong.body["code"]) == (460, "checksum")
    assert door.offset(url) == 0
    assert door.blobs() == before
    assert door.add(url, 0, content, **checksum(algorithm, content)).status == 204
    assert door.deposit(url).status == 201


def test_a_beginning_with_a_wrong_checksum_leaves_nothing(door: Door) -> None:
    before = door.blobs()
    headers = {**BYTES, "Upload-Length": "3", **checksum("sha1", b"abc")}
    assert door.send("POST", UPLOADS, b"abd", headers).status == 460
    assert door.send("GET", UPLOADS).body == {"items": []}
    assert door.blobs() == before


def test_an_ended_upload_leaves_nothing(door: Door) -> None:
    before = door.blobs()
    url = door.begin(1000)
    assert door.add(url, 0, b"x" * 500).status == 204
    assert door.blobs() != before
    assert door.send("DELETE", url).status == 204
    assert door.blobs() == before
    assert door.segments() == 0
    for method in ("HEAD", "PATCH", "DELETE"):
        more = {**BYTES, "Upload-Offset": "500"}
        assert door.send(method, url, headers=more).status == 404


def test_who_can_only_post_names_the_method_in_a_header(door: Door) -> None:
    content = photo()
    url = door.begin(len(content), "a.jpg")
    more = {**BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert door.send("POST", url, content, more).status == 204
    assert door.send("POST", url).status == 405
    assert door.offset(url) == len(content)
    ended = door.send("POST", url, headers={"X-HTTP-Method-Override": "DELETE"})
    assert ended.status == 204
    assert door.send("HEAD", url).status == 404


def test_what_ran_out_is_gone_and_its_chore_leaves_nothing(door: Door) -> None:
    before = door.blobs()
    url, now = door.begin(1000), door.site.clock()
    assert door.add(url, 0, b"x" * 500).status == 204
    door.age(url, now - timedelta(seconds=1))
    for _ in range(2):
        for method in ("HEAD", "PATCH", "DELETE"):
            more = {**BYTES, "Upload-Offset": "500"}
            assert door.send(method, url, headers=more).status == 410
        assert door.deposit(url).status == 409
        uploads.expire(door.site, now)
    assert door.blobs() == before
    uploads.expire(door.site, now + uploads.REMEMBER + timedelta(minutes=1))
    assert door.send("HEAD", url).status == 404


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>" * 20, 415, "unsupported_kind"),
        (b"\x7fELF" + bytes(100_000), 415, "unsupported_kind"),
    ],
)
def test_a_kind_that_is_not_taken_is_refused_as_soon_as_it_shows(
    door: Door, content: bytes, status: int, code: str
) -> None:
    before = door.blobs()
    whole = max(len(content), 1 << 20) if len(content) > 65536 else len(content)
    url = door.begin(whole, "a.jpg")
    reply = door.add(url, 0, content)
    assert (reply.status, reply.body["code"]) == (status, code)
    assert "a.jpg" in reply.body["detail"]
    assert door.send("HEAD", url).status == 404
    assert door.blobs() == before


def test_a_file_that_no_decoder_reads_is_no_record_and_can_be_ended(
    door: Door,
) -> None:
    url = door.upload(b"\xff\xd8\xff\xe0" + b"\0" * 9000, "broken.jpg")
    good = door.upload(photo(), "good.jpg")
    before = door.blobs()
    refused = door.deposit(good, url)
    assert (refused.status, refused.body["code"]) == (422, "unreadable")
    assert door.blobs() == before
    assert door.deposit(good).status == 201


def test_an_unfinished_upload_is_no_file(door: Door) -> None:
    url = door.begin(1000)
    assert door.deposit(url).body["code"] == "unfinished_upload"
    assert door.deposit("nonsense").body["code"] == "no_upload"
    assert door.deposit(url, url).status == 422
    assert door.deposit(url, title="").status == 422


def test_a_broken_connection_keeps_what_came(door: Door) -> None:
    content = sound(2 << 20)
    url = door.begin(len(content))
    head = "\r\n".join(
        [
            f"PATCH {url} HTTP/1.1",
            "Host: localhost",
            "Tus-Resumable: 1.0.0",
            "Upload-Offset: 0",
            f"Content-Type: {BYTES['Content-Type']}",
            f"Authorization: {door.by['Authorization']}",
            f"Content-Length: {len(content)}",
            "",
            "",
        ]
    )
    with socket.create_connection(("127.0.0.1", door.live.port), timeout=30) as line:
        line.sendall(head.encode() + content[: 1 << 20])
    _until(lambda: door.offset(url) == 1 << 20)
    assert door.add(url, 1 << 20, content[1 << 20 :]).status == 204
    made = door.deposit(url)
    assert made.body["assets"][0]["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_long_request_is_kept_segment_by_segment(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same code as the server's, with smaller segments."""
    monkeypatch.setattr(uploads, "SEGMENT_BYTES", 256 * 1024)
    content, kept = sound(1 << 20), []
    site, account = door.site, door.people["researcher"]
    begun = uploads.begin(
        site, account, len(content), uploads.Details("a.wav", ""), site.clock()
    )

    class Slow:
        at = 0

        def read(self, size: int, /) -> bytes:
            with site.db.read() as s:
                row = uploads.find(s, begun.id, account, site.clock())
            kept.append(row.received)
            piece = content[self.at : self.at + size]
            self.at += len(piece)
            return piece

    uploads.append(site, begun, 0, Slow(), site.clock())
    assert kept == sorted(kept)
    assert len(set(kept)) >= 4
    made = door.deposit(begun.id)
    assert made.body["assets"][0]["sha256"] == hashlib.sha256(content).hexdigest()


def test_of_many_who_send_at_once_one_gets_in(door: Door) -> None:
    content = sound(1 << 20)
    url, half = door.begin(len(content)), len(content) // 2
    for start, stop in ((0, half), (half, len(content))):
        part = partial(door.add, url, start, content[start:stop])
        with ThreadPoolExecutor(6) as pool:
            replies = [task.result() for task in [pool.submit(part) for _ in range(6)]]
        assert sorted(reply.status for reply in replies) == [204, *[409] * 5]
    assert door.segments() == 2
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda _: door.deposit(url), range(3)))
    assert sorted(each.status for each in made)[0] == 201
    assert [each.status for each in made].count(201) == 1
    assert verification.verify(door.site, actor="a test", now=door.site.clock()).ok


def test_nobody_fills_the_archive_with_beginnings(door: Door) -> None:
    begun = [door.begin(LIMIT) for _ in range(2)]
    reply = door.send("POST", UPLOADS, headers={"Upload-Length": "1"})
    assert (reply.status, reply.body["code"]) == (413, "too_many_uploads")
    assert door.send("DELETE", begun[0]).status == 204
    door.begin(1)


def test_no_clear_byte_lies_anywhere_while_a_file_comes(door: Door) -> None:
    marker, name = secrets.token_bytes(64), secrets.token_hex(12)
    content = sound(4096)[:-64] + marker * 20_000
    url = door.begin(len(content) + 10, f"{name}.wav")
    assert door.add(url, 0, content).status == 204
    assert door.holds(marker) == []
    assert door.holds(name.encode()) == []
    assert door.holds(base64.b64encode(f"{name}.wav".encode())) == []
    assert door.add(url, len(content), bytes(10)).status == 204
    assert door.deposit(url).status == 201
    assert door.holds(marker) == []
    assert list((door.folder / "scratch").rglob("*")) == []


def test_a_page_shows_its_form_token_and_no_other_site_sends(door: Door) -> None:
    with door.site.db.write() as s:
        account = door.people["researcher"]
        secret, _ = sessions.start(s, account, "a test", door.site.clock())
    by_page = {"Authorization": None, "Cookie": f"vigil={secret}", "Upload-Length": "9"}
    line = http.client.HTTPConnection("127.0.0.1", door.live.port, timeout=60)
    with contextlib.closing(line):
        line.request("GET", "/search", headers={"Cookie": f"vigil={secret}"})
        page = line.getresponse().read().decode()
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    token = {"X-CSRFToken": found[1]}
    assert door.send("POST", UPLOADS, headers=by_page).status == 400
    assert door.send("POST", UPLOADS, headers={**by_page, **token}).status == 201
    foreign = {**by_page, **token, "Sec-Fetch-Site": "cross-site"}
    assert door.send("POST", UPLOADS, headers=foreign).status == 400


def _until(true: Any, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)
