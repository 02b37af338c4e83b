"""A list as a bag (RFC 8493), with the originals of its records where they are wanted.

    data/records.csv, data/records.json    what is told of the records
    data/originals/<record>/…              each through the gate, as it is read

Before the first byte it is asked of every original whether it may be opened, and for
this purpose; the line in the ledger comes with each, before its own first byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from archive import gate
from archive.exchange.court import bag
from archive.exchange.court.bag import Bag, Original
from archive.exchange.lists import document, table
from archive.exchange.lists.listing import Listing
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
) -> Bag:
    """The bag of these records; nothing of the originals is opened yet."""
    payload = {
        "data/records.csv": b"".join(table.write(listing, iter(entries))),
        "data/records.json": b"".join(document.write(listing, iter(entries))),
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
    now = premises.clock()
    found: list[Original] = []
    for entry in entries:
        with premises.db.read() as s:
            record = store.require(s, entry.id)
            assets = list(store.assets_of(s, entry.id))
        for asset in assets:
            item = store.item_of(record, asset)
            _require(premises, item, viewer, purpose, asset, now)
            found.append(_original(premises, viewer, asset))
    return found


def _require(
    premises: Premises,
    item: Any,  # noqa: ANN401 - auth.viewer.Item
    viewer: Viewer,
    purpose: str,
    asset: Asset,
    now: datetime,
) -> None:
    outcome = decide(Action.OPEN_ORIGINAL, viewer, item, premises.rules, now)
    if isinstance(outcome, Refusal):
        # The gate decides on fresh facts, says no in its own words, and notes that.
        premises.release(viewer, asset.id, now, form=FORM).close()
    elif outcome.consent is None or outcome.consent.purpose != purpose:
        raise OtherPurpose(
            f"The consent for record {asset.record_id} is not for this purpose."
        )


def _original(premises: Premises, viewer: Viewer, asset: Asset) -> Original:
    with premises.db.read() as s:
        details = store.details_of(premises.sealing, s.get_one(Asset, asset.id))
    name = f"{asset.position + 1:03d}-{asset.id}.{asset.format}"
    path = f"data/originals/{asset.record_id}/{name}"
    read = partial(_pieces, premises, viewer, asset.id, asset.size)
    return Original(path, asset.size, details.sha256, read)


def _pieces(
    premises: Premises, viewer: Viewer, asset_id: str, size: int
) -> Iterator[bytes]:
    opened = premises.release(viewer, asset_id, premises.clock(), form=FORM)
    try:
        yield from opened.read(0, size)
    finally:
        opened.close()
