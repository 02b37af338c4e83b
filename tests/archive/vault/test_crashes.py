"""The process dies at every point of a deposit, and nothing half is ever seen.

A child process is killed at its first call to the operating system, then at its
second, and so on, until one gets to the end.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from archive.vault import checking
from archive.vault.blobs import FolderStore
from archive.vault.container import Kind
from archive.vault.keyrings import Keyring
from archive.vault.objects import Vault
from archive.vault.tables import DataKey
from tests.archive.crashing import Life, run

LATER = datetime(2100, 1, 1, tzinfo=UTC)
CANARY = b"canary-4d1e-must-never-be-in-clear"


def deposit(folder: Path, keyring: Keyring, now: datetime) -> None:
    engine = create_engine(f"sqlite:///{folder / 'keys.db'}")
    vault = Vault(keyring, FolderStore(folder / "objects"))
    with vault.new_object(Kind.ORIGINAL) as incoming:
        incoming.write(CANARY * 20_000)
        with Session(engine) as s, s.begin():
            incoming.finish(s, now)
    engine.dispose()


@pytest.fixture
def engine(tmp_path):
    made = create_engine(f"sqlite:///{tmp_path / 'keys.db'}")
    DataKey.__table__.create(made)
    made.dispose()
    yield made
    made.dispose()


def test_a_killed_deposit_is_either_whole_or_swept_away(engine, keyring, tmp_path, now):
    vault = Vault(keyring, FolderStore(tmp_path / "objects"))
    deposit(tmp_path, keyring, now)
    whole, call = 1, 1

    def act(life: Life) -> None:
        life.begin()
        deposit(tmp_path, keyring, now)

    while run(act, at_call=call).was_killed:
        with Session(engine) as s:
            outcomes = list(checking.verify_objects(s, vault))
            assert [found for found in outcomes if found.problem] == []
            assert len(outcomes) in (whole, whole + 1)
            whole = len(outcomes)
            for path in tmp_path.rglob("*"):
                assert not path.is_file() or CANARY not in path.read_bytes()
            swept = vault.sweep(s, LATER)
            assert swept.unfinished <= 1
            assert swept.unreferenced <= 1
            names = {row.hex for row in s.scalars(select(DataKey.id))}
            files = {p.name for p in (tmp_path / "objects").rglob("*") if p.is_file()}
            assert files == names
        call += 1
    assert call > 15
