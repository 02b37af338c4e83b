"""An unlock secret behind a passphrase: nothing on the machine opens the archive.

`passphrase.json` in the key folder, readable without any key:

    {"format": "vigil-passphrase-1", "memory_kib", "iterations", "lanes",
     "salt" (hexadecimal), "sealed" (hexadecimal)}

    key    = Argon2id(passphrase in NFKC, salt, memory, iterations, lanes), 32 bytes
    sealed = the unlock secret under that key; context = "vigil.passphrase/v1" || 00 ||
             the other members as canonical JSON

So the parameters cannot be weakened unnoticed, and another passphrase or stronger
parameters change this file alone, not the keyrings.
"""

import getpass
import json
import os
import sys
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from archive.vault import aead, privatefiles
from archive.vault.container import KEY_SIZE
from archive.vault.errors import IntegrityError, KeyUnavailable, UnsupportedFormat
from archive.vault.keyfiles import put
from archive.vault.keys import UnlockSecret, random_bytes

HEADER = "passphrase.json"
FORMAT = "vigil-passphrase-1"
FEWEST_CHARACTERS = 15
MOST_CHARACTERS = 1_024
_MOST_MEMORY_KIB = 4 * 1024 * 1024
_MOST_ITERATIONS = 64
_MOST_LANES = 64


@dataclass(frozen=True)
class Cost:
    """How dear one guess is: memory in KiB, passes over it, lanes."""

    memory_kib: int = 256 * 1024
    iterations: int = 3
    lanes: int = 4


STANDARD = Cost()


def check(passphrase: str) -> None:
    """Refuse what could be tried out.

    :raises KeyUnavailable: it is too short or too long
    """
    if not FEWEST_CHARACTERS <= len(passphrase) <= MOST_CHARACTERS:
        raise KeyUnavailable(
            f"a passphrase has {FEWEST_CHARACTERS} to {MOST_CHARACTERS} characters: "
            "take six or more words that were drawn, not chosen"
        )


def write_header(
    folder: Path, passphrase: str, unlock: UnlockSecret, cost: Cost = STANDARD
) -> None:
    """Put the unlock secret behind this passphrase, in place of any before.

    :raises KeyUnavailable: the passphrase is too short or too long
    """
    check(passphrase)
    facts = {"format": FORMAT, **asdict(cost), "salt": random_bytes(16).hex()}
    key = _derive(passphrase, facts)
    sealed = aead.seal(key, unlock.secret_bytes(), _context(facts))
    document = json.dumps({**facts, "sealed": sealed.hex()}, indent=1)
    put(folder / HEADER, document.encode() + b"\n")


def open_header(folder: Path, passphrase: str) -> UnlockSecret:
    """Give the unlock secret for the right passphrase.

    :raises KeyUnavailable: it is the wrong one, or there is no such header
    :raises UnsupportedFormat: the header is of a newer program, or damaged
    """
    facts = _header(folder / HEADER)
    sealed = facts.pop("sealed")
    key = _derive(passphrase, facts)
    try:
        return UnlockSecret(aead.open_sealed(key, sealed, _context(facts)))
    except IntegrityError:
        raise KeyUnavailable(
            f"the passphrase is wrong, or {folder / HEADER} is damaged"
        ) from None


def cost_of(folder: Path) -> Cost | None:
    """The parameters in use; None when there is no passphrase."""
    if not (folder / HEADER).exists():
        return None
    facts = _header(folder / HEADER)
    return Cost(facts["memory_kib"], facts["iterations"], facts["lanes"])


def read(source: str, home: Path) -> str:
    """Read the line of a private file outside the home, or of `fd:N`.

    :raises KeyUnavailable: missing, unsafe or empty
    """
    if source.startswith("fd:") and source[3:].isdigit():
        what = f"the passphrase from {source}"
        raw = privatefiles.read_descriptor(int(source[3:]), what)
    else:
        path = Path(source).expanduser().absolute()
        privatefiles.refuse_inside(path, home)
        raw = privatefiles.read(path, forbidden=0o177)
    try:
        text = raw.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        text = ""
    if not text:
        raise KeyUnavailable(f"{source} does not hold a passphrase")
    return text


def ask() -> str:
    """Ask for it on the terminal.

    :raises KeyUnavailable: there is none
    """
    if not sys.stdin.isatty():
        raise KeyUnavailable(
            "the archive is locked by a passphrase and there is no terminal to ask on: "
            "set VIGIL_KEY_PASSPHRASE_FILE to a private file or to fd:N"
        )
    return getpass.getpass("Passphrase of the archive: ")


def _derive(passphrase: str, facts: dict[str, Any]) -> bytes:
    argon2 = Argon2id(
        salt=bytes.fromhex(facts["salt"]),
        length=KEY_SIZE,
        iterations=facts["iterations"],
        lanes=facts["lanes"],
        memory_cost=facts["memory_kib"],
    )
    return argon2.derive(unicodedata.normalize("NFKC", passphrase).encode())


def _context(facts: dict[str, Any]) -> bytes:
    canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return b"vigil.passphrase/v1\0" + canonical.encode()


def _header(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_bytes())
        sealed = bytes.fromhex(facts["sealed"])
        bytes.fromhex(facts["salt"])
        costs = (facts["memory_kib"], facts["iterations"], facts["lanes"])
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise KeyUnavailable(f"the header {path} cannot be read: {reason}") from None
    except (ValueError, KeyError, TypeError):
        raise UnsupportedFormat(f"{path} is not the header of a passphrase") from None
    if facts["format"] != FORMAT or not _is_sane(*costs):
        raise UnsupportedFormat(f"{path} is of a newer program, or was changed")
    return {**facts, "sealed": sealed}


def _is_sane(memory_kib: object, iterations: object, lanes: object) -> bool:
    # Whoever can write the header must not be able to take all memory or time.
    most = (_MOST_MEMORY_KIB, _MOST_ITERATIONS, _MOST_LANES)
    given = (memory_kib, iterations, lanes)
    return all(
        type(value) is int and 1 <= value <= limit
        for value, limit in zip(given, most, strict=True)
    )
