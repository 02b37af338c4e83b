"""A process that dies anywhere in a deposit leaves a whole record or none at all."""

from __future__ import annotations

import os
import signal

import pytest
from sqlalchemy import select

from archive import gate, intake, jobs, verification, work
from archive.intake import arrival
from archive.records import store
from archive.records.tables import Asset, Record
from archive.site import Site
from archive.vault.blobs import FolderWriter
from auth.viewer import system_viewer
from tests.archive.crashing import Life, run

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


def dies(owner: object, name: str, nth: int) -> None:
    """From now on, in this process, the n-th call of it is the last thing done."""
    real, calls = getattr(owner, name), []

    def wrapped(*given, **named):
        calls.append(1)
        if len(calls) == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **named)

    setattr(owner, name, wrapped)


def die(site: Site, desk, point: str) -> None:
    """Deposit two photographs in a process of its own that dies at the point."""
    contents = [desk.photo() + b"\0" * 100_000 for _ in range(2)]
    site.close()

    def act(life: Life) -> None:
        life.begin()
        if point in POINTS:
            dies(*POINTS[point])
        desk.deposit(*contents)
        os.kill(os.getpid(), signal.SIGKILL)

    assert run(act).was_killed


def ids(site: Site) -> tuple[list[str], list[str]]:
    with site.db.read() as s:
        return list(s.scalars(select(Record.id))), list(s.scalars(select(Asset.id)))


@pytest.mark.parametrize("point", POINTS)
def test_a_deposit_that_dies_halfway_is_no_deposit(site, desk, point: str) -> None:
    die(site, desk, point)
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
    site, desk
) -> None:
    die(site, desk, "after the commit")
    (record_id,), assets = ids(site)
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
