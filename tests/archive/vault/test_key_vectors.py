"""Key files, manifests and previews of version 1 that must open for ever.

Each is opened twice: by the program, and by the stand-alone script that is documented.
"""

import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from archive.ledger.chain import line_digest
from archive.ledger.tables import LedgerEntry
from archive.vault import manifests, passphrases, recipients, recovery, shares
from archive.vault.errors import IntegrityError, KeyUnavailable, VaultError
from archive.vault.indexfiles import IndexSealing
from archive.vault.keyrings import Keyring
from archive.vault.keys import UnlockSecret
from blur.preview import Preview

ROOT = Path(__file__).parents[3]
FORMATS = ROOT / "docs" / "formats"
VECTORS = Path(__file__).parent / "vectors" / "v1-keys"
EXPECTED = json.loads((VECTORS / "expected.json").read_text())
LINE = f"vigil-key-1:{EXPECTED['unlock_secret']}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy in which private keys are private, as no version control keeps them."""
    copy = tmp_path / "vectors"
    shutil.copytree(VECTORS, copy)
    for path in copy.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return copy


@pytest.fixture
def keyring(folder: Path) -> Keyring:
    secret = UnlockSecret(bytes.fromhex(EXPECTED["unlock_secret"]))
    return Keyring.load(secret, folder / "keys")


def secrets_of(keys) -> dict[str, str]:
    return {str(key.id): key.secret_bytes().hex() for key in keys}


def test_the_keyrings_open_and_name_the_archive(keyring):
    assert secrets_of(keyring.keys()) == EXPECTED["keys"]
    assert keyring.archive_id == EXPECTED["archive"]


def test_the_passphrase_gives_the_unlock_secret(folder):
    secret = passphrases.open_header(folder / "keys", EXPECTED["passphrase"])
    assert secret.secret_bytes().hex() == EXPECTED["unlock_secret"]
    # The same passphrase as another keyboard spells it.
    spelt = EXPECTED["passphrase"].replace("Ⅸ", "IX")
    assert passphrases.open_header(folder / "keys", spelt)
    with pytest.raises(KeyUnavailable):
        passphrases.open_header(folder / "keys", spelt + " ")


def test_the_bundle_gives_every_key_to_its_recipient_alone(folder):
    raw = (folder / "keys" / "recovery.bundle").read_bytes()
    bundle = recovery.open_bundle(raw, recipients.read_private(folder / "recovery.pem"))
    assert secrets_of(bundle.keys) == EXPECTED["keys"]
    assert [each.reason for each in bundle.shredded] == ["a reason"]
    stranger = recipients.read_private(folder / "holder-1.pem")
    with pytest.raises(KeyUnavailable):
        recovery.open_bundle(raw, stranger)


def test_public_and_private_key_belong_together(folder):
    private = recipients.read_private(folder / "recovery.pem")
    public = recipients.read_public(folder / "recovery.public.pem")
    assert private.public("").fingerprint == public.fingerprint


@pytest.mark.parametrize("pair", [(1, 2), (1, 3), (3, 2)])
def test_any_two_shares_give_the_unlock_secret(folder, tmp_path, pair):
    opened = [_opened_share(folder, number, tmp_path) for number in pair]
    joined = shares.unlock(opened, tmp_path / "home")
    assert joined.secret_bytes().hex() == EXPECTED["unlock_secret"]


def _opened_share(folder: Path, number: int, where: Path) -> Path:
    private = recipients.read_private(folder / f"holder-{number}.pem")
    opened = where / f"opened-{number}"
    sealed = folder / f"share-{number}.sealed"
    assert shares.open_sealed(sealed, private, opened) == number
    return opened


def test_the_settlement_and_both_lists_of_the_shredded_open(folder, keyring):
    assert keyring.files is not None
    settled = recovery.settled(keyring.files)
    assert [each.name for each in settled.recipients] == ["a board"]
    inside = [str(each.object_id) for each in keyring.shredded.entries()]
    (folder / "keys" / "shredded.sealed").unlink()
    keyring.keep_shredded_at(folder / "outside.shredded")
    outside = [str(each.object_id) for each in keyring.shredded.entries()]
    assert inside == outside == ["6f9619ff-8b86-4011-b42d-00c04fc964ff"]


def test_the_manifest_opens_and_no_bit_of_it_can_change(folder, keyring):
    raw = (folder / "manifest").read_bytes()
    assert manifests.read_cover(raw).archive == EXPECTED["archive"]
    assert manifests.open_sealed(keyring, raw) == EXPECTED["manifest"]
    for at in range(len(raw)):
        changed = bytearray(raw)
        changed[at] ^= 1
        with pytest.raises(VaultError):
            manifests.open_sealed(keyring, bytes(changed))


def test_the_index_file_opens_under_its_name_alone(folder, keyring):
    source = io.BytesIO((folder / "index-file").read_bytes())
    sealing = IndexSealing(keyring)
    content = sealing.reader(EXPECTED["index_name"], source).read()
    assert hashlib.sha256(content).hexdigest() == EXPECTED["index_sha256"]
    with pytest.raises(VaultError):
        sealing.reader("another.seg", source)


@pytest.mark.parametrize("name", EXPECTED["previews"])
def test_a_preview_is_read_and_written_the_same(name):
    stored = bytes.fromhex(EXPECTED["previews"][name])
    preview = Preview.from_bytes(stored)
    assert (preview.family.value, preview.to_bytes()) == (name, stored)
    # Its cells, by nothing but the document's table.
    bits = f"{int.from_bytes(stored[9:], 'big'):0{8 * len(stored[9:])}b}"
    count = {"image": 48, "document": 48, "video": 320, "audio": 64}[name]
    cells = bytes(int(bits[at : at + 3], 2) for at in range(0, 3 * count, 3))
    assert cells == preview.cells
    rest = bits[8 * -(-3 * count // 8) :]
    chroma = bytes(int(rest[at : at + 2], 2) for at in range(0, len(rest), 2))
    assert chroma == preview.chroma


def test_a_line_of_the_ledger_has_its_digest():
    entry = LedgerEntry(
        seq=7,
        at=datetime.fromisoformat("2026-11-22T00:00:00+00:00"),
        event="displaying",
        actor="an account — ևs",
        record_id="a record",
        asset_id=None,
        account_id="an account",
        detail_digest="1" * 64,
        previous="2" * 64,
    )
    assert line_digest(entry) == EXPECTED["line"]["digest"]
    by_hand = (
        '{"account":"an account","actor":"an account \\u2014 \\u0587s","asset":null,'
        '"at":"2026-11-22T00:00:00.000000+00:00","detail":"' + "1" * 64 + '",'
        '"event":"displaying","previous":"'
        + "2" * 64
        + '","record":"a record","seq":7}'
    )
    assert hashlib.sha256(by_hand.encode()).hexdigest() == EXPECTED["line"]["digest"]


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    # Isolated and elsewhere: it must not find the program's own modules.
    return subprocess.run(
        [sys.executable, "-I", FORMATS / script, *map(str, arguments)],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


def gives(out: Path, *arguments: object) -> bytes:
    done = run("open_keys.py", *arguments, out)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert out.stat().st_mode & 0o777 == 0o600
    return out.read_bytes()


def test_the_script_opens_passphrase_and_shares(folder, tmp_path):
    typed = tmp_path / "passphrase"
    typed.write_text(EXPECTED["passphrase"] + "\n")
    header = folder / "keys" / "passphrase.json"
    line = gives(tmp_path / "a", "passphrase", header, "--passphrase-file", typed)
    assert line.decode() == LINE
    opened = []
    for number in (1, 3):
        sealed, private = (
            folder / f"share-{number}.sealed",
            folder / f"holder-{number}.pem",
        )
        opened.append(tmp_path / f"share-{number}")
        gives(opened[-1], "share", sealed, "--private", private)
    assert gives(tmp_path / "b", "join", *opened).decode() == LINE


def test_the_script_goes_from_a_private_key_to_a_manifest_and_a_list(folder, tmp_path):
    keys = tmp_path / "keys.json"
    bundle, private = folder / "keys" / "recovery.bundle", folder / "recovery.pem"
    found = json.loads(gives(keys, "bundle", bundle, "--private", private))
    assert {key["id"]: key["secret"] for key in found["keys"]} == EXPECTED["keys"]
    told = gives(tmp_path / "m", "manifest", folder / "manifest", "--keys", keys)
    assert json.loads(told) == EXPECTED["manifest"]
    outside = folder / "outside.shredded"
    listed = json.loads(gives(tmp_path / "s", "file", outside, "--keys", keys))
    assert [each["reason"] for each in listed["entries"]] == ["a reason"]


def test_the_script_opens_every_file_of_the_key_folder(folder, tmp_path):
    key = tmp_path / "key"
    key.write_text(LINE)
    for name in ("originals.keyring", "working.keyring", "recovery.sealed"):
        path = folder / "keys" / name
        assert json.loads(gives(tmp_path / name, "file", path, "--key-file", key))
    renamed = folder / "keys" / "other.keyring"
    shutil.copy(folder / "keys" / "working.keyring", renamed)
    done = run("open_keys.py", "file", renamed, "--key-file", key, tmp_path / "out")
    assert done.returncode == 1


def test_keys_of_a_bundle_open_a_blob_by_hand(tmp_path):
    """The keys of the other vectors, as `open_keys.py` would write them."""
    blobs = VECTORS.parent / "v1"
    row = json.loads((blobs / "vectors.json").read_text())["row"]
    keys = tmp_path / "keys.json"
    keyring = blobs / "keyring" / "originals.keyring"
    gives(keys, "file", keyring, "--key-file", blobs / "not-a-secret.key")
    named = ["--wrapping-key-id", row["wrapping_key_id"], "--wrapped", row["wrapped"]]
    out = tmp_path / "out"
    done = run("open_blob.py", blobs / "three.blob", out, "--keys", keys, *named)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(out.read_bytes()) == 40_000


@pytest.mark.parametrize(
    ("command", "source", "option", "value"),
    [
        ("bundle", "keys/recovery.bundle", "--private", "holder-2.pem"),
        ("bundle", "keys/passphrase.json", "--private", "recovery.pem"),
        ("bundle", "keys/recovery.bundle", "--private", "recovery.public.pem"),
        ("share", "share-1.sealed", "--private", "holder-2.pem"),
        ("passphrase", "keys/passphrase.json", "--passphrase-file", "manifest"),
        ("file", "manifest", "--keys", "expected.json"),
        ("manifest", "index-file", "--keys", "expected.json"),
        ("manifest", "no such file", "--keys", "expected.json"),
    ],
)
def test_the_script_refuses_in_one_sentence(
    folder, tmp_path, command, source, option, value
):
    out = tmp_path / "out"
    done = run("open_keys.py", command, folder / source, option, folder / value, out)
    assert done.returncode == 1
    assert done.stderr.startswith("not opened: ")
    assert done.stderr.count("\n") == 1
    assert not out.exists()


def test_the_script_replaces_no_file(folder, tmp_path):
    out = tmp_path / "out"
    out.write_bytes(b"kept")
    bundle, private = folder / "keys" / "recovery.bundle", folder / "recovery.pem"
    done = run("open_keys.py", "bundle", bundle, "--private", private, out)
    assert done.returncode == 1
    assert out.read_bytes() == b"kept"


def test_a_changed_bundle_opens_for_nobody(folder):
    raw = json.loads((folder / "keys" / "recovery.bundle").read_text())
    raw["made_at"] = "2026-11-23T00:00:00+00:00"
    private = recipients.read_private(folder / "recovery.pem")
    with pytest.raises(IntegrityError):
        recovery.open_bundle(json.dumps(raw).encode(), private)


CONTEXTS = {
    "keys-v1.md": "unlock keyring apart passphrase recipient recovery share",
    "backup-v1.md": "backup dump",
    "blob-v1.md": "blob dek facts",
    "ledger-v1.md": "field blind index",
}


def test_every_name_that_binds_sealed_bytes_is_documented():
    """A context that only the code knows would be a format that only the code opens."""
    documents = "".join(path.read_text() for path in FORMATS.glob("*.md"))
    for name, words in CONTEXTS.items():
        told = (FORMATS / name).read_text()
        assert [w for w in words.split() if f"vigil.{w}/v1" not in told] == []
    sources = [*(ROOT / "archive" / "vault").glob("*.py")]
    sources += (ROOT / "archive" / "db").glob("*.py")
    found = {word for path in sources for word in _names(path.read_text())}
    assert {word for word in found if word not in documents} == set()
    assert len(found) >= 14


def _names(code: str) -> set[str]:
    return set(re.findall(r"\bvigil[.-][a-z-]+[/-]v?[0-9]\b", code))
