"""Reading everything back: each kind of damage has its name, and nothing else leaks."""

import os
from uuid import uuid4

import pytest
from sqlalchemy import select

from archive.vault import checking, keytable
from archive.vault.checking import Problem
from archive.vault.container import Kind
from archive.vault.errors import VaultError
from archive.vault.keyrings import Keyring
from archive.vault.keys import Domain
from archive.vault.objects import Vault
from archive.vault.tables import DataKey


@pytest.fixture
def ref(s, vault, now):
    with vault.new_object(Kind.ORIGINAL) as incoming:
        incoming.write(os.urandom(600_000))
        return incoming.finish(s, now)


@pytest.fixture
def blob(s, ref, tmp_path):
    name = keytable.newest(s, ref.object_id, ref.kind).id.hex
    return tmp_path / "objects" / name[:2] / name


def test_a_sound_object_is_read_to_the_end(s, vault, ref):
    (checked,) = checking.verify_object(s, vault, ref.object_id)
    assert checked.problem is None
    assert checked.size == 600_000
    assert list(checking.verify_objects(s, vault)) == [checked]


def flip_in_the_middle(path, s, now):
    raw = bytearray(path.read_bytes())
    raw[300_000] ^= 1
    path.write_bytes(raw)


def cut(path, s, now):
    path.write_bytes(path.read_bytes()[:-1])


def replace_with_another(path, s, now):
    raw = bytearray(path.read_bytes())
    raw[16] ^= 1
    path.write_bytes(raw)


def replace_with_clear(path, s, now):
    path.write_bytes(b"clear" * 1000)


def remove(path, s, now):
    path.unlink()


def make_a_folder(path, s, now):
    path.unlink()
    path.mkdir()


def change_the_row(path, s, now):
    row = s.scalars(select(DataKey)).one()
    row.wrapped = bytes(104)


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (flip_in_the_middle, Problem.DAMAGED),
        (cut, Problem.DAMAGED),
        (replace_with_another, Problem.EXCHANGED),
        (replace_with_clear, Problem.UNKNOWN_FORMAT),
        (remove, Problem.MISSING),
        (make_a_folder, Problem.UNREADABLE),
        (change_the_row, Problem.DAMAGED),
    ],
)
def test_each_damage_is_found_and_named(s, vault, ref, blob, now, damage, problem):
    damage(blob, s, now)
    (checked,) = checking.verify_object(s, vault, ref.object_id)
    assert checked.problem is problem
    assert checked.sentence
    assert (checked.object_id, checked.kind) == (ref.object_id, Kind.ORIGINAL)
    assert [found.problem for found in checking.verify_objects(s, vault)] == [problem]


def test_a_digest_that_does_not_agree_is_damage(s, vault, ref):
    row = s.scalars(select(DataKey)).one()
    key = keytable.unwrap(vault.keyring, row)
    row.facts = keytable._seal_facts(
        key.header, key.data_key, keytable.Facts(key.facts.size, bytes(32))
    )
    (checked,) = checking.verify_object(s, vault, ref.object_id)
    assert checked.problem is Problem.DAMAGED
    assert "not what was deposited" in checked.sentence


def test_an_object_nobody_knows_is_missing(s, vault):
    (checked,) = checking.verify_object(s, vault, uuid4())
    assert checked.problem is Problem.MISSING


def test_a_shredded_object_is_no_finding(s, vault, ref, blob, now):
    keytable.destroy(s, ref.object_id, now)
    blob.unlink()
    assert checking.verify_object(s, vault, ref.object_id) == []
    assert list(checking.verify_objects(s, vault)) == []


def test_what_is_deleted_meanwhile_is_left_out(s, vault, ref, now):
    with vault.new_object(Kind.PREVIEW_IMAGE) as incoming:
        later = incoming.finish(s, now.replace(hour=23))
    running = checking.verify_objects(s, vault)
    assert next(running).object_id == ref.object_id
    keytable.forget(s, later.object_id)
    assert list(running) == []


def test_without_the_key_it_says_so(s, store, unlock, tmp_path, ref):
    working = Keyring.load(unlock, tmp_path / "keyring", frozenset({Domain.WORKING}))
    (checked,) = checking.verify_object(s, Vault(working, store), ref.object_id)
    assert checked.problem is Problem.NO_KEY


def test_every_error_of_the_vault_has_a_name_in_the_report():
    errors = set(VaultError.__subclasses__())
    assert errors == set(checking._PROBLEMS)
