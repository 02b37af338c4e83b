"""Random ranges out of a film, from Vigil and from those who give out plain files.

Four connections ask for 1 MiB anywhere in 200 MiB, in turns of a few seconds, as fast
as they are answered. Every range of Vigil's passes the gate; the readers have opened
the file before, as a player has. Bare gunicorn sends a MiB that lies ready in memory:
what the server under Vigil costs before anything is asked, read or opened.
"""

from __future__ import annotations

import itertools
import random
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from tests.bench import plain, premises
from tests.bench.measuring import Result, family_cpu_seconds, family_peak_mebibytes
from tests.bench.premises import MEBIBYTE, Server

HEAD_BYTES = 16_384
FILM = 200 * MEBIBYTE
LENGTH = MEBIBYTE
READERS = 4
TURNS = 5
SECONDS = 3.0


@dataclass(frozen=True)
class Target:
    """A file on a server: where, how long it is, and one header line for each turn."""

    port: int
    path: str
    size: int
    headers: Sequence[str] = ("Accept: */*",)


@dataclass(frozen=True)
class Asked:
    """A target, and the process at the head of each family that answers for it."""

    target: Target
    pids: tuple[int, ...]


@dataclass
class Rate:
    """How many answers came within how many seconds."""

    answers: int = 0
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        return self.answers / self.seconds if self.seconds else 0.0


@dataclass
class Turns:
    """What the turns of one server came to."""

    per_second: list[float]
    milliseconds: list[float]

    @property
    def rate(self) -> float:
        return median(self.per_second)

    @property
    def cost(self) -> float:
        """Processor milliseconds of the server for one answer."""
        return median(self.milliseconds)


def results() -> Iterator[Result]:
    """Requests a second and processor time for each; about a minute."""
    with premises.folder() as folder, ExitStack() as running:
        film = folder / "plain" / "film.wav"
        film.parent.mkdir()
        premises.write_sound(film, FILM)
        with premises.archive(folder) as site:
            held = premises.hold(site, film, READERS)
        vigil = running.enter_context(premises.vigil(folder))
        settings = plain.settings(film, folder / "spool")
        flask = running.enter_context(
            premises.flask_server("tests.bench.plain:plain()", settings)
        )
        size = film.stat().st_size
        address = f"/api/v1/assets/{held.asset}/original"
        ready = running.enter_context(
            premises.flask_server("tests.bench.plain:bare", {})
        )
        apart, broker = running.enter_context(
            premises.behind_a_broker(folder, folder / "brokered")
        )
        asked = {
            "vigil": _of(vigil, address, size, held.readers),
            "broker": _of(apart, address, size, held.readers, broker),
            "flask": _of(flask, "/file", size),
            "bare": _of(ready, "/", size),
        }
        if premises.NGINX is not None:
            nginx = running.enter_context(premises.nginx(film, folder))
            asked["nginx"] = _of(nginx, "/film.wav", size)
        yield from _told(_in_turns(asked))
        peak = family_peak_mebibytes(vigil.pid)
        yield Result("memory of server and worker meanwhile, at most", peak, "MiB")


def _of(
    server: Server,
    path: str,
    size: int,
    headers: Sequence[str] = ("Accept: */*",),
    *beside: int,
) -> Asked:
    return Asked(Target(server.port, path, size, headers), (server.pid, *beside))


def _in_turns(asked: dict[str, Asked]) -> dict[str, Turns]:
    found = {name: Turns([], []) for name in asked}
    for each in asked.values():
        ask_for(SECONDS, each.target, LENGTH)
    for _ in range(TURNS):
        for name, each in asked.items():
            before = sum(map(family_cpu_seconds, each.pids))
            rate = ask_for(SECONDS, each.target, LENGTH)
            spent = sum(map(family_cpu_seconds, each.pids)) - before
            found[name].per_second.append(rate.per_second)
            found[name].milliseconds.append(spent * 1000 / rate.answers)
    return found


def _told(found: dict[str, Turns]) -> Iterator[Result]:
    vigil, name = found["vigil"], "random ranges of 1 MiB"
    if "nginx" not in found:
        missing = f"{name}; nginx IS NOT INSTALLED (apt-get install nginx-light)"
        yield Result(missing, vigil.rate, "1/s", higher_is_better=True)
    for other, said in (
        ("nginx", "nginx, plain file"),
        ("bare", "bare gunicorn, a MiB that lies ready"),
        ("flask", "Flask's send_file"),
    ):
        if other in found:
            yield from _beside(f"{name}; {said}", vigil, found[other])
    if "broker" in found:
        yield from _beside("through a broker; without", found["broker"], vigil)
    if {"nginx", "bare"} <= found.keys():
        yield from _beside("bare gunicorn; nginx", found["bare"], found["nginx"])


def _beside(name: str, ours: Turns, theirs: Turns) -> Iterator[Result]:
    yield Result.rate(name, ours.rate, theirs.rate, "1/s")
    yield Result.beside("the same, processor", ours.cost, theirs.cost, "ms")


def ask_for(seconds: float, target: Target, length: int, connections: int = 4) -> Rate:
    """Ask for ranges of so many bytes, anywhere in the file.

    :raises RuntimeError: an answer was not the range that was asked for
    """
    rate, faults = Rate(), list[str]()
    turns = itertools.cycle(target.headers)
    deadline = time.perf_counter() + seconds

    def ask(seed: int) -> None:
        draw, room = random.Random(seed), memoryview(bytearray(length + HEAD_BYTES))
        with socket.create_connection(("127.0.0.1", target.port), 60) as connection:
            while time.perf_counter() < deadline and not faults:
                start = draw.randrange(target.size - length)
                fault = _one(connection, target, next(turns), start, length, room)
                if fault:
                    faults.append(fault)
                rate.answers += 1

    begun = time.perf_counter()
    threads = [
        threading.Thread(target=ask, args=(random.getrandbits(60),))
        for _ in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate.seconds = time.perf_counter() - begun
    if faults:
        raise RuntimeError(faults[0])
    return rate


def _one(
    connection: socket.socket,
    target: Target,
    header: str,
    start: int,
    length: int,
    room: memoryview,
) -> str | None:
    """Ask once; say what was wrong with the answer."""
    request = (
        f"GET {target.path} HTTP/1.1\r\nHost: localhost\r\n{header}\r\n"
        f"Range: bytes={start}-{start + length - 1}\r\n\r\n"
    )
    connection.sendall(request.encode())
    held = 0
    while (end := bytes(room[:held]).find(b"\r\n\r\n")) < 0:
        got = connection.recv_into(room[held:HEAD_BYTES])
        if not got:
            return "the server hung up"
        held += got
    head = bytes(room[:end])
    wanted = end + 4 + length
    if b" 206 " not in head[:20] or f"-{start + length - 1}/" not in head.decode():
        return head.decode("latin-1").splitlines()[0]
    while held < wanted:
        got = connection.recv_into(room[held:wanted])
        if not got:
            return "the answer was cut"
        held += got
    return None
