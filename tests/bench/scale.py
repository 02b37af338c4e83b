"""How costs grow with the archive: the same questions to small and large ones.

    vigil bench --suite scale                    1,000 and 10,000 records
    vigil bench --suite scale --size 100000      1,000 and 100,000
    vigil bench --suite scale --size 1000000     and a million; hours

| measured | how |
|---|---|
| rows and index of an archive | processor time and memory of two processes |
| descriptions taken in | the program's own way, one after another, with 100 more |
| pages and API | processor time of the whole server for an answer; the clock beside |
| the same in PostgreSQL | processor time of its server, apart |
| the moderators' queue | its numbers, and the next file taken and given back |
| the ledger read back | lines in a processor second, a line for each record |
| many readers | 200 connections at once: p50, p95, errors |
| readers that do not read | 60 of them, and what others wait beside them |

On SQLite with Whoosh and, where PostgreSQL is installed, on PostgreSQL with its index;
VIGIL_TEST_DATABASE names one of them. What an answer costs at a size stands beside what
it would cost if it grew with the logarithm of the size from the smallest on: a ratio
above 1 grows faster. With VIGIL_TEST_ARCHIVES, archives on SQLite stay in that folder
for the next run. Texts are those of `corpus`, rows are made as `pouring` says.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, select, text

from archive import config
from archive.founding import create_home
from archive.ledger.tables import LedgerHead
from archive.moderation import numbers, places
from archive.records import store
from archive.records.document import Description, RecordDocument
from archive.records.store import RecordDraft
from archive.records.tables import Record
from archive.site import Site, open_site
from archive.work import indexing
from auth.viewer import OPERATOR as BY
from auth.viewer import RecordState, Role, Visibility
from tests.bench import corpus, premises
from tests.bench.measuring import (
    ROOT,
    Result,
    family_cpu_seconds,
    family_peak_mebibytes,
)

SMALLEST, QUICK = 1_000, 10_000
LARGE = 100_000
ROUNDS, WARMING = 24, 8
TAKEN_IN = 100
READERS, SECONDS, STALLED = 200, 10, 60
COMMON, RARE = 40, 4_000
"""Ranks of words: of every third description, and of one in a thousand or two."""
Costs = dict[str, tuple[float, str]]


def measure(size: int = QUICK) -> Iterator[Result]:
    """All figures; minutes at the usual size."""
    for kind in _kinds():
        found: dict[int, Costs] = {}
        for each in _sizes(size):
            found[each] = _measured(kind, each, whole=each == size)
            for name, (value, unit) in found[each].items():
                yield Result(f"{kind}, {each} records: {name}", value, unit)
        yield from _growth(kind, found)


def _kinds() -> list[str]:
    wanted = os.environ.get("VIGIL_TEST_DATABASE", "")
    if wanted:
        return {"sqlite": ["SQLite"], "postgresql": ["PostgreSQL"]}[wanted]
    return ["SQLite", *(["PostgreSQL"] if premises.POSTGRESQL else [])]


def _sizes(size: int) -> list[int]:
    """A thousand, a hundred thousand where it is less, and the size."""
    return [*(each for each in (SMALLEST, LARGE) if each < size), size]


def _growth(kind: str, found: Mapping[int, Costs]) -> Iterator[Result]:
    """What an answer costs, beside a logarithm that begins at the smallest size."""
    small, *larger = found
    for size in larger:
        slow = math.log(size) / math.log(small)
        for name, (value, unit) in found[size].items():
            if unit == "ms CPU" and name in found[small]:
                bound = found[small][name][0] * slow
                told = f"{kind}, {size} records: {name}; the bound"
                yield Result.beside(told, value, bound, unit)


def _measured(kind: str, size: int, *, whole: bool) -> Costs:
    with ExitStack() as held:
        place = _Place(held, kind, size)
        costs = place.filled()
        costs |= _taken_in(place.settings)
        costs |= _read_back(place.settings)
        costs |= _queued(place)
        asked, staff = _questions(place.settings)
        server = held.enter_context(premises.serving(place.settings))
        for name, paths in asked.items():
            headers = staff if name.startswith("moderators") else {}
            costs |= _answers(place, server, name, paths, headers)
        costs["memory of the server"] = (family_peak_mebibytes(server.pid), "MiB")
        if whole:
            paths = [*asked["search, a rare word"], *asked["a record"]]
            costs |= _crowded(server, paths)
            costs |= _beside_stalled(server, asked["search, a common word"][0], paths)
        return costs


class _Place:
    """An archive of one size on one database: new, or kept from an earlier run."""

    def __init__(self, held: ExitStack, kind: str, size: int) -> None:
        kept = os.environ.get("VIGIL_TEST_ARCHIVES", "")
        self.size, self.database = size, 0
        if kept and kind == "SQLite":
            folder = Path(kept) / f"sqlite-{size}"
            folder.mkdir(parents=True, exist_ok=True)
        else:
            folder = held.enter_context(premises.folder(fast=size <= LARGE))
        self.settings = premises.environment(folder)
        self._is_old = (folder / "poured").exists()
        self._done = folder / "poured"
        if kind == "PostgreSQL":
            address = held.enter_context(premises.postgresql())
            self.settings |= {
                "VIGIL_DATABASE_URL": address,
                "VIGIL_SEARCH_ENGINE": "postgresql",
            }
            self.database = _postmaster(address)

    def filled(self) -> Costs:
        """Fill it, unless it is; what that cost."""
        if not self._is_old:
            create_home(config.load(self.settings)).close()
            told = _run("tests.bench.pouring", self.size, settings=self.settings)
            self._done.write_text(told)
        spent, memory, indexing_spent, indexing_memory = map(
            float, self._done.read_text().split()
        )
        return {
            "rows written in bulk": (self.size / spent, "/CPU s"),
            "memory to write them": (memory, "MiB"),
            "documents indexed": (self.size / indexing_spent, "/CPU s"),
            "memory to index them": (indexing_memory, "MiB"),
        }


def _run(module: str, *arguments: object, settings: Mapping[str, str]) -> str:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    environ = {**os.environ, **settings}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=environ
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return done.stdout


def _postmaster(address: str) -> int:
    """The process at the head of that PostgreSQL."""
    engine = create_engine(address)
    with engine.connect() as connection:
        backend = connection.scalar(text("SELECT pg_backend_pid()"))
        stat = Path(f"/proc/{backend}/stat").read_text()
    engine.dispose()
    return int(stat.rpartition(")")[2].split()[1])


# Without a server ---------------------------------------------------------------------


def _taken_in(settings: Mapping[str, str]) -> Costs:
    """Some more descriptions, each in transactions of its own, until it is found."""
    site = open_site(config.load(dict(settings)))
    try:
        drafts = list(map(_draft, corpus.documents(TAKEN_IN, seed=2)))
        begun = _own_cpu_seconds()
        ids = [_publish(site, draft) for draft in drafts]
        taken = _own_cpu_seconds()
        for record_id in ids:
            _index(site, record_id)
        indexed = _own_cpu_seconds()
    finally:
        site.close()
    each = 1000 / TAKEN_IN
    return {
        "a description taken in and published": ((taken - begun) * each, "ms CPU"),
        "and found": ((indexed - taken) * each, "ms CPU"),
    }


def _draft(drawn: corpus.Document) -> RecordDraft:
    texts = {each.lang: Description(each.title, each.body) for each in drawn.texts}
    return RecordDraft(RecordDocument(texts), Visibility.PUBLIC)


def _publish(site: Site, draft: RecordDraft) -> str:
    now = site.clock()
    with site.db.write() as s:
        record = store.create(s, site.sealing, draft, BY, now)
        record.labelled = True
        site.ledger.append(s, "ingestion", actor=BY, record=record.id, now=now)
    with site.db.write() as s:
        record = store.require(s, record.id)
        store.publish(s, record, BY, now)
        site.ledger.append(s, "publication", actor=BY, record=record.id, now=now)
    return record.id


def _index(site: Site, record_id: str) -> None:
    with site.db.read() as s:
        made = indexing.document(site.sealing, s, record_id)
    if made is None:
        raise RuntimeError("a published record must be indexed")
    site.engine.add([made])


def _own_cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _read_back(settings: Mapping[str, str]) -> Costs:
    site = open_site(config.load(dict(settings)))
    try:
        with site.db.read() as s:
            lines = s.get_one(LedgerHead, 1).seq
            begun = _own_cpu_seconds()
            findings = site.ledger.verify(s)
            spent = _own_cpu_seconds() - begun
    finally:
        site.close()
    if not findings.ok:
        raise RuntimeError("the ledger does not hold")
    return {"ledger read back": (lines / spent, "lines/CPU s")}


def _queued(place: _Place) -> Costs:
    """The queue of what waits: in numbers, and its next file taken and given back."""
    site = open_site(config.load(dict(place.settings)))
    try:

        def told() -> None:
            with site.db.read() as s:
                numbers.of_queue(site, s, site.clock())

        def taken() -> None:
            with site.db.write() as s:
                asset = places.take(site, s, BY, site.clock())
                if asset is None:
                    raise RuntimeError("some files must wait")
                places.release(s, asset.id, BY)

        return {
            "moderators' dashboard, its numbers": _each(place, told),
            "the next file of the queue": _each(place, taken),
        }
    finally:
        site.close()


def _each(place: _Place, act: Callable[[], None]) -> tuple[float, str]:
    """What an act costs, PostgreSQL's share in it, once all is warm."""
    for _ in range(WARMING):
        act()
    before = _own_cpu_seconds() + _database_seconds(place)
    for _ in range(ROUNDS):
        act()
    spent = _own_cpu_seconds() + _database_seconds(place) - before
    return 1000 * spent / ROUNDS, "ms CPU"


# With a server ------------------------------------------------------------------------


@dataclass(frozen=True)
class _Answer:
    """What one question took on the clock, in milliseconds."""

    status: int
    milliseconds: float


def _questions(
    settings: Mapping[str, str],
) -> tuple[dict[str, list[str]], dict[str, str]]:
    """What is asked, by name: one path after another; and a moderator's header."""
    site = open_site(config.load(dict(settings)))
    try:
        with site.db.read() as s:
            public = (
                Record.state == RecordState.PUBLISHED,
                Record.visibility == Visibility.PUBLIC,
            )
            found = s.scalars(select(Record.id).where(*public).limit(ROUNDS)).all()
        name = f"moderator-{time.time_ns()}"
        _account, _token, header = premises.person(site, name, Role.MODERATOR)
    finally:
        site.close()
    words = corpus.words("en")
    common, rare = words[COMMON], words[RARE]
    pages = [f"&page={number}" for number in range(1, 11)]
    field, value = header.split(": ", 1)
    return {
        "home": ["/"],
        "search, a rare word": [f"/search?q={rare}"],
        "search, a common word": [f"/search?q={common}{page}" for page in pages],
        "search, a facet chosen": [f"/search?q={common}&facet.kind=image"],
        "the newest": [f"/search?sort=deposited{page}" for page in pages],
        "timeline": [f"/search?view=timeline{page}" for page in pages],
        "a record": [f"/records/{each}" for each in found],
        "the API's list": [f"/api/v1/records?q={common}"],
        "moderators' queue": ["/api/v1/moderation/queue"],
    }, {field: value}


def _answers(
    place: _Place,
    server: premises.Server,
    name: str,
    paths: list[str],
    headers: Mapping[str, str],
) -> Costs:
    for number in range(WARMING):
        _answer(server.port, paths[number % len(paths)], headers)
    times: list[float] = []
    before = family_cpu_seconds(server.pid), _database_seconds(place)
    for number in range(ROUNDS):
        times.append(_answer(server.port, paths[number % len(paths)], headers))
    spent = family_cpu_seconds(server.pid) - before[0]
    apart = _database_seconds(place) - before[1]
    times.sort()
    costs: Costs = {
        name: (1000 * (spent + apart) / ROUNDS, "ms CPU"),
        f"{name}, p50": (times[ROUNDS // 2], "ms"),
        f"{name}, p95": (times[ROUNDS * 95 // 100], "ms"),
    }
    if place.database:
        costs[f"{name}, PostgreSQL's share"] = (1000 * apart / ROUNDS, "ms of it")
    return costs


def _database_seconds(place: _Place) -> float:
    return family_cpu_seconds(place.database) if place.database else 0.0


def _answer(port: int, path: str, headers: Mapping[str, str]) -> float:
    """Milliseconds on the clock of one answer.

    :raises RuntimeError: it is another than was wanted
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    begun = time.perf_counter()
    try:
        connection.request("GET", path, headers=dict(headers))
        answer = connection.getresponse()
        answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status}")
    return 1000 * (time.perf_counter() - begun)


def _crowded(server: premises.Server, paths: list[str]) -> Costs:
    met = _crowd(server, READERS, SECONDS, paths)
    name = f"{READERS} readers at once"
    return {
        name: (met["answers"] / SECONDS, "answers/s"),
        f"{name}, p50": (met["p50"], "ms"),
        f"{name}, p95": (met["p95"], "ms"),
        f"{name}, refused with Retry-After": (met["refused"], ""),
        f"{name}, errors": (met["errors"], ""),
    }


def _beside_stalled(server: premises.Server, large: str, paths: list[str]) -> Costs:
    """Eight readers, alone and while others have asked for a page and do not read."""
    alone = _crowd(server, 8, SECONDS, paths)
    request = f"GET {large} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    with ExitStack() as held:
        for _ in range(STALLED):
            link = held.enter_context(socket.socket())
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            link.connect(("127.0.0.1", server.port))
            link.sendall(request)
        time.sleep(SECONDS / 2)
        beside = _crowd(server, 8, SECONDS, paths)
    return {
        "8 readers, p95": (alone["p95"], "ms"),
        f"8 readers beside {STALLED} stalled, p95": (beside["p95"], "ms"),
        f"8 readers beside {STALLED} stalled, errors": (beside["errors"], ""),
    }


def _crowd(
    server: premises.Server, readers: int, seconds: float, paths: list[str]
) -> dict[str, float]:
    told = _run("tests.bench.crowd", server.port, readers, seconds, *paths, settings={})
    met: dict[str, float] = json.loads(told)
    return met
