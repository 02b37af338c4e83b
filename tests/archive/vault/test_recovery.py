"""Recipients, bundles, passphrases and shares: who opens, and who does not."""

from __future__ import annotations

import itertools
import json
import stat

import pytest

from archive.vault import passphrases, recipients, recovery, shares
from archive.vault.errors import (
    IntegrityError,
    KeyUnavailable,
    UnsupportedFormat,
    VaultError,
)
from archive.vault.keylines import hand_over
from archive.vault.keyrings import Keyring
from archive.vault.keys import UnlockSecret
from archive.vault.passphrases import Cost
from archive.vault.providers import (
    DescriptorProvider,
    PassphraseProvider,
    SharesProvider,
    choose_provider,
)

CHEAP = Cost(memory_kib=64, iterations=1, lanes=1)
WORDS = "harbour velvet ostrich quarry lantern"


@pytest.fixture(scope="module")
def board():
    return recipients.draw()


@pytest.fixture(scope="module")
def stranger():
    return recipients.draw()


@pytest.fixture
def bundle(keyring, board, now):
    return recovery.seal_bundle([board.public("the board")], keyring.keys(), [], now)


def test_a_recipient_gets_every_key_back(keyring, board, bundle, tmp_path, now):
    opened = recovery.open_bundle(bundle, board)
    other = UnlockSecret(bytes(32))
    again = Keyring.restore(other, tmp_path / "recovered", opened.keys)
    assert again.names() == keyring.names()
    for key in keyring.keys():
        assert again.by_id(key.id).secret_bytes() == key.secret_bytes()
    assert opened.made_at == now
    assert [each.name for each in opened.recipients] == ["the board"]


def test_a_stranger_gets_nothing_and_no_key_is_in_clear(keyring, bundle, stranger):
    with pytest.raises(KeyUnavailable, match="not sealed to this private key"):
        recovery.open_bundle(bundle, stranger)
    for key in keyring.keys():
        assert key.secret_bytes().hex().encode() not in bundle


@pytest.mark.parametrize("member", ["made_at", "covers", "content"])
def test_a_changed_bundle_does_not_open(bundle, board, member):
    document = json.loads(bundle)
    value = document[member]
    if member == "made_at":
        document[member] = "2020-01-01T00:00:00+00:00"
    else:
        swapped = "A" if value[100 % len(value)] != "A" else "B"
        at = 100 % len(value)
        document[member] = value[:at] + swapped + value[at + 1 :]
    with pytest.raises(IntegrityError):
        recovery.open_bundle(json.dumps(document).encode(), board)


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b'{"format": "other"}', b"\xff"])
def test_what_is_no_bundle_is_refused(raw, board):
    with pytest.raises(UnsupportedFormat):
        recovery.open_bundle(raw, board)


def test_a_pair_survives_its_files_and_the_private_one_is_private(tmp_path, board):
    private, public = tmp_path / "b.private.pem", tmp_path / "b.public.pem"
    recipients.write_private(private, board)
    recipients.write_public(public, board.public("b"))
    assert stat.S_IMODE(private.stat().st_mode) == 0o400
    read = recipients.read_private(private)
    assert read.secret_bytes() == board.secret_bytes()
    assert recipients.read_public(public) == board.public("b")
    with pytest.raises(FileExistsError):
        recipients.write_private(private, board)


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o644])
def test_a_private_key_that_others_can_read_is_refused(tmp_path, board, mode):
    path = tmp_path / "b.private.pem"
    recipients.write_private(path, board)
    path.chmod(mode)
    with pytest.raises(KeyUnavailable, match="chmod 400"):
        recipients.read_private(path)


@pytest.mark.parametrize("spoil", ["other kind", "cut", "noise", "absent", "letters"])
def test_what_is_no_public_key_is_refused(tmp_path, board, spoil):
    path = tmp_path / "b.public.pem"
    recipients.write_public(path, board.public("b"))
    text = path.read_text()
    if spoil == "other kind":
        path.unlink()
        recipients.write_private(path, board)
    elif spoil == "absent":
        path.unlink()
    else:
        changed = {"cut": text[:400], "noise": "\x00" * 900, "letters": "ключ"}
        path.write_text(changed[spoil])
    with pytest.raises(KeyUnavailable):
        recipients.read_public(path)


def test_a_sealed_message_opens_for_its_purpose_only(board):
    sealed = board.public("b").seal(b"secret", b"one")
    assert board.open(sealed, b"one") == b"secret"
    with pytest.raises(IntegrityError):
        board.open(sealed, b"another")


# --- passphrase -------------------------------------------------------------------


@pytest.fixture
def locked(tmp_path, unlock):
    home = tmp_path / "home"
    (home / "keys").mkdir(parents=True)
    passphrases.write_header(home / "keys", WORDS, unlock, CHEAP)
    return home


@pytest.fixture
def passphrase_file(tmp_path):
    path = tmp_path / "passphrase"
    path.write_text(WORDS + "\n")
    path.chmod(0o600)
    return path


def test_the_right_passphrase_unlocks(locked, passphrase_file, unlock):
    given = choose_provider(locked, passphrase_file=str(passphrase_file)).unlock()
    assert given.secret_bytes() == unlock.secret_bytes()


@pytest.mark.parametrize("wrong", [WORDS + " ", WORDS.upper(), "x" * 20])
def test_a_wrong_passphrase_says_so(locked, passphrase_file, wrong):
    passphrase_file.write_text(wrong + "\n")
    provider = PassphraseProvider(locked / "keys", locked, str(passphrase_file))
    with pytest.raises(KeyUnavailable, match="passphrase is wrong"):
        provider.unlock()


def test_letters_count_as_they_look_however_they_are_typed(tmp_path, unlock):
    passphrases.write_header(tmp_path, "cafe\u0301 " * 4, unlock, CHEAP)
    opened = passphrases.open_header(tmp_path, "caf\u00e9 " * 4)
    assert opened.secret_bytes() == unlock.secret_bytes()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o700])
def test_a_passphrase_that_others_can_read_is_refused(locked, passphrase_file, mode):
    passphrase_file.chmod(mode)
    with pytest.raises(KeyUnavailable, match="chmod 600"):
        choose_provider(locked, passphrase_file=str(passphrase_file)).unlock()


def test_a_passphrase_inside_the_home_is_refused(locked):
    inside = locked / "passphrase"
    inside.write_text(WORDS)
    inside.chmod(0o600)
    with pytest.raises(KeyUnavailable, match="inside the archive's home"):
        choose_provider(locked, passphrase_file=str(inside)).unlock()


@pytest.mark.parametrize("passphrase", ["short", "x" * 14, "x" * 1025])
def test_a_passphrase_that_can_be_tried_out_is_not_taken(tmp_path, unlock, passphrase):
    with pytest.raises(KeyUnavailable, match="15 to 1024"):
        passphrases.write_header(tmp_path, passphrase, unlock, CHEAP)
    assert list(tmp_path.iterdir()) == [] or not (tmp_path / "passphrase.json").exists()


@pytest.mark.parametrize(
    ("member", "value", "refusal"),
    [
        ("memory_kib", 8, KeyUnavailable),
        ("iterations", 2, KeyUnavailable),
        ("salt", "00" * 16, KeyUnavailable),
        ("memory_kib", 1 << 40, UnsupportedFormat),
        ("iterations", 0, UnsupportedFormat),
        ("lanes", True, UnsupportedFormat),
        ("format", "vigil-passphrase-2", UnsupportedFormat),
        ("salt", "no hexadecimal", UnsupportedFormat),
    ],
)
def test_the_parameters_are_bound_and_bounded(locked, member, value, refusal):
    path = locked / "keys" / passphrases.HEADER
    facts = json.loads(path.read_bytes())
    path.write_text(json.dumps({**facts, member: value}))
    with pytest.raises(refusal):
        passphrases.open_header(locked / "keys", WORDS)


def test_stronger_parameters_replace_weaker_ones_and_the_secret_stays(locked, unlock):
    folder = locked / "keys"
    assert passphrases.cost_of(folder) == CHEAP
    stronger = Cost(memory_kib=128, iterations=2, lanes=2)
    passphrases.write_header(folder, "another one, and longer", unlock, stronger)
    assert passphrases.cost_of(folder) == stronger
    opened = passphrases.open_header(folder, "another one, and longer")
    assert opened.secret_bytes() == unlock.secret_bytes()
    with pytest.raises(KeyUnavailable):
        passphrases.open_header(folder, WORDS)


def test_without_a_terminal_nobody_is_asked(locked, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(KeyUnavailable, match="no terminal"):
        choose_provider(locked).unlock()


# --- shares -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def people():
    return [recipients.draw() for _ in range(3)]


@pytest.fixture
def opened_shares(tmp_path, unlock, people):
    paths = []
    for share, key in zip(shares.split(unlock), people, strict=True):
        sealed = tmp_path / f"{share.number}.sealed"
        sealed.write_bytes(shares.seal(share, key.public(f"admin {share.number}")))
        opened = tmp_path / f"{share.number}.share"
        assert shares.open_sealed(sealed, key, opened) == share.number
        paths.append(opened)
    return paths


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("pair", list(itertools.permutations(range(3), 2)))
def test_any_two_shares_unlock_in_any_order(opened_shares, home, unlock, pair):
    chosen = [opened_shares[number] for number in pair]
    given = choose_provider(home, key_shares=chosen).unlock()
    assert given.secret_bytes() == unlock.secret_bytes()


def test_one_share_alone_tells_nothing_of_the_secret(unlock):
    secret = unlock.secret_bytes()
    for share in shares.split(unlock):
        halves = list(share.halves.values())
        assert secret not in halves
        assert bytes(a ^ b for a, b in zip(*halves, strict=True)) != secret


def test_a_missing_share_the_same_twice_or_a_foreign_one_is_told(
    opened_shares, home, unlock
):
    one, two, _ = opened_shares
    with pytest.raises(KeyUnavailable, match="1 of 2 shares"):
        SharesProvider([one], home).unlock()
    with pytest.raises(KeyUnavailable, match="same share"):
        SharesProvider([one, one], home).unlock()
    foreign = shares.split(unlock)[1]
    with pytest.raises(KeyUnavailable, match="different sets"):
        shares.join(shares.split(unlock)[0], foreign)
    two.unlink()
    with pytest.raises(KeyUnavailable, match=r"2\.share cannot be read"):
        SharesProvider([one, two], home).unlock()


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o644])
def test_a_share_that_others_can_read_is_refused(opened_shares, home, mode):
    opened_shares[0].chmod(mode)
    with pytest.raises(KeyUnavailable, match="chmod 400"):
        SharesProvider(opened_shares[:2], home).unlock()


def test_a_share_inside_the_home_or_still_sealed_is_refused(
    opened_shares, home, tmp_path
):
    inside = home / "share"
    inside.write_bytes(opened_shares[0].read_bytes())
    inside.chmod(0o400)
    with pytest.raises(KeyUnavailable, match="inside"):
        SharesProvider([inside, opened_shares[1]], home).unlock()
    with pytest.raises(KeyUnavailable, match="still sealed"):
        SharesProvider([tmp_path / "1.sealed", opened_shares[1]], home).unlock()


def test_a_share_opens_for_its_administrator_only(tmp_path, unlock, people, stranger):
    sealed = tmp_path / "sealed"
    sealed.write_bytes(shares.seal(shares.split(unlock)[0], people[0].public("a")))
    for wrong in (stranger, people[1]):
        with pytest.raises(KeyUnavailable, match="not sealed to this private key"):
            shares.open_sealed(sealed, wrong, tmp_path / "opened")
    assert not (tmp_path / "opened").exists()


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"\xff\xff", b'{"format": "x"}'])
def test_what_is_no_share_is_refused(tmp_path, home, opened_shares, raw):
    path = tmp_path / "none"
    path.write_bytes(raw)
    path.chmod(0o400)
    with pytest.raises(VaultError):
        SharesProvider([path, opened_shares[0]], home).unlock()


# --- descriptor -------------------------------------------------------------------


def test_a_secret_that_was_handed_over_can_be_read_again(home, unlock):
    descriptor = hand_over(unlock)
    for _ in range(2):
        given = choose_provider(home, key_command="false", descriptor=descriptor)
        assert given.unlock().secret_bytes() == unlock.secret_bytes()


def test_a_closed_descriptor_is_told():
    with pytest.raises(KeyUnavailable, match="cannot be read"):
        DescriptorProvider(999).unlock()
