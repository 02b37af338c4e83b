"""The ledger: lines written, read back, and proved.

| measured | beside | goal |
|---|---|---|
| lines a second, a transaction each | bare rows, a transaction each | 500 a second |
| lines a second, many in a transaction | the same bare rows | |
| lines a second read back, details opened | digests and tree alone | 50,000 a second |
| lines a second checked elsewhere, details sealed | the same | 50,000 a second |
| a proof for one line of all | reading that line | |
| a checkpoint after 500 new lines | the first, over all | |

SQLite, in memory where there is room, so that no disk is measured; processor time. Who
checks elsewhere has an extract of every line and `docs/formats/check_ledger.py` alone:
the chain, the digests, the tree and the signature, and no key to open a detail with.
"""

from __future__ import annotations

import hashlib
import json
import runpy
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from archive import witness
from archive.ledger.tree import Growing
from archive.site import Site
from archive.vault import signing
from archive.witness import attestation, extracts
from tests.bench import premises
from tests.bench.measuring import Result

CHECK = Path(__file__).parents[2] / "docs" / "formats" / "check_ledger.py"
LINES, ALONE, PROOFS, IN_ONE = 50_000, 500, 50, 500


def measure(size: int = LINES) -> Iterator[Result]:
    """All figures, over so many lines."""
    with premises.folder(fast=True) as folder, premises.archive(folder) as site:
        yield from _writing(site, size)
        yield from _reading(site)
        yield from _proving(site)
        yield from _elsewhere(site, folder)


def _writing(site: Site, size: int) -> Iterator[Result]:
    with site.db.write() as s:
        s.execute(text("CREATE TABLE plain (seq INTEGER PRIMARY KEY, line TEXT)"))
    bare = _rate(ALONE, lambda: _alone(site, _row))
    told = _rate(ALONE, lambda: _alone(site, lambda s, n: _line(site, s, n)))
    yield Result.rate("ledger lines, a transaction each", told, bare, "1/s")
    many = _rate(size, lambda: _together(site, size, lambda s, n: _line(site, s, n)))
    rows = _rate(size, lambda: _together(site, size, _row))
    yield Result.rate(f"ledger lines, {IN_ONE} in a transaction", many, rows, "1/s")


def _reading(site: Site) -> Iterator[Result]:
    with site.db.read() as s:
        started = time.process_time()
        found = site.ledger.verify(s)
        taken = time.process_time() - started
    if not found.ok:
        raise RuntimeError(f"the ledger does not hold: {found.found[:3]}")
    told = b"x" * 300
    bare = _rate(found.checked, lambda: _digests(told, found.checked))
    rate = found.checked / taken
    yield Result.rate("ledger lines read back, details opened", rate, bare, "1/s")


def _proving(site: Site) -> Iterator[Result]:
    first = _seconds(lambda: _sign(site))
    with site.db.write() as s:
        for number in range(IN_ONE):
            _line(site, s, number)
    later = _seconds(lambda: _sign(site))
    name = f"checkpoint after {IN_ONE} more lines"
    yield Result.beside(name, later * 1e3, first * 1e3, "ms")
    with site.db.read() as s:
        newest = witness.latest(s)
        size = newest.size if newest is not None else 0
        step = max(1, size // PROOFS)
        wanted = range(1, size, step)
        proved = _seconds(lambda: [witness.inclusion(s, n) for n in wanted])
        read = _seconds(
            lambda: [site.ledger.entries(s, before=n + 1, limit=1) for n in wanted]
        )
    count = len(wanted)
    yield Result.beside(
        f"proof of one line in {size}", proved / count * 1e3, read / count * 1e3, "ms"
    )


def _elsewhere(site: Site, folder: Path) -> Iterator[Result]:
    path, public = folder / "extract.json", signing.public_key(site.keyring)
    count = extracts.write(site, path, record=None)
    check = runpy.run_path(str(CHECK))["check"]
    rate = _rate(count, lambda: check(json.loads(path.read_bytes()), public, None))
    bare = _rate(count, lambda: _digests(b"x" * 300, count))
    yield Result.rate(
        "ledger lines checked elsewhere, details sealed", rate, bare, "1/s"
    )


def _alone(site: Site, write: Callable[[Session, int], object]) -> None:
    for number in range(ALONE):
        with site.db.write() as s:
            write(s, number)


def _together(site: Site, size: int, write: Callable[[Session, int], object]) -> None:
    for start in range(0, size, IN_ONE):
        with site.db.write() as s:
            for number in range(start, start + IN_ONE):
                write(s, number)


def _line(site: Site, s: Session, number: int) -> None:
    site.ledger.append(
        s,
        "labelling",
        actor="operator",
        now=site.clock(),
        record=f"record{number}",
        detail={"tier": "G4", "number": number},
    )


def _row(s: Session, number: int) -> None:
    s.execute(
        text("INSERT INTO plain (line) VALUES (:line)"), {"line": f"{number:300}"}
    )


def _digests(line: bytes, count: int) -> None:
    tree = Growing()
    for _ in range(count):
        tree.add(hashlib.sha256(line).hexdigest())


def _sign(site: Site) -> None:
    attestation.sign(site, actor="operator", now=site.clock())


def _rate(count: int, work: Callable[[], object]) -> float:
    return count / _seconds(work)


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started
