"""Files of format v1 that must open for ever, and broken ones that never must."""

import hashlib
import json
from pathlib import Path
from uuid import UUID

import pytest

from archive.vault import errors, keytable
from archive.vault.container import Header, Kind
from archive.vault.fields import FieldSealing
from archive.vault.keyrings import Keyring
from archive.vault.keys import UnlockSecret
from archive.vault.reader import SealedReader
from archive.vault.tables import DataKey

FOLDER = Path(__file__).parent / "vectors" / "v1"
VECTORS = json.loads((FOLDER / "vectors.json").read_text())


def header_of(vector) -> Header:
    return Header(
        UUID(vector["object_id"]),
        Kind(vector["kind"]),
        vector["revision"],
        UUID(vector["data_key_id"]),
    )


def read_all(source, name: str, vector) -> bytes:
    blob = source((FOLDER / name).read_bytes())
    key = bytes.fromhex(vector["data_key"])
    with SealedReader(blob, key, header_of(vector)) as reader:
        return reader.read()


@pytest.mark.parametrize("name", VECTORS["good"])
def test_a_vector_opens(name, source):
    vector = VECTORS["good"][name]
    plaintext = read_all(source, f"{name}.blob", vector)
    assert plaintext == hashlib.shake_256(name.encode()).digest(vector["size"])
    assert hashlib.sha256(plaintext).hexdigest() == vector["sha256"]


@pytest.mark.parametrize("name", VECTORS["broken"])
def test_a_broken_vector_is_refused_for_its_reason(name, source):
    vector = VECTORS["broken"][name]
    with pytest.raises(getattr(errors, vector["error"])):
        read_all(source, f"broken-{name}.blob", VECTORS["good"][vector["expected"]])


def test_every_file_of_the_folder_is_used():
    named = {f"{name}.blob" for name in VECTORS["good"]}
    named |= {f"broken-{name}.blob" for name in VECTORS["broken"]}
    assert {path.name for path in FOLDER.glob("*.blob")} == named
    assert len(named) >= 25


@pytest.fixture
def old_keyring() -> Keyring:
    line = (FOLDER / "not-a-secret.key").read_text().strip()
    secret = UnlockSecret(bytes.fromhex(line.removeprefix("vigil-key-1:")))
    return Keyring.load(secret, FOLDER / "keyring")


def test_a_row_of_format_v1_unwraps_to_the_key_of_its_blob(old_keyring):
    stored, vector = VECTORS["row"], VECTORS["good"][VECTORS["row"]["blob"]]
    header = header_of(vector)
    row = DataKey(
        id=header.data_key_id,
        object_id=header.object_id,
        kind=int(header.kind),
        revision=header.revision,
        wrapping_key_id=UUID(stored["wrapping_key_id"]),
        wrapped=bytes.fromhex(stored["wrapped"]),
        facts=bytes.fromhex(stored["facts"]),
    )
    opened = keytable.unwrap(old_keyring, row)
    assert opened.data_key.hex() == vector["data_key"]
    assert opened.facts.size == vector["size"]
    assert opened.facts.sha256.hex() == vector["sha256"]


def test_a_column_and_an_index_of_format_v1_hold(old_keyring):
    sealing, stored = FieldSealing(old_keyring), VECTORS["row"]
    sealed = bytes.fromhex(stored["field"])
    assert sealing.open(sealed, "table/column/row") == b"sealed column"
    assert sealing.blind("value", "purpose").hex() == stored["blind_index"]
