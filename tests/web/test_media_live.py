"""Originals and previews over a real socket, from the production server."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive import config
from archive.intake import Deposit
from archive.site import Site, open_site
from archive.work import run_one
from tests.web.conftest import (
    Desk,
    Home,
    Live,
    bearer,
    copied,
    photo,
    serving,
    sound,
)


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass
class Opened:
    """An original that somebody may open, and its bytes."""

    live: Live
    asset: str
    content: bytes
    headers: dict[str, str]

    def ask(
        self, path: str | None = None, method: str = "GET", **headers: str
    ) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        target = path or f"/api/v1/assets/{self.asset}/original"
        return self._send(method, target, None, named)

    def consent(self, record: str) -> str:
        body = {"purpose": "research", "acknowledged": ["dead.body"]}
        target = f"/api/v1/records/{record}/consents"
        kind = {"Content-Type": "application/json"}
        answer = self._send("POST", target, json.dumps(body), kind)
        given: str = json.loads(answer.body)["id"]
        return given

    def _send(
        self, method: str, target: str, body: str | None, headers: dict[str, str]
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.live.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, target, body, {**self.headers, **headers})
            with connection.getresponse() as answer:
                return Answer(answer.status, answer.headers, answer.read())


@dataclass
class Stage:
    """An archive that is being served, with a picture and a long sound in it."""

    site: Site
    live: Live
    people: dict[str, str]
    picture: Deposit
    picture_bytes: bytes
    sound: Deposit
    sound_bytes: bytes

    def viewer(self, name: str, which: str = "picture") -> Opened:
        deposit: Deposit = getattr(self, which)
        content: bytes = getattr(self, f"{which}_bytes")
        headers = bearer(self.site, self.people[name])
        return Opened(self.live, deposit.assets[0].id, content, headers)


@pytest.fixture(scope="module")
def stage(
    first_home: Home, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    environ = copied(first_home, tmp_path_factory.mktemp("stage"))
    site = open_site(config.load(environ))
    desk = Desk(site)
    picture, noise = photo((1200, 1200)), sound(48 << 20)
    name = 'Շուշի "2020"\r\n.jpg'
    shown = desk.publish(desk.deposit(picture, name=name))
    heard = desk.publish(desk.deposit(noise, name="noise.wav"))
    while run_one(site, site.clock()):
        pass
    with serving(environ) as live:
        people = first_home.people
        yield Stage(site, live, people, shown, picture, heard, noise)
    site.close()


@pytest.fixture
def opened(stage: Stage) -> Opened:
    """The picture, for a researcher who has consented."""
    one = stage.viewer("researcher")
    one.consent(stage.picture.record.id)
    return one


@pytest.fixture
def heard(stage: Stage) -> Opened:
    """The long sound, for a researcher who has consented."""
    one = stage.viewer("other", "sound")
    one.consent(stage.sound.record.id)
    return one


def test_every_range_is_equal_to_the_slice(opened: Opened) -> None:
    """Requirement 76."""
    size = len(opened.content)
    edges = [0, 1, 16_383, 16_384, 16_385, 32_768, size - 1]
    spans = [(a, b) for a in edges for b in edges if a <= b]

    for first, last in spans[::3]:
        answer = opened.ask(Range=f"bytes={first}-{last}")
        assert answer.status == 206
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert answer.body == opened.content[first : last + 1]
    for header, expected in {
        "bytes=-7": opened.content[-7:],
        f"bytes={size - 3}-": opened.content[-3:],
        "bytes=0-999999999": opened.content,
    }.items():
        assert opened.ask(Range=header).body == expected
    for header in (f"bytes={size}-", "bytes=9-3", "bytes=0-1,4-5"):
        refused = opened.ask(Range=header)
        assert refused.status == 416
        assert refused.headers["Content-Range"] == f"bytes */{size}"


def test_the_whole_and_its_head(opened: Opened) -> None:
    whole = opened.ask()
    head = opened.ask(method="HEAD")

    assert (whole.status, whole.body) == (200, opened.content)
    assert (head.status, head.body) == (200, b"")
    for answer in (whole, head):
        assert int(answer.headers["Content-Length"]) == len(opened.content)
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
        assert "filename*=UTF-8''%D5%87" in answer.headers["Content-Disposition"]
        assert answer.headers["Server"] == "vigil"


ANSWERS = (
    ("original", 200, {}),
    ("original", 206, {"Range": "bytes=0-9"}),
    ("original", 416, {"Range": "bytes=999999999-"}),
    ("original", 403, {"Sec_Fetch_Site": "cross-site"}),
    ("original", 401, {"Authorization": "Bearer vgl_nobody"}),
    ("preview", 200, {}),
    ("preview", 206, {"Range": "bytes=0-9"}),
    ("preview", 304, {"If_None_Match": "its own"}),
    ("preview", 403, {"Sec_Fetch_Dest": "iframe"}),
    ("preview/nothing", 404, {}),
)


@pytest.mark.parametrize(("what", "status", "headers"), ANSWERS)
def test_no_answer_about_media_may_be_kept_framed_guessed_or_told_of(
    opened: Opened, what: str, status: int, headers: dict[str, str]
) -> None:
    """Whatever the status: what a cache keeps of an error can say enough.

    Requirements 71 and 74.
    """
    path = f"/media/{opened.asset}/{what}"
    if "If_None_Match" in headers:
        headers = {"If_None_Match": opened.ask(path).headers["ETag"]}
    answer = opened.ask(path, **headers)
    assert answer.status == status
    told = answer.headers
    kept = {each.strip() for each in told["Cache-Control"].split(",")}
    assert "no-store" in kept or (what == "preview" and {"private", "no-cache"} <= kept)
    assert "public" not in kept
    assert not [each for each in kept if each.startswith("max-age")]
    assert {"Cookie", "Authorization"} <= {v.strip() for v in told["Vary"].split(",")}
    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["Cross-Origin-Resource-Policy"] == "same-origin"
    assert told["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in told["Content-Security-Policy"]
    assert "Last-Modified" not in told
    assert "Set-Cookie" not in told


def test_if_range_with_an_older_tag_gives_the_whole(opened: Opened) -> None:
    """Requirement 76."""
    tag = opened.ask(method="HEAD").headers["ETag"]

    assert opened.ask(Range="bytes=0-9", If_Range=tag).status == 206
    assert opened.ask(Range="bytes=0-9", If_Range='"older"').status == 200
    assert opened.ask(If_None_Match=tag).status == 200


def test_another_viewer_gets_another_tag(opened: Opened, stage: Stage) -> None:
    """Requirement 75."""
    mine = opened.ask(method="HEAD").headers["ETag"]
    other = stage.viewer("moderator")

    refused = other.ask(If_None_Match=mine)
    other.consent(stage.picture.record.id)

    assert refused.status == 403
    assert "ETag" not in refused.headers
    assert other.ask(method="HEAD").headers["ETag"] != mine


def test_other_sites_and_frames_get_no_media(opened: Opened) -> None:
    """Requirement 73."""
    preview = f"/api/v1/assets/{opened.asset}/preview"

    for path in (None, preview):
        assert opened.ask(path, Sec_Fetch_Site="cross-site").status == 403
        assert opened.ask(path, Sec_Fetch_Dest="iframe").status == 403
        assert opened.ask(path, Sec_Fetch_Dest="image").status == 200


def test_a_preview_is_small_private_and_not_the_original(opened: Opened) -> None:
    """Requirement 41."""
    answer = opened.ask(f"/media/{opened.asset}/preview")

    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in answer.headers["Vary"]
    assert b"Exif" not in answer.body
    tag = answer.headers["ETag"]
    again = opened.ask(f"/media/{opened.asset}/preview", If_None_Match=tag)
    assert (again.status, again.body) == (304, b"")
    assert opened.ask(f"/media/{opened.asset}/preview/nothing").status == 404


@pytest.mark.parametrize("place", ["first", "middle"])
def test_a_damaged_original_is_never_shown_as_a_whole_one(
    heard: Opened, stage: Stage, place: str
) -> None:
    """Requirement 76."""
    blob = max(
        (path for path in stage.site.config.object_store.rglob("*") if path.is_file()),
        key=lambda path: path.stat().st_size,
    )
    at = 125 if place == "first" else blob.stat().st_size // 2
    with _flipped(blob, at):
        if place == "first":
            answer = heard.ask()
            assert answer.status == 500
            assert heard.content[:64] not in answer.body
        else:
            with pytest.raises((http.client.IncompleteRead, ConnectionError)):
                heard.ask()
    assert heard.ask().body == heard.content


@contextmanager
def _flipped(blob: Path, at: int) -> Iterator[None]:
    """One bit of the blob turned round, for a while."""
    blob.chmod(0o600)
    for _ in range(2):
        with blob.open("r+b") as file:
            file.seek(at)
            before = file.read(1)[0]
            file.seek(at)
            file.write(bytes([before ^ 1]))
        if _ == 0:
            yield


def test_a_consent_withdrawn_ends_a_stream_that_is_running(
    heard: Opened, stage: Stage
) -> None:
    consent = heard.consent(stage.sound.record.id)
    reader = _stalled(heard)
    got = len(reader.recv(4096))

    assert heard.ask(f"/api/v1/me/consents/{consent}", "DELETE").status == 204
    time.sleep(2.5)
    with contextlib.suppress(ConnectionError):
        while piece := reader.recv(1 << 20):
            got += len(piece)
    reader.close()

    assert got < len(heard.content), "the rest was still sent"


def test_stalled_readers_of_one_viewer_do_not_stop_the_others(heard: Opened) -> None:
    """Requirement 110."""
    stalled = [_stalled(heard) for _ in range(60)]
    time.sleep(2)

    begun = time.monotonic()
    assert heard.ask("/healthz").status == 200
    assert time.monotonic() - begun < 5
    refused = heard.ask()
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) > 0
    for connection in stalled:
        connection.close()


def test_more_who_never_read_a_page_than_there_are_threads_stop_nobody(
    heard: Opened, stage: Stage
) -> None:
    page = f"/records/{stage.picture.record.id}"
    with contextlib.ExitStack() as many:
        for _ in range(60):
            link = many.enter_context(socket.socket())
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            link.connect(("127.0.0.1", stage.live.port))
            link.sendall(f"GET {page} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        # No answer within half a minute raises.
        assert heard.ask("/").status == 200
        assert heard.ask(page).status == 200


def _stalled(one: Opened) -> socket.socket:
    """A connection that asks for the original and does not read the answer."""
    connection = socket.create_connection(("127.0.0.1", one.live.port), timeout=30)
    request = (
        f"GET /api/v1/assets/{one.asset}/original HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: {one.headers['Authorization']}\r\n\r\n"
    )
    connection.sendall(request.encode())
    return connection


@pytest.mark.parametrize(
    "lines",
    [
        ["POST /login HTTP/1.1", "Content-Length: 4", "Transfer-Encoding: chunked"],
        ["POST /login HTTP/1.1", "Content-Length: 4", "Content-Length: 5"],
        ["GET /healthz HTTP/1.1", "Host: elsewhere"],
        ["GET /healthz HTTP/1.1", "X-A: a\x00b"],
    ],
)
def test_requests_that_can_be_read_in_two_ways_are_refused(
    stage: Stage, lines: list[str]
) -> None:
    connection = socket.create_connection(("127.0.0.1", stage.live.port), timeout=30)
    head = "\r\n".join([lines[0], "Host: localhost", *lines[1:], "", "0\r\n\r\n"])
    connection.sendall(head.encode())

    answer = connection.recv(4096)
    connection.close()

    assert answer.startswith(b"HTTP/1.1 400"), answer[:80]


def test_curl_resumes_and_reads_ranges_like_any_file(
    opened: Opened, tmp_path: Path
) -> None:
    part = tmp_path / "part"
    part.write_bytes(opened.content[:20_000])
    url = f"{opened.live.url}/api/v1/assets/{opened.asset}/original"
    header = f"Authorization: {opened.headers['Authorization']}"

    subprocess.run(
        ["curl", "-sf", "-C", "-", "-H", header, "-o", str(part), url],
        check=True,
        timeout=60,
    )

    assert part.read_bytes() == opened.content
