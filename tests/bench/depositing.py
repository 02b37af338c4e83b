"""512 MiB on their way in: through Vigil's one pass, and through Werkzeug's spool.

Both under the same gunicorn, without a worker beside it. Vigil's time includes what the
other does not do: looking into the file in a sandbox, the record, its ledger lines. An
upload by tus is sealed as it comes, and once more when it becomes part of a record.
"""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median

from archive.site import Site
from auth.viewer import Role
from tests.bench import plain, premises
from tests.bench.measuring import Result, family_cpu_seconds, family_peak_mebibytes
from tests.bench.premises import MEBIBYTE, Server

SIZE = 512 * MEBIBYTE
SMALL = MEBIBYTE
TURNS = 3
WARMING = 4
_BOUNDARY = "a-line-that-stands-nowhere-else"
_HEAD = (
    f"--{_BOUNDARY}\r\nContent-Disposition: form-data; "
    'name="title"\r\n\r\nNoise\r\n'
    f"--{_BOUNDARY}\r\nContent-Disposition: form-data; "
    'name="files"; filename="noise.wav"\r\n\r\n'
).encode()
_FOOT = f"\r\n--{_BOUNDARY}--\r\n".encode()
Reply = tuple[int, http.client.HTTPMessage, bytes]
Ways = dict[str, tuple[Server, Callable[[bytes], None]]]
Turn = dict[str, tuple[float, float]]


def results() -> Iterator[Result]:
    """Seconds on the clock and of the server's processor; about half a minute."""
    with premises.folder(fast=True) as folder:
        sound, spool = folder / "noise.wav", folder / "spool"
        spool.mkdir()
        premises.write_sound(sound, SIZE)
        with premises.archive(folder) as site:
            by = _depositor(site)
        theirs = premises.flask_server(
            "tests.bench.plain:plain()",
            {**plain.settings(sound, spool), "TMPDIR": str(spool)},
        )
        ours = premises.vigil(folder, with_worker=False)
        with theirs as flask, ours as vigil:
            ways = _ways(flask, vigil, by)
            small, content = (_wave(sound, size) for size in (SMALL, SIZE))
            for _ in range(WARMING):
                _in_turn(ways, small, site)
            at_rest = family_peak_mebibytes(vigil.pid)
            turns = [_in_turn(ways, content, site) for _ in range(TURNS)]
            peak = family_peak_mebibytes(vigil.pid)
        yield from _told(turns)
        name = "memory of the server meanwhile; with files of 1 MiB"
        yield Result.beside(name, peak, at_rest, "MiB")


def _depositor(site: Site) -> dict[str, str]:
    header = premises.person(site, "depositor", Role.MODERATOR)[2]
    name, _, value = header.partition(": ")
    return {name: value}


def _wave(whole: Path, size: int) -> bytes:
    """A sound that begins like `whole`; a header that says too much is no fault."""
    with whole.open("rb") as file:
        return file.read(size)


def _ways(flask: Server, vigil: Server, by: dict[str, str]) -> Ways:
    return {
        "spool": (flask, partial(_form, flask, "/upload", {})),
        "form": (vigil, partial(_form, vigil, "/api/v1/records", by)),
        "tus": (vigil, partial(_resumable, vigil, by)),
    }


def _in_turn(ways: Ways, content: bytes, site: Site) -> Turn:
    """Send it each way: seconds on the clock, and of the processor."""
    found: Turn = {}
    for name, (server, send) in ways.items():
        before, begun = family_cpu_seconds(server.pid), time.perf_counter()
        send(content)
        clock = time.perf_counter() - begun
        found[name] = (clock, family_cpu_seconds(server.pid) - before)
        for blob in site.config.object_store.rglob("*"):
            if blob.is_file():
                blob.unlink()  # or memory would fill
    return found


def _told(turns: list[Turn]) -> Iterator[Result]:
    for way, name in {
        "form": "upload of 512 MiB by form; Werkzeug's spool",
        "tus": "the same by tus, with its deposit; Werkzeug's spool",
    }.items():
        for index, told in enumerate((name, "the same, processor")):
            ours, theirs = (
                median(turn[each][index] for turn in turns) for each in (way, "spool")
            )
            yield Result.beside(told, ours, theirs, "s")


def _form(server: Server, path: str, by: dict[str, str], content: bytes) -> None:
    kind = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
    body = [_HEAD, content, _FOOT]
    length = {"Content-Length": str(sum(map(len, body)))}
    _expect(201, _send(server, "POST", path, body, {**by, **kind, **length}))


def _resumable(server: Server, by: dict[str, str], content: bytes) -> None:
    protocol = {**by, "Tus-Resumable": "1.0.0"}
    name = base64.b64encode(b"noise.wav").decode()
    wanted = {"Upload-Length": str(len(content)), "Upload-Metadata": f"filename {name}"}
    begun = _send(server, "POST", "/api/v1/uploads", [], {**protocol, **wanted})
    url = _expect(201, begun)[1]["Location"]
    at = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    length = {"Content-Length": str(len(content))}
    done = _send(server, "PATCH", url, [content], {**protocol, **at, **length})
    _expect(204, done)
    body = json.dumps({"title": "Noise", "uploads": [url]}).encode()
    kind = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    _expect(201, _send(server, "POST", "/api/v1/records", [body], {**by, **kind}))


def _send(
    server: Server, method: str, path: str, body: list[bytes], headers: dict[str, str]
) -> Reply:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    with closing(connection):
        connection.putrequest(method, path)
        for name, value in headers.items():
            connection.putheader(name, value)
        if not body:
            connection.putheader("Content-Length", "0")
        connection.endheaders()
        for part in body:
            connection.send(part)
        with connection.getresponse() as answer:
            return answer.status, answer.headers, answer.read()


def _expect(status: int, reply: Reply) -> Reply:
    if reply[0] != status:
        raise RuntimeError(f"the server answered {reply[0]}: {reply[2][:300]!r}")
    return reply
