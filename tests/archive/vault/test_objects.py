"""The way in: one pass, constant memory, nothing left of what was given up."""

import hashlib
import os
import random
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from archive.vault import keytable, objects, opening
from archive.vault.blobs import FolderStore
from archive.vault.container import STEP, Kind, read_header
from archive.vault.errors import IntegrityError, KeyUnavailable, NoSuchObject, Shredded
from archive.vault.keyrings import Keyring
from archive.vault.keys import Domain
from archive.vault.objects import Vault
from archive.vault.tables import DataKey

LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def deposit(s, vault, now):
    def seal(data: bytes, kind: Kind = Kind.ORIGINAL):
        with vault.new_object(kind) as incoming:
            incoming.write(data)
            return incoming.finish(s, now)

    return seal


@pytest.fixture
def opened(s, vault):
    def read(ref) -> bytes:
        blob = opening.open_newest(
            s, vault.keyring, vault.blobs, ref.object_id, ref.kind
        )
        with blob as reader:
            return reader.read()

    return read


def rows(s) -> int:
    return s.scalar(select(func.count()).select_from(DataKey))


@pytest.mark.parametrize("size", [0, 1, STEP, 3 * STEP + 5])
def test_what_was_written_reads_back_with_size_and_digest(deposit, opened, size):
    data = random.Random(size).randbytes(size)
    ref = deposit(data)
    assert (ref.size, ref.sha256) == (size, hashlib.sha256(data).digest())
    assert opened(ref) == data


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(pieces=st.lists(st.binary(max_size=30_000), max_size=8))
def test_any_pieces_make_the_same_object_as_the_whole(s, vault, now, opened, pieces):
    with vault.new_object(Kind.ORIGINAL) as incoming:
        for piece in pieces:
            incoming.write(piece)
        ref = incoming.finish(s, now)
    whole = b"".join(pieces)
    assert ref.sha256 == hashlib.sha256(whole).digest()
    assert opened(ref) == whole


def test_no_clear_byte_is_on_disk_while_writing_or_after(s, vault, now, files):
    canary = b"canary-8c1f2b7e-in-clear"
    with vault.new_object(Kind.ORIGINAL) as incoming:
        for _ in range(200):
            incoming.write(canary * 500)
            assert all(canary not in path.read_bytes() for path in files())
        incoming.finish(s, now)
    (blob,) = files()
    assert canary not in blob.read_bytes()
    row = s.scalars(select(DataKey)).one()
    assert hashlib.sha256(canary * 100_000).digest() not in row.facts
    assert blob.name == row.id.hex


def test_the_object_can_be_looked_at_before_it_is_kept(s, vault, now):
    with vault.new_object(Kind.ORIGINAL) as incoming:
        incoming.write(b"look")
        with pytest.raises(ValueError, match="not finished"):
            incoming.reader()
        incoming.finish_bytes()
        incoming.finish_bytes()
        with incoming.reader() as reader:
            assert reader.read() == b"look"
        with pytest.raises(ValueError, match="no more"):
            incoming.write(b"late")
        assert rows(s) == 0
        incoming.finish(s, now)
        assert rows(s) == 1


@pytest.mark.parametrize("is_finished", [False, True])
def test_leaving_without_finishing_leaves_nothing(s, vault, files, is_finished):
    with vault.new_object(Kind.ORIGINAL) as incoming:
        incoming.write(bytes(STEP * 2))
        if is_finished:
            incoming.finish_bytes()
        assert len(files()) == 1
    assert files() == []
    assert rows(s) == 0


def test_a_transaction_that_fails_takes_the_blob_along(s, vault, now, files):
    def deposit_and_fail() -> None:
        with vault.new_object(Kind.ORIGINAL) as incoming:
            incoming.write(b"refused")
            incoming.finish(s, now)
            raise RuntimeError("the record was refused")

    with pytest.raises(RuntimeError):
        deposit_and_fail()
    s.rollback()
    assert files() == []
    assert rows(s) == 0


def test_a_discarded_object_takes_nothing_any_more(vault, s, now, files):
    incoming = vault.new_object(Kind.ORIGINAL)
    incoming.discard()
    incoming.discard()
    for use in (
        lambda: incoming.write(b"x"),
        incoming.finish_bytes,
        lambda: incoming.finish(s, now),
        incoming.reader,
    ):
        with pytest.raises(ValueError, match=r"discarded|no more|not finished"):
            use()
    assert files() == []


@pytest.mark.parametrize("written", [0, 100])
def test_a_full_disk_leaves_nothing(vault, files, written):
    incoming = vault.new_object(Kind.ORIGINAL)
    incoming.write(bytes(written))
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, incoming._blob._descriptor)
    os.close(full)
    with pytest.raises(OSError, match="No space left"):
        incoming.write(bytes(STEP))
    assert files() == []
    with pytest.raises(ValueError, match="no more"):
        incoming.write(b"x")


def test_a_disk_that_is_full_from_the_start_leaves_nothing(keyring, store, files):
    class FullStore(FolderStore):
        def create(self, name: str):
            writer = super().create(name)
            full = os.open("/dev/full", os.O_WRONLY)
            os.dup2(full, writer._descriptor)
            os.close(full)
            return writer

    with pytest.raises(OSError, match="No space left"):
        Vault(keyring, FullStore(store._folder)).new_object(Kind.ORIGINAL)
    assert files() == []


def test_a_disk_that_fills_with_the_last_chunk_leaves_nothing(vault, files):
    incoming = vault.new_object(Kind.ORIGINAL)
    incoming.write(bytes(100))
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, incoming._blob._descriptor)
    os.close(full)
    with pytest.raises(OSError, match="No space left"):
        incoming.finish_bytes()
    assert files() == []


def test_a_process_without_the_key_cannot_deposit_and_leaves_nothing(
    unlock, vault, store, tmp_path, s, now, files
):
    folder = tmp_path / "keyring"
    working = Keyring.load(unlock, folder, frozenset({Domain.WORKING}))
    incoming = Vault(working, store).new_object(Kind.ORIGINAL)
    with pytest.raises(KeyUnavailable), incoming:
        incoming.finish(s, now)
    assert files() == []


def test_header_row_and_reference_name_the_same_object(deposit, files, s):
    ref = deposit(b"x", Kind.PREVIEW_VIDEO)
    header = read_header(files()[0].read_bytes()[:64])
    assert header == keytable.header_of(s.scalars(select(DataKey)).one())
    assert (header.object_id, header.kind) == (ref.object_id, Kind.PREVIEW_VIDEO)


def test_every_object_has_a_data_key_of_its_own(deposit, s, vault):
    for _ in range(20):
        deposit(b"the same")
    found = s.scalars(select(DataKey)).all()
    keys = {keytable.unwrap(vault.keyring, row).data_key for row in found}
    assert len(keys) == 20


def test_blobs_that_were_swapped_on_disk_do_not_open(deposit, opened, s, store, files):
    one, two = deposit(b"one"), deposit(b"two")
    first, second = files()
    blobs = first.read_bytes(), second.read_bytes()
    first.write_bytes(blobs[1])
    second.write_bytes(blobs[0])
    for ref in (one, two):
        with pytest.raises(opening.VaultError):
            opened(ref)


def test_a_row_with_facts_of_another_length_does_not_open(deposit, opened, s, vault):
    ref = deposit(b"four")
    row = s.scalars(select(DataKey)).one()
    key = keytable.unwrap(vault.keyring, row)
    forged = keytable.Facts(5, key.facts.sha256)
    row.facts = keytable._seal_facts(key.header, key.data_key, forged)
    with pytest.raises(IntegrityError, match="not as long"):
        opened(ref)


def test_a_missing_blob_and_a_shredded_object_say_so(deposit, opened, s, now, files):
    missing, shredded = deposit(b"missing"), deposit(b"shredded")
    keytable.destroy(s, shredded.object_id, now)
    for path in files():
        path.unlink()
    with pytest.raises(NoSuchObject):
        opened(missing)
    with pytest.raises(Shredded):
        opened(shredded)


def test_the_sweep_removes_what_nothing_refers_to_and_keeps_the_rest(
    deposit, opened, s, vault, now, files
):
    kept, forgotten, shredded = deposit(b"kept"), deposit(b"old"), deposit(b"gone")
    vault.new_object(Kind.ORIGINAL).write(bytes(STEP))
    vault.new_object(Kind.ORIGINAL).finish_bytes()
    keytable.forget(s, forgotten.object_id)
    keytable.destroy(s, shredded.object_id, now)
    assert len(files()) == 5
    recent = datetime.now(UTC) - timedelta(hours=1)
    assert vars(vault.sweep(s, recent)) == {"unfinished": 0, "unreferenced": 0}
    assert vars(vault.sweep(s, LATER)) == {"unfinished": 1, "unreferenced": 3}
    assert vars(vault.sweep(s, LATER)) == {"unfinished": 0, "unreferenced": 0}
    assert opened(kept) == b"kept"
    assert len(files()) == 1


def test_the_sweep_touches_no_blob_when_the_key_table_is_empty(s, vault, files):
    vault.new_object(Kind.ORIGINAL).finish_bytes()
    vault.new_object(Kind.ORIGINAL).write(bytes(STEP))
    assert vars(vault.sweep(s, LATER)) == {"unfinished": 1, "unreferenced": 0}
    assert len(files()) == 1


def test_a_large_sweep_goes_in_batches(deposit, s, vault, files, tmp_path, monkeypatch):
    monkeypatch.setattr(objects, "_SWEEP_BATCH", 20)
    ref = deposit(b"kept")
    store = FolderStore(tmp_path / "objects")
    for number in range(45):
        writer = store.create(f"{number:032x}")
        writer.commit()
    assert vault.sweep(s, LATER).unreferenced == 45
    assert [path.name for path in files()] == [
        keytable.newest(s, ref.object_id, ref.kind).id.hex
    ]


def test_memory_stays_small_however_much_is_written_and_read(s, vault, now):
    piece = bytes(1024 * 1024)
    tracemalloc.start()
    with vault.new_object(Kind.ORIGINAL) as incoming:
        for _ in range(48):
            incoming.write(piece)
        incoming.finish_bytes()
        with incoming.reader() as reader:
            assert (
                sum(len(part) for part in reader.pieces(0, reader.size)) == 48 * 2**20
            )
        incoming.finish(s, now)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 2**20
