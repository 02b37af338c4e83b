"""What may be shown of an asset without any consent: its preview, as blurred as due.

The one place where pages, API and media ask `scope.preview_tier`. A preview that is
not made yet, failed, or may not be told anything of is a sealed tile.

Where `rules.preview_k` is set, what is drawn for a file is the preview of its cluster's
medoid, or nothing: `drawn_for` is the one place that chooses.

`share_noise` is for whoever finds that two files show nearly the same, `own_noise` for
whoever finds that they do not after all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from archive import jobs
from archive.records import store
from archive.records.tables import Asset, AssetState, Record
from archive.vault import previews
from archive.vault.container import Kind
from archive.vault.objects import Vault
from archive.vault.previews import NOTHING_KNOWN, Known
from archive.vault.reader import SealedReader
from auth.policy import Action, Permit, decide
from auth.scope import may_see_clip, preview_tier
from auth.viewer import ANONYMOUS, PreviewTier, RecordState, Rules, Viewer
from blur.preview import Preview

SHARING = frozenset({"image", "document", "video"})
"""Kinds of files that can share tiles; a sound's bars stay sealed where they must."""


class Premises(Protocol):
    """What showing previews needs of a running archive."""

    @property
    def vault(self) -> Vault: ...
    @property
    def rules(self) -> Rules: ...


@dataclass(frozen=True)
class Showing:
    """How one asset's preview may be shown to one viewer; nothing is opened yet."""

    asset: Asset
    tier: PreviewTier
    has_clip: bool
    _premises: Premises = field(repr=False)
    _now: datetime = field(repr=False)

    @property
    def is_sealed(self) -> bool:
        return self.tier is PreviewTier.SEALED

    def open(self, session: Session, known: Known = NOTHING_KNOWN) -> Preview | None:
        """Read the preview; None where only a sealed tile may be shown."""
        if self.is_sealed:
            return None
        return drawn_for(self._premises, session, self.asset, self._now, known)

    def open_clip(self, session: Session) -> SealedReader | None:
        """Open the silent, blurred clip; None where there is none for this viewer."""
        made = self.asset.clip_object_id
        if not self.has_clip or made is None:
            return None
        return previews.open_preview(
            session, self._premises.vault, made, Kind.PREVIEW_VIDEO
        )


def showing(
    premises: Premises, viewer: Viewer, record: Record, asset: Asset, now: datetime
) -> Showing:
    """How this asset's preview may be shown to this viewer."""
    item = store.item_of(record, asset)
    ready = asset.state is AssetState.READY and asset.preview_object_id is not None
    tier = preview_tier(viewer, item, premises.rules, now)
    clip = asset.clip_object_id is not None and (
        may_see_clip(viewer, item, premises.rules, now)
    )
    return Showing(
        asset=asset,
        tier=tier if ready else PreviewTier.SEALED,
        has_clip=ready and clip,
        _premises=premises,
        _now=now,
    )


def previews_for(
    premises: Premises,
    viewer: Viewer,
    record: Record,
    assets: Iterable[Asset],
    now: datetime,
) -> list[Showing]:
    """How each of a record's assets may be shown to this viewer, in their order."""
    return [showing(premises, viewer, record, asset, now) for asset in assets]


def known_of(session: Session, assets: Iterable[Asset]) -> Known:
    """What opening the previews of these assets needs, with one question for all."""
    made = [asset.preview_object_id for asset in assets if asset.preview_object_id]
    return previews.known_of(session, made, Kind.PREVIEW_IMAGE)


def drawn_for(
    premises: Premises,
    session: Session,
    asset: Asset,
    now: datetime,
    known: Known = NOTHING_KNOWN,
) -> Preview | None:
    """The cells that stand for an asset, whoever asks; None where none may.

    Its own; or, where files share tiles, those of its cluster's medoid, as long as that
    many of its crowd are in the cluster at this moment, with the previews they had.

    :raises VaultError: they are there, but cannot be opened
    """
    fewest = premises.rules.preview_k
    source = _medoid(premises, session, asset, now) if fewest else asset
    if source is None or source.preview_object_id is None:
        return None
    kind, made = Kind.PREVIEW_IMAGE, source.preview_object_id
    return Preview.from_bytes(
        previews.read_preview(session, premises.vault, made, kind, known)
    )


def crowd_of(
    premises: Premises, record: Record, asset: Asset, now: datetime
) -> str | None:
    """Among whom an asset can hide: what is shown alike, to the same people.

    A tile that only staff see of one file and everybody of another would be shared on
    paper alone. None for what has no still preview that the public may see.
    """
    if record.state is not RecordState.PUBLISHED or asset.kind not in SHARING:
        return None
    if asset.state is not AssetState.READY or asset.preview_object_id is None:
        return None
    item = store.item_of(record, asset)
    tier = preview_tier(ANONYMOUS, item, premises.rules, now)
    if tier is PreviewTier.SEALED:
        return None
    told = decide(Action.READ_RECORD, ANONYMOUS, item, premises.rules.settled, now)
    reach = "public" if isinstance(told, Permit) else "inner"
    return "/".join((asset.kind, record.visibility.value, reach, tier.value))


def _medoid(
    premises: Premises, session: Session, asset: Asset, now: datetime
) -> Asset | None:
    """Whose preview this one's cluster shows; None unless enough still share it."""
    if asset.cluster is None:
        return None
    wanted = select(Asset, Record).join(Record, Record.id == Asset.record_id)
    rows = session.execute(wanted.where(Asset.cluster == asset.cluster)).all()
    crowds = {
        each.id: (crowd_of(premises, record, each, now), each)
        for each, record in rows
        if each.clustered_from == each.preview_object_id
    }
    own, _ = crowds.get(asset.id, (None, None))
    alike = {key: each for key, (crowd, each) in crowds.items() if crowd == own}
    if own is None or len(alike) < premises.rules.preview_k:
        return None
    return alike.get(asset.cluster)


def share_noise(session: Session, asset_id: str, like: str, now: datetime) -> None:
    """Let an asset, and what it was nearly like before, be drawn with another's noise.

    Many draws over nearly one picture would average out; with one draw they do not.
    Only for files that show nearly the same: whoever holds one clear file of a group
    can take the noise off the others. Their previews are queued to be made again.

    :raises NoSuchRecord: there is no such asset
    """
    asset, other = (store.require_asset(session, each) for each in (asset_id, like))
    before, after = asset.noise_item, other.noise_item
    if before == after:
        return
    together = or_(Asset.noise_shared_with == before, Asset.id == before)
    members = session.scalars(select(Asset).where(or_(together, Asset.id == asset.id)))
    for member in members.all():
        if member.noise_item != before:
            continue  # its namesake went to another group long ago
        member.noise_shared_with = after
        args = {"record": member.record_id, "kind": None, "after": ""}
        jobs.enqueue(session, "rebuild", args, now=now)


def own_noise(session: Session, asset_id: str, now: datetime) -> None:
    """Let an asset be drawn with its own noise again; it is like no other after all.

    :raises NoSuchRecord: there is no such asset
    """
    asset = store.require_asset(session, asset_id)
    if asset.noise_shared_with is None:
        return
    asset.noise_shared_with = None
    args = {"record": asset.record_id, "kind": None, "after": ""}
    jobs.enqueue(session, "rebuild", args, now=now)
