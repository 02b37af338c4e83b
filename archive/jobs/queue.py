"""The life of a job: queued, leased to a worker, done or failed or cancelled.

A worker holds a job by a lease that it must renew. When the worker dies the lease runs
out and the next `claim` takes the job up again, so every handler must be idempotent. A
job that was started `max_attempts` times and never ended is given up, so that one
poisonous file cannot kill workers for ever.

`enqueue` and `finish` work in the caller's transaction: a job exists exactly when the
record it is about does, and is done exactly when its effect is there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Update, and_, func, or_, select, update
from sqlalchemy.orm import Session

from archive.db import Database
from archive.jobs import ranks, turns
from archive.jobs.delivery import announce
from archive.jobs.tables import OPEN_STATES, Job, JobState
from auth.identifiers import new_id

MAX_ATTEMPTS = 3
LONGEST_WAIT = timedelta(days=1)


class Lost(Exception):
    """The job is no longer this worker's: cancelled, or its lease ran out."""


def enqueue(  # noqa: PLR0913 - each is a column of the job
    session: Session,
    kind: str,
    args: Mapping[str, Any],
    *,
    now: datetime,
    subject: str | None = None,
    owner: str | None = None,
    max_attempts: int = MAX_ATTEMPTS,
) -> Job:
    """Add a job in the caller's transaction; `subject` is the record it is about.

    A queued job of the same kind with the same arguments is given back instead.
    """
    # Locked, so that no worker takes the job up before the caller's change is there.
    same = (Job.kind == kind, Job.state == JobState.QUEUED, Job.subject == subject)
    for waiting in session.scalars(select(Job).where(*same).with_for_update()):
        if waiting.args == dict(args):
            return waiting
    job = Job(
        id=new_id(),
        kind=kind,
        args=dict(args),
        owner=owner,
        subject=subject,
        state=JobState.QUEUED,
        attempts=0,
        progress=0.0,
        max_attempts=max_attempts,
        due_at=now,
        created_at=now,
    )
    session.add(job)
    session.flush()
    announce(session, kind)
    return job


def claim(
    db: Database, worker: str, kinds: Collection[str], lease: timedelta, now: datetime
) -> Job | None:
    """Take the next job, or one whose worker fell silent.

    The lowest rank comes first; in it whoever was served longest ago, and of theirs
    what has waited longest.
    """
    if not _anything_to_claim(db, kinds, now):
        return None  # looked first without the write lock: polling must not hold it
    with db.write() as session:
        job = _next(session, _claimable(kinds, now), now)
        if job is None:
            return None
        job.state = JobState.RUNNING
        job.worker = worker
        job.leased_until = now + lease
        job.attempts += 1
        job.started_at = now
        job.error = None
        return job


def poisonous(session: Session, kinds: Collection[str], now: datetime) -> bool:
    """Whether some job was started too often and never ended."""
    query = select(Job.id).where(_exhausted(kinds, now)).limit(1)
    return session.scalar(query) is not None


def give_up(session: Session, kinds: Collection[str], now: datetime) -> Sequence[Job]:
    """Fail the jobs that were started too often and never ended."""
    found = session.scalars(
        select(Job).where(_exhausted(kinds, now)).with_for_update(skip_locked=True)
    ).all()
    for job in found:
        job.state, job.finished_at = JobState.FAILED, now
        job.error = f"It was started {job.attempts} times and never finished."
        job.worker = job.leased_until = None
    session.flush()
    return found


def heartbeat(
    db: Database,
    job_id: str,
    worker: str,
    *,
    lease: timedelta,
    now: datetime,
    progress: float | None = None,
) -> None:
    """Say that the work goes on; `progress` is 0 to 1.

    :raises Lost: the job was cancelled or taken up by somebody else
    """
    values: dict[str, Any] = {"leased_until": now + lease}
    if progress is not None:
        values["progress"] = progress
    with db.write() as session:
        held = update(Job).where(_held(job_id, worker)).values(**values)
        if not _changed(session, held):
            raise Lost(f"job {job_id} is no longer held by {worker}")


def advance(
    session: Session,
    job_id: str,
    worker: str,
    args: Mapping[str, Any],
    result: Mapping[str, Any],
    progress: float,
) -> None:
    """Note how far a long job is, in the transaction that holds that part's effect.

    Whoever takes the job up later goes on from these `args`.

    :raises Lost: the job was cancelled or taken up by somebody else
    """
    noted = update(Job).where(_held(job_id, worker))
    values = {"args": dict(args), "result": dict(result), "progress": progress}
    if not _changed(session, noted.values(**values)):
        raise Lost(f"job {job_id} is no longer held by {worker}")


def put_back(session: Session, job_id: str, worker: str, *, due_at: datetime) -> None:
    """Queue a long job behind what waits, so that it holds nobody up; it goes on later.

    :raises Lost: the job was cancelled or taken up by somebody else
    """
    _end(session, job_id, worker, state=JobState.QUEUED, due_at=due_at, attempts=0)
    announce(session, session.get_one(Job, job_id).kind, due_at)


def finish(
    session: Session,
    job_id: str,
    worker: str,
    *,
    now: datetime,
    result: Mapping[str, Any] | None = None,
) -> None:
    """Mark a job as done, in the transaction that also holds its effect.

    :raises Lost: the job was cancelled or taken up by somebody else
    """
    _end(
        session,
        job_id,
        worker,
        state=JobState.DONE,
        progress=1.0,
        result=dict(result or {}),
        finished_at=now,
    )


def fail(
    session: Session,
    job_id: str,
    worker: str,
    sentence: str,
    *,
    now: datetime,
    again_after: timedelta | None = None,
) -> JobState:
    """Record a failure; with `again_after` it is tried again while attempts are left.

    :raises Lost: the job was cancelled or taken up by somebody else
    """
    job = session.scalar(select(Job).where(_held(job_id, worker)).with_for_update())
    if job is None:
        raise Lost(f"job {job_id} is no longer held by {worker}")
    job.error = sentence
    job.worker = job.leased_until = None
    if again_after is not None and job.attempts < job.max_attempts:
        job.state, job.due_at = JobState.QUEUED, now + again_after
    else:
        job.state, job.finished_at = JobState.FAILED, now
    session.flush()
    if job.state is JobState.QUEUED:
        announce(session, job.kind, job.due_at)
    return job.state


def cancel(session: Session, job_id: str, *, now: datetime) -> bool:
    """Stop a job that is not over; a running one notices at its next heartbeat."""
    ended = (
        update(Job)
        .where(Job.id == job_id, Job.state.in_(OPEN_STATES))
        .values(state=JobState.CANCELLED, finished_at=now, leased_until=None)
    )
    return _changed(session, ended)


def retry(session: Session, job_id: str, *, now: datetime) -> bool:
    """Queue a failed or cancelled job once more, with all its attempts."""
    queued = (
        update(Job)
        .where(Job.id == job_id, Job.state.in_((JobState.FAILED, JobState.CANCELLED)))
        .values(
            state=JobState.QUEUED,
            attempts=0,
            progress=0.0,
            due_at=now,
            worker=None,
            finished_at=None,
            error=None,
        )
    )
    if not _changed(session, queued):
        return False
    announce(session, session.get_one(Job, job_id).kind)
    return True


def get(session: Session, job_id: str) -> Job | None:
    return session.get(Job, job_id)


def listing(
    session: Session,
    *,
    state: JobState | None = None,
    owner: str | None = None,
    limit: int = 100,
) -> Sequence[Job]:
    """List jobs, newest first; with `owner` only that account's."""
    query = select(Job).order_by(Job.created_at.desc(), Job.id).limit(limit)
    if state is not None:
        query = query.where(Job.state == state)
    if owner is not None:
        query = query.where(Job.owner == owner)
    return session.scalars(query).all()


def after(
    session: Session, job_id: str | None, owner: str | None, limit: int
) -> Sequence[Job]:
    """Jobs in the order of their ids, after this one; with `owner` that account's."""
    query = select(Job).where(Job.id > (job_id or "")).order_by(Job.id).limit(limit)
    if owner is not None:
        query = query.where(Job.owner == owner)
    return session.scalars(query).all()


def open_for(session: Session, subject: str) -> Sequence[Job]:
    """The jobs about one record that are not over yet."""
    return session.scalars(
        select(Job).where(Job.subject == subject, Job.state.in_(OPEN_STATES))
    ).all()


def unfinished(session: Session, kind: str) -> Sequence[Job]:
    """The jobs of a kind that are not over yet, oldest first."""
    waiting = select(Job).where(Job.kind == kind, Job.state.in_(OPEN_STATES))
    return session.scalars(waiting.order_by(Job.created_at, Job.id)).all()


def about(session: Session, kind: str, subject: str) -> Sequence[Job]:
    """The jobs of a kind about one record, over or not, newest first."""
    found = select(Job).where(Job.kind == kind, Job.subject == subject)
    return session.scalars(found.order_by(Job.created_at.desc(), Job.id)).all()


def latest(session: Session, kind: str, now: datetime) -> datetime | None:
    """When a job of this kind was last queued; what a wrong clock queued is later."""
    of_kind = (Job.kind == kind, Job.created_at <= now)
    return session.scalar(select(func.max(Job.created_at)).where(*of_kind))


def waiting(session: Session, kinds: Collection[str], now: datetime) -> Sequence[str]:
    """The kinds of the jobs that a worker could take up now, one for each job."""
    found = select(Job.kind).where(_claimable(kinds, now))
    return session.scalars(found.order_by(Job.due_at)).all()


def counts(session: Session) -> dict[JobState, int]:
    """How many jobs stand in each state."""
    found = session.execute(select(Job.state, func.count()).group_by(Job.state))
    return {state: 0 for state in JobState} | {state: n for state, n in found}


def _anything_to_claim(db: Database, kinds: Collection[str], now: datetime) -> bool:
    with db.read() as session:
        query = select(Job.id).where(_claimable(kinds, now)).limit(1)
        return session.scalar(query) is not None


def _next(session: Session, waiting: ColumnElement[bool], now: datetime) -> Job | None:
    """The first job, by rank and turn, that another worker has not locked."""
    rank = ranks.rank_at(now)
    found = session.scalars(select(rank).where(waiting).distinct()).all()
    for each in sorted(found):
        job = _oldest(session, and_(waiting, rank == each))
        if job is not None:
            return job
    return None


def _oldest(session: Session, waiting: ColumnElement[bool]) -> Job | None:
    """The oldest job of the first turn of which another worker has not locked all."""
    for turn in turns.in_order(session, waiting):
        oldest = (
            select(Job)
            .where(waiting, turn.jobs)
            .order_by(Job.due_at, Job.created_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        job = session.scalar(oldest)
        if job is not None:
            return job
    return None


def _open(kinds: Collection[str], now: datetime) -> ColumnElement[bool]:
    return and_(
        Job.kind.in_(kinds),
        or_(
            and_(Job.state == JobState.QUEUED, _has_come(Job.due_at, now)),
            and_(Job.state == JobState.RUNNING, _has_come(Job.leased_until, now)),
        ),
    )


def _has_come(moment: Any, now: datetime) -> ColumnElement[bool]:  # noqa: ANN401 - column
    # Nothing is put off for so long: a clock that was ahead must not stop all work.
    return or_(moment <= now, moment > now + LONGEST_WAIT)


def _claimable(kinds: Collection[str], now: datetime) -> ColumnElement[bool]:
    return and_(_open(kinds, now), Job.attempts < Job.max_attempts)


def _exhausted(kinds: Collection[str], now: datetime) -> ColumnElement[bool]:
    return and_(_open(kinds, now), Job.attempts >= Job.max_attempts)


def _held(job_id: str, worker: str) -> ColumnElement[bool]:
    return and_(Job.id == job_id, Job.worker == worker, Job.state == JobState.RUNNING)


def _end(session: Session, job_id: str, worker: str, **values: Any) -> None:  # noqa: ANN401
    ended = (
        update(Job)
        .where(_held(job_id, worker))
        .values(worker=None, leased_until=None, **values)
    )
    if not _changed(session, ended):
        raise Lost(f"job {job_id} is no longer held by {worker}")


def _changed(session: Session, change: Update) -> bool:
    session.flush()
    return session.scalar(change.returning(Job.id)) is not None
