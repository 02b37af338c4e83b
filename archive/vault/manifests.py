"""What one backup holds, sealed; and the little that must be read before the keys are.

    magic 89 56 47 4D 0D 0A 1A 0A, version 1, three zero bytes
    length of the clear part (4 bytes, big-endian), then the clear part, JSON:
        {"archive", "audit" (version of the key), "files": {name: blob}}
    the sealed part, a Cobblestone-256 message of JSON; its key is
        HKDF-Expand-SHA-512(audit key of that version, "vigil.backup/v1", 32),
        its context "vigil.backup/v1" || 00 || everything before it

The clear part says where the keyrings lie, which are sealed themselves: they have to be
opened first. Whoever changes a byte of it makes the sealed part refuse to open.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from archive.vault import aead
from archive.vault.container import KEY_SIZE
from archive.vault.errors import IntegrityError, UnsupportedFormat
from archive.vault.keyrings import Keyring
from archive.vault.keys import Key, Purpose

MAGIC = b"\x89VGM\r\n\x1a\n"
_START = struct.Struct(">8sB3sI")
_VERSION = 1
_NAME = b"vigil.backup/v1"


@dataclass(frozen=True)
class Cover:
    """The clear part; nothing of it is proven before the manifest was opened."""

    archive: str
    audit: int
    files: Mapping[str, str]


def seal(
    keyring: Keyring, files: Mapping[str, str], content: Mapping[str, Any]
) -> bytes:
    """Seal a manifest; `files` are the blobs of the database and of the key files."""
    key = keyring.active(Purpose.AUDIT)
    cover = {
        "archive": keyring.archive_id,
        "audit": key.name.version,
        "files": dict(files),
    }
    clear = json.dumps(cover, sort_keys=True).encode()
    start = _START.pack(MAGIC, _VERSION, b"", len(clear)) + clear
    plain = json.dumps(content).encode()
    return start + aead.seal(_key(key), plain, _context(start))


def read_cover(raw: bytes) -> Cover:
    """Read the clear part.

    :raises UnsupportedFormat: no manifest that this program knows
    """
    start = _split(raw)[0]
    try:
        cover = json.loads(start[_START.size :])
        files = {str(name): str(blob) for name, blob in cover["files"].items()}
        return Cover(str(cover["archive"]), int(cover["audit"]), files)
    except (ValueError, KeyError, AttributeError, TypeError):
        raise UnsupportedFormat("the manifest of the backup is damaged") from None


def open_sealed(keyring: Keyring, raw: bytes) -> dict[str, Any]:
    """Open a manifest.

    :raises UnsupportedFormat: no manifest that this program knows
    :raises KeyUnavailable: its key is not in this keyring
    :raises IntegrityError: it was changed, or is of another archive
    """
    start, sealed = _split(raw)
    key = keyring.get(Purpose.AUDIT, read_cover(raw).audit)
    try:
        plain = aead.open_sealed(_key(key), sealed, _context(start))
    except IntegrityError:
        raise IntegrityError(
            "the manifest was changed, or belongs to another archive"
        ) from None
    content: dict[str, Any] = json.loads(plain)
    return content


def _split(raw: bytes) -> tuple[bytes, bytes]:
    if len(raw) < _START.size:
        raise UnsupportedFormat("the manifest of the backup is cut off")
    magic, version, _, length = _START.unpack_from(raw)
    end = _START.size + length
    if magic != MAGIC or version != _VERSION or end > len(raw):
        raise UnsupportedFormat("this is no manifest that this program knows")
    return raw[:end], raw[end:]


def _key(audit: Key) -> bytes:
    return HKDFExpand(hashes.SHA512(), KEY_SIZE, _NAME).derive(audit.secret_bytes())


def _context(start: bytes) -> bytes:
    return _NAME + b"\0" + start
