"""Previews that were opened lately: kept, and never past the end of their key."""

from __future__ import annotations

from uuid import uuid4

import pytest

from archive.vault import keytable, previews
from archive.vault.container import Kind
from archive.vault.errors import NoSuchObject, Quarantined, Shredded
from archive.vault.lately import Lately


def test_what_was_read_is_not_read_again_until_it_is_crowded_out():
    read = []
    held = Lately(most=2)
    first, second, third = uuid4(), uuid4(), uuid4()

    def ask(key_id):
        return held.of(key_id, lambda: read.append(key_id) or key_id.bytes)

    for key_id in (first, second, first, third, first, second):
        assert ask(key_id) == key_id.bytes
    assert read == [first, second, third, second]


def test_what_could_not_be_read_is_not_kept():
    held, key_id = Lately(), uuid4()

    def fails():
        raise NoSuchObject("gone")

    with pytest.raises(NoSuchObject):
        held.of(key_id, fails)
    assert held.of(key_id, lambda: b"there") == b"there"


@pytest.fixture
def opened(s, vault, now):
    """A preview that was read already, and so is kept."""
    ref = previews.store(s, vault, b"blurred", Kind.PREVIEW_IMAGE, now)
    assert previews.read_preview(s, vault, ref.object_id, ref.kind) == b"blurred"
    return ref


def test_a_preview_that_was_read_lately_needs_no_file(s, vault, opened):
    row = keytable.newest(s, opened.object_id, opened.kind)
    vault.blobs.delete(row.id.hex)
    read = previews.read_preview(s, vault, opened.object_id, opened.kind)
    assert read == b"blurred"


def test_a_shredded_preview_is_not_given_out_of_memory(s, vault, opened, now):
    keytable.destroy(s, opened.object_id, now)
    with pytest.raises(Shredded):
        previews.read_preview(s, vault, opened.object_id, opened.kind)


def test_a_forgotten_preview_is_not_given_out_of_memory(s, vault, opened):
    previews.forget(s, opened.object_id)
    with pytest.raises(NoSuchObject):
        previews.read_preview(s, vault, opened.object_id, opened.kind)


def test_a_damaged_preview_is_not_given_out_of_memory(s, vault, opened, now):
    keytable.newest(s, opened.object_id, opened.kind).quarantined_at = now
    with pytest.raises(Quarantined):
        previews.read_preview(s, vault, opened.object_id, opened.kind)
