#!/usr/bin/env python3
"""Opens one sealed file of a Vigil archive without Vigil; see blob-v1.md beside it.

    python open_blob.py BLOB OUT --data-key HEX
    python open_blob.py BLOB OUT --key-file KEY --keyring originals.keyring \
        --wrapping-key-id ID --wrapped HEX
    python open_blob.py BLOB OUT --keys KEYS --wrapping-key-id ID --wrapped HEX

KEYS is what open_keys.py wrote of a bundle for recovery. Needs Python 3.9 and the
package `cryptography`, of it only AES-GCM. OUT is written only if all of the file is
authentic. The status is 0 when it was, 1 when not.
"""

import argparse
import hashlib
import hmac
import json
import os
import re
import struct
import sys
import uuid
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

BLOB_MAGIC = b"\x89VGL\r\n\x1a\n"
KEYRING_START = b"\x89VGK\r\n\x1a\n\x01\x02\x00\x00"
CHUNK = 16384
TAG = 16
HEADER = struct.Struct(">8sBBHI16sB3sI16s8s")
KINDS = (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13)


class NotOpened(Exception):
    """Why the file was not opened."""


def main() -> int:
    """Open the file that the command line names."""
    arguments = command_line().parse_args()
    try:
        with arguments.blob.open("rb") as blob:
            header = blob.read(HEADER.size)
            check_header(header)
            data_key = find_data_key(arguments, header)
            write_plaintext(blob, header, data_key, arguments.out)
    except (NotOpened, OSError, ValueError) as error:
        sys.stderr.write(f"not opened: {error}\n")
        return 1
    return 0


def command_line() -> argparse.ArgumentParser:
    """Describe the arguments."""
    parser = argparse.ArgumentParser(description="Open one sealed file of Vigil.")
    parser.add_argument("blob", type=Path, help="the sealed file")
    parser.add_argument("out", type=Path, help="where the plaintext goes; a new file")
    parser.add_argument("--data-key", help="64 hexadecimal digits")
    parser.add_argument("--key-file", type=Path, help="the unlock secret's file")
    parser.add_argument("--keyring", type=Path, help="the .keyring file")
    parser.add_argument("--keys", type=Path, help="keys as open_keys.py writes them")
    parser.add_argument("--wrapping-key-id", help="column of that name, a UUID")
    parser.add_argument("--wrapped", help="column of that name, in hexadecimal")
    return parser


def check_header(header: bytes) -> None:
    """Refuse what is not a blob of version 1."""
    if len(header) < HEADER.size or not header.startswith(BLOB_MAGIC):
        raise NotOpened("this is not a sealed file of Vigil")
    _, version, suite, flags, zero, _, kind, zeros, _, _, end = HEADER.unpack(header)
    if (version, suite, flags) != (1, 2, 0) or zero or any(zeros + end):
        raise NotOpened("this sealed file has another format than version 1")
    if kind not in KINDS:
        raise NotOpened("this sealed file is of an unknown kind")


def find_data_key(arguments: argparse.Namespace, header: bytes) -> bytes:
    """Take the data key from the command line, or unwrap it."""
    if arguments.data_key:
        return bytes.fromhex(arguments.data_key)
    ways = ("keys",) if arguments.keys else ("key_file", "keyring")
    needed = (*ways, "wrapping_key_id", "wrapped")
    if not all(getattr(arguments, name) for name in needed):
        raise NotOpened("give --data-key, or all that another way needs")
    wrapping_key_id = uuid.UUID(arguments.wrapping_key_id)
    if arguments.keys:
        keyring = secrets_of(arguments.keys.read_bytes())
    else:
        keyring = open_keyring(arguments.key_file, arguments.keyring)
    _, _, _, _, _, object_id, kind, _, revision, data_key_id, _ = HEADER.unpack(header)
    identity = data_key_id + object_id + struct.pack(">BI", kind, revision)
    context = b"vigil.dek/v1\0" + identity + wrapping_key_id.bytes
    if str(wrapping_key_id) not in keyring:
        raise NotOpened("the keyring does not hold the wrapping key")
    wrapped = bytes.fromhex(arguments.wrapped)
    return open_value(keyring[str(wrapping_key_id)], wrapped, context)


def open_keyring(key_file: Path, keyring: Path) -> "dict[str, bytes]":
    """Open a keyring: the keys in it, by id."""
    line = re.fullmatch(
        r"vigil-key-1:([0-9a-fA-F]{64})\s*", key_file.read_text("ascii")
    )
    raw = keyring.read_bytes()
    if line is None or not raw.startswith(KEYRING_START):
        raise NotOpened("the key file or the keyring has another format")
    domain = keyring.stem.encode()
    unlock = bytes.fromhex(line[1])
    file_key = hkdf_expand(unlock, b"vigil.unlock/v1\0" + domain, 32)
    context = b"vigil.keyring/v1\0" + KEYRING_START + domain
    return secrets_of(open_value(file_key, raw[len(KEYRING_START) :], context))


def secrets_of(content: bytes) -> "dict[str, bytes]":
    """The keys that a keyring or a bundle holds, by id."""
    keys = json.loads(content)["keys"]
    return {key["id"]: bytes.fromhex(key["secret"]) for key in keys}


def hkdf_expand(secret: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand of RFC 5869 with SHA-512."""
    okm = block = b""
    for counter in range(1, -(-length // 64) + 1):
        block = hmac.digest(secret, block + info + bytes([counter]), hashlib.sha512)
        okm += block
    return okm[:length]


class Message:
    """One Cobblestone-256 message: its keys, and the opening of single chunks."""

    def __init__(self, secret: bytes, start: bytes, context: bytes) -> None:
        name = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"
        okm = hkdf_expand(secret, name + start[:24] + context, 76)
        if not hmac.compare_digest(okm[44:], start[24:]):
            raise NotOpened("the key does not belong to this file, or it is damaged")
        self.cipher = AESGCM(okm[:32])
        self.base_nonce = int.from_bytes(okm[32:44], "big")

    def open_chunk(self, number: int, sealed: bytes) -> bytes:
        """Decrypt chunk `number`."""
        nonce = (self.base_nonce ^ number).to_bytes(12, "big")
        try:
            return self.cipher.decrypt(nonce, sealed, None)
        except InvalidTag:
            raise NotOpened(f"chunk {number} is damaged") from None


def open_value(secret: bytes, sealed: bytes, context: bytes) -> bytes:
    """Open a sealed value that fits into one chunk or a few."""
    message = Message(secret, sealed[:56], context)
    body = sealed[56:]
    step = CHUNK + TAG
    if len(body) % step < TAG:
        raise NotOpened("a sealed value is cut off")
    parts = [body[start : start + step] for start in range(0, len(body), step)]
    return b"".join(message.open_chunk(i, part) for i, part in enumerate(parts))


def write_plaintext(blob: BinaryIO, header: bytes, data_key: bytes, out: Path) -> None:
    """Check all of the blob, then write what is in it."""
    message = Message(data_key, blob.read(56), b"vigil.blob/v1\0" + header)
    chunks = count_chunks(blob)
    for number in range(chunks):
        message.open_chunk(number, read_chunk(blob, number))
    with out.open("xb") as plaintext:
        for number in range(chunks):
            plaintext.write(message.open_chunk(number, read_chunk(blob, number)))


def count_chunks(blob: BinaryIO) -> int:
    """Count the chunks; the last is always shorter than the others."""
    body = blob.seek(0, os.SEEK_END) - HEADER.size - 56
    if body < TAG or body % (CHUNK + TAG) < TAG:
        raise NotOpened("the file is cut off")
    return body // (CHUNK + TAG) + 1


def read_chunk(blob: BinaryIO, number: int) -> bytes:
    """Read the sealed bytes of one chunk."""
    blob.seek(HEADER.size + 56 + number * (CHUNK + TAG))
    return blob.read(CHUNK + TAG)


if __name__ == "__main__":
    sys.exit(main())
