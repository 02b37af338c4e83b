"""Having a film made without its sound, for whoever may open the film itself."""

from __future__ import annotations

from sqlalchemy.orm import Session

from archive import jobs
from archive.records.tables import Asset
from archive.web.request import context
from archive.web.showing import viewer
from blur.kinds import Family


def mute(s: Session, asset: Asset) -> None:
    """Queue it, once; nothing happens where it is there, or is no film."""
    is_film = asset.kind == Family.VIDEO.value
    if not is_film or asset.muted_object_id is not None:
        return
    if viewer.copying(s, asset, viewer.MUTE) is None:
        jobs.enqueue(
            s,
            viewer.MUTE,
            {"asset": asset.id},
            now=context.now(),
            subject=asset.record_id,
            owner=context.viewer().account_id,
        )
