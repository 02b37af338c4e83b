"""Jobs: one worker each, taken up again after a death, given up after too many."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from archive import jobs
from archive.db import Database
from archive.jobs import Job, JobState, Lost, ranks

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LEASE = timedelta(seconds=30)
LATER = NOW + LEASE + timedelta(seconds=1)


def put(db: Database, kind: str = "derive", **how: object) -> str:
    args = how.pop("args", {"asset": "a"})
    with db.write() as s:
        return jobs.enqueue(s, kind, args, now=NOW, **how).id  # type: ignore[arg-type]


def claim(db: Database, worker: str = "w1", now: datetime = NOW) -> Job | None:
    return jobs.claim(db, worker, ("derive", "index"), LEASE, now)


def claimed(db: Database, worker: str = "w1", now: datetime = NOW) -> Job:
    job = claim(db, worker, now)
    assert job is not None
    return job


def state(db: Database, job_id: str) -> tuple[JobState, str | None]:
    with db.read() as s:
        job = jobs.get(s, job_id)
        assert job is not None
        return job.state, job.error


def finish(db: Database, job_id: str, worker: str = "w1") -> None:
    with db.write() as s:
        jobs.finish(s, job_id, worker, now=NOW, result={"made": 1})


def fail(
    db: Database, job_id: str, worker: str = "w1", again: timedelta | None = None
) -> JobState:
    with db.write() as s:
        return jobs.fail(s, job_id, worker, "No.", now=NOW, again_after=again)


def test_a_job_is_claimed_done_and_keeps_its_result(any_db: Database) -> None:
    job_id = put(any_db)
    job = claimed(any_db)
    assert (job.id, job.kind, job.args, job.attempts) == (
        job_id,
        "derive",
        {"asset": "a"},
        1,
    )
    assert claim(any_db, "w2") is None
    finish(any_db, job_id)
    with any_db.read() as s:
        done = s.get_one(Job, job_id)
    assert (done.state, done.progress, done.result) == (JobState.DONE, 1.0, {"made": 1})


def test_the_job_that_waits_longest_comes_first(any_db: Database) -> None:
    with any_db.write() as s:
        late = jobs.enqueue(s, "derive", {"n": 2}, now=NOW - timedelta(hours=1)).id
        early = jobs.enqueue(s, "derive", {"n": 1}, now=NOW - timedelta(hours=2)).id
    assert [claimed(any_db).id, claimed(any_db).id] == [early, late]


def test_many_jobs_of_one_do_not_keep_the_others_waiting(any_db: Database) -> None:
    """Requirement 110: everybody in turn, and the archive's own work by its kinds."""
    for number in range(50):
        put(any_db, owner="busy", args={"video": number})
    put(any_db, owner="other", args={"video": 100})
    put(any_db, owner="other", args={"video": 101})
    put(any_db, "index", args={"record": "r"})

    order = [claimed(any_db, now=NOW + timedelta(seconds=n)) for n in range(6)]

    served = [job.owner or job.kind for job in order]
    assert set(served[:3]) == {"busy", "other", "index"}
    assert served[3:5] == [each for each in served[:3] if each != "index"]
    assert served[5] == "busy", "nobody else waits any more"


def take(db: Database, now: datetime = NOW) -> str:
    job = jobs.claim(db, "w1", ("derive", "reset", "verify"), LEASE, now)
    assert job is not None
    return job.kind


def test_what_somebody_waits_for_comes_before_the_usual_and_mass_work_last(
    any_db: Database,
) -> None:
    for kind in ("verify", "derive", "reset"):
        put(any_db, kind)
    for number in range(3):
        put(any_db, owner="busy", args={"video": number})
    order = [take(any_db, NOW + timedelta(seconds=n)) for n in range(6)]
    assert order == ["reset", *["derive"] * 4, "verify"]


def test_mass_work_that_has_waited_long_is_not_put_off_any_more(
    any_db: Database,
) -> None:
    put(any_db, "verify")
    later = NOW + ranks.PATIENCE
    with any_db.write() as s:
        jobs.enqueue(s, "derive", {}, now=later)
    assert take(any_db, later) == "verify"


@pytest.mark.parametrize("any_url", ["postgresql"], indirect=True)
def test_a_rank_that_another_worker_holds_is_passed_over(any_db: Database) -> None:
    first = put(any_db, "reset")
    put(any_db, "verify")
    with any_db.write() as s:
        s.get_one(Job, first, with_for_update=True)
        assert take(any_db) == "verify"


def test_who_was_served_lately_waits_for_who_was_not(any_db: Database) -> None:
    for number in range(3):
        put(any_db, owner="first", args={"n": number})
        finish(any_db, claimed(any_db, now=NOW + timedelta(seconds=number)).id)
    put(any_db, owner="first", args={"n": 10})
    put(any_db, owner="second", args={"n": 11})

    assert claimed(any_db, now=NOW + timedelta(seconds=9)).owner == "second"


@pytest.mark.parametrize("any_url", ["postgresql"], indirect=True)
def test_a_turn_that_another_worker_holds_is_passed_over(any_db: Database) -> None:
    first = put(any_db, owner="a")
    second = put(any_db, owner="b", args={"asset": "b"})
    with any_db.write() as s:
        s.get_one(Job, first, with_for_update=True)
        assert claimed(any_db).id == second


def test_only_the_kinds_asked_for_are_claimed(any_db: Database) -> None:
    put(any_db, "export")
    assert claim(any_db) is None


def test_a_job_enqueued_in_a_lost_transaction_never_was(any_db: Database) -> None:
    with pytest.raises(ZeroDivisionError), any_db.write() as s:
        jobs.enqueue(s, "derive", {}, now=NOW)
        raise ZeroDivisionError
    assert claim(any_db) is None


def test_the_same_job_waits_only_once_but_may_follow_a_running_one(
    any_db: Database,
) -> None:
    first = put(any_db, "index", subject="r1")
    assert put(any_db, "index", subject="r1") == first
    assert put(any_db, "index", subject="r2", args={"asset": "b"}) != first
    claimed(any_db)
    assert put(any_db, "index", subject="r1") != first


def test_a_job_that_a_change_relies_on_is_not_taken_before_the_change_is_there(
    any_db: Database,
) -> None:
    job_id, got = put(any_db, "index", subject="r1"), []
    claiming = threading.Thread(target=lambda: got.append(claim(any_db)))
    with any_db.write() as s:
        same = jobs.enqueue(s, "index", {"asset": "a"}, now=NOW, subject="r1")
        assert same.id == job_id
        claiming.start()
        claiming.join(0.5)
        assert [job for job in got if job is not None] == []
    claiming.join()
    taken = got[0] or claim(any_db)
    assert taken is not None
    assert taken.id == job_id


def test_two_workers_never_get_one_job(any_db: Database) -> None:
    with any_db.write() as s:
        for number in range(24):
            jobs.enqueue(s, "derive", {"n": number}, now=NOW)
    got: list[str] = []

    def work(worker: str) -> None:
        while job := claim(any_db, worker):
            got.append(job.id)
            finish(any_db, job.id, worker)

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(set(got)) == 24


def test_a_silent_workers_job_is_taken_up_and_the_worker_has_lost_it(
    any_db: Database,
) -> None:
    job_id = put(any_db)
    claimed(any_db, "w1")
    assert claim(any_db, "w2", NOW + LEASE - timedelta(seconds=1)) is None
    again = claimed(any_db, "w2", LATER)
    assert (again.id, again.attempts) == (job_id, 2)
    for act in (finish, fail):
        with pytest.raises(Lost):
            act(any_db, job_id, "w1")
    finish(any_db, job_id, "w2")
    assert state(any_db, job_id)[0] is JobState.DONE


def test_a_heartbeat_keeps_the_lease_and_tells_progress(any_db: Database) -> None:
    job_id = put(any_db)
    claimed(any_db)
    soon = NOW + timedelta(seconds=20)
    jobs.heartbeat(any_db, job_id, "w1", lease=LEASE, now=soon, progress=0.5)
    assert claim(any_db, "w2", LATER) is None
    with any_db.read() as s:
        assert s.get_one(Job, job_id).progress == 0.5
    with pytest.raises(Lost):
        jobs.heartbeat(any_db, job_id, "w2", lease=LEASE, now=soon)


def test_the_effect_of_a_lost_job_is_rolled_back(any_db: Database) -> None:
    job_id = put(any_db)
    claimed(any_db, "w1")
    claimed(any_db, "w2", LATER)
    with pytest.raises(Lost), any_db.write() as s:
        jobs.enqueue(s, "index", {"effect": 1}, now=NOW)
        jobs.finish(s, job_id, "w1", now=NOW)
    with any_db.read() as s:
        assert [job.kind for job in jobs.listing(s)] == ["derive"]


def test_a_failed_job_is_tried_again_later_until_its_attempts_are_used(
    any_db: Database,
) -> None:
    job_id, pause, now = put(any_db), timedelta(minutes=1), NOW
    for _ in range(2):
        claimed(any_db, now=now)
        assert fail(any_db, job_id, again=pause) is JobState.QUEUED
        assert claim(any_db) is None
        now = NOW + pause
    claimed(any_db, now=now)
    assert fail(any_db, job_id, again=pause) is JobState.FAILED
    assert state(any_db, job_id) == (JobState.FAILED, "No.")


def test_a_job_that_kills_its_workers_is_given_up(any_db: Database) -> None:
    job_id, now = put(any_db), NOW
    for number in range(3):
        assert claimed(any_db, f"w{number}", now).id == job_id
        now += LEASE + timedelta(seconds=1)
    assert claim(any_db, "w9", now) is None
    with any_db.read() as s:
        assert jobs.poisonous(s, ("derive",), now)
    with any_db.write() as s:
        assert [job.id for job in jobs.give_up(s, ("derive",), now)] == [job_id]
    assert state(any_db, job_id) == (
        JobState.FAILED,
        "It was started 3 times and never finished.",
    )


def test_a_cancelled_job_is_not_done_and_its_worker_notices(any_db: Database) -> None:
    waiting, running = put(any_db), put(any_db, args={"asset": "b"})
    with any_db.write() as s:
        assert jobs.cancel(s, waiting, now=NOW)
    assert claimed(any_db).id == running
    with any_db.write() as s:
        assert jobs.cancel(s, running, now=NOW)
        assert not jobs.cancel(s, running, now=NOW)
    with pytest.raises(Lost):
        jobs.heartbeat(any_db, running, "w1", lease=LEASE, now=NOW)
    assert claim(any_db, "w2", LATER) is None


def test_a_failed_job_can_be_retried_with_all_its_attempts(any_db: Database) -> None:
    job_id = put(any_db)
    claimed(any_db)
    with any_db.write() as s:
        assert not jobs.retry(s, job_id, now=NOW)
    fail(any_db, job_id)
    with any_db.write() as s:
        assert jobs.retry(s, job_id, now=NOW)
    again = claimed(any_db)
    assert (again.id, again.attempts, again.error) == (job_id, 1, None)


def test_jobs_are_listed_by_owner_state_and_subject(any_db: Database) -> None:
    mine = put(any_db, owner="p1", subject="r1")
    other = put(any_db, owner="p2", subject="r2", args={"asset": "b"})
    claimed(any_db)
    finish(any_db, mine)
    with any_db.read() as s:
        assert [job.id for job in jobs.listing(s, owner="p1")] == [mine]
        assert [job.id for job in jobs.listing(s, state=JobState.QUEUED)] == [other]
        assert [job.id for job in jobs.open_for(s, "r1")] == []
        assert [job.id for job in jobs.open_for(s, "r2")] == [other]
        assert jobs.counts(s)[JobState.DONE] == 1
