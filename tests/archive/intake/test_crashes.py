"""A process that dies anywhere in a deposit leaves a whole record or none at all."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from archive import gate, intake, jobs, verification, work
from archive.records.tables import Asset, Record
from archive.site import Site
from auth.viewer import system_viewer

DEPOSIT = """
import os, sys
from archive import config, intake, jobs
from archive.intake import arrival
from archive.records import store
from archive.records.document import Description, RecordDocument
from archive.records.store import RecordDraft
from archive.site import open_site
from archive.vault import objects
from archive.vault.blobs import FolderWriter

def dies(owner, name, nth=1):
    real, calls = getattr(owner, name), []
    def wrapped(*given, **named):
        calls.append(1)
        if len(calls) == nth:
            os._exit(9)
        return real(*given, **named)
    setattr(owner, name, wrapped)

point = sys.argv[1]
site = open_site(config.load(os.environ))
POINTS = {
    "first write": (FolderWriter, "write", 1),
    "middle of a file": (FolderWriter, "write", 3),
    "before the blob has its name": (FolderWriter, "commit", 1),
    "after the first blob": (FolderWriter, "write", 6),
    "before the second blob has its name": (FolderWriter, "commit", 2),
    "looking inside": (arrival, "probe", 2),
    "after the record": (store, "add_asset", 1),
    "between the files": (store, "add_asset", 2),
    "before the jobs": (jobs, "enqueue", 1),
    "before the last job": (jobs, "enqueue", 3),
}
if point in POINTS:
    dies(*POINTS[point])
with intake.begin(site) as arriving:
    for name in sys.argv[2:]:
        with open(name, "rb") as stream:
            arriving.take(stream, name)
    draft = RecordDraft(RecordDocument({"en": Description("A church")}))
    arriving.deposit(draft, "operator", site.clock())
    os._exit(9)
"""

POINTS = (
    "first write",
    "middle of a file",
    "before the blob has its name",
    "after the first blob",
    "before the second blob has its name",
    "looking inside",
    "after the record",
    "between the files",
    "before the jobs",
    "before the last job",
)


def die(site: Site, desk, environ, tmp_path: Path, point: str) -> None:
    """Deposit two photographs in a process of its own that dies at the point."""
    paths = []
    for number in range(2):
        paths.append(tmp_path / f"{number}.jpg")
        paths[-1].write_bytes(desk.photo() + b"\0" * 100_000)
    command = [sys.executable, "-c", DEPOSIT, point, *map(str, paths)]
    died = subprocess.run(
        command, env={**os.environ, **environ}, check=False, timeout=120
    )
    assert died.returncode == 9


def ids(site: Site) -> tuple[list[str], list[str]]:
    with site.db.read() as s:
        return list(s.scalars(select(Record.id))), list(s.scalars(select(Asset.id)))


@pytest.mark.parametrize("point", POINTS)
def test_a_deposit_that_dies_halfway_is_no_deposit(
    site, desk, environ, tmp_path, point: str
) -> None:
    die(site, desk, environ, tmp_path, point)
    assert ids(site) == ([], [])
    with site.db.read() as s:
        assert jobs.listing(s) == []
    assert verification.verify(site, actor="operator", now=site.clock()).ok
    made = desk.deposit()
    assert work.drain(site, made.record.id)
    _age(site)
    with site.db.read() as s:
        site.vault.sweep(s, site.clock())
    kept = [p for p in site.config.object_store.rglob("*") if p.is_file()]
    assert len(kept) == 2  # one original, one preview
    assert verification.verify(site, actor="operator", now=site.clock()).ok


def test_a_deposit_that_dies_after_its_commit_is_finished_by_the_worker(
    site, desk, environ, tmp_path
) -> None:
    die(site, desk, environ, tmp_path, "after the commit")
    (record_id,), assets = ids(site)
    object.__setattr__(site, "clock", _now)
    assert work.drain(site, record_id)
    assert verification.verify(site, actor="operator", now=site.clock()).ok
    for asset_id in assets:
        worker = system_viewer("worker")
        with gate.derive(site, worker, asset_id, site.clock()) as original:
            assert original.read_range(0, 2) == b"\xff\xd8"


def test_a_refused_file_in_a_block_of_its_own_takes_nothing_else_along(
    site, desk
) -> None:
    made = desk.deposit()
    with pytest.raises(intake.Refused):
        desk.deposit(b"not a picture")
    assert ids(site)[0] == [made.record.id]


def _age(site: Site) -> None:
    for path in site.config.object_store.rglob("*"):
        if path.is_file():
            os.utime(path, (0, 0))


def _now():

    return datetime.now(UTC)
