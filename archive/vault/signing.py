"""Signatures that anybody can check without the archive: Ed25519 over canonical JSON.

    seed = HKDF-Expand-SHA-512(audit key, "vigil.signing/v1", 32)
    visa = 1 + HKDF-Expand-SHA-512(audit key, "vigil.visas/v1", 48) mod (n - 1)

`visa` is the P-256 key with which visas are signed, since GA4GH asks for ES256; 48
bytes keep the remainder from leaning to either side (FIPS 186-5, A.2.1).

The audit key is never another, so the public key is the archive's for good. It is worth
what the way is worth on which somebody got it: hand it out before it is needed.
"""

import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from archive.vault.keyrings import Keyring
from archive.vault.keys import Purpose

ALGORITHM = "Ed25519"
SIGNATURE = "signature"
_INFO = b"vigil.signing/v1"
_VISAS = b"vigil.visas/v1"
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def public_key(keyring: Keyring) -> str:
    """The archive's public key, as 64 hexadecimal digits."""
    return _private(keyring).public_key().public_bytes_raw().hex()


def visa_key(keyring: Keyring) -> bytes:
    """The private key of visas, as PEM; for signing at once, never to be kept."""
    expand = HKDFExpand(hashes.SHA512(), 48, _VISAS)
    drawn = expand.derive(keyring.get(Purpose.AUDIT, 1).secret_bytes())
    number = 1 + int.from_bytes(drawn) % (_P256_ORDER - 1)
    return ec.derive_private_key(number, ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def signed(
    keyring: Keyring, document: Mapping[str, Any], unsigned: frozenset[str]
) -> dict[str, Any]:
    """The document with a signature over all but the members named `unsigned`."""
    facts = {key: value for key, value in document.items() if key not in unsigned}
    signature = _private(keyring).sign(canonical(facts))
    return {
        **document,
        SIGNATURE: {
            "algorithm": ALGORITHM,
            "public_key": public_key(keyring),
            "value": signature.hex(),
        },
    }


def holds(document: Mapping[str, Any], public: str, unsigned: frozenset[str]) -> bool:
    """Whether the document is what the holder of this public key signed."""
    left_out = {SIGNATURE, *unsigned}
    facts = {key: value for key, value in document.items() if key not in left_out}
    try:
        told = document[SIGNATURE]
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(told["value"]), canonical(facts))
    except (KeyError, TypeError, ValueError, InvalidSignature):
        return False
    return True


def canonical(document: Mapping[str, Any]) -> bytes:
    """The one way to write a document: keys in order, no spaces, ASCII."""
    return json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=True
    ).encode()


def _private(keyring: Keyring) -> Ed25519PrivateKey:
    expand = HKDFExpand(hashes.SHA512(), 32, _INFO)
    seed = expand.derive(keyring.get(Purpose.AUDIT, 1).secret_bytes())
    return Ed25519PrivateKey.from_private_bytes(seed)
