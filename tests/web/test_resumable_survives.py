"""Uploads against a server that is killed, and by a client that knows nothing of us."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import io
import json
import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from archive import config, verification
from archive.records.tables import Asset
from archive.site import Site, open_site
from archive.vault.tables import DataKey
from tests import nest
from tests.web.conftest import (
    Home,
    Live,
    bearer,
    compiled_templates,
    copied,
    photo,
    serving,
    sound,
)

ROUNDS = 4
UPLOADS = "/api/v1/uploads"


@contextmanager
def doomed(environ: dict[str, str]) -> Iterator[Live]:
    """The production server, all of which is killed at the end."""
    process = nest.hatch(
        "tests.web.alone:serve", environ, threads=8, templates=compiled_templates()
    )
    with process.stdout:
        try:
            line = process.stdout.readline()
            assert line.startswith("Listening on "), line
            yield Live(line.split()[-1], process)
        finally:
            kill(process)
            process.wait()


def kill(process: nest.Hatched) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class Sender:
    """Sends parts, remembers what was acknowledged."""

    def __init__(self, by: dict[str, str], content: bytes) -> None:
        self.by = {**by, "Tus-Resumable": "1.0.0"}
        self.content = content
        self.acknowledged = 0
        self.path = ""

    def send(self, live: Live, method: str, path: str, body: Any, **more: str) -> Any:
        line = http.client.HTTPConnection("127.0.0.1", live.port, timeout=30)
        with contextlib.closing(line):
            line.request(method, path, body, {**self.by, **more})
            with line.getresponse() as answer:
                answer.read()
        return answer

    def begin(self, live: Live) -> None:
        answer = self.send(
            live, "POST", UPLOADS, None, **{"Upload-Length": str(len(self.content))}
        )
        self.path = answer.headers["Location"]

    def go_on(self, live: Live, chance: random.Random) -> None:
        """Send parts of any size until all is there or the server is not."""
        head = self.send(live, "HEAD", self.path, None)
        at = int(head.headers["Upload-Offset"])
        assert at >= self.acknowledged, "what was acknowledged is lost"
        while at < len(self.content):
            part = self.content[at : at + chance.randint(1_000, 400_000)]
            more = {"Upload-Offset": str(at), **KIND}
            answer = self.send(live, "PATCH", self.path, part, **more)
            assert answer.status == 204
            at = self.acknowledged = int(answer.headers["Upload-Offset"])


KIND = {"Content-Type": "application/offset+octet-stream"}


def holds(folder: Path, marker: bytes) -> list[str]:
    """The files of the folder that hold these bytes; some may go while we look."""
    found = []
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            if marker in path.read_bytes():
                found.append(str(path))
    return found


def test_a_server_killed_again_and_again_loses_nothing_it_acknowledged(
    first_home: Home, tmp_path: Path
) -> None:
    chance = random.Random(20201115)
    environ = copied(first_home, tmp_path) | {"TMPDIR": str(tmp_path / "scratch")}
    (tmp_path / "scratch").mkdir()
    site = open_site(config.load(environ))
    marker = chance.randbytes(64)
    content = sound(4096) + marker * 400_000
    by = bearer(site, first_home.people["researcher"])
    sender = Sender(by, content)
    offsets = [0]
    for number in range(ROUNDS):
        with doomed(environ) as live:
            if number == 0:
                sender.begin(live)
            end = threading.Timer(chance.uniform(0.05, 0.7), kill, [live.process])
            end.start()
            with contextlib.suppress(http.client.HTTPException, OSError):
                sender.go_on(live, chance)
            end.join()
        assert holds(tmp_path, marker) == []
        assert verification.verify(site, actor="a test", now=site.clock()).ok
        offsets.append(sender.acknowledged)
    assert len(set(offsets)) > 1, "no round got anywhere: nothing was tried"
    with doomed(environ) as live:
        sender.go_on(live, chance)
        made = _deposit(live, by, sender.path)
    assert made["assets"][0]["sha256"] == hashlib.sha256(content).hexdigest()
    _nothing_but_the_original_stays(site)
    assert holds(tmp_path, marker) == []
    site.close()


def test_killed_while_a_record_is_made_of_it_there_is_one_or_the_upload(
    first_home: Home, tmp_path: Path
) -> None:
    chance = random.Random(1115)
    environ = copied(first_home, tmp_path)
    site = open_site(config.load(environ))
    content = sound(16 << 20)
    by = bearer(site, first_home.people["researcher"])
    sender = Sender(by, content)
    with doomed(environ) as live:
        sender.begin(live)
        sender.go_on(live, chance)
    for latest in (0.05, 0.4):
        with doomed(environ) as live:
            end = threading.Timer(chance.uniform(0.01, latest), kill, [live.process])
            end.start()
            with contextlib.suppress(http.client.HTTPException, OSError):
                _deposit(live, by, sender.path)
            end.join()
        assert verification.verify(site, actor="a test", now=site.clock()).ok
        if _assets(site):
            break
    if not _assets(site):
        with doomed(environ) as live:
            _deposit(live, by, sender.path)
    (asset,) = _assets(site)
    assert asset.size == len(content)
    _nothing_but_the_original_stays(site)
    site.close()


def _deposit(live: Live, by: dict[str, str], path: str) -> Any:
    body = json.dumps({"title": "Survived", "uploads": [path]})
    line = http.client.HTTPConnection("127.0.0.1", live.port, timeout=60)
    with contextlib.closing(line):
        kind = {"Content-Type": "application/json"}
        line.request("POST", "/api/v1/records", body, {**by, **kind})
        with line.getresponse() as answer:
            made = json.loads(answer.read())
    assert answer.status == 201, made
    return made


def _assets(site: Site) -> list[Asset]:
    with site.db.read() as s:
        return list(s.scalars(select(Asset)))


def _nothing_but_the_original_stays(site: Site) -> None:
    """After the sweep, that is: until then noise without keys may lie there."""
    store = site.config.object_store
    for path in store.rglob("*"):
        if path.is_file():
            os.utime(path, (0, 0))
    with site.db.read() as s:
        site.vault.sweep(s, site.clock())
        assert s.scalar(select(func.count()).select_from(DataKey)) == 1
    assert sum(1 for path in store.rglob("*") if path.is_file()) == 1
    assert verification.verify(site, actor="a test", now=site.clock()).ok


@pytest.fixture(scope="module")
def live_home(
    first_home: Home, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Live]]:
    environ = copied(first_home, tmp_path_factory.mktemp("tuspy"))
    site = open_site(config.load(environ))
    with serving(environ) as live:
        yield site, live
    site.close()


def test_tuspy_works_as_it_is(
    live_home: tuple[Site, Live], people: dict[str, str]
) -> None:
    site, live = live_home
    by, content = bearer(site, people["researcher"]), sound(2 << 20)
    client = TusClient(live.url + UPLOADS, headers=by)
    first = client.uploader(
        file_stream=io.BytesIO(content),
        chunk_size=400_000,
        metadata={"filename": "запись.wav"},
        upload_checksum=True,
    )
    first.upload(stop_at=800_000)

    again = client.uploader(
        file_stream=io.BytesIO(content), url=first.url, chunk_size=500_000
    )
    assert again.get_offset() == 800_000
    again.upload()
    made = _deposit(live, by, first.url)
    (asset,) = made["assets"]
    assert asset["sha256"] == hashlib.sha256(content).hexdigest()


def test_tuspy_is_told_that_somebody_elses_upload_is_not_there(
    live_home: tuple[Site, Live], people: dict[str, str]
) -> None:
    site, live = live_home
    content = photo()
    mine = TusClient(live.url + UPLOADS, bearer(site, people["researcher"]))
    begun = mine.uploader(file_stream=io.BytesIO(content), chunk_size=100)
    begun.upload_chunk()
    other = TusClient(live.url + UPLOADS, bearer(site, people["other"]))
    with pytest.raises(TusCommunicationError) as refused:
        other.uploader(file_stream=io.BytesIO(content), url=begun.url, chunk_size=100)
    assert refused.value.status_code == 404
