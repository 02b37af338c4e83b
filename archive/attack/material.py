"""What is attacked: stored previews, each with thumbnails of its original."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import gate, previewing
from archive.attack.crawl import Planted, pieces_of
from archive.db import Database
from archive.ledger import Ledger
from archive.records import store
from archive.records.tables import Asset, AssetState, Record
from archive.vault import previews
from archive.vault.container import Kind as ObjectKind
from archive.vault.errors import VaultError
from archive.vault.objects import Vault
from auth.policy import Action, Permit, decide
from auth.scope import may_read_title
from auth.sealing import Sealing
from auth.viewer import ANONYMOUS, Rules, system_viewer
from blur.derivation import study
from blur.errors import BlurError, SandboxFailed
from blur.kinds import KINDS, Family
from blur.preview import Malformed, Preview, PreviewTier
from blur.thumbnails import Thumbnails

ATTACKER = system_viewer("attack")
SEEN = ("image", "video", "document")
Progress = Callable[[str, int, int], None]


class Premises(Protocol):
    """What an attack needs of a running archive; what the gate needs, and a sandbox."""

    @property
    def db(self) -> Database: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def sealing(self) -> Sealing: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def rules(self) -> Rules: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...

    def require_sandbox(self) -> None: ...


@dataclass(frozen=True)
class Pair:
    """A stored preview and what its original looks like, small.

    `tier` is what a visitor is shown of it; reports show no more.
    """

    asset_id: str
    preview: Preview
    tier: PreviewTier
    original: Thumbnails = field(repr=False)


@dataclass
class Material:
    """All pairs of a run; `left_out` says of how many it was not possible, and why."""

    pairs: list[Pair] = field(default_factory=list)
    planted: Planted = field(default_factory=Planted)
    left_out: dict[str, int] = field(default_factory=dict)

    def leave_out(self, why: str) -> None:
        self.left_out[why] = self.left_out.get(why, 0) + 1

    def still_pictures(self, *, upright: bool) -> list[Pair]:
        """Pictures and pages that stand, or lie."""
        return [
            pair
            for pair in self.pairs
            if pair.preview.family is not Family.VIDEO
            and pair.preview.upright is upright
        ]

    @property
    def films(self) -> list[Pair]:
        return [pair for pair in self.pairs if pair.preview.family is Family.VIDEO]


def gather(
    premises: Premises, sample: int, now: datetime, progress: Progress
) -> Material:
    """Read the previews of the newest assets and look at their originals."""
    premises.require_sandbox()
    material = Material()
    with premises.db.read() as session:
        assets = session.scalars(_newest().limit(sample)).all()
        for number, asset in enumerate(assets, start=1):
            _add(premises, session, material, asset, now)
            progress("assets", number, len(assets))
    return material


def stored_cells(premises: _Vaulted, session: Session, most: int) -> list[bytes]:
    """Haze cells of the newest lying pictures, levels 0..7; originals stay closed."""
    found = []
    for asset in session.scalars(_newest(("image", "document")).limit(most)):
        try:
            preview = _preview(premises, session, asset)
        except (VaultError, Malformed):
            continue  # `verify` tells of these; a figure needs only the others
        if not preview.sealed and not preview.upright:
            found.append(preview.cells)
    return found


class _Vaulted(Protocol):
    @property
    def vault(self) -> Vault: ...


def _newest(kinds: tuple[str, ...] = SEEN):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a select's type is not for reading
    return (
        select(Asset)
        .where(Asset.state == AssetState.READY, Asset.kind.in_(kinds))
        .where(Asset.preview_object_id.is_not(None))
        .order_by(Asset.created_at.desc(), Asset.id)
    )


def _preview(premises: _Vaulted, session: Session, asset: Asset) -> Preview:
    made = asset.preview_object_id
    if made is None:
        raise Malformed("no preview")
    kind = ObjectKind.PREVIEW_IMAGE
    return Preview.from_bytes(
        previews.read_preview(session, premises.vault, made, kind)
    )


def _add(
    premises: Premises,
    session: Session,
    material: Material,
    asset: Asset,
    now: datetime,
) -> None:
    try:
        preview = previewing.drawn_for(premises, session, asset, now)
        if preview is None or preview.sealed or preview.family is Family.AUDIO:
            material.leave_out("nothing is shown of it")
            return
        with gate.derive(premises, ATTACKER, asset.id, now) as original:
            looked = study(original, KINDS[asset.format])
            found = list(pieces_of(original.read_range, original.size))
    except SandboxFailed:
        raise
    except (BlurError, VaultError, Malformed) as error:
        material.leave_out(type(error).__name__)
        return
    record = store.require(session, asset.record_id)
    tier = previewing.showing(premises, ANONYMOUS, record, asset, now).tier
    material.pairs.append(Pair(asset.id, preview, PreviewTier(tier.value), looked))
    _plant(premises, material.planted, record, asset, found, now)


def _plant(
    premises: Premises,
    planted: Planted,
    record: Record,
    asset: Asset,
    pieces: list[bytes],
    now: datetime,
) -> None:
    """Note what of this asset and its record no visitor may come upon."""
    planted.assets.append(asset.id)
    planted.add_pieces(asset.id, pieces)
    planted.add_words(asset.id, store.details_of(premises.sealing, asset).filename)
    if record.id in planted.records:
        return
    planted.records.append(record.id)
    document = store.document_of(premises.sealing, record)
    item = store.item_of(record)
    told = isinstance(
        decide(Action.READ_RECORD, ANONYMOUS, item, premises.rules.settled, now), Permit
    )
    described = document.descriptions.values()
    titles = tuple(each.title for each in described)
    if told and may_read_title(ANONYMOUS, item, now):
        planted.known.append(titles)
        return
    bodies = [each.body for each in described if told]
    for title in titles:
        if not any(title in body for body in bodies):
            planted.add_words(record.id, title)
