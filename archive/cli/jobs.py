"""`vigil jobs`: what the worker does, did and could not do."""

from __future__ import annotations

from typing import Any

import click

from archive import jobs as queue
from archive.cli import output
from archive.cli.opening import opened
from archive.cli.output import Failure
from archive.jobs import Job, JobState


@click.group()
def jobs() -> None:
    """List, retry and cancel background work."""


@jobs.command("list")
@click.option("--state", type=output.word_of(JobState))
@click.option("--limit", default=50, show_default=True)
@output.json_option
def list_jobs(state: str | None, limit: int, as_json: bool) -> None:  # noqa: FBT001 - click's
    """List jobs, newest first. Example: vigil jobs list --state failed"""
    with opened() as site:
        with site.db.read() as session:
            wanted = JobState(state) if state else None
            found = queue.listing(session, state=wanted, limit=limit)
            facts = [_facts(job) for job in found]
        output.answer({"jobs": facts}, as_json, lambda: _table(facts))


@jobs.command()
@click.argument("job")
def retry(job: str) -> None:
    """Try a failed or cancelled job once more. Example: vigil jobs retry 4f2a"""
    with opened() as site:
        with site.db.write() as session:
            done = queue.retry(session, job, now=site.clock())
        if not done:
            raise Failure(f"Job {job} is not a failed or cancelled one.", "no_job")
        output.say(f"Job {job} is queued again.")


@jobs.command()
@click.argument("job")
def cancel(job: str) -> None:
    """Stop a job that is not over. Example: vigil jobs cancel 4f2a"""
    with opened() as site:
        with site.db.write() as session:
            done = queue.cancel(session, job, now=site.clock())
        if not done:
            raise Failure(f"Job {job} is not queued or running.", "no_job")
        output.say(f"Job {job} is cancelled.")


def _facts(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "subject": job.subject,
        "state": job.state.value,
        "progress": job.progress,
        "attempts": job.attempts,
        "error": job.error,
        "created_at": job.created_at.isoformat(),
    }


def _table(facts: list[dict[str, Any]]) -> str:
    rows = [
        (
            each["id"],
            each["kind"],
            each["subject"],
            each["state"],
            f"{each['progress']:.0%}",
            each["error"] or "",
        )
        for each in facts
    ]
    return output.table(("job", "kind", "about", "state", "done", "error"), rows)
