"""Resumption tokens: where a harvest stands, signed, and kept by the harvester alone.

    base64url(JSON) "." base64url(first 16 bytes of HMAC-SHA-256 under the web key)

A token says what was asked, the datestamp and id of the last record told, how many were
told before, of how many. It is good for `LIFETIME`, and for the verb it was given to.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from archive.web.oai.asked import Selection, WrongError

LIFETIME = timedelta(hours=24)
LONGEST = 2_000
_PURPOSE = b"oai resumption/v1\0"
_MAC_BYTES = 16


@dataclass(frozen=True)
class Place:
    """Where a harvest stands: behind this record, after so many of so many."""

    verb: str
    wanted: Selection
    moment: datetime
    record_id: str
    told: int
    total: int


def write(key: bytes, place: Place, now: datetime) -> str:
    """The token that leads on from this place."""
    wanted = place.wanted
    said = [
        place.verb,
        wanted.prefix,
        _seconds(wanted.since),
        _seconds(wanted.until),
        wanted.shelf,
        _seconds(place.moment),
        place.record_id,
        place.told,
        place.total,
        _seconds(now),
    ]
    body = json.dumps(said, separators=(",", ":")).encode()
    return f"{_text(body)}.{_text(_mac(key, body))}"


def read(key: bytes, token: str, verb: str, now: datetime) -> Place:
    """The place that a token leads on from.

    :raises WrongError: badResumptionToken: not of here, of another verb, or over
    """
    said = _opened(key, token)
    if said[0] != verb:
        raise WrongError("badResumptionToken", f"This token was given to {said[0]}.")
    begun = _moment(said[9])
    if begun is None or not begun - LIFETIME <= now <= begun + LIFETIME:
        raise WrongError("badResumptionToken", "This token is over; begin again.")
    moment = _moment(said[5])
    wanted = Selection(said[1], _moment(said[2]), _moment(said[3]), said[4])
    return Place(verb, wanted, moment or begun, said[6], said[7], said[8])


def _opened(key: bytes, token: str) -> list[Any]:
    body, _dot, mac = token.partition(".")
    try:
        plain, signed = _bytes(body), _bytes(mac)
    except (ValueError, binascii.Error):
        plain, signed = b"", b""
    fits = len(token) <= LONGEST and hmac.compare_digest(_mac(key, plain), signed)
    if not fits:
        raise WrongError("badResumptionToken", "This token was not given here.")
    said: list[Any] = json.loads(plain)
    return said


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + body, hashlib.sha256)[:_MAC_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    padded = text.encode("ascii") + b"=" * (-len(text) % 4)
    return base64.b64decode(padded, altchars=b"-_", validate=True)


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
