"""The signature of a written report: whose it is, and that no byte of it was changed.

The archive's key for receipts signs every member, `document` among them, which no
receipt has: neither can pass for the other. A report has one way to be written, so that
the file as such is checked and not only what one reader of JSON makes of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from archive.vault import signing
from archive.vault.keyrings import Keyring

DOCUMENT = "vigil blur attack/v1"
_ALL: frozenset[str] = frozenset()


def signed(facts: Mapping[str, Any], page: str, keyring: Keyring) -> bytes:
    """The file of a report; the page beside it is bound by its SHA-256."""
    digest = hashlib.sha256(page.encode()).hexdigest()
    document = {"document": DOCUMENT, **facts, "page_sha256": digest}
    return _written(signing.signed(keyring, document, _ALL))


def holds(file: bytes, public_key: str) -> bool:
    """Whether the holder of this key (64 hexadecimal digits) wrote exactly this file.

    :raises ValueError: it is no report of an attack
    """
    report = _read(file)
    if not signing.holds(report, public_key, _ALL):
        return False
    # What the signature says of itself is not signed: it can only be this.
    told = {
        "algorithm": signing.ALGORITHM,
        "public_key": bytes.fromhex(public_key).hex(),
        "value": bytes.fromhex(report[signing.SIGNATURE]["value"]).hex(),
    }
    return _written({**report, signing.SIGNATURE: told}) == file


def is_page_of(file: bytes, page: bytes) -> bool:
    """Whether a report's file, which holds, was written together with this page.

    :raises ValueError: it is no report of an attack
    """
    return bool(_read(file).get("page_sha256") == hashlib.sha256(page).hexdigest())


def _read(file: bytes) -> dict[str, Any]:
    try:
        report = json.loads(file)
    except RecursionError:
        report = None
    if not isinstance(report, dict) or report.get("document") != DOCUMENT:
        raise ValueError("no report of an attack")
    return report


def _written(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, indent=2).encode() + b"\n"
