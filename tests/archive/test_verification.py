"""Everything is read back, and whatever is off is named."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from archive import verification, work
from archive.records import store
from archive.records.tables import Asset
from archive.vault.tables import DataKey


@pytest.fixture
def held(site, desk):
    made = desk.publish(desk.deposit(desk.photo(), desk.photo()))
    work.drain(site, made.record.id)
    return made


def verify(site, **how) -> verification.Report:
    return verification.verify(site, actor="operator", now=site.clock(), **how)


def findings(site, **how) -> list[tuple[str, str]]:
    return [(f.part, f.about) for f in verify(site, **how).findings]


def blobs(site) -> list[Path]:
    found = [path for path in site.config.object_store.rglob("*") if path.is_file()]
    return sorted(found, key=lambda path: path.stat().st_size)


def test_an_archive_in_order_has_no_findings(site, held) -> None:
    told: list[tuple[str, int, int]] = []
    report = verify(site, progress=lambda *step: told.append(step))
    assert report.as_json() == {
        "ok": True,
        "complete": True,
        "checked": {
            "ledger": report.checked["ledger"],
            "checkpoints": 0,
            "fixity": 4,
            "digests": 2,
            "previews": 2,
            "descriptions": 1,
        },
        "findings": [],
    }
    assert report.checked["ledger"] > 10
    assert {part: (done, of) for part, done, of in told}["fixity"] == (4, 4)
    with site.db.read() as s:
        newest = site.ledger.entries(s, limit=1)[0]
    assert newest.event == "fixity check"
    assert newest.detail["findings"] == 0


@pytest.mark.parametrize("which", [0, -1])
def test_one_flipped_bit_in_any_blob_is_found(site, held, which: int) -> None:
    blob = blobs(site)[which]
    raw = bytearray(blob.read_bytes())
    raw[-20] ^= 1
    blob.chmod(0o600)
    blob.write_bytes(raw)
    parts = {part for part, _ in findings(site)}
    assert "fixity" in parts


def test_a_missing_blob_is_found(site, held) -> None:
    blobs(site)[-1].unlink()
    report = verify(site, parts=("fixity",))
    assert [f.what.split(":")[0] for f in report.findings] == ["missing"]


def test_two_blobs_that_changed_places_are_found(site, held) -> None:
    one, two = blobs(site)[-2:]
    first, second = one.read_bytes(), two.read_bytes()
    for path, content in ((one, second), (two, first)):
        path.chmod(0o600)
        path.write_bytes(content)
    assert len(findings(site, parts=("fixity",))) == 2


def test_an_original_that_lost_its_key_row_is_found(site, held) -> None:
    with site.db.write() as s:
        object_id = held.assets[0].object_id
        s.query(DataKey).filter_by(object_id=object_id).delete()
    assert findings(site, parts=("fixity", "digests")) == [
        ("digests", f"asset {held.assets[0].id}")
    ]


@pytest.mark.parametrize("column", ["size", "sha256_index", "details_sealed"])
def test_an_asset_that_disagrees_with_its_original_is_found(
    site, held, column: str
) -> None:
    first, second = (asset.id for asset in held.assets)
    with site.db.write() as s:
        one, two = s.get_one(Asset, first), s.get_one(Asset, second)
        if column == "size":
            one.size += 1
        else:
            setattr(one, column, getattr(two, column))
    assert findings(site) == [("digests", f"asset {first}")]


def test_an_asset_that_points_at_anothers_original_is_found(site, desk, held) -> None:
    other = desk.deposit()
    work.drain(site, other.record.id)
    with site.db.write() as s:
        s.get_one(Asset, other.assets[0].id).object_id = uuid4()
        s.flush()
        mine = s.get_one(Asset, held.assets[0].id)
        mine.object_id = other.assets[0].object_id
    wrong = {about for _, about in findings(site, parts=("digests",))}
    assert f"asset {held.assets[0].id}" in wrong


def test_a_missing_preview_is_found(site, held) -> None:
    with site.db.write() as s:
        s.get_one(Asset, held.assets[0].id).preview_object_id = None
        lost = s.get_one(Asset, held.assets[1].id).preview_object_id
        s.query(DataKey).filter_by(object_id=lost).delete()
    about = [f"asset {each}" for each in sorted(a.id for a in held.assets)]
    assert findings(site, parts=("previews",)) == [("previews", each) for each in about]


def test_a_description_that_does_not_open_is_found(site, desk, held) -> None:
    other = desk.deposit()
    with site.db.write() as s:
        mine = store.require(s, held.record.id)
        mine.document_sealed = store.require(s, other.record.id).document_sealed
    assert findings(site, parts=("descriptions",)) == [
        ("descriptions", f"record {held.record.id}")
    ]


def test_a_part_that_does_not_exist_is_refused(site) -> None:
    with pytest.raises(ValueError, match="moonlight"):
        verify(site, parts=("moonlight",))
