"""Background work: what runs, what failed and why; try again, or stop it."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from archive import jobs as queue
from archive.jobs import JobState
from archive.web import journal
from archive.web.pages.admin.blueprint import bp
from archive.web.request import context
from archive.web.request.guard import needs
from archive.web.showing import housewords
from auth.policy import Action

LIMIT = 200
WATCHED = ("fixity", "upkeep")
"""Other pages that jobs are watched on, and that lead back to themselves."""


@bp.get("/jobs")
@needs(Action.READ_JOBS)
def jobs() -> str:
    """The latest jobs, of one state where the address names one."""
    asked = request.args.get("state", "")
    state = JobState(asked) if asked in set(JobState) else None
    with context.read_session() as s:
        found = queue.listing(s, state=state, limit=LIMIT)
        counts = queue.counts(s)
    return render_template(
        "admin/jobs.html",
        found=found,
        counts=counts,
        state=state,
        kinds=housewords.JOBS,
        open_work=counts[JobState.QUEUED] + counts[JobState.RUNNING],
    )


@bp.post("/jobs/<job_id>/retry")
@needs(Action.MANAGE_JOBS)
def retry_job(job_id: str) -> Response:
    """Try a failed or cancelled job once more."""
    with context.write_session() as s:
        done = queue.retry(s, job_id, now=context.now())
        if done:
            journal.tell(s, "job retried", detail={"job": job_id})
    return _answer(gettext("The job waits its turn again."), done=done)


@bp.post("/jobs/<job_id>/cancel")
@needs(Action.MANAGE_JOBS)
def cancel_job(job_id: str) -> Response:
    """Stop a job that is not over."""
    with context.write_session() as s:
        done = queue.cancel(s, job_id, now=context.now())
        if done:
            journal.tell(s, "job cancelled", detail={"job": job_id})
    return _answer(gettext("The job is cancelled."), done=done)


def _answer(sentence: str, *, done: bool) -> Response:
    if done:
        flash(sentence)
    else:
        flash(gettext("That job is not in a state for this any more."), "attention")
    page = request.args.get("page", "")
    if page in WATCHED:
        return redirect(url_for(f"admin.{page}"), 303)
    return redirect(url_for("admin.jobs", state=request.args.get("state")), 303)
