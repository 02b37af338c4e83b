"""What a reading finds damaged is set aside, and let back when it is whole again."""

from __future__ import annotations

import shutil

import pytest
from sqlalchemy import select

from archive import gate, jobs, work
from archive.fixity import Manner, Walk, quarantine
from archive.records import store
from archive.vault import previews
from archive.vault.checking import Problem
from archive.vault.container import Kind
from archive.vault.errors import Quarantined, StoreUnavailable
from archive.vault.tables import DataKey
from archive.work.deriving import WORKER


def blob(site, object_id):
    with site.db.read() as s:
        row = s.scalars(select(DataKey).where(DataKey.object_id == object_id)).one()
    return next(site.config.object_store.glob(f"??/{row.id.hex}"))


def broken(path) -> None:
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)


def read(site) -> None:
    Walk(site, Manner(actor="system:worker")).run()


def aside(site):
    with site.db.read() as s:
        return quarantine.listed(s, 10)


def events(site, record_id: str) -> list[str]:
    with site.db.read() as s:
        lines = site.ledger.entries(s, record=record_id, limit=50)
    return [line.event for line in reversed(lines) if "quarantine" in line.event]


def opened(site, asset_id: str) -> bytes:
    with gate.derive(site, WORKER, asset_id, site.clock()) as original:
        return original.read_range(0, 4)


def test_a_damaged_original_is_set_aside_and_a_good_copy_lets_it_back(
    site, desk, tmp_path
):
    deposit = desk.deposit()
    asset = deposit.assets[0]
    path = blob(site, asset.object_id)
    shutil.copy(path, tmp_path / "good")
    read(site)
    assert (aside(site), opened(site, asset.id)[:2]) == ([], b"\xff\xd8")
    broken(path)
    read(site)
    (found,) = aside(site)
    assert (found.problem, found.kind) == (Problem.DAMAGED, Kind.ORIGINAL)
    assert (found.record_id, found.asset_id) == (deposit.record.id, asset.id)
    with pytest.raises(Quarantined):
        opened(site, asset.id)
    read(site)  # known already: no second line
    assert events(site, deposit.record.id) == ["quarantined"]
    shutil.copy(tmp_path / "good", path)
    with pytest.raises(Quarantined):  # whole or not, a reading says so first
        opened(site, asset.id)
    read(site)
    assert (aside(site), opened(site, asset.id)[:2]) == ([], b"\xff\xd8")
    assert events(site, deposit.record.id) == ["quarantined", "quarantine ended"]


def test_a_damaged_preview_is_not_shown_and_is_made_again(site, desk):
    asset_id = desk.deposit().assets[0].id
    while work.run_one(site, site.clock()):
        pass
    with site.db.read() as s:
        before = store.require_asset(s, asset_id).preview_object_id
    blob(site, before).unlink()
    read(site)
    assert [each.problem for each in aside(site)] == [Problem.MISSING]
    with site.db.read() as s, pytest.raises(Quarantined):
        previews.read_preview(s, site.vault, before, Kind.PREVIEW_IMAGE)
    while work.run_one(site, site.clock()):
        pass
    with site.db.read() as s:
        after = store.require_asset(s, asset_id).preview_object_id
        assert after != before
        assert previews.read_preview(s, site.vault, after, Kind.PREVIEW_IMAGE)
        assert jobs.unfinished(s, "rebuild") == []
    assert aside(site) == []


def test_a_store_that_is_away_sets_nothing_aside(site, desk):
    desk.deposit()
    folder = site.config.object_store
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(StoreUnavailable):
        read(site)
    folder.with_name("elsewhere").rename(folder)
    assert aside(site) == []
