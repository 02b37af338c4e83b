"""Rows of the key table: bound to their object, and destroyed for good."""

from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError as ConstraintError

from archive.vault import keytable
from archive.vault.container import Kind
from archive.vault.errors import IntegrityError, KeyUnavailable, NoSuchObject, Shredded
from archive.vault.keyrings import Keyring
from archive.vault.keys import Domain, Purpose
from archive.vault.keytable import Facts

FACTS = Facts(size=2**40 + 1, sha256=bytes(range(32)))


@pytest.fixture
def issue(s, keyring, now):
    def add(kind=Kind.ORIGINAL):
        header, data_key = keytable.draw(kind)
        row = keytable.insert(s, keyring, header, data_key, FACTS, now)
        return row, header, data_key

    return add


@pytest.mark.parametrize("kind", [k for k in Kind if k is not Kind.INDEX_FILE])
def test_a_row_gives_back_header_data_key_and_facts(s, keyring, issue, kind):
    row, header, data_key = issue(kind)
    assert len(row.wrapped) == 104
    assert len(row.facts) == 112
    s.expire_all()
    opened = keytable.unwrap(keyring, keytable.newest(s, header.object_id, kind))
    assert (opened.header, opened.data_key, opened.facts) == (header, data_key, FACTS)
    assert data_key.hex() not in repr(opened)
    assert repr(data_key) not in repr(opened)


def test_originals_and_previews_are_wrapped_under_different_keys(keyring, issue):
    original, preview = issue(Kind.ORIGINAL)[0], issue(Kind.PREVIEW_IMAGE)[0]
    assert original.wrapping_key_id == keyring.active(Purpose.ORIGINAL).id
    assert preview.wrapping_key_id == keyring.active(Purpose.PREVIEW).id


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("object_id", uuid4()),
        ("id", uuid4()),
        ("kind", int(Kind.MANIFEST)),
        ("revision", 2),
        ("wrapped", bytes(104)),
        ("wrapped", b""),
        ("facts", bytes(112)),
    ],
)
def test_a_row_that_was_changed_does_not_open(keyring, issue, column, value):
    row, _, _ = issue()
    setattr(row, column, value)
    with pytest.raises(IntegrityError):
        keytable.unwrap(keyring, row)


def test_columns_of_another_row_do_not_open(keyring, issue):
    one, two = issue()[0], issue()[0]
    for column in ("wrapped", "facts"):
        kept = getattr(one, column)
        setattr(one, column, getattr(two, column))
        with pytest.raises(IntegrityError):
            keytable.unwrap(keyring, one)
        setattr(one, column, kept)
    assert keytable.unwrap(keyring, one).facts == FACTS


def test_a_preview_cannot_pose_as_wrapped_for_an_original(keyring, issue):
    row, _, _ = issue(Kind.PREVIEW_IMAGE)
    row.kind = Kind.ORIGINAL
    with pytest.raises(IntegrityError, match="another purpose"):
        keytable.unwrap(keyring, row)


def test_without_the_wrapping_key_nothing_opens(keyring, unlock, tmp_path, issue):
    row, _, _ = issue()
    folder = tmp_path / "keyring"
    working = Keyring.load(unlock, folder, frozenset({Domain.WORKING}))
    with pytest.raises(KeyUnavailable):
        keytable.unwrap(working, row)


def test_an_unknown_object_or_kind_is_not_found(s, issue):
    _, header, _ = issue(Kind.ORIGINAL)
    with pytest.raises(NoSuchObject):
        keytable.newest(s, uuid4(), Kind.ORIGINAL)
    with pytest.raises(NoSuchObject):
        keytable.newest(s, header.object_id, Kind.PREVIEW_IMAGE)


def test_the_newest_revision_counts(s, keyring, issue, now):
    _, header, _ = issue(Kind.PREVIEW_IMAGE)
    later = type(header)(header.object_id, header.kind, 2, uuid4())
    keytable.insert(s, keyring, later, bytes(32), FACTS, now)
    assert keytable.newest(s, header.object_id, header.kind).revision == 2


def test_one_revision_has_one_key(s, keyring, issue, now):
    _, header, _ = issue()
    again = type(header)(header.object_id, header.kind, 1, uuid4())
    with pytest.raises(ConstraintError):
        keytable.insert(s, keyring, again, bytes(32), FACTS, now)


def test_a_destroyed_key_leaves_a_row_and_nothing_to_open(s, keyring, issue, now):
    row, header, _ = issue()
    assert keytable.destroy(s, header.object_id, now) == 1
    s.expire_all()
    assert row.wrapped is None
    assert row.facts is None
    assert row.destroyed_at == now
    with pytest.raises(Shredded):
        keytable.unwrap(keyring, row)
    assert keytable.destroy(s, header.object_id, now) == 0


def test_the_database_refuses_a_destroyed_row_that_still_has_its_key(s, issue):
    row, _, _ = issue()
    row.state = "destroyed"
    with pytest.raises(ConstraintError):
        s.flush()
