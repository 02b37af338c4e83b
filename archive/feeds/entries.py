"""One label as it is signed, and a page of them: canonical JSON, Ed25519.

    document   "vigil label/v1"
    seq        1, 2, 3, …
    previous   SHA-256 of the entry before, with its signature; 64 zeros at first
    sha256     of the original file, hexadecimal
    label      code of the vocabulary
    tier       "G0" … "G5"; none where the label has no severity of its own
    iptc       content warnings of the IPTC that the label stands for
    atproto    label values of the AT Protocol that it stands for
    negated    whether it was offered before and holds no more, for whatever reason
    cts        when it was offered or taken back
    exp        when it ends by itself, or none
    signature  of the archive, over all else (`archive.vault.signing`)

Each names the one before, so that none can be left out, changed or put in later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from archive.records.vocabulary import Vocabulary, mapping
from archive.vault import signing
from archive.vault.keyrings import Keyring
from auth.viewer import Tier

ENTRY = "vigil label/v1"
HEAD = "vigil label feed head/v1"
PAGE = "vigil label feed/v1"
BEGINNING = "0" * 64
MOST = 200
"""So many entries one page holds."""
UNSIGNED: frozenset[str] = frozenset()
MEANING = ("tier", "iptc", "atproto", "exp")
"""What an entry says of a label; where any of it changes, it is said anew."""


@dataclass(frozen=True)
class Place:
    """How far a feed was written or read: the last entry's number and digest."""

    seq: int = 0
    digest: str = BEGINNING


@dataclass(frozen=True)
class Claim:
    """One label of one file, as it stands."""

    code: str
    tier: Tier | None
    expires_at: datetime | None

    def meaning(self, words: Vocabulary) -> dict[str, Any]:
        """The members of an entry that say what the label is."""
        return {
            "tier": None if self.tier is None else str(self.tier),
            "iptc": mapping.content_warnings(words, [self.code]),
            "atproto": mapping.atproto(self.tier or Tier.G0),
            "exp": None if self.expires_at is None else stamp(self.expires_at),
        }


def signed(
    keyring: Keyring, after: Place, facts: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """The entry behind that place; `facts` are its file, label, meaning, negation."""
    told = {
        "document": ENTRY,
        "seq": after.seq + 1,
        "previous": after.digest,
        "cts": stamp(now),
        **facts,
    }
    return signing.signed(keyring, told, UNSIGNED)


def digest(entry: Mapping[str, Any]) -> str:
    """What the next entry names this one by."""
    return hashlib.sha256(signing.canonical(entry)).hexdigest()


def page(
    keyring: Keyring, after: int, entries: Sequence[Mapping[str, Any]], last: Place
) -> dict[str, Any]:
    """Entries after a number, with the signed end of the feed as it is now."""
    head = {"document": HEAD, "seq": last.seq, "digest": last.digest}
    return {
        "document": PAGE,
        "after": after,
        "entries": list(entries),
        "head": signing.signed(keyring, head, UNSIGNED),
    }


def stamp(moment: datetime) -> str:
    """A moment in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
