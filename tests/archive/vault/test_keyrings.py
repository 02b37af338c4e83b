"""Keyrings: what is in them, who opens them, and that secrets do not slip out."""

import copy
import json
import logging
import pickle
import stat
import traceback

import pytest

from archive.vault.errors import KeyUnavailable, UnsupportedFormat
from archive.vault.keyrings import Keyring
from archive.vault.keys import Domain, KeyState, Purpose, UnlockSecret


def test_a_keyring_opens_with_the_very_keys_it_was_made_with(
    keyring, unlock, tmp_path, now
):
    again = Keyring.load(unlock, tmp_path / "keyring")
    assert again.names() == keyring.names()
    for purpose in Purpose:
        key, same = keyring.active(purpose), again.active(purpose)
        assert key.secret_bytes() == same.secret_bytes()
        assert key.name.created_at == now
        assert again.by_id(key.id).name == again.get(purpose, 1).name == key.name


def test_every_purpose_has_a_key_of_its_own(keyring):
    secrets = {keyring.active(purpose).secret_bytes() for purpose in Purpose}
    assert len(secrets) == len(Purpose) == 10
    assert {len(secret) for secret in secrets} == {32}


def test_the_files_are_private_and_hold_no_key_in_clear(keyring, tmp_path):
    folder = tmp_path / "keyring"
    files = sorted(folder.iterdir())
    assert [path.name for path in files] == ["originals.keyring", "working.keyring"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        raw = path.read_bytes()
        assert b"purpose" not in raw
        for purpose in Purpose:
            secret = keyring.active(purpose).secret_bytes()
            assert secret not in raw
            assert secret.hex().encode() not in raw


def test_a_process_with_one_keyring_has_none_of_the_others_keys(
    keyring, unlock, tmp_path
):
    (tmp_path / "keyring" / "originals.keyring").unlink()
    working = Keyring.load(unlock, tmp_path / "keyring", frozenset({Domain.WORKING}))
    assert working.active(Purpose.PREVIEW).name.version == 1
    with pytest.raises(KeyUnavailable, match="no key for original"):
        working.active(Purpose.ORIGINAL)
    with pytest.raises(KeyUnavailable, match="no key 1 for original"):
        working.get(Purpose.ORIGINAL, 1)
    with pytest.raises(KeyUnavailable):
        working.by_id(keyring.active(Purpose.ORIGINAL).id)


def test_a_keyring_is_never_overwritten(keyring, unlock, tmp_path, now):
    before = (tmp_path / "keyring" / "working.keyring").read_bytes()
    with pytest.raises(FileExistsError):
        Keyring.create(unlock, tmp_path / "keyring", now)
    assert (tmp_path / "keyring" / "working.keyring").read_bytes() == before


@pytest.mark.parametrize("secret", [bytes(32), bytes(range(1, 33))])
def test_another_unlock_secret_opens_nothing_and_the_sentence_says_so(
    keyring, tmp_path, secret
):
    with pytest.raises(KeyUnavailable, match="unlock secret does not open"):
        Keyring.load(UnlockSecret(secret), tmp_path / "keyring")


def test_a_missing_keyring_says_which_file_is_missing(unlock, tmp_path):
    with pytest.raises(KeyUnavailable, match=r"originals\.keyring cannot be read: No"):
        Keyring.load(unlock, tmp_path / "keyring")


def test_one_keyring_cannot_stand_in_for_the_other(keyring, unlock, tmp_path):
    folder = tmp_path / "keyring"
    (folder / "working.keyring").replace(folder / "originals.keyring")
    with pytest.raises(KeyUnavailable):
        Keyring.load(unlock, folder, frozenset({Domain.ORIGINALS}))


def test_no_byte_of_a_keyring_can_change(keyring, unlock, tmp_path):
    path = tmp_path / "keyring" / "originals.keyring"
    raw = path.read_bytes()
    for at in range(len(raw)):
        changed = bytearray(raw)
        changed[at] ^= 1
        path.write_bytes(changed)
        with pytest.raises((KeyUnavailable, UnsupportedFormat)):
            Keyring.load(unlock, path.parent, frozenset({Domain.ORIGINALS}))


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b"\x89VGK\r\n\x1a\n\x02\x02\0\0" + bytes(99)]
)
def test_what_is_no_keyring_of_this_version_is_refused(keyring, unlock, tmp_path, raw):
    (tmp_path / "keyring" / "working.keyring").write_bytes(raw)
    with pytest.raises(UnsupportedFormat):
        Keyring.load(unlock, tmp_path / "keyring")


def test_a_retired_key_opens_and_does_not_seal(keyring):
    key = keyring.active(Purpose.PREVIEW)
    name = type(key.name)(
        Purpose.PREVIEW, 1, key.id, KeyState.DECRYPT_ONLY, key.name.created_at
    )
    retired = Keyring([type(key)(name, key.secret_bytes())])
    assert retired.by_id(key.id).secret_bytes() == key.secret_bytes()
    with pytest.raises(KeyUnavailable):
        retired.active(Purpose.PREVIEW)


def test_secrets_are_not_printed_logged_or_serialised(keyring, unlock, caplog):
    key = keyring.active(Purpose.ORIGINAL)
    caplog.set_level(logging.DEBUG)
    logging.getLogger("test").warning("%s %r %s %r", key, unlock, keyring, keyring)
    shown = caplog.text + f"{key!r}{key}{unlock!r}{keyring!r}{keyring.names()}"
    shown += "".join(traceback.format_exception(KeyError(key, unlock, keyring)))
    for secret in (key.secret_bytes(), unlock.secret_bytes()):
        assert secret.hex() not in shown
        assert repr(secret) not in shown
    for thing in (key, unlock, keyring):
        for leak in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="not pickled"):
                leak(thing)
        with pytest.raises(TypeError):
            json.dumps(thing)
        with pytest.raises(TypeError):
            vars(key)


def test_secrets_are_not_compared_with_an_equals_sign(keyring, unlock):
    key = keyring.active(Purpose.DB)
    for left, right in [(key, key.secret_bytes()), (unlock, unlock)]:
        with pytest.raises(TypeError, match="compared"):
            left == right  # noqa: B015 - the comparison is the test
        with pytest.raises(TypeError, match="unhashable"):
            hash(left)
