"""A job in a worker's hand."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from archive import jobs
from archive.jobs import Job
from archive.site import Site


class Hopeless(Exception):
    """Trying again would end the same way; the text is for people."""


@dataclass(frozen=True)
class Task:
    """A job in hand."""

    site: Site
    job: Job
    worker: str

    def renew(self, progress: float | None = None) -> None:
        """:raises Lost: the job is no longer ours"""
        jobs.heartbeat(
            self.site.db,
            self.job.id,
            self.worker,
            lease=self.site.config.job_lease,
            now=self.site.clock(),
            progress=progress,
        )

    def done(self, session: Session, **result: object) -> None:
        """:raises Lost: the job is no longer ours, so its effect must not be kept"""
        now = self.site.clock()
        jobs.finish(session, self.job.id, self.worker, now=now, result=result)
