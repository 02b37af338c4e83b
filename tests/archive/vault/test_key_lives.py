"""Versions of keys: added, taken over by others, destroyed; and killed in between."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from archive.vault import recovery
from archive.vault.errors import KeyUnavailable
from archive.vault.keyfiles import KeyFiles
from archive.vault.keyrings import Keyring
from archive.vault.keys import Domain, KeyState, Purpose, UnlockSecret
from archive.vault.recipients import draw
from archive.vault.recovery import BUNDLE, Settled


@pytest.fixture
def folder(tmp_path, keyring):
    return tmp_path / "keyring"


def states(keyring, purpose):
    return {
        name.version: name.state for name in keyring.names() if name.purpose is purpose
    }


def test_a_new_version_seals_and_the_one_before_only_opens(keyring, now):
    first = keyring.active(Purpose.ORIGINAL)
    second = keyring.add_version(Purpose.ORIGINAL, now)
    assert keyring.active(Purpose.ORIGINAL).id == second.id != first.id
    assert keyring.by_id(first.id).secret_bytes() == first.secret_bytes()
    assert states(keyring, Purpose.ORIGINAL) == {
        1: KeyState.DECRYPT_ONLY,
        2: KeyState.ACTIVE,
    }
    assert states(keyring, Purpose.PREVIEW) == {1: KeyState.ACTIVE}


def test_another_process_takes_over_a_new_version_without_a_restart(
    keyring, unlock, folder, now
):
    serving = Keyring.load(unlock, folder)
    added = keyring.add_version(Purpose.PREVIEW, now)
    assert serving.by_id(added.id).secret_bytes() == added.secret_bytes()
    assert serving.active(Purpose.PREVIEW).id == added.id


def test_a_destroyed_version_lingers_for_readers_and_is_gone_for_others(
    keyring, unlock, folder, now
):
    serving = Keyring.load(unlock, folder)
    old = serving.active(Purpose.ORIGINAL)
    keyring.add_version(Purpose.ORIGINAL, now)
    keyring.destroy_version(Purpose.ORIGINAL, 1, now)
    assert serving.active(Purpose.ORIGINAL).name.version == 2
    assert serving.by_id(old.id).secret_bytes() == old.secret_bytes()
    assert old.id not in {name.id for name in serving.names()}
    fresh = Keyring.load(unlock, folder)
    with pytest.raises(KeyUnavailable):
        fresh.by_id(old.id)


def test_after_its_minute_a_destroyed_version_is_gone_from_memory(
    keyring, now, monkeypatch
):
    old = keyring.active(Purpose.ORIGINAL)
    keyring.add_version(Purpose.ORIGINAL, now)
    monkeypatch.setattr("archive.vault.keyrings.LINGER_SECONDS", -1.0)
    keyring.destroy_version(Purpose.ORIGINAL, 1, now)
    with pytest.raises(KeyUnavailable):
        keyring.by_id(old.id)


def test_the_active_version_cannot_be_destroyed(keyring, now):
    with pytest.raises(KeyUnavailable, match="in use"):
        keyring.destroy_version(Purpose.ORIGINAL, 1, now)


def test_a_process_without_the_originals_key_changes_nothing(
    keyring, unlock, folder, now
):
    working = Keyring.load(unlock, folder, frozenset({Domain.WORKING}))
    with pytest.raises(KeyUnavailable, match="holds all keys"):
        working.add_version(Purpose.PREVIEW, now)


def test_a_key_folder_that_is_away_for_a_moment_stops_nobody(keyring, folder):
    aside = folder.with_name("aside")
    folder.rename(aside)
    assert keyring.active(Purpose.FIELDS).name.version == 1
    aside.rename(folder)


def test_another_unlock_secret_under_a_running_process_is_told(
    keyring, folder, tmp_path, now
):
    other = Keyring.restore(UnlockSecret(bytes(32)), tmp_path / "other", keyring.keys())
    assert other.active(Purpose.DB).id == keyring.active(Purpose.DB).id
    shutil.rmtree(folder)
    (tmp_path / "other").rename(folder)
    with pytest.raises(KeyUnavailable, match="unlock secret does not open"):
        keyring.active(Purpose.FIELDS)


@pytest.mark.parametrize("moment", ["before the bundle", "before the file", "renaming"])
def test_a_version_whose_making_is_killed_is_there_or_not_and_nothing_is_lost(
    keyring, unlock, folder, now, moment
):
    """The child dies for good at that moment; nothing of it can clean up."""
    recovery.settle(keyring.files, Settled((draw().public("board"),)))
    keyring.write_bundle(now)
    before = keyring.names()
    child = os.fork()
    if child == 0:
        die_at(moment)
        Keyring.load(unlock, folder).add_version(Purpose.ORIGINAL, now)
        os._exit(3)
    assert os.waitpid(child, 0)[1] == 0, "the child did not reach the moment"
    again = Keyring.load(unlock, folder)
    assert again.names() == before
    again.add_version(Purpose.ORIGINAL, now)
    assert again.active(Purpose.ORIGINAL).name.version == 2
    assert list(folder.glob(".unfinished-*")) == []
    covered = recovery.covers(again.keys())
    assert recovery.bundle_covers(folder / BUNDLE) == covered


def die_at(moment):
    def die(*_args, **_kwargs):
        os._exit(0)

    if moment == "before the bundle":
        recovery.write_bundle = die
    elif moment == "before the file":
        KeyFiles.replace = die
    else:
        Path.replace = die


def test_no_key_seals_that_the_bundle_lacks(keyring, folder, now):
    recipient = draw()
    recovery.settle(keyring.files, Settled((recipient.public("board"),)))
    keyring.add_version(Purpose.ORIGINAL, now)
    raw = (folder / BUNDLE).read_bytes()
    found = recovery.open_bundle(raw, recipient)
    assert {key.id for key in found.keys} == {name.id for name in keyring.names()}
