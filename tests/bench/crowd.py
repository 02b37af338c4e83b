"""Many readers at once, from one process: what they were answered, and how fast.

    python -m tests.bench.crowd PORT READERS SECONDS PATH...

Each keeps its connection, asks for one path after another, and asks again as soon as it
was answered. Gives JSON: answers by status, connections that broke in an answer,
refusals that do not say when to come back, p50 and p95 in milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

BUSY = (429, 503)
PATIENCE_SECONDS = 60
Link = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Met:
    """What all readers met; times in milliseconds."""

    statuses: Counter[int] = field(default_factory=Counter)
    broken: int = 0
    unsaid: int = 0
    times: list[float] = field(default_factory=list)

    def told(self) -> str:
        """The same in short, as JSON."""
        self.times.sort()
        count = len(self.times)
        short = {
            "answers": self.statuses[200],
            "refused": sum(self.statuses[each] for each in BUSY),
            "errors": self.broken + self.unsaid + self._others(),
            "p50": self.times[count // 2] if count else 0.0,
            "p95": self.times[count * 95 // 100] if count else 0.0,
        }
        return json.dumps(short)

    def _others(self) -> int:
        fine = (200, *BUSY)
        return sum(n for status, n in self.statuses.items() if status not in fine)


async def crowd(port: int, readers: int, seconds: float, paths: Sequence[str]) -> Met:
    """Read for so long."""
    met, until = Met(), time.monotonic() + seconds
    every = (_reader(met, port, paths, number, until) for number in range(readers))
    await asyncio.gather(*every)
    return met


async def _reader(
    met: Met, port: int, paths: Sequence[str], number: int, until: float
) -> None:
    link: Link | None = None
    while time.monotonic() < until:
        number += 1
        begun, is_new = time.perf_counter(), link is None
        try:
            link = link or await asyncio.open_connection("127.0.0.1", port)
            asking = _ask(met, *link, paths[number % len(paths)])
            stays = await asyncio.wait_for(asking, PATIENCE_SECONDS)
        except (OSError, asyncio.IncompleteReadError):
            # An old connection may have been given up between two questions.
            met.broken += is_new
            link = _closed(link)
            continue
        met.times.append(1000 * (time.perf_counter() - begun))
        link = link if stays else _closed(link)
    _closed(link)


async def _ask(
    met: Met, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str
) -> bool:
    """Ask and read all of the answer; whether the connection stays."""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status = int(head.split()[1])
    fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
    await reader.readexactly(int(fields["content-length"]))
    met.statuses[status] += 1
    met.unsaid += status in BUSY and "retry-after" not in fields
    return fields.get("connection") != "close"


def _closed(link: Link | None) -> None:
    if link is not None:
        link[1].close()


if __name__ == "__main__":
    port, readers, seconds, *paths = sys.argv[1:]
    found = asyncio.run(crowd(int(port), int(readers), float(seconds), paths))
    sys.stdout.write(found.told() + "\n")
