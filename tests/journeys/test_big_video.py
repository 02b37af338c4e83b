"""A film of 2 GiB goes in by command and over HTTP, and comes out, in little memory.

The film is real and short; a `free` box of 2 GiB stands before its index, so that its
reader must go to the end first. It is never held in memory here either: the file is
sparse, and the form is sent as it is made.
"""

from __future__ import annotations

import http.client
import os
import secrets
import struct
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.journeys import media
from tests.journeys.client import Client, file_head
from tests.journeys.holdings import Holdings
from tests.journeys.home import Home
from tests.journeys.server import MEBIBYTE, Memory, memory_of, serving

GAP = 2 << 30
PIECE = 1 << 20
MOST_MEMORY = 200 * MEBIBYTE
SECONDS = 300


@dataclass(frozen=True)
class LargeFilm:
    """`start`, then zeros, then `end`; the zeros are the body of a `free` box."""

    start: bytes
    end: bytes

    @property
    def size(self) -> int:
        return len(self.start) + GAP + len(self.end)

    def pieces(self) -> Iterator[bytes]:
        yield self.start
        zeros = bytes(PIECE)
        for _ in range(GAP // PIECE):
            yield zeros
        yield self.end

    def write(self, path: Path) -> None:
        """As a sparse file: it takes no room."""
        with path.open("wb") as out:
            out.write(self.start)
            out.seek(GAP, 1)
            out.write(self.end)

    def slice(self, start: int, stop: int) -> bytes:
        """Any few bytes of it."""
        inner = len(self.start) + GAP
        return b"".join(
            self.start[at : at + 1]
            if at < len(self.start)
            else (b"\0" if at < inner else self.end[at - inner : at - inner + 1])
            for at in range(start, stop)
        )


@pytest.fixture(scope="module")
def film() -> LargeFilm:
    content = media.video().content
    moov = content.index(b"moov") - 4
    assert content.index(b"mdat") < moov
    gap = struct.pack(">I4sQ", 1, b"free", 16 + GAP)
    return LargeFilm(content[:moov] + gap, content[moov:])


def test_a_film_of_two_gibibytes_is_deposited_by_command_in_little_memory(
    film: LargeFilm, seed: Home, tmp_path: Path
) -> None:
    home = seed.copy(tmp_path / "root")
    path = tmp_path / "large.mp4"
    film.write(path)
    with memory_of(os.getpid(), but_not_itself=True) as memory:
        args = ("--title", "Large", "--label", "harm.threat=G3", "--wait", "--json")
        ran = home.run("deposit", path, *args, seconds=SECONDS)
    assert ran.code == 0, ran.err
    (asset,) = ran.json["assets"]
    assert (asset["size"], asset["state"]) == (film.size, "ready")
    assert is_little(memory)
    assert _left(home) == []


def test_a_film_of_two_gibibytes_goes_in_and_out_over_http_in_little_memory(
    film: LargeFilm, seed: Home, holdings: Holdings, tmp_path: Path
) -> None:
    home = seed.copy(tmp_path / "root")
    with serving(home) as server, memory_of(server.pid) as memory:
        desk = Client(server.port, holdings.people["moderator"].token)
        record, asset = deposit(desk, film)
        reader = Client(server.port, holdings.people["researcher"].token)
        consent = {"purpose": "research", "acknowledged": ["harm.threat"]}
        given = reader.post(f"/api/v1/records/{record}/consents", consent)
        assert given.status == 201, given.text
        original = f"/media/{asset}/original"
        for start, stop in _spans(film):
            asked = f"bytes={start}-{stop - 1}"
            answer = reader.get(original, Range=asked)
            assert answer.status == 206
            assert answer.body == film.slice(start, stop)
        assert _download(reader, original) == film.size
    assert is_little(memory)
    assert _left(home) == []


def deposit(desk: Client, film: LargeFilm) -> tuple[str, str]:
    """Send the form piece by piece; wait for the preview."""
    edge = f"edge-{secrets.token_hex(8)}"
    head, tail = _form(edge), f"\r\n--{edge}--\r\n".encode()

    def body() -> Iterator[bytes]:
        yield head
        yield from film.pieces()
        yield tail

    answer = desk.send(
        "POST",
        "/api/v1/records",
        body(),
        {
            "Content-Type": f"multipart/form-data; boundary={edge}",
            "Content-Length": str(len(head) + film.size + len(tail)),
        },
        seconds=SECONDS,
    )
    assert answer.status == 201, answer.text
    record = answer.json["id"]
    asset = desk.wait_for_previews(record)[0]
    assert (asset["size"], asset["state"]) == (film.size, "ready")
    return record, asset["id"]


def is_little(memory: Memory) -> bool:
    assert memory.most < MOST_MEMORY, (memory.most // MEBIBYTE, memory.whose)
    return memory.most > 0


def _form(edge: str) -> bytes:
    fields = {
        "title": "Large",
        "visibility": "public",
        "labels": "harm.threat=G3",
        "publish": "true",
    }
    parts = "".join(
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    return parts.encode() + file_head(edge, "large.mp4")


def _spans(film: LargeFilm) -> list[tuple[int, int]]:
    start, size = len(film.start), film.size
    return [
        (0, 64),
        (start - 20, start + 20),
        (1 << 30, (1 << 30) + 50),
        (start + GAP - 20, start + GAP + 20),
        (size - 40, size),
    ]


def _download(reader: Client, path: str) -> int:
    """Read the whole of it, and keep none."""
    headers = {"Authorization": f"Bearer {reader.token}"}
    with closing(
        http.client.HTTPConnection("127.0.0.1", reader.port, timeout=SECONDS)
    ) as link:
        link.request("GET", path, headers=headers)
        answer = link.getresponse()
        assert answer.status == 200
        total = 0
        while piece := answer.read(PIECE):
            total += len(piece)
    return total


def _left(home: Home) -> list[Path]:
    return [path for path in home.temp.rglob("*") if path.is_file()]
