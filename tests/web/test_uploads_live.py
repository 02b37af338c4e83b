"""Files on their way in, over a real socket: sealed as they arrive, or refused."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archive import config
from archive.site import Site, open_site
from auth.credentials import sessions
from tests.web.conftest import Home, Live, bearer, copied, photo, serving, sound

BOUNDARY = "a-line-that-stands-nowhere-else"
LIMIT = 8 << 20


@dataclass
class Door:
    """The running server, and what it keeps on disk."""

    site: Site
    live: Live
    people: dict[str, str]
    folder: Path

    def send(
        self, path: str, body: bytes, headers: dict[str, str], method: str = "POST"
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.live.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            with connection.getresponse() as answer:
                text = answer.read().decode()
        return answer.status, _parsed(text)

    def hand_in(self, *parts: bytes, **headers: str) -> tuple[int, Any]:
        kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        by = bearer(self.site, self.people["moderator"])
        body = _body(*parts)
        return self.send("/api/v1/records", body, {**kind, **by, **headers})

    def blobs(self) -> set[str]:
        return {
            path.name
            for path in self.site.config.object_store.rglob("*")
            if path.is_file()
        }

    def holds(self, marker: bytes) -> list[str]:
        """The files anywhere in the home, or beside it, that hold these bytes."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return [str(path) for path in files if marker in path.read_bytes()]


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


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _field(name: str, value: str) -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"\r\n\r\n'
    return head.encode() + value.encode()


def _file(content: bytes, filename: str = "a.jpg", name: str = "files") -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
    return head.encode() + b"Content-Type: image/jpeg\r\n\r\n" + content


def _body(*parts: bytes) -> bytes:
    line = f"--{BOUNDARY}\r\n".encode()
    return line + (b"\r\n" + line).join(parts) + f"\r\n--{BOUNDARY}--\r\n".encode()


def test_several_files_become_one_record_and_no_clear_byte_stays(door: Door) -> None:
    picture, noise = photo((300, 300)), sound(3 << 20)

    status, record = door.hand_in(
        _field("title", "Two files"), _file(picture), _file(noise, "noise.wav")
    )

    assert status == 201, record
    assert [asset["kind"] for asset in record["assets"]] == ["image", "audio"]
    assert [asset["size"] for asset in record["assets"]] == [len(picture), len(noise)]
    for content in (picture, noise):
        middle = len(content) // 2
        assert door.holds(content[middle : middle + 64]) == []


def test_a_broken_upload_leaves_nothing(door: Door) -> None:
    before = door.blobs()
    marker = secrets.token_bytes(64)
    content = sound(1 << 20) + marker
    body = _body(_field("title", "Cut off"), _file(content, "a.wav"))
    by = bearer(door.site, door.people["moderator"])
    head = "\r\n".join(
        [
            "POST /api/v1/records HTTP/1.1",
            "Host: localhost",
            f"Authorization: {by['Authorization']}",
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
            f"Content-Length: {len(body)}",
            "",
            "",
        ]
    )
    with socket.create_connection(("127.0.0.1", door.live.port), timeout=30) as line:
        line.sendall(head.encode() + body[:-40])

    _until(lambda: door.blobs() <= before)
    assert door.holds(marker) == []


def test_a_file_too_large_is_refused_by_header_and_while_reading(door: Door) -> None:
    before = door.blobs()
    content = sound(LIMIT + (1 << 20))

    told, problem = door.hand_in(_field("title", "Large"), _file(content, "a.wav"))
    chunked = _chunked(door, _body(_field("title", "Large"), _file(content, "a.wav")))

    assert (told, problem["status"]) == (413, 413)
    assert chunked == 413
    _until(lambda: door.blobs() <= before)


def _chunked(door: Door, body: bytes) -> int:
    pieces = (body[at : at + 65536] for at in range(0, len(body), 65536))
    by = bearer(door.site, door.people["moderator"])
    connection = http.client.HTTPConnection("127.0.0.1", door.live.port, timeout=60)
    with contextlib.closing(connection):
        connection.request(
            "POST",
            "/api/v1/records",
            pieces,
            {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", **by},
            encode_chunked=True,
        )
        with connection.getresponse() as answer:
            answer.read()
            return answer.status


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>" * 2000, 415, "unsupported_kind"),
        (b"", 422, "empty"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 9000, 422, "unreadable"),
    ],
)
def test_a_refused_file_says_why_and_takes_the_others_with_it(
    door: Door, content: bytes, status: int, code: str
) -> None:
    before = door.blobs()

    told, problem = door.hand_in(
        _field("title", "x"), _file(photo()), _file(content, "bad.jpg")
    )

    assert (told, problem["code"]) == (status, code), problem
    assert "bad.jpg" in problem["detail"]
    assert door.blobs() <= before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no boundary at all",
        _body(_field("title", "x"))[:-8],
        _body(b"Content-Disposition: form-data\r\n\r\nx"),
        _body(_field("title", "x" * 600_000)),
        _body(*(_field(f"f{n}", "x") for n in range(1200))),
    ],
)
def test_a_body_that_is_not_well_formed_is_refused(door: Door, body: bytes) -> None:
    """Requirement 112."""
    by = bearer(door.site, door.people["moderator"])
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}

    status, problem = door.send("/api/v1/records", body, {**kind, **by})

    assert status in (400, 413, 422), problem


def test_other_addresses_take_no_files(door: Door) -> None:
    by = bearer(door.site, door.people["moderator"])
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    marker = secrets.token_bytes(64)
    body = _body(_file(marker * 20_000), _field("language", "en"))

    for path, headers in (("/locale", {}), ("/login", {}), ("/api/v1/me", by)):
        status, _ = door.send(path, body, {**kind, **headers})
        assert status in (400, 405, 413, 415), path
    assert door.holds(marker) == []


def test_a_page_form_shows_its_token_before_its_files(door: Door) -> None:
    cookie, token = _signed_in(door, "moderator")
    kind = {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Cookie": cookie,
    }
    before = door.blobs()
    title, file = _field("title", "By page"), _file(photo())

    late = _body(title, file, _field("csrf_token", token))
    none = _body(title, file)
    wrong = _body(_field("csrf_token", "made up"), title, file)

    for body in (late, none, wrong):
        assert door.send("/api/v1/records", body, kind)[0] == 400
    assert door.blobs() <= before
    first = _body(_field("csrf_token", token), title, file)
    assert door.send("/api/v1/records", first, kind)[0] == 201
    by_header = {**kind, "X-CSRFToken": token}
    assert door.send("/api/v1/records", none, by_header)[0] == 201


def test_who_may_not_deposit_is_told_so_before_the_file_is_read(door: Door) -> None:
    before = door.blobs()
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    body = _body(_field("title", "x"), _file(photo()))

    status, problem = door.send("/api/v1/records", body, kind)

    assert (status, problem["reasons"]) == (401, ["sign_in"])
    assert door.blobs() <= before


def _signed_in(door: Door, name: str) -> tuple[str, str]:
    with door.site.db.write() as s:
        secret, _ = sessions.start(s, door.people[name], "a test", door.site.clock())
    cookie = f"vigil={secret}"
    _, page = door.send("/search", b"", {"Cookie": cookie}, "GET")
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return cookie, found[1]


def _until(true: Any, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)
