"""Background work, for whoever asked for it and for staff."""

from __future__ import annotations

from flask import jsonify

from archive import jobs
from archive.records.errors import NoSuchRecord
from archive.web.api.operations import Answer
from archive.web.request import context
from archive.web.showing.represent import iso
from auth.policy import Action


def read(job_id: str) -> Answer:
    """One job: how far it is, and how it ended."""
    with context.read_session() as s:
        job = jobs.get(s, job_id)
    own = job is not None and job.owner == context.viewer().account_id
    if job is None or not (own or context.may(Action.READ_JOBS)):
        raise NoSuchRecord("There is no such job.")
    answer = {
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
    return jsonify(answer), 200
