"""How far a deposit is: each file sealed, previewed, and the record searchable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive import jobs
from archive.jobs import Job, JobState
from archive.records import store
from archive.records.store import AssetDetails
from archive.records.tables import Asset, AssetState, Record
from archive.web.pages.deposit.blueprint import bp
from archive.web.request import context, i18n
from archive.web.request.guard import needs
from archive.web.showing import twins
from archive.web.showing.twins import TwinShown
from auth.policy import Action

RECENT_FAILURES = 200


@dataclass(frozen=True)
class FileProgress:
    """One file; `progress` of its preview is 0 to 1, None before it has begun."""

    asset: Asset
    details: AssetDetails
    progress: float | None
    twins: Sequence[TwinShown]


@dataclass(frozen=True)
class Progress:
    """All files of a record, and whether it can be found by search."""

    record: Record
    title: str
    files: Sequence[FileProgress]
    index: str

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will happen by itself."""
        waiting = any(f.asset.state is AssetState.QUEUED for f in self.files)
        return not waiting and self.index != JobState.QUEUED

    @property
    def ready(self) -> int:
        return sum(1 for file in self.files if file.asset.state is AssetState.READY)


@bp.get("/<record_id>")
@needs(Action.READ_RECORD)
def status(record_id: str) -> Response | str:
    """The state of each file; whoever may not edit it is sent to the record's page."""
    with context.read_session() as s:
        progress = progress_of(s, store.require(s, record_id))
    item = store.item_of(progress.record)
    if not context.may(Action.DESCRIBE, item):
        return redirect(url_for("records.show", record_id=record_id), 303)
    return render_template("deposit/status.html", progress=progress, item=item)


def progress_of(s: Session, record: Record) -> Progress:
    """Ask the assets and the jobs about one record."""
    sealing = context.site().sealing
    still_open = jobs.open_for(s, record.id)
    return Progress(
        record=record,
        title=store.document_of(sealing, record).title(i18n.language()),
        files=[
            FileProgress(
                a,
                store.details_of(sealing, a),
                _how_far(still_open, a),
                twins.of_asset(s, a),
            )
            for a in store.assets_of(s, record.id)
        ],
        index=_index_state(s, record.id, still_open),
    )


def _how_far(still_open: Sequence[Job], asset: Asset) -> float | None:
    about = (job for job in still_open if job.args.get("asset") == asset.id)
    running = (job.progress for job in about if job.state is JobState.RUNNING)
    return next(running, None)


def _index_state(s: Session, record_id: str, still_open: Sequence[Job]) -> str:
    """`queued`, `failed` or `done`, of the job that makes the record searchable."""
    if any(job.kind == "index" for job in still_open):
        return JobState.QUEUED.value
    failed = jobs.listing(s, state=JobState.FAILED, limit=RECENT_FAILURES)
    if any(job.kind == "index" and job.subject == record_id for job in failed):
        return JobState.FAILED.value
    return JobState.DONE.value
