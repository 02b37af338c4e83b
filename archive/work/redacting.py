"""A redacted copy, made once from what a moderator drew, and kept as originals are."""

from __future__ import annotations

from functools import partial

from sqlalchemy.orm import Session

from archive.ledger.actors import actor_of
from archive.records import redactions, store
from archive.records.tables import Asset, Redaction, RedactionState
from archive.redaction import JOB as KIND
from archive.shredding import FAILURE
from archive.vault.container import Kind as ObjectKind
from archive.vault.objects import SealingWriter
from archive.work.copying import sealed
from archive.work.deriving import WORKER, may_be_kept
from archive.work.task import Hopeless, Task
from blur.errors import BlurError, SandboxFailed
from blur.redact import make_redacted

__all__ = ["KIND", "redact"]


def redact(task: Task) -> None:
    """Make one redacted copy; does nothing when it is there, or was given up.

    :raises Hopeless: the file itself is at fault
    """
    site = task.site
    with site.db.read() as session:
        row = redactions.get(session, str(task.job.args["redaction"]))
        wanted = row is not None and row.state is RedactionState.ASKED
        asset = store.get_asset(session, row.asset_id) if row else None
        removal = redactions.removal_of(site.sealing, row) if row else None
    if row is None or asset is None or removal is None or not wanted:
        with site.db.write() as session:
            task.done(session)
        return
    try:
        make = partial(make_redacted, removal)
        with sealed(task, asset, ObjectKind.REDACTED, make) as whole:
            _keep(task, row.id, asset, whole)
    except SandboxFailed:
        raise
    except BlurError as error:
        raise Hopeless(str(error)) from error


def _keep(task: Task, redaction_id: str, asset: Asset, whole: SealingWriter) -> None:
    site, now = task.site, task.site.clock()
    with site.db.write() as session:
        if not may_be_kept(session, store.require_asset(session, asset.id)):
            raise Hopeless(FAILURE)
        row = redactions.require(session, redaction_id)
        if row.state is not RedactionState.ASKED:
            task.done(session)  # somebody gave it up while it was made
            return
        ref = whole.finish(session, now)
        row.object_id, row.state, row.made_at = ref.object_id, RedactionState.MADE, now
        site.ledger.append(
            session,
            "derivation",
            actor=actor_of(WORKER),
            record=asset.record_id,
            asset=asset.id,
            now=now,
            detail={
                "redaction": row.id,
                "redacted": str(ref.object_id),
                "from": str(asset.object_id),
            },
        )
        task.done(session, asset=asset.id)


def give_up(session: Session, redaction_id: str, sentence: str) -> None:
    """Say on the redaction why there is no copy."""
    row: Redaction | None = redactions.get(session, redaction_id)
    if row is not None and row.state is RedactionState.ASKED:
        row.state, row.failure = RedactionState.FAILED, sentence
