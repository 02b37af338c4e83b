"""Making a package: what it says, who may have it, the line before the first byte.

    prepare     everything but the bytes of originals; nothing is told or opened yet
    hand_over   opens originals through the gate, where wanted; tells the ledger

The order is always: checkpoint, package, one line `displaying` for each original (by
the gate), one line `exporting` with the package's digest, the first byte. So a package
never tells of itself, and the ledger tells of exactly these bytes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import resources
from types import TracebackType
from typing import Any, Protocol, Self

from sqlalchemy.orm import Session

from archive.config import Config
from archive.exchange.court import bag, findings, foundation, premis, statements
from archive.exchange.court.bag import Bag, Original
from archive.exchange.court.findings import Telling
from archive.exchange.court.foundation import Foundation
from archive.gate import Opened, RefusedError
from archive.ledger.actors import actor_of
from archive.records import store
from archive.records.tables import Asset, Record
from archive.vault import signing
from archive.witness import attestation, checkpoints
from auth.policy import Action, Refusal, decide
from auth.scope import scope
from auth.sealing import Sealing
from auth.viewer import Rules, Viewer

DOCUMENT = "vigil court package/v1"
EVENT = "exporting"
FORM = foundation.PACKAGE
PURPOSE = "legal"
UNSIGNED: frozenset[str] = frozenset()
CUSTODY = "data/custody"


class NotForCourt(Exception):
    """No package can be made so; the sentence says why and what to do."""

    code = "no_package"


class Premises(attestation.Premises, foundation.Premises, Protocol):
    """Whose record it is, and the way to its originals."""

    @property
    def config(self) -> Config: ...
    @property
    def sealing(self) -> Sealing: ...
    @property
    def rules(self) -> Rules: ...
    def release(
        self, viewer: Viewer, asset_id: str, now: datetime, *, form: str = ...
    ) -> Opened: ...


@dataclass(frozen=True)
class Wish:
    """What is to be in the package.

    `people` leaves no person out of the ledger's lines; `up_to_now` makes a checkpoint
    even where the last thing that happened was a package.
    """

    record_id: str
    original: bool = False
    people: bool = False
    up_to_now: bool = False


@dataclass
class Handed:
    """A package on its way out; close it, or use it as a block."""

    bag: Bag
    _opened: contextlib.ExitStack = field(repr=False)

    def close(self) -> None:
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@dataclass
class Prepared:
    """A package that nobody has been given yet."""

    wish: Wish
    bag: Bag
    assets: list[Asset]
    size: int
    openings: dict[str, Opened] = field(default_factory=dict, repr=False)


def prepare(premises: Premises, wish: Wish, by: Viewer, now: datetime) -> Prepared:
    """Gather and sign what the package says; makes a checkpoint where one is missing.

    :raises NoSuchRecord: there is no such record
    :raises RefusedError: not to this person, or not with `people`
    :raises NotForCourt: the ledger says nothing of it
    """
    _require_leave(premises, wish, by, now)
    size = _based(premises, wish, by, now)
    with premises.db.read() as s:
        record = store.require(s, wish.record_id)
        assets = list(store.assets_of(s, record.id))
        row = checkpoints.find(s, size)
        base = foundation.lay(premises, s, record.id, row, people=wish.people)
        openings: dict[str, Opened] = {}
        telling = _telling(premises, wish, by, now)
        packed = _packed(premises, s, telling, wish, base, openings)
    return Prepared(wish, packed, assets, size, openings)


def hand_over(
    premises: Premises, prepared: Prepared, viewer: Viewer, now: datetime
) -> Handed:
    """Open what is wanted of originals, and tell the ledger who has the package.

    :raises RefusedError: the gate says no to one of the originals
    :raises NotForCourt: the consent is for another purpose
    :raises VaultError: an original cannot be opened
    """
    opened = contextlib.ExitStack()
    try:
        if prepared.wish.original:
            _open(premises, prepared, viewer, now, opened)
        with premises.db.write() as s:
            _tell(premises, s, prepared, viewer, now)
    except BaseException:
        opened.close()
        raise
    return Handed(prepared.bag, opened)


def _require_leave(premises: Premises, wish: Wish, by: Viewer, now: datetime) -> None:
    with premises.db.read() as s:
        item = store.item_of(store.require(s, wish.record_id))
    # Whoever holds the shell and the key has the ledger by `vigil ledger export`.
    named = wish.people and by.account_id is not None
    needed = [Action.PACKAGE, *([Action.EXPORT_LEDGER] if named else [])]
    for action in needed:
        outcome = decide(action, by, item, premises.rules, now)
        if isinstance(outcome, Refusal):
            raise RefusedError(outcome, item)


def _based(premises: Premises, wish: Wish, by: Viewer, now: datetime) -> int:
    with premises.db.read() as s:
        store.require(s, wish.record_id)
        needed = foundation.last_needed(premises, s, wish.record_id)
        if not needed:
            raise NotForCourt(f"The ledger says nothing of a record {wish.record_id}.")
        found = None if wish.up_to_now else foundation.covering(s, needed)
        if found is not None:
            return found.size
    return int(attestation.sign(premises, actor=actor_of(by), now=now)["size"])


def _telling(premises: Premises, wish: Wish, by: Viewer, now: datetime) -> Telling:
    reach = scope(by, now) if wish.people else findings.PUBLIC
    return Telling(premises.sealing, reach, wish.people)


def _packed(
    premises: Premises,
    s: Session,
    telling: Telling,
    wish: Wish,
    base: Foundation,
    openings: dict[str, Opened],
) -> Bag:
    people, record = wish.people, store.require(s, wish.record_id)
    assets = list(store.assets_of(s, record.id))
    details = statements.details_of(premises.sealing, assets)
    document = store.document_of(premises.sealing, record)
    address = f"{premises.config.base_url.rstrip('/')}/records/{record.id}"
    about = statements.of_record(record, document, address, people=people)
    named = people or wish.original
    files = [statements.of_file(a, details[a.id], named=named) for a in assets]
    originals = [
        _original(asset, details[asset.id].sha256, openings)
        for asset in assets
        if wish.original
    ]
    payload = {
        "data/record.json": bag.as_json({**about, "files": files}),
        "data/verification.json": bag.as_json(
            findings.of_verification(s, telling, record, document)
        ),
        "data/labels.json": bag.as_json(statements.of_labels(s, assets, people=people)),
        f"{CUSTODY}/extract.json": bag.as_json(base.extract(record.id)),
        **_witnesses(base),
    }
    archive_id = str(premises.keyring.archive_id)
    tags = {
        "bag-info.txt": _info(record, base, bag.oxum(payload, originals)),
        "metadata/premis.xml": premis.document(about, files, base.lines, archive_id),
        "check_package.py": _shipped("check_package.py"),
        "README.txt": _shipped("README.txt"),
    }
    facts = {
        "document": DOCUMENT,
        "archive": archive_id,
        "record": record.id,
        "checkpoint": base.checkpoint,
        "with": {"original": wish.original, "people": people},
    }

    def sign(unsigned: Mapping[str, Any]) -> Mapping[str, Any]:
        return signing.signed(premises.keyring, unsigned, UNSIGNED)

    folder = f"vigil-court-{record.id}"
    return bag.packed(folder, payload, originals, tags, facts, sign)


def _witnesses(base: Foundation) -> dict[str, bytes]:
    """Checkpoints and their stamps, byte for byte as they were stamped."""
    files = {f"{CUSTODY}/checkpoint.json": checkpoints.written(base.checkpoint)}
    if base.stamp is not None:
        files[f"{CUSTODY}/checkpoint.tsr"] = base.stamp
    for each in base.witnessed:
        name = f"{CUSTODY}/earlier-{each.checkpoint['size']:012d}"
        files[f"{name}.json"] = checkpoints.written(each.checkpoint)
        files[f"{name}.tsr"] = each.stamp
        files[f"{name}.proof.json"] = bag.as_json(each.consistency)
    return files


def _info(record: Record, base: Foundation, oxum: str) -> bytes:
    lines = {
        "Source-Organization": "Vigil",
        "External-Identifier": record.id,
        "External-Description": "A record of an archive, for legal proceedings",
        "Bagging-Date": str(base.checkpoint["at"])[:10],
        "Bag-Software-Agent": "Vigil (court package v1)",
        "Payload-Oxum": oxum,
    }
    return "".join(f"{name}: {value}\n" for name, value in lines.items()).encode()


def _original(asset: Asset, sha256: str, openings: dict[str, Opened]) -> Original:
    def read() -> Iterator[bytes]:
        return openings[asset.id].read(0, asset.size)

    path = f"data/originals/{asset.position + 1:03d}-{asset.id}.{asset.format}"
    return Original(path, asset.size, sha256, read)


def _open(
    premises: Premises,
    prepared: Prepared,
    viewer: Viewer,
    now: datetime,
    opened: contextlib.ExitStack,
) -> None:
    for asset in prepared.assets:
        _require_purpose(premises, viewer, asset, now)
    for asset in prepared.assets:
        release = premises.release(viewer, asset.id, now, form=FORM)
        opened.callback(release.close)
        prepared.openings[asset.id] = release


def _require_purpose(
    premises: Premises, viewer: Viewer, asset: Asset, now: datetime
) -> None:
    """Before the first line: the gate's refusal of any file, or a wrong purpose."""
    with premises.db.read() as s:
        item = store.item_of(store.require(s, asset.record_id), asset)
    outcome = decide(Action.OPEN_ORIGINAL, viewer, item, premises.rules, now)
    if isinstance(outcome, Refusal):
        # The gate decides on fresh facts, says no in its own words, and notes that.
        premises.release(viewer, asset.id, now, form=FORM).close()
        raise NotForCourt("Try again: what you may see changed just now.")
    if outcome.consent is None or outcome.consent.purpose != PURPOSE:
        raise NotForCourt(
            "Your consent for this record is not for legal proceedings: end it, then "
            "consent again for that purpose, and ask for the package once more."
        )


def _tell(
    premises: Premises, s: Session, prepared: Prepared, viewer: Viewer, now: datetime
) -> None:
    wish = prepared.wish
    premises.ledger.append(
        s,
        EVENT,
        actor=actor_of(viewer),
        account=viewer.account_id,
        record=wish.record_id,
        now=now,
        detail={
            "form": FORM,
            "package": prepared.bag.digest,
            "checkpoint": prepared.size,
            "original": wish.original,
            "people": wish.people,
        },
    )


def _shipped(name: str) -> bytes:
    return resources.files(__package__).joinpath(name).read_bytes()
