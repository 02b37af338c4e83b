"""A page from another archive: believed as a whole, or refused in one sentence.

Everything is checked before anything is kept: who signed it, that it goes on exactly
where the last page ended, and that each entry has the form it must have. The end that
the other archive signs shows whether it has gone back behind what was read already.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from archive.feeds import entries
from archive.feeds.entries import ENTRY, HEAD, MOST, PAGE, UNSIGNED, Place
from archive.feeds.errors import FeedRefused
from archive.vault import signing
from auth.viewer import Tier

ENTRY_MEMBERS = frozenset(
    {
        "document",
        "seq",
        "previous",
        "sha256",
        "label",
        "tier",
        "iptc",
        "atproto",
        "negated",
        "cts",
        "exp",
        signing.SIGNATURE,
    }
)
HEAD_MEMBERS = frozenset({"document", "seq", "digest", signing.SIGNATURE})
PAGE_MEMBERS = frozenset({"document", "after", "entries", "head"})
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_CODE = re.compile(r"[a-z]+\.[a-z]+(-[a-z]+)*", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_TIERS = frozenset(str(tier) for tier in Tier if tier < Tier.X)
_LONGEST_CODE = 60
_MOST_VALUES = 20


@dataclass(frozen=True)
class Said:
    """One entry, believed: what is said of a file, and `entry` as it was signed."""

    seq: int
    sha256: str
    code: str
    tier: Tier | None
    negated: bool
    expires_at: datetime | None
    entry: Mapping[str, Any]


@dataclass(frozen=True)
class Page:
    """What goes on from a place: `reached` is the place behind it, `end` the feed's."""

    said: Sequence[Said]
    reached: Place
    end: int

    @property
    def is_last(self) -> bool:
        return self.reached.seq >= self.end or not self.said


def read(untrusted: bytes, public_key: str, place: Place) -> Page:
    """A page that goes on from this place of the feed of whoever has this key.

    :raises FeedRefused: anything about it is not as it must be
    """
    page = _parsed(untrusted)
    end = _end(page["head"], public_key)
    _require_forward(end, place)
    reached, said = place, []
    for each in page["entries"]:
        said.append(_said(each, public_key, reached))
        reached = Place(reached.seq + 1, entries.digest(each))
    if end.seq < reached.seq or (end.seq == reached.seq and end != reached):
        raise FeedRefused("The feed's signed end is not the end of its entries.")
    if not said and end.seq > place.seq:
        raise FeedRefused("The feed says that there are entries, and gives none.")
    return Page(said, reached, end.seq)


def _parsed(untrusted: bytes) -> dict[str, Any]:
    try:
        page = json.loads(untrusted)
    except (ValueError, RecursionError):
        raise FeedRefused("The answer is not JSON.") from None
    if not isinstance(page, dict) or set(page) != PAGE_MEMBERS:
        raise FeedRefused("The answer is not a page of a label feed.")
    listed = page["entries"]
    if page["document"] != PAGE or not isinstance(listed, list) or len(listed) > MOST:
        raise FeedRefused("The answer is not a page of a label feed.")
    return page


def _end(head: object, public_key: str) -> Place:
    if not isinstance(head, dict) or set(head) != HEAD_MEMBERS:
        raise FeedRefused("The feed's signed end is missing.")
    _require_signature(head, public_key, "The feed's end")
    if head["document"] != HEAD or not _is_count(head["seq"]):
        raise FeedRefused("The feed's signed end cannot be read.")
    if not _fits(_DIGEST, head["digest"]):
        raise FeedRefused("The feed's signed end cannot be read.")
    return Place(head["seq"], head["digest"])


def _require_forward(end: Place, place: Place) -> None:
    if end.seq < place.seq:
        raise FeedRefused(
            f"The feed ends at {end.seq} and was read to {place.seq}: it went back."
        )
    if end.seq == place.seq and end != place:
        raise FeedRefused(
            f"The feed has another entry {place.seq} than the one that was read."
        )


def _said(entry: object, public_key: str, before: Place) -> Said:
    number = before.seq + 1
    if not isinstance(entry, dict) or set(entry) != ENTRY_MEMBERS:
        raise FeedRefused(f"Entry {number} does not have the members of an entry.")
    _require_signature(entry, public_key, f"Entry {number}")
    if entry["document"] != ENTRY or not _is_in_form(entry):
        raise FeedRefused(f"Entry {number} is not in form.")
    if entry["seq"] != number:
        raise FeedRefused(f"Entry {number} is missing.")
    if entry["previous"] != before.digest:
        raise FeedRefused(f"Entry {number} does not follow the one that was read.")
    tier, until = entry["tier"], entry["exp"]
    return Said(
        seq=number,
        sha256=entry["sha256"],
        code=entry["label"],
        tier=None if tier is None else Tier.parse(tier),
        negated=entry["negated"],
        expires_at=None if until is None else _moment(until),
        entry=entry,
    )


def _require_signature(signed: Mapping[str, Any], public_key: str, what: str) -> None:
    told = signed[signing.SIGNATURE]
    if not isinstance(told, dict) or set(told) != {"algorithm", "public_key", "value"}:
        raise FeedRefused(f"{what} is not signed.")
    if told["public_key"] != public_key or told["algorithm"] != signing.ALGORITHM:
        raise FeedRefused(f"{what} is signed with another key than the one pinned.")
    if not signing.holds(signed, public_key, UNSIGNED):
        raise FeedRefused(f"The signature of {what[0].lower()}{what[1:]} is wrong.")


def _is_in_form(entry: Mapping[str, Any]) -> bool:
    code, tier, until = entry["label"], entry["tier"], entry["exp"]
    return (
        _is_count(entry["seq"])
        and _fits(_DIGEST, entry["previous"])
        and _fits(_DIGEST, entry["sha256"])
        and _fits(_CODE, code)
        and len(code) <= _LONGEST_CODE
        and (tier is None or (isinstance(tier, str) and tier in _TIERS))
        and _is_values(entry["iptc"])
        and _is_values(entry["atproto"])
        and isinstance(entry["negated"], bool)
        and _is_moment(entry["cts"])
        and (until is None or _is_moment(until))
    )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _fits(form: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None


def _is_values(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= _MOST_VALUES
        and all(isinstance(each, str) and len(each) <= _LONGEST_CODE for each in value)
    )


def _is_moment(value: object) -> bool:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return False
    try:
        _moment(value)
    except ValueError:
        return False
    return True


def _moment(written: str) -> datetime:
    return datetime.strptime(written, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
