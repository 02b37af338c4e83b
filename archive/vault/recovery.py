"""Who can get the archive back when its unlock secret is lost, and with what.

`recovery.sealed` in the key folder names the recipients, or the waiver of those who
want none. `recovery.bundle` holds every key, sealed to each recipient; it is written
anew before any key is used, and is of no use without one of their private keys:

    {"format": "vigil-recovery-1", "made_at", "covers",
     "recipients": [{"name", "fingerprint", "sealed"}],      base64, HPKE
     "content"}                                              base64, Cobblestone-256

    sealed  = the content's key, to each recipient; info = "vigil.recovery/v1" || 00
    content = JSON of archive, keys, recipients, shredded; context = the info, then
              made_at || 00 || covers
    covers  = SHA-256 of the ids of all keys, in order: tells old bundles from new ones
"""

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from archive.vault import aead, shredlist
from archive.vault.container import KEY_SIZE
from archive.vault.errors import IntegrityError, KeyUnavailable, UnsupportedFormat
from archive.vault.keyfiles import RECOVERY, KeyFiles, put
from archive.vault.keys import Key, from_json, random_bytes, to_json
from archive.vault.recipients import PrivateKey, Recipient
from archive.vault.shredlist import Shredding

BUNDLE = "recovery.bundle"
FORMAT = "vigil-recovery-1"
_INFO = b"vigil.recovery/v1\0"


@dataclass(frozen=True)
class Waiver:
    """Why nobody shall be able to recover the keys."""

    reason: str
    at: datetime


@dataclass(frozen=True)
class Settled:
    """What was settled about recovery: recipients, or a waiver, or nothing yet."""

    recipients: tuple[Recipient, ...] = ()
    waiver: Waiver | None = None

    @property
    def is_settled(self) -> bool:
        """Whether material may be taken in."""
        return bool(self.recipients) or self.waiver is not None


@dataclass(frozen=True)
class Bundle:
    """An opened bundle."""

    made_at: datetime
    keys: list[Key] = field(repr=False)
    recipients: tuple[Recipient, ...]
    shredded: list[Shredding] = field(repr=False)


def settled(files: KeyFiles) -> Settled:
    """Read what was settled.

    :raises KeyUnavailable: the file is there and does not open
    """
    if not files.path(RECOVERY).exists():
        return Settled()
    content = files.read(RECOVERY)
    waiver = content["waiver"]
    return Settled(
        tuple(_recipient(each) for each in content["recipients"]),
        Waiver(waiver["reason"], datetime.fromisoformat(waiver["at"]))
        if waiver
        else None,
    )


def settle(files: KeyFiles, what: Settled) -> None:
    """Write down who can recover the keys; the bundle is the caller's to renew."""
    waiver = what.waiver
    content = {
        "recipients": [_named(each) for each in what.recipients],
        "waiver": {"reason": waiver.reason, "at": waiver.at.isoformat()}
        if waiver
        else None,
    }
    with files.locked():
        files.replace(RECOVERY, content)


def write_bundle(
    files: KeyFiles, keys: Iterable[Key], shredded: Iterable[Shredding], now: datetime
) -> None:
    """Renew the bundle beside the keyrings; without a recipient there is none."""
    recipients = settled(files).recipients
    if recipients:
        put(files.folder / BUNDLE, seal_bundle(recipients, keys, shredded, now))


def seal_bundle(
    recipients: Iterable[Recipient],
    keys: Iterable[Key],
    shredded: Iterable[Shredding],
    now: datetime,
) -> bytes:
    """Seal all keys to each of these recipients."""
    everyone, made = list(recipients), sorted(keys, key=lambda key: str(key.id))
    content = {
        "keys": [to_json(key) for key in made],
        "recipients": [_named(each) for each in everyone],
        "shredded": [shredlist.to_json(each) for each in shredded],
    }
    made_at, covered = now.isoformat(), covers(made)
    secret = random_bytes(KEY_SIZE)
    sealed = aead.seal(secret, json.dumps(content).encode(), _context(made_at, covered))
    document = {
        "format": FORMAT,
        "made_at": made_at,
        "covers": covered,
        "recipients": [
            {
                "name": each.name,
                "fingerprint": each.fingerprint,
                "sealed": base64.b64encode(each.seal(secret, _INFO)).decode(),
            }
            for each in everyone
        ],
        "content": base64.b64encode(sealed).decode(),
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def open_bundle(raw: bytes, private: PrivateKey) -> Bundle:
    """Open a bundle with one of the private keys it was sealed to.

    :raises KeyUnavailable: it was not sealed to this private key
    :raises IntegrityError: it was changed
    :raises UnsupportedFormat: it is no bundle that this program knows
    """
    document = _parse(raw)
    mine = private.public("").fingerprint
    for entry in document["recipients"]:
        if entry["fingerprint"] == mine:
            return _open(document, private.open(_bytes(entry["sealed"]), _INFO))
    raise KeyUnavailable("the bundle was not sealed to this private key")


def bundle_covers(path: Path) -> str | None:
    """What the bundle at this place says it covers; None when there is none."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise KeyUnavailable(f"the bundle {path} cannot be read: {reason}") from None
    return str(_parse(raw)["covers"])


def covers(keys: Iterable[Key]) -> str:
    """Tells whether a bundle has these very keys."""
    ids = sorted(str(key.id) for key in keys)
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        document = json.loads(raw)
        known = document["format"] == FORMAT
        _ = document["made_at"], document["covers"], document["content"]
        _ = [(each["fingerprint"], each["sealed"]) for each in document["recipients"]]
    except (ValueError, KeyError, TypeError):
        raise UnsupportedFormat("this is not a bundle for recovery") from None
    if not known:
        raise UnsupportedFormat("this bundle is of a newer program")
    parsed: dict[str, Any] = document
    return parsed


def _open(document: dict[str, Any], secret: bytes) -> Bundle:
    made_at, covered = str(document["made_at"]), str(document["covers"])
    sealed = _bytes(document["content"])
    content = json.loads(aead.open_sealed(secret, sealed, _context(made_at, covered)))
    return Bundle(
        made_at=datetime.fromisoformat(made_at),
        keys=[from_json(each) for each in content["keys"]],
        recipients=tuple(_recipient(each) for each in content["recipients"]),
        shredded=[shredlist.from_json(each) for each in content["shredded"]],
    )


def _context(made_at: str, covered: str) -> bytes:
    return _INFO + made_at.encode() + b"\0" + covered.encode()


def _named(recipient: Recipient) -> dict[str, str]:
    public = base64.b64encode(recipient.public).decode()
    return {"name": recipient.name, "public": public}


def _recipient(entry: dict[str, str]) -> Recipient:
    return Recipient(entry["name"], base64.b64decode(entry["public"]))


def _bytes(text: object) -> bytes:
    try:
        return base64.b64decode(str(text), validate=True)
    except binascii.Error:
        raise IntegrityError("the bundle was changed") from None
