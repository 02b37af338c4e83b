"""100,000 data keys wrapped anew, beside the same writing without any cipher.

Both include the pause after each batch in which others may write. No media is touched.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import bindparam, select, update

from archive.db import Database
from archive.vault import keytable, rotation
from archive.vault.container import Kind
from archive.vault.keyrings import Keyring
from archive.vault.keys import Purpose, UnlockSecret
from archive.vault.keytable import Facts
from archive.vault.tables import DataKey
from tests.bench import premises
from tests.bench.measuring import Result

ROWS = 100_000


def results() -> Iterator[Result]:
    """Seconds on the clock, and of the processor; about a minute."""
    with premises.folder(fast=True) as folder:
        now = datetime.now(UTC)
        unlock = UnlockSecret(secrets.token_bytes(32))
        keyring = Keyring.create(unlock, folder / "keys", now)
        db = Database(f"sqlite:///{folder / 'vigil.db'}", secrets.token_bytes(32))
        db.migrate()
        _fill(db, keyring, now)
        wall, processor = time.perf_counter(), time.process_time()
        _rotate(db, keyring, now)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        yield Result.beside("100,000 re-wraps", wall, _overwritten(db), "s")
        yield Result("the same, processor", processor, "s")
        db.close()


def _fill(db: Database, keyring: Keyring, now: datetime) -> None:
    with db.write() as s:
        for _ in range(ROWS):
            header, data_key = keytable.draw(Kind.ORIGINAL)
            facts = Facts(1, bytes(32))
            s.expunge(keytable.insert(s, keyring, header, data_key, facts, now))


def _rotate(db: Database, keyring: Keyring, now: datetime) -> None:
    rotation.begin(keyring, Purpose.ORIGINAL, now)
    done = rotation.rewrap_all(db, keyring, Purpose.ORIGINAL)
    if (done.done, done.stuck) != (ROWS, 0):
        raise RuntimeError(f"{done.done} rows were wrapped anew, {done.stuck} not")


def _overwritten(db: Database) -> float:
    table = DataKey.metadata.tables[DataKey.__tablename__]
    change = (
        update(table)
        .where(table.c.id == bindparam("row"))
        .values(wrapped=bindparam("anew"), wrapping_key_id=bindparam("other"))
    )
    other = keytable.draw(Kind.ORIGINAL)[0].object_id
    waiting = select(table.c.id).where(table.c.wrapping_key_id != other)
    start = time.perf_counter()
    for _ in range(ROWS // rotation.BATCH):
        with db.write() as s:
            ids = s.scalars(waiting.limit(rotation.BATCH)).all()
            rows = [
                {"row": row, "anew": secrets.token_bytes(104), "other": other}
                for row in ids
            ]
            s.connection().execute(change, rows)
        time.sleep(rotation.PAUSE_SECONDS)
    return time.perf_counter() - start
