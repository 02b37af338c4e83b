"""From an original to its preview, and the preview into the vault."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import gate, jobs, twins
from archive.ledger.actors import actor_of
from archive.records import store
from archive.records.tables import Asset, AssetState, Record
from archive.site import Site
from archive.vault import previews
from archive.vault.container import Kind as ObjectKind
from auth.viewer import RecordState, system_viewer
from blur.derivation import make_preview
from blur.errors import FILE_ERRORS
from blur.kinds import KINDS
from blur.preview import Preview

WORKER = system_viewer("worker")


def make(site: Site, asset: Asset) -> Preview:
    """Open the original through the gate and draw its preview; nothing is kept yet.

    :raises SandboxFailed: about this machine, not the file; try again later
    :raises VaultError: the original cannot be opened
    """
    site.require_sandbox()
    with gate.derive(site, WORKER, asset.id, site.clock()) as original:
        return make_preview(
            original,
            KINDS[asset.format],
            site.noise_key,
            asset.noise_item.encode(),
            site.upload_limits.media,
        )


def may_be_kept(session: Session, asset: Asset) -> bool:
    """Not what was made while its record was shredded: that must be gone.

    The record stays locked to the end of the caller's transaction.
    """
    wanted = select(Record).where(Record.id == asset.record_id)
    record = session.scalar(wanted.with_for_update())
    return record is not None and record.state is not RecordState.SHREDDED


def keep(site: Site, session: Session, asset_id: str, made: Preview) -> None:
    """Seal a preview in the place of the one before, in the caller's transaction."""
    now = site.clock()
    asset = store.require_asset(session, asset_id)
    for old in (asset.preview_object_id, asset.clip_object_id):
        if old is not None:
            previews.forget(session, old)
    image = previews.store(
        session, site.vault, made.to_bytes(), ObjectKind.PREVIEW_IMAGE, now
    )
    asset.preview_object_id, asset.clip_object_id = image.object_id, None
    if made.clip:
        clip = previews.store(
            session, site.vault, made.clip, ObjectKind.PREVIEW_VIDEO, now
        )
        asset.clip_object_id = clip.object_id
    asset.state, asset.failure = AssetState.READY, None
    if made.sealed:
        asset.state = AssetState.FAILED
        asset.failure = FILE_ERRORS[made.reason].sentence
    site.ledger.append(
        session,
        "derivation",
        actor=actor_of(WORKER),
        record=asset.record_id,
        asset=asset.id,
        now=now,
        detail={
            "preview": str(asset.preview_object_id),
            "clip": str(asset.clip_object_id) if asset.clip_object_id else None,
            "from": str(asset.object_id),
        },
    )
    args = {"record": asset.record_id}
    jobs.enqueue(session, "index", args, subject=asset.record_id, now=now)
    keep_likeness(site, session, asset, made)


def keep_likeness(site: Site, session: Session, asset: Asset, made: Preview) -> None:
    """Seal what the file is compared by, and queue the comparison where it is new.

    What does not open has none; it is still held against files of the very same bytes.
    """
    likeness = made.likeness
    if likeness and not twins.keep(session, site.sealing, asset.id, likeness):
        return
    args = {"asset": asset.id}
    jobs.enqueue(session, twins.LOOK, args, subject=asset.record_id, now=site.clock())


def kept(site: Site, session: Session, asset: Asset) -> Preview | None:
    """The preview an asset has, without its clip; None when there is none.

    :raises VaultError: it is there, but cannot be opened
    :raises Malformed: what is there is no preview
    """
    if asset.preview_object_id is None:
        return None
    kind = ObjectKind.PREVIEW_IMAGE
    return Preview.from_bytes(
        previews.read_preview(session, site.vault, asset.preview_object_id, kind)
    )
