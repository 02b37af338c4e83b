"""A list as a bag (RFC 8493), with the originals of its records where they are wanted.

    data/records.csv, data/records.json    what is told of the records
    data/previews/<record>/…               blurred, as the reader is shown them
    data/originals/<record>/…              each through the gate, as it is read

Before the first byte it is asked of every original whether it may be opened, and for
this purpose; the line in the ledger comes with each, before its own first byte. What is
told of the records is held in memory with the previews, what is in their files is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from archive import gate
from archive.exchange.court import bag
from archive.exchange.court.bag import Bag, Original
from archive.exchange.lists import document, table
from archive.exchange.lists.listing import Listing
from archive.exchange.lists.pictures import Picture
from archive.exchange.reading import Entry
from archive.records import store
from archive.records.tables import Asset
from archive.vault import signing
from archive.vault.keyrings import Keyring
from auth.policy import Action, Refusal, decide
from auth.viewer import Viewer

DOCUMENT = "vigil list of records/v1"
FOLDER = "vigil-records"
FORM = "bag"
UNSIGNED: frozenset[str] = frozenset()


class OtherPurpose(Exception):
    """A consent that stands is not for what the originals are wanted for."""


class Premises(gate.Premises, Protocol):
    """Whose records they are, and the way to their originals."""

    @property
    def keyring(self) -> Keyring: ...
    def release(
        self, viewer: Viewer, asset_id: str, now: datetime, *, form: str = ...
    ) -> gate.Opened: ...


def packed(
    premises: Premises,
    listing: Listing,
    entries: Sequence[Entry],
    originals: Sequence[Original] = (),
    previews: Sequence[Picture] = (),
) -> Bag:
    """The bag of these records; nothing of the originals is opened yet."""
    payload = {
        "data/records.csv": b"".join(table.write(listing, iter(entries))),
        "data/records.json": b"".join(document.write(listing, iter(entries))),
        **{f"data/{each.path}": each.content for each in previews},
    }
    lines = {
        "Source-Organization": "Vigil",
        "External-Description": "Records of an archive, as one reader was told of them",
        "Bagging-Date": listing.taken_at.date().isoformat(),
        "Payload-Oxum": bag.oxum(payload, originals),
    }
    info = "".join(f"{name}: {value}\n" for name, value in lines.items()).encode()
    facts = {"document": DOCUMENT, "archive": str(premises.keyring.archive_id)}

    def sign(unsigned: Mapping[str, Any]) -> Mapping[str, Any]:
        return signing.signed(premises.keyring, unsigned, UNSIGNED)

    tags = {"bag-info.txt": info}
    return bag.packed(FOLDER, payload, originals, tags, facts, sign)


def originals_of(
    premises: Premises, entries: Sequence[Entry], viewer: Viewer, purpose: str
) -> list[Original]:
    """The originals of these records, each to be opened when its turn comes.

    :raises RefusedError: the policy says no to one of them
    :raises OtherPurpose: a consent is for something else
    """
    found: list[Original] = []
    for entry in entries:
        with premises.db.read() as s:
            assets = list(store.assets_of(s, entry.id))
        for asset in assets:
            wanted = _Wanted(premises, viewer, asset.id, purpose)
            wanted.require(premises.clock())
            found.append(_original(wanted, asset))
    return found


@dataclass(frozen=True)
class _Wanted:
    """One original, for whom and for what."""

    premises: Premises
    viewer: Viewer
    asset_id: str
    purpose: str

    def require(self, now: datetime) -> None:
        """Hold the consent that stands against the purpose; nothing is opened."""
        with self.premises.db.read() as s:
            asset = s.get_one(Asset, self.asset_id)
            item = store.item_of(store.require(s, asset.record_id), asset)
        rules = self.premises.rules
        outcome = decide(Action.OPEN_ORIGINAL, self.viewer, item, rules, now)
        if isinstance(outcome, Refusal):
            # The gate decides on fresh facts, says no in its own words, and notes that.
            release = self.premises.release
            release(self.viewer, self.asset_id, now, form=FORM).close()
        elif outcome.consent is not None and outcome.consent.purpose == self.purpose:
            return
        raise OtherPurpose(
            f"The consent for record {item.record_id} is not for this purpose."
        )

    def pieces(self, size: int) -> Iterator[bytes]:
        """All of it, through the gate; the purpose is asked once more before."""
        now = self.premises.clock()
        self.require(now)
        opened = self.premises.release(self.viewer, self.asset_id, now, form=FORM)
        try:
            yield from opened.read(0, size)
        finally:
            opened.close()


def _original(wanted: _Wanted, asset: Asset) -> Original:
    with wanted.premises.db.read() as s:
        held = s.get_one(Asset, asset.id)
        details = store.details_of(wanted.premises.sealing, held)
    name = f"{asset.position + 1:03d}-{asset.id}.{asset.format}"
    path = f"data/originals/{asset.record_id}/{name}"
    return Original(
        path, asset.size, details.sha256, partial(wanted.pieces, asset.size)
    )
