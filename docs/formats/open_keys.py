#!/usr/bin/env python3
"""Opens the key files and manifests of a Vigil archive without Vigil.

    python open_keys.py passphrase passphrase.json OUT         asks; OUT: the key file
    python open_keys.py share SEALED --private PEM OUT         OUT: the opened share
    python open_keys.py join SHARE SHARE OUT                   OUT: the key file
    python open_keys.py bundle BUNDLE --private PEM OUT        OUT: all keys, JSON
    python open_keys.py file SEALED --key-file KEY OUT         OUT: its content, JSON
    python open_keys.py file SHREDDED --keys KEYS OUT          the list outside the home
    python open_keys.py manifest MANIFEST --keys KEYS OUT      OUT: its content, JSON

See keys-v1.md and backup-v1.md beside it. KEYS is what `bundle` wrote, or `file` of a
keyring. Needs Python 3.9 and `cryptography` 48, of it AES-GCM, ML-KEM-768, X25519 and
Argon2id. OUT is a new file that only its owner can read; it holds secrets. The status
is 0 when it was written, 1 when not.
"""

import argparse
import base64
import getpass
import hashlib
import hmac
import json
import os
import re
import sys
import unicodedata
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

KEYRING_START = b"\x89VGK\r\n\x1a\n\x01\x02\x00\x00"
MANIFEST_MAGIC = b"\x89VGM\r\n\x1a\n"
CHUNK, TAG = 16384, 16
HPKE_SUITE = b"HPKE" + bytes.fromhex("647a00030002")


class NotOpened(Exception):
    """Why it was not opened."""


def main() -> int:
    """Do what the command line says."""
    arguments = command_line().parse_args()
    try:
        content = arguments.act(arguments)
        create = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(arguments.out, create, 0o600), "wb") as out:
            out.write(content)
    except KeyError as error:
        sys.stderr.write(f"not opened: {error} is missing\n")
        return 1
    except (NotOpened, OSError, ValueError, TypeError) as error:
        sys.stderr.write(f"not opened: {error}\n")
        return 1
    return 0


def command_line() -> argparse.ArgumentParser:
    """Describe the arguments."""
    parser = argparse.ArgumentParser(description="Open key files of Vigil.")
    commands = parser.add_subparsers(required=True)
    for name, act, sources, options in (
        ("passphrase", from_passphrase, 1, ("--passphrase-file",)),
        ("share", from_sealed_share, 1, ("--private",)),
        ("join", from_two_shares, 2, ()),
        ("bundle", from_bundle, 1, ("--private",)),
        ("file", from_sealed_file, 1, ("--key-file", "--keys")),
        ("manifest", from_manifest, 1, ("--keys",)),
    ):
        command = commands.add_parser(name)
        command.set_defaults(act=act)
        command.add_argument("sources", type=Path, nargs=sources)
        for option in options:
            command.add_argument(option, type=Path)
        command.add_argument("out", type=Path)
    return parser


def from_passphrase(arguments: argparse.Namespace) -> bytes:
    """The unlock secret behind a passphrase."""
    facts = read_json(arguments.sources[0], "vigil-passphrase-1")
    sealed = bytes.fromhex(facts.pop("sealed"))
    if arguments.passphrase_file:
        text = arguments.passphrase_file.read_text("utf-8")
        text = text.removesuffix("\n").removesuffix("\r")
    else:
        text = getpass.getpass("Passphrase: ")
    argon2 = Argon2id(
        salt=bytes.fromhex(facts["salt"]),
        length=32,
        iterations=facts["iterations"],
        lanes=facts["lanes"],
        memory_cost=facts["memory_kib"],
    )
    key = argon2.derive(unicodedata.normalize("NFKC", text).encode())
    canonical = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
    return key_line(open_value(key, sealed, b"vigil.passphrase/v1\0" + canonical))


def from_sealed_share(arguments: argparse.Namespace) -> bytes:
    """One administrator's share."""
    document = read_json(arguments.sources[0], "vigil-sealed-share-1")
    named = f"{document['set']}\0{document['number']}".encode()
    sealed = base64.b64decode(document["sealed"], validate=True)
    return hpke_open(private_key(arguments), sealed, b"vigil.share/v1\0" + named)


def from_two_shares(arguments: argparse.Namespace) -> bytes:
    """The unlock secret from two opened shares."""
    one, other = (read_json(path, "vigil-share-1") for path in arguments.sources)
    if one["set"] != other["set"] or one["number"] == other["number"]:
        raise NotOpened("these are not two shares of one set")
    halves = (one["halves"][str(other["number"])], other["halves"][str(one["number"])])
    left, right = (int(half, 16) for half in halves)
    return key_line((left ^ right).to_bytes(32, "big"))


def from_bundle(arguments: argparse.Namespace) -> bytes:
    """All keys, for one of the recipients."""
    document = read_json(arguments.sources[0], "vigil-recovery-1")
    private = private_key(arguments)
    info = b"vigil.recovery/v1\0"
    mine = fingerprint(private)
    for entry in document["recipients"]:
        if entry["fingerprint"] == mine:
            sealed = base64.b64decode(entry["sealed"], validate=True)
            secret = hpke_open(private, sealed, info)
            about = f"{document['made_at']}\0{document['covers']}".encode()
            content = base64.b64decode(document["content"], validate=True)
            return open_value(secret, content, info + about)
    raise NotOpened("the bundle was not sealed to this private key")


def from_sealed_file(arguments: argparse.Namespace) -> bytes:
    """A keyring, `recovery.sealed`, or a list of what was shredded."""
    path = arguments.sources[0]
    raw = path.read_bytes()
    if not raw.startswith(KEYRING_START):
        raise NotOpened("this is no sealed file of the key folder")
    if arguments.key_file:
        name = path.stem.encode()
        line = arguments.key_file.read_text("ascii")
        found = re.fullmatch(r"vigil-key-1:([0-9a-fA-F]{64})\s*", line)
        if found is None:
            raise NotOpened("the key file does not hold an unlock secret")
        key = hkdf_expand(bytes.fromhex(found[1]), b"vigil.unlock/v1\0" + name, 32)
    else:
        name = b"shredded-outside"
        key = hkdf_expand(audit_key(arguments, 1), b"vigil.apart/v1\0" + name, 32)
    context = b"vigil.keyring/v1\0" + KEYRING_START + name
    return open_value(key, raw[len(KEYRING_START) :], context)


def from_manifest(arguments: argparse.Namespace) -> bytes:
    """What one backup holds."""
    raw = arguments.sources[0].read_bytes()
    if raw[:12] != MANIFEST_MAGIC + b"\x01\0\0\0" or len(raw) < 16:
        raise NotOpened("this is no manifest of version 1")
    end = 16 + int.from_bytes(raw[12:16], "big")
    audit = audit_key(arguments, json.loads(raw[16:end])["audit"])
    name = b"vigil.backup/v1"
    return open_value(hkdf_expand(audit, name, 32), raw[end:], name + b"\0" + raw[:end])


def read_json(path: Path, wanted: str) -> "dict[str, Any]":
    """Read a document of this format."""
    document = json.loads(path.read_bytes())
    if not isinstance(document, dict) or document.get("format") != wanted:
        raise NotOpened(f"{path.name} is not of format {wanted}")
    return document


def audit_key(arguments: argparse.Namespace, version: int) -> bytes:
    """One version of the key `audit`."""
    if not arguments.keys:
        raise NotOpened("give --keys")
    for key in json.loads(arguments.keys.read_bytes())["keys"]:
        if (key["purpose"], key["version"]) == ("audit", version):
            return bytes.fromhex(key["secret"])
    raise NotOpened(f"there is no audit key {version} among these keys")


def key_line(secret: bytes) -> bytes:
    """What a key file holds."""
    if len(secret) != 32:
        raise NotOpened("this is no unlock secret")
    return b"vigil-key-1:" + secret.hex().encode() + b"\n"


def private_key(arguments: argparse.Namespace) -> bytes:
    """The 96 bytes of a private key's file."""
    if not arguments.private:
        raise NotOpened("give --private")
    lines = arguments.private.read_text("ascii").split("\n")
    if lines[0] != "-----BEGIN VIGIL PRIVATE KEY-----":
        raise NotOpened("this is no private key of Vigil")
    raw = base64.b64decode("".join(lines[1 : lines.index(END_OF_PRIVATE)]))
    if len(raw) != 96:
        raise NotOpened("this is no private key of Vigil")
    return raw


END_OF_PRIVATE = "-----END VIGIL PRIVATE KEY-----"


def halves(private: bytes) -> "tuple[MLKEM768PrivateKey, X25519PrivateKey]":
    """The two keys that a private key is."""
    ml_kem = MLKEM768PrivateKey.from_seed_bytes(private[:64])
    return ml_kem, X25519PrivateKey.from_private_bytes(private[64:])


def fingerprint(private: bytes) -> str:
    """How the public key to a private key is named in a bundle."""
    public = b"".join(key.public_key().public_bytes_raw() for key in halves(private))
    return hashlib.sha256(b"vigil.recipient/v1\0" + public).hexdigest()[:32]


def hpke_open(private: bytes, sealed: bytes, info: bytes) -> bytes:
    """HPKE, base mode, single shot; RFC 9180 with the KEM 0x647a (X-Wing)."""
    ml_kem, x25519 = halves(private)
    if len(sealed) < 1120 + TAG:
        raise NotOpened("what was sealed to the key is cut off")
    ephemeral = sealed[1088:1120]
    shared = hashlib.sha3_256(
        ml_kem.decapsulate(sealed[:1088])
        + x25519.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        + ephemeral
        + x25519.public_key().public_bytes_raw()
        + b"\\.//^\\"
    ).digest()
    context = b"\0" + labelled(b"", b"psk_id_hash", b"")
    context += labelled(b"", b"info_hash", info)
    secret = labelled(shared, b"secret", b"")
    parts = []
    for label, size in ((b"key", 32), (b"base_nonce", 12)):
        start = size.to_bytes(2, "big") + b"HPKE-v1" + HPKE_SUITE + label
        parts.append(hkdf_expand(secret, start + context, size))
    try:
        return AESGCM(parts[0]).decrypt(parts[1], sealed[1120:], b"")
    except InvalidTag:
        raise NotOpened("it was not sealed to this private key") from None


def labelled(salt: bytes, label: bytes, secret: bytes) -> bytes:
    """LabeledExtract of RFC 9180 with SHA-512."""
    message = b"HPKE-v1" + HPKE_SUITE + label + secret
    return hmac.digest(salt or bytes(64), message, hashlib.sha512)


def hkdf_expand(secret: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand of RFC 5869 with SHA-512."""
    okm = block = b""
    for counter in range(1, -(-length // 64) + 1):
        block = hmac.digest(secret, block + info + bytes([counter]), hashlib.sha512)
        okm += block
    return okm[:length]


def open_value(secret: bytes, sealed: bytes, context: bytes) -> bytes:
    """Open a sealed value: a Cobblestone-256 message without a header."""
    name = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"
    okm = hkdf_expand(secret, name + sealed[:24] + context, 76)
    if not hmac.compare_digest(okm[44:], sealed[24:56]):
        raise NotOpened("the key does not belong to this file, or it is damaged")
    cipher, base = AESGCM(okm[:32]), int.from_bytes(okm[32:44], "big")
    body, plain = sealed[56:], b""
    if len(body) % (CHUNK + TAG) < TAG:
        raise NotOpened("a sealed value is cut off")
    for number in range(len(body) // (CHUNK + TAG) + 1):
        chunk = body[number * (CHUNK + TAG) : (number + 1) * (CHUNK + TAG)]
        try:
            plain += cipher.decrypt((base ^ number).to_bytes(12, "big"), chunk, None)
        except InvalidTag:
            raise NotOpened(f"chunk {number} is damaged") from None
    return plain


if __name__ == "__main__":
    sys.exit(main())
