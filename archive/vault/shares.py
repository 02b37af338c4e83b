"""An unlock secret in three hands, of which any two are needed.

For each pair of administrators the secret is split anew into two halves whose XOR it
is; one half alone is random. Each of the three holds a half of the two pairs they are
in, sealed to their own public key:

    share   {"format": "vigil-share-1", "set", "number" (1 to 3),
             "halves": {"2": hexadecimal, ...}}
    sealed  {"format": "vigil-sealed-share-1", "set", "number", "name", "fingerprint",
             "sealed": base64}, info = "vigil.share/v1" || 00 || set || 00 || number

Two opened shares of one set give the secret. Nothing is told to a single one, and no
arithmetic beyond XOR is needed.
"""

import base64
import binascii
import json
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from archive.vault.errors import IntegrityError, KeyUnavailable, UnsupportedFormat
from archive.vault.files import write_new
from archive.vault.keys import UnlockSecret, random_bytes
from archive.vault.recipients import PrivateKey, Recipient

HOLDERS = 3
NEEDED = 2
FORMAT = "vigil-share-1"
SEALED_FORMAT = "vigil-sealed-share-1"
_MOST_BYTES = 16_384


@dataclass(frozen=True)
class Share:
    """What one administrator holds: a half for each of the other two."""

    set_id: str
    number: int
    halves: dict[int, bytes] = field(repr=False)


def split(unlock: UnlockSecret) -> list[Share]:
    """Split the secret into three shares of a new set."""
    secret, set_id = unlock.secret_bytes(), random_bytes(8).hex()
    halves: dict[int, dict[int, bytes]] = {n: {} for n in range(1, HOLDERS + 1)}
    for one, other in combinations(halves, NEEDED):
        halves[one][other] = random_bytes(len(secret))
        halves[other][one] = _xor(secret, halves[one][other])
    return [Share(set_id, number, own) for number, own in halves.items()]


def join(one: Share, other: Share) -> UnlockSecret:
    """Give the secret back from any two shares of a set.

    :raises KeyUnavailable: they are the same share, or of different sets
    """
    if one.set_id != other.set_id:
        raise KeyUnavailable("the two shares belong to different sets")
    if one.number == other.number:
        raise KeyUnavailable("both are the same share: another administrator's is due")
    try:
        return UnlockSecret(_xor(one.halves[other.number], other.halves[one.number]))
    except (KeyError, ValueError):
        raise KeyUnavailable("the two shares do not fit together") from None


def seal(share: Share, holder: Recipient) -> bytes:
    """Seal a share to the administrator who holds it, as the text of a file."""
    content = {
        "format": FORMAT,
        "set": share.set_id,
        "number": share.number,
        "halves": {str(other): half.hex() for other, half in share.halves.items()},
    }
    sealed = holder.seal(
        json.dumps(content).encode(), _info(share.set_id, share.number)
    )
    document = {
        "format": SEALED_FORMAT,
        "set": share.set_id,
        "number": share.number,
        "name": holder.name,
        "fingerprint": holder.fingerprint,
        "sealed": base64.b64encode(sealed).decode(),
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def open_sealed(path: Path, private: PrivateKey, opened: Path) -> int:
    """Open one's sealed share into a new private file; return its number.

    :raises KeyUnavailable: it is another administrator's, or cannot be read
    """
    document = _document(path, SEALED_FORMAT)
    info = _info(str(document["set"]), int(document["number"]))
    try:
        sealed = base64.b64decode(str(document["sealed"]), validate=True)
        plain = private.open(sealed, info)
    except (binascii.Error, IntegrityError):
        raise KeyUnavailable(
            f"{path} was not sealed to this private key, but to that of "
            f"{document['name']!r}"
        ) from None
    write_new(opened, plain + b"\n")
    opened.chmod(0o400)
    return int(document["number"])


def unlock(paths: Sequence[Path], home: Path) -> UnlockSecret:
    """Give the secret from two opened shares in files that others cannot read.

    :raises KeyUnavailable: not two, unsafe, missing, or not fitting together
    """
    if len(paths) != NEEDED:
        raise KeyUnavailable(
            f"{len(paths)} of {NEEDED} shares are given: name two opened ones in "
            "VIGIL_KEY_SHARES, with a comma between"
        )
    one, other = (_opened(path, home) for path in paths)
    return join(one, other)


def _opened(path: Path, home: Path) -> Share:
    if path.resolve().is_relative_to(home.resolve()):
        raise KeyUnavailable(f"the share {path} lies inside the archive's home")
    document = _document(path, FORMAT)
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) or mode & 0o077:
        raise KeyUnavailable(f"the share {path} is open to others: chmod 400 {path}")
    try:
        halves = {int(n): bytes.fromhex(h) for n, h in document["halves"].items()}
    except (ValueError, KeyError, AttributeError):
        raise UnsupportedFormat(f"{path} is not an opened share") from None
    return Share(str(document["set"]), int(document["number"]), halves)


def _document(path: Path, wanted: str) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(_MOST_BYTES))
        found = document["format"]
        _ = document["set"], int(document["number"])
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise KeyUnavailable(f"the share {path} cannot be read: {reason}") from None
    except (ValueError, KeyError, TypeError):
        raise UnsupportedFormat(f"{path} is not a share") from None
    if found == SEALED_FORMAT and wanted == FORMAT:
        raise KeyUnavailable(
            f"the share {path} is still sealed: run `vigil keys open-share` with its "
            "administrator's private key"
        )
    if found != wanted:
        raise UnsupportedFormat(f"{path} is not a share that this program knows")
    parsed: dict[str, Any] = document
    return parsed


def _info(set_id: str, number: int) -> bytes:
    return b"vigil.share/v1\0" + f"{set_id}\0{number}".encode()


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
