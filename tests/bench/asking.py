"""Random ranges out of a film, from Vigil and from those who give out plain files.

Four connections ask for 1 MiB anywhere in 200 MiB, in turns of a few seconds, as fast
as they are answered. Every range of Vigil's passes the gate; the readers have opened
the file before, as a player has.
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
        servers = {
            "vigil": (vigil, Target(vigil.port, address, size, held.readers)),
            "flask": (flask, Target(flask.port, "/file", size)),
        }
        if premises.NGINX is not None:
            nginx = running.enter_context(premises.nginx(film, folder))
            servers["nginx"] = (nginx, Target(nginx.port, "/film.wav", size))
        yield from _told(_in_turns(servers))
        peak = family_peak_mebibytes(vigil.pid)
        yield Result("memory of server and worker meanwhile, at most", peak, "MiB")


def _in_turns(servers: dict[str, tuple[Server, Target]]) -> dict[str, Turns]:
    found = {name: Turns([], []) for name in servers}
    for _, target in servers.values():
        ask_for(SECONDS, target, LENGTH)
    for _ in range(TURNS):
        for name, (server, target) in servers.items():
            before = family_cpu_seconds(server.pid)
            rate = ask_for(SECONDS, target, LENGTH)
            spent = family_cpu_seconds(server.pid) - before
            found[name].per_second.append(rate.per_second)
            found[name].milliseconds.append(spent * 1000 / rate.answers)
    return found


def _told(found: dict[str, Turns]) -> Iterator[Result]:
    vigil, flask, nginx = (found.get(each) for each in ("vigil", "flask", "nginx"))
    if vigil is None or flask is None:
        raise RuntimeError("a server was not asked")
    name = "random ranges of 1 MiB"
    if nginx is None:
        missing = f"{name}; nginx IS NOT INSTALLED (apt-get install nginx-light)"
        yield Result(missing, vigil.rate, "1/s", higher_is_better=True)
    else:
        yield Result.rate(f"{name}; nginx, plain file", vigil.rate, nginx.rate, "1/s")
        yield Result.beside("the same, processor", vigil.cost, nginx.cost, "ms")
    yield Result.rate(f"{name}; Flask's send_file", vigil.rate, flask.rate, "1/s")
    yield Result.beside("the same, processor", vigil.cost, flask.cost, "ms")


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
