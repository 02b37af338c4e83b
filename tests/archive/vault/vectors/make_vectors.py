"""Makes the files of one format version, once. They are never made again.

    python tests/archive/vault/vectors/make_vectors.py tests/archive/vault/vectors/v1

A release that could not open them would have lost somebody's archive: so they stay as
they are, and later formats get a folder of their own. Plaintexts are SHAKE-256 of the
vector's name, so they need not be kept.

    vectors.json        each file's header, data key, size and digest, or the error
    *.blob              sealed files that must open; broken-*.blob must not
    not-a-secret.key, keyring/, "row" in vectors.json    the way from the unlock key
"""

import hashlib
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from archive.vault import keytable
from archive.vault.container import Header, Kind, Sealer
from archive.vault.fields import FieldSealing
from archive.vault.keyrings import Keyring
from archive.vault.keys import UnlockSecret
from archive.vault.keytable import Facts
from archive.vault.reader import BODY, SEALED_CHUNK
from archive.vault.tables import DataKey

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SIZES = {"empty": 0, "one": 1, "short": 16383, "full": 16384, "longer": 16385}
SIZES |= {"three": 40_000}


def plaintext_of(name: str, size: int) -> bytes:
    return hashlib.shake_256(name.encode()).digest(size)


def drawn(name: str, what: str) -> bytes:
    return hashlib.sha256(f"{what} of {name}".encode()).digest()


def header_of(name: str, kind: Kind) -> Header:
    ids = [UUID(bytes=drawn(name, what)[:16], version=4) for what in ("object", "key")]
    return Header(ids[0], kind, 1 + len(name), ids[1])


class Sink:
    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes | memoryview) -> None:
        self.data += bytes(data)


def seal(name: str, size: int, header: Header) -> bytes:
    sink = Sink()
    sealer = Sealer(sink, header, drawn(name, "data key"))
    sealer.write(plaintext_of(name, size))
    sealer.finish()
    return sink.data


def describe(name: str, size: int, header: Header) -> dict[str, Any]:
    return {
        "object_id": str(header.object_id),
        "kind": int(header.kind),
        "revision": header.revision,
        "data_key_id": str(header.data_key_id),
        "data_key": drawn(name, "data key").hex(),
        "size": size,
        "sha256": hashlib.sha256(plaintext_of(name, size)).hexdigest(),
    }


def broken_in_three(blob: bytes) -> dict[str, tuple[bytes, str]]:
    """Break a blob of three chunks, the last of them short."""
    chunks = [
        blob[at : at + SEALED_CHUNK] for at in range(BODY, len(blob), SEALED_CHUNK)
    ]
    start = blob[:BODY]
    flipped = bytes([blob[BODY + 5000] ^ 1])
    return {
        "cut-between-chunks": (start + chunks[0], "IntegrityError"),
        "cut-within-a-chunk": (blob[: BODY + 20_000], "IntegrityError"),
        "chunks-swapped": (start + chunks[1] + chunks[0] + chunks[2], "IntegrityError"),
        "chunk-left-out": (start + chunks[0] + chunks[2], "IntegrityError"),
        "bit-in-the-body": (
            blob[: BODY + 5000] + flipped + blob[BODY + 5001 :],
            "IntegrityError",
        ),
    }


def broken_in_one(blob: bytes) -> dict[str, tuple[bytes, str]]:
    """Break a blob of a single byte."""

    def flip(at: int) -> bytes:
        return put(at, blob[at] ^ 1)

    def put(at: int, value: int) -> bytes:
        return blob[:at] + bytes([value]) + blob[at + 1 :]

    return {
        "header-only": (blob[:64], "IntegrityError"),
        "header-cut": (blob[:63], "IntegrityError"),
        "no-chunk": (blob[:BODY], "IntegrityError"),
        "bit-in-the-salt": (flip(64), "IntegrityError"),
        "bit-in-the-commitment": (flip(119), "IntegrityError"),
        "bit-in-the-tag": (flip(136), "IntegrityError"),
        "byte-more": (blob + b"\0", "IntegrityError"),
        "another-object": (flip(16), "WrongContext"),
        "another-kind": (put(32, Kind.EXPORT), "WrongContext"),
        "another-revision": (put(39, blob[39] + 1), "WrongContext"),
        "another-data-key": (flip(40), "WrongContext"),
        "version-2": (put(8, 2), "UnsupportedFormat"),
        "suite-1": (put(9, 1), "UnsupportedFormat"),
        "padded": (put(11, 1), "UnsupportedFormat"),
        "segmented": (put(11, 2), "UnsupportedFormat"),
        "unknown-kind": (put(32, 8), "UnsupportedFormat"),
        "reserved": (put(63, 1), "UnsupportedFormat"),
        "text-mode": (blob.replace(b"\r\n", b"\n"), "UnsupportedFormat"),
        "clear": (b"clear bytes " * 20, "UnsupportedFormat"),
    }


def make_row(folder: Path, name: str, size: int) -> dict[str, str]:
    secret = drawn("v1", "unlock secret")
    line = f"vigil-key-1:{secret.hex()}\n"
    (folder / "not-a-secret.key").write_text(line)
    keyring = Keyring.create(UnlockSecret(secret), folder / "keyring", NOW)
    engine = create_engine("sqlite://")
    DataKey.__table__.create(engine)  # type: ignore[attr-defined]
    digest = hashlib.sha256(plaintext_of(name, size)).digest()
    with Session(engine) as s:
        header, data_key = header_of(name, Kind.ORIGINAL), drawn(name, "data key")
        row = keytable.insert(s, keyring, header, data_key, Facts(size, digest), NOW)
        wrapped, facts = row.wrapped or b"", row.facts or b""
        made = {"wrapping_key_id": str(row.wrapping_key_id), "blob": name}
    sealing = FieldSealing(keyring)
    field = sealing.seal(b"sealed column", "table/column/row")
    index = sealing.blind("value", "purpose")
    made |= {"wrapped": wrapped.hex(), "facts": facts.hex()}
    return made | {"field": field.hex(), "blind_index": index.hex()}


def main(folder: Path) -> None:
    folder.mkdir()  # fails if it is there: vectors are made once
    content: dict[str, Any] = {"good": {}, "broken": {}}
    for kind, (name, size) in zip(Kind, SIZES.items(), strict=False):
        header = header_of(name, Kind.ORIGINAL if name == "three" else kind)
        (folder / f"{name}.blob").write_bytes(seal(name, size, header))
        content["good"][name] = describe(name, size, header)
    for name, breaking in (("three", broken_in_three), ("one", broken_in_one)):
        blob = (folder / f"{name}.blob").read_bytes()
        for way, (data, error) in breaking(blob).items():
            (folder / f"broken-{way}.blob").write_bytes(data)
            content["broken"][way] = {"error": error, "expected": name}
    content["row"] = make_row(folder, "three", SIZES["three"])
    (folder / "vectors.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
