"""Background work, for whoever asked for it and for staff."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request

from archive import jobs
from archive.jobs import Job
from archive.records.errors import NoSuchRecord
from archive.web.api.operations import Answer
from archive.web.request import context, cursors, guard
from archive.web.showing.represent import iso
from auth.policy import Action

EVERYBODY = "everybody"


def read(job_id: str) -> Answer:
    """One job: how far it is, and how it ended."""
    with context.read_session() as s:
        job = jobs.get(s, job_id)
    own = job is not None and job.owner == context.viewer().account_id
    if job is None or not (own or context.may(Action.READ_JOBS)):
        raise NoSuchRecord("There is no such job.")
    return jsonify(_told(job)), 200


def listing() -> Answer:
    """Your jobs, or everybody's for those who may read them; always as a walk."""
    everybody = request.args.get("of") == EVERYBODY
    if everybody:
        guard.require(Action.READ_JOBS)
    walk = cursors.begun()
    after = str(walk.after[0]) if walk.after else None
    owner = None if everybody else context.viewer().account_id or ""
    with context.read_session() as s:
        found = jobs.after(s, after, owner, walk.per_page + 1)
    shown, links = cursors.cut(walk, found, lambda job: (job.id,))
    return jsonify(items=[_told(job) for job in shown]), 200, links


def _told(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "record": job.subject,
        "state": str(job.state),
        "progress": job.progress,
        "result": job.result,
        "error": job.error,
        "attempts": job.attempts,
        "created_at": iso(job.created_at),
        "started_at": iso(job.started_at),
        "finished_at": iso(job.finished_at),
    }
