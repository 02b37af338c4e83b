"""Another key for everything that is there, while others read.

That it may be killed anywhere is tried with all other work in test_crashes.py.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from archive import gate
from archive.db import Database
from archive.site import Site, open_site
from archive.vault import keytable, rotation
from archive.vault.container import Kind
from archive.vault.errors import KeyUnavailable
from archive.vault.keyrings import Keyring
from archive.vault.keys import Purpose, UnlockSecret
from archive.vault.keytable import Facts
from archive.vault.tables import DataKey
from auth.viewer import system_viewer
from tests.archive.rotations import rotate_purpose

WORKER = system_viewer("worker")


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    unlock = UnlockSecret(bytes(range(32)))
    return Keyring.create(unlock, tmp_path / "keyring", datetime.now(UTC))


def fill(site: Site, count: int, kind: Kind = Kind.ORIGINAL) -> None:
    """Add rows of objects; their data keys need no blob to be wrapped anew."""
    with site.db.write() as s:
        for _ in range(count):
            header, data_key = keytable.draw(kind)
            now = site.clock()
            facts = Facts(3, b"\1" * 32)
            keytable.insert(s, site.keyring, header, data_key, facts, now)


def opened_rows(db: Database, keyring: Keyring) -> int:
    """Unwrap every row; fails where one does not open."""
    with db.read() as s:
        rows = s.scalars(select(DataKey)).all()
        for row in rows:
            keytable.unwrap(keyring, row)
    return len(rows)


def under(site: Site) -> dict[UUID, int]:
    with site.db.read() as s:
        counted = select(DataKey.wrapping_key_id, func.count()).group_by(
            DataKey.wrapping_key_id
        )
        return {key_id: count for key_id, count in s.execute(counted)}


def test_everything_is_under_the_new_key_and_the_old_one_is_gone(
    site: Site, desk
) -> None:
    deposit = desk.deposit()
    fill(site, 25)
    old = site.keyring.active(Purpose.ORIGINAL)
    facts = rotate_purpose(site, Purpose.ORIGINAL, keep=False)
    new = site.keyring.active(Purpose.ORIGINAL)
    assert facts == {
        "purpose": "original",
        "version": 2,
        "rewrapped": 26,
        "stuck": 0,
        "destroyed": [1],
    }
    assert under(site) == {new.id: 26}
    assert old.id != new.id
    fresh = open_site(site.config, site.clock)
    with pytest.raises(KeyUnavailable):
        fresh.keyring.by_id(old.id)
    asset = deposit.assets[0]
    with gate.derive(fresh, WORKER, asset.id, site.clock()) as original:
        assert original.size == asset.size
    fresh.close()
    with site.db.read() as s:
        steps = [line.detail["step"] for line in site.ledger.entries(s, limit=3)]
    assert steps == ["destroyed", "rewrapped", "begun"]


def test_previews_and_originals_are_rotated_apart(site: Site) -> None:
    fill(site, 3)
    fill(site, 4, Kind.PREVIEW_IMAGE)
    before = site.keyring.active(Purpose.ORIGINAL).id
    rotate_purpose(site, Purpose.PREVIEW, keep=False)
    assert site.keyring.active(Purpose.ORIGINAL).id == before
    assert sorted(under(site).values()) == [3, 4]
    assert under(site)[before] == 3


def test_the_old_key_stays_where_it_is_asked_for(site: Site) -> None:
    fill(site, 3)
    old = site.keyring.active(Purpose.ORIGINAL).id
    facts = rotate_purpose(site, Purpose.ORIGINAL, keep=True)
    assert (facts["rewrapped"], facts["destroyed"]) == (3, [])
    assert site.keyring.by_id(old)
    again = rotate_purpose(site, Purpose.ORIGINAL, keep=False)
    assert (again["version"], again["rewrapped"], again["destroyed"]) == (2, 0, [1])


def test_a_row_that_does_not_open_is_passed_over_and_keeps_its_key(site: Site) -> None:
    fill(site, 5)
    with site.db.write() as s:
        row = s.scalars(select(DataKey)).first()
        row.wrapped = bytes(reversed(row.wrapped))
        damaged = row.id
    old = site.keyring.active(Purpose.ORIGINAL).id
    facts = rotate_purpose(site, Purpose.ORIGINAL, keep=False)
    assert (facts["rewrapped"], facts["stuck"], facts["destroyed"]) == (4, 1, [])
    with site.db.read() as s:
        assert s.get(DataKey, damaged).wrapping_key_id == old
    assert site.keyring.by_id(old)


@pytest.mark.parametrize("purpose", sorted(rotation.NEVER))
def test_some_keys_are_never_rotated_and_it_says_why(purpose: Purpose) -> None:
    assert len(rotation.NEVER[purpose].split()) > 5
    assert purpose not in rotation.ADDING


def test_every_purpose_is_either_rotated_or_says_why_not() -> None:
    assert rotation.ADDING | set(rotation.NEVER) == set(Purpose)


def test_the_index_is_made_again_under_its_new_key(site: Site) -> None:
    facts = rotate_purpose(site, Purpose.INDEX, keep=False)
    assert (facts["version"], facts["destroyed"]) == (2, [1])
    fresh = open_site(site.config, site.clock)
    assert fresh.engine.count() == 0
    fresh.close()


def test_fields_sealed_before_open_after(site: Site) -> None:
    before = site.sealing.seal(b"name", "test/v1")
    facts = rotate_purpose(site, Purpose.FIELDS, keep=False)
    assert (facts["version"], facts["destroyed"]) == (2, [])
    after = site.sealing.seal(b"name", "test/v1")
    assert site.sealing.open(before, "test/v1") == b"name"
    assert site.sealing.open(after, "test/v1") == b"name"
    assert before[:5] != after[:5]


def test_readers_and_depositors_go_on_while_it_is_rotated(site: Site, desk) -> None:
    """Beside it a process of its own kind: another keyring, another database."""
    asset = desk.deposit().assets[0]
    fill(site, 400)
    serving = open_site(site.config, site.clock)
    read, added = (
        Hand(lambda: reading(serving, asset.id)),
        Hand(lambda: fill(serving, 1)),
    )
    with Hand(lambda: reading(serving, asset.id)), read, added:
        for _ in range(6):
            rotate_purpose(site, Purpose.ORIGINAL, keep=False)
            read.once_more()
    assert read.done > 5
    assert added.done > 5
    assert site.keyring.active(Purpose.ORIGINAL).name.version == 7
    fresh = open_site(site.config, site.clock)
    assert opened_rows(fresh.db, fresh.keyring) == 401 + added.done
    serving.close()
    fresh.close()


def reading(serving: Site, asset_id: str) -> None:
    with gate.derive(serving, WORKER, asset_id, serving.clock()) as original:
        original.verify_all()


class Hand:
    """Somebody who does one thing over and over; an error ends it, and the test."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.error: Exception | None = None
        self.done = 0

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                self._act()
            except Exception as error:  # noqa: BLE001 - it is what is looked for
                self.error = error
                return
            self.done += 1

    def once_more(self) -> None:
        seen = self.done
        while self.done == seen and self.error is None:
            time.sleep(0.01)

    def __enter__(self) -> Hand:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        assert self.error is None, repr(self.error)


def test_no_key_is_destroyed_while_somebody_is_about_to_use_it(any_db, keyring) -> None:
    """The depositor wraps, and commits only after the rotation has begun to count."""
    now = datetime.fromisoformat("2026-11-22T12:00:00+00:00")
    begun, go_on = threading.Event(), threading.Event()

    def deposit() -> None:
        with any_db.write() as s:
            header, data_key = keytable.draw(Kind.ORIGINAL)
            facts = Facts(3, b"\1" * 32)
            keytable.insert(s, keyring, header, data_key, facts, now)
            begun.set()
            go_on.wait(10)

    depositor = threading.Thread(target=deposit)
    depositor.start()
    assert begun.wait(10)
    rotation.begin(keyring, Purpose.ORIGINAL, now)
    destroyed: list[tuple[int, ...]] = []
    destroyer = threading.Thread(
        target=lambda: destroyed.append(
            rotation.destroy_unneeded(any_db, keyring, Purpose.ORIGINAL, now)
        )
    )
    destroyer.start()
    time.sleep(0.2)
    assert destroyed == [], "it did not wait for the depositor"
    go_on.set()
    depositor.join()
    destroyer.join()
    assert destroyed == [()]
    assert opened_rows(any_db, keyring) == 1
    assert rotation.rewrap_all(any_db, keyring, Purpose.ORIGINAL).done == 1
    gone = rotation.destroy_unneeded(any_db, keyring, Purpose.ORIGINAL, now)
    assert gone == (1,)
    assert opened_rows(any_db, keyring) == 1


def between(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let something happen once while rows are wrapped anew, before they are put."""
    wrapped_anew, acts = rotation._wrapped_anew, [act]

    def and_then(*given):
        changed = wrapped_anew(*given)
        if acts:
            acts.pop()()
        return changed

    monkeypatch.setattr(rotation, "_wrapped_anew", and_then)


def test_what_is_shredded_while_it_is_wrapped_anew_stays_shredded(
    any_db, keyring, monkeypatch
) -> None:
    now = datetime.now(UTC)
    headers = [keytable.draw(Kind.ORIGINAL) for _ in range(3)]
    with any_db.write() as s:
        for header, data_key in headers:
            facts = Facts(3, b"\1" * 32)
            keytable.insert(s, keyring, header, data_key, facts, now)
    gone = headers[1][0].object_id

    def shred() -> None:
        with any_db.write() as s:
            assert keytable.destroy(s, gone, now) == 1

    between(monkeypatch, shred)
    active = rotation.begin(keyring, Purpose.ORIGINAL, now)
    rotation.rewrap_all(any_db, keyring, Purpose.ORIGINAL)
    with any_db.read() as s:
        rows = {row.object_id: row for row in s.scalars(select(DataKey))}
    shredded = rows.pop(gone)
    assert (shredded.wrapped, shredded.facts) == (None, None)
    assert {row.wrapping_key_id for row in rows.values()} == {active.id}


def test_rows_never_go_under_a_key_that_does_not_seal_any_more(
    any_db, keyring, monkeypatch
) -> None:
    now = datetime.now(UTC)
    with any_db.write() as s:
        for _ in range(3):
            header, data_key = keytable.draw(Kind.ORIGINAL)
            facts = Facts(3, b"\1" * 32)
            keytable.insert(s, keyring, header, data_key, facts, now)
    second = rotation.begin(keyring, Purpose.ORIGINAL, now)

    def rotate_again() -> None:
        keyring.add_version(Purpose.ORIGINAL, now)
        assert rotation.destroy_unneeded(any_db, keyring, Purpose.ORIGINAL, now) == (2,)

    between(monkeypatch, rotate_again)
    done = rotation.rewrap_all(any_db, keyring, Purpose.ORIGINAL)
    assert (done.done, done.stuck) == (3, 0)
    assert keyring.active(Purpose.ORIGINAL).id != second.id
    assert opened_rows(any_db, keyring) == 3
    gone = rotation.destroy_unneeded(any_db, keyring, Purpose.ORIGINAL, now)
    assert gone == (1,)
    assert opened_rows(any_db, keyring) == 3
