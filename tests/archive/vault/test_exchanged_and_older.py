"""Older or other bytes in the place of newer ones, under keys that are all right."""

from __future__ import annotations

import ast
import logging
import secrets
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy.exc import DatabaseError

from archive import gate
from archive.db import Database
from archive.ledger import Ledger
from archive.vault import aead, keytable, opening
from archive.vault.container import Header, Kind
from archive.vault.errors import IntegrityError, KeyUnavailable, WrongContext
from archive.vault.keys import Purpose
from archive.vault.keytable import Facts
from archive.vault.reader import SealedReader

ROOT = Path(__file__).parents[3]
PAGE = 4096


@pytest.fixture
def revisions(s, keyring, store, seal, now):
    """Two revisions of one object, each with its row and its blob."""
    object_id, made = uuid4(), []
    for revision in (1, 2):
        header = Header(object_id, Kind.PREVIEW_IMAGE, revision, uuid4())
        data_key = secrets.token_bytes(32)
        facts = Facts(6, bytes(32))
        made.append(keytable.insert(s, keyring, header, data_key, facts, now))
        writer = store.create(header.data_key_id.hex)
        writer.write(seal(b"hidden", header, data_key))
        writer.commit()
    return made


def place(tmp_path: Path, row) -> Path:
    return tmp_path / "objects" / row.id.hex[:2] / row.id.hex


def test_an_older_blob_under_a_newer_row_does_not_open(
    s, keyring, store, revisions, tmp_path
):
    older, newer = revisions
    shutil.copy(place(tmp_path, older), place(tmp_path, newer))
    with pytest.raises(WrongContext):
        opening.open_newest(s, keyring, store, newer.object_id, Kind.PREVIEW_IMAGE)


def test_an_older_row_under_a_newer_blob_does_not_open(
    s, keyring, store, revisions, tmp_path
):
    older, newer = revisions
    newer.wrapped, newer.facts = older.wrapped, older.facts
    with pytest.raises(IntegrityError):
        opening.open_newest(s, keyring, store, newer.object_id, Kind.PREVIEW_IMAGE)
    shutil.copy(place(tmp_path, newer), place(tmp_path, older))
    with pytest.raises(WrongContext):
        opening.open_row(store, keytable.unwrap(keyring, older))


def test_a_key_that_was_destroyed_opens_nothing_it_wrapped(s, keyring, revisions, now):
    older, _ = revisions
    keyring.add_version(Purpose.PREVIEW, now)
    keyring.destroy_version(Purpose.PREVIEW, 1, now)
    keyring._gone.clear()  # a minute later
    with pytest.raises(KeyUnavailable):
        keytable.unwrap(keyring, older)


def test_no_blob_opens_under_two_keys(seal, source, header, data_key):
    """A message commits to its key: another's commitment does not help either."""
    other = bytes(32)
    mine, theirs = seal(b"one", header, data_key), seal(b"one", header, other)
    for salt, commitment in ((mine, theirs), (theirs, mine), (theirs, theirs)):
        forged = mine[:64] + salt[64:88] + commitment[88:120] + mine[120:]
        for key in (data_key, other):
            with pytest.raises(IntegrityError):
                SealedReader(source(forged), key, header)


def test_salts_are_never_the_same():
    key = secrets.token_bytes(32)
    salts = {aead.seal(key, b"", b"")[:24] for _ in range(100_000)}
    assert len(salts) == 100_000


@pytest.fixture
def book(tmp_path: Path) -> Iterator[tuple[Database, Ledger]]:
    """A database with nothing but a ledger that grows, and its file."""

    class Open:
        def seal(self, plaintext: bytes, context: str) -> bytes:
            return plaintext

        def open(self, sealed: bytes, context: str) -> bytes:
            return sealed

        def blind(self, value: str, purpose: str) -> bytes:
            return value.encode()

    db = Database(f"sqlite:///{tmp_path / 'vigil.db'}", bytes(range(32)))
    db.migrate()
    yield db, Ledger(bytes(32), Open())
    db.close()


def write(book, now, count: int) -> None:
    db, ledger = book
    for _ in range(count):
        with db.write() as s:
            ledger.append(s, "consent", actor="a", record="r", now=now)


def test_one_page_of_the_ledger_put_back_is_found(book, tmp_path, now):
    """SQLCipher takes an older page for a good one; the chain does not.

    Nor does the check of the indexes, where a page of those was put back.
    """
    db, ledger = book
    path = tmp_path / "vigil.db"
    write(book, now, 40)
    db.close()
    older = path.read_bytes()
    write(book, now, 40)
    db.close()
    newer = path.read_bytes()
    changed = [
        start
        for start, stop in pairwise(range(0, len(older) + PAGE, PAGE))
        if older[start:stop] != newer[start:stop]
    ]
    by_chain = 0
    for start in changed:
        mixed = newer[:start] + older[start : start + PAGE] + newer[start + PAGE :]
        path.write_bytes(mixed)
        try:
            with db.read() as s:
                is_found = not ledger.verify(s).ok
            assert is_found or db.faults(), f"the page at {start} was put back unseen"
        except DatabaseError:
            is_found = False
        finally:
            db.close()
        by_chain += is_found
    assert by_chain >= 2
    path.write_bytes(newer)
    with db.read() as s:
        assert ledger.verify(s).ok
    assert db.faults() == []


def test_nothing_of_a_key_is_ever_logged(site, desk, caplog):
    caplog.set_level(logging.DEBUG)
    held = desk.publish(desk.deposit())
    viewer = desk.researcher()
    desk.consent(viewer, held.record.id)
    viewer = desk.fresh(viewer.account_id)
    with gate.release(site, viewer, held.assets[0].id, site.clock()) as release:
        assert b"".join(release.read(0, release.size))
    logging.getLogger("vigil").info("one line at least")
    with site.db.read() as s:
        rows = s.query(keytable.DataKey).all()
        keys = [keytable.unwrap(site.keyring, row).data_key for row in rows]
    keys += [key.secret_bytes() for key in site.keyring.keys()]
    told = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert told
    assert len(keys) > 9
    for key in keys:
        assert key.hex() not in told.lower()
        assert repr(key)[2:-1] not in told


def test_no_secret_is_drawn_from_a_generator_that_can_be_foretold():
    for folder in ("archive/vault", "auth"):
        for path in (ROOT / folder).rglob("*.py"):
            tree = ast.parse(path.read_text())
            names = {
                alias.name
                for node in ast.walk(tree)
                if isinstance(node, ast.Import)
                for alias in node.names
            }
            names |= {
                node.module or ""
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom)
            }
            assert not {"random", "numpy.random"} & names, path
