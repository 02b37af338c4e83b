"""A passkey in software, as a browser and a device together would answer.

It makes real signatures over what WebAuthn lays down; a test may bend each part.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class SoftKey:
    """One device with one key; `counter` goes up by one with each answer."""

    rp_id: str = "archive.example.org"
    origin: str = "https://archive.example.org"
    verifies: bool = True
    counter: int = 0
    user_handle: bytes = b""
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    secret: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def create(self, options: str, **bent: object) -> str:
        """Answer `navigator.credentials.create`."""
        asked = json.loads(options)
        self.user_handle = unb64(asked["user"]["id"])
        attested = bytes(16) + struct.pack(">H", len(self.credential_id))
        attested += self.credential_id + self._cose()
        data = self._authenticator_data(ATTESTED) + attested
        made = {"fmt": bent.get("fmt", "none"), "attStmt": {}, "authData": data}
        told = self._client_data("webauthn.create", asked["challenge"], bent)
        return self._answer(
            clientDataJSON=b64(told), attestationObject=b64(cbor2.dumps(made))
        )

    def get(self, options: str, **bent: object) -> str:
        """Answer `navigator.credentials.get`."""
        asked = json.loads(options)
        self.counter += 1
        data = self._authenticator_data(0)
        told = self._client_data("webauthn.get", asked["challenge"], bent)
        signed = data + hashlib.sha256(told).digest()
        signature = self.secret.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._answer(
            clientDataJSON=b64(told),
            authenticatorData=b64(data),
            signature=b64(bent.get("signature", signature)),
            userHandle=b64(self.user_handle),
        )

    def _answer(self, **response: str) -> str:
        name = b64(self.credential_id)
        return json.dumps(
            {"id": name, "rawId": name, "type": "public-key", "response": response}
        )

    def _client_data(self, kind: str, challenge: str, bent: dict) -> bytes:
        told = {
            "type": bent.get("type", kind),
            "challenge": bent.get("challenge", challenge),
            "origin": bent.get("origin", self.origin),
            "crossOrigin": False,
        }
        return json.dumps(told).encode()

    def _authenticator_data(self, more: int) -> bytes:
        flags = PRESENT | (VERIFIED if self.verifies else 0) | more
        place = hashlib.sha256(self.rp_id.encode()).digest()
        return place + struct.pack(">BI", flags, self.counter)

    def _cose(self) -> bytes:
        point = self.secret.public_key().public_numbers()
        x, y = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
