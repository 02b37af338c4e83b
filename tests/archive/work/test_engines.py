"""What is promised of jobs, by real workers: whichever database, however they hear."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from archive import backup, config, jobs, restoring
from archive.config import ConfigError
from archive.depot import Depot
from archive.founding import create_home
from archive.jobs import Job, JobState
from archive.jobs.procrastination import MADE, MARK
from archive.site import Site, open_site
from tests.archive.work.worker_under_test import Worker

ENGINES = ("lease on sqlite", "lease on postgresql", "procrastinate on postgresql")
SECONDS = 60


class Place:
    """An archive, its workers, and what they noted."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.folder, self.environ = folder, environ
        self.site: Site = create_home(config.load(environ))

    def put(self, name: str, kind: str = "derive", **how: object) -> str:
        with self.site.db.write() as s:
            return self.put_in(s, name, kind, **how)

    def put_in(self, s, name: str, kind: str = "derive", **how: object) -> str:
        now = self.site.clock()
        return jobs.enqueue(s, kind, {"name": name}, now=now, **how).id

    def job(self, job_id: str) -> Job:
        with self.site.db.read() as s:
            return s.get_one(Job, job_id)

    def notes(self, what: str) -> list[str]:
        path = self.folder / "notes"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.split()[1] for line in lines if line.startswith(what)]

    def wait(self, job_id: str, state: JobState) -> Job:
        self.until(lambda: self.job(job_id).state is state, job_id)
        return self.job(job_id)

    def until(self, so: Callable[[], bool], what: str = "") -> None:
        deadline = time.monotonic() + SECONDS
        while not so():
            assert time.monotonic() < deadline, (what, self.notes(""))
            time.sleep(0.05)

    @contextmanager
    def worker(self, **settings: str) -> Iterator[Worker]:
        self.site.close()  # or the child would share its connections
        made = Worker(self.folder, {**self.environ, **settings})
        try:
            yield made
        finally:
            made.kill()


@pytest.fixture(params=ENGINES)
def place(
    request: pytest.FixtureRequest, tmp_path: Path, environ: dict[str, str]
) -> Iterator[Place]:
    engine, _, database = str(request.param).partition(" on ")
    environ["VIGIL_JOB_ENGINE"] = engine
    environ["VIGIL_JOB_LEASE_SECONDS"] = "2"
    if database == "postgresql":
        environ["VIGIL_DATABASE_URL"] = request.getfixturevalue("new_database")()
    made = Place(tmp_path, environ)
    yield made
    made.site.close()


def test_whatever_happens_to_workers_each_job_ends_as_is_promised(place: Place) -> None:
    """By three workers in all: starting one costs more than all that they do."""
    order = queue_in_no_order(place)
    put_in_vain(place)
    with place.worker() as first:
        for job_id in order:
            place.wait(job_id, JobState.DONE)
        turns_and_ranks_were_kept(place)
        patient = place.put("patient")
        place.until(lambda: place.job(patient).progress == 0.5)
        first.kill()
    with place.worker() as second, place.worker(VIGIL_JOB_MAX_SECONDS="3") as third:
        place.until(lambda: place.job(patient).attempts == 2)
        cancelled_while_it_runs(place, patient)
        each_is_done_once(place, {second.pid, third.pid})
        tried_again_or_not(place)
        given_up_when_it_kills(place)
        place.until(lambda: second.poll() == 1 or third.poll() == 1)
    with place.worker(VIGIL_JOB_MAX_SECONDS="1") as fourth:
        endless = place.wait(place.put("endless"), JobState.FAILED)
        assert endless.error == "It did not end within 0:00:01 and was stopped."
        place.until(lambda: fourth.poll() == 75)
    assert place.notes("began").count("in-vain") == 0


def queue_in_no_order(place: Place) -> list[str]:
    mass = place.put("mass", "verify")
    busy = [place.put(f"busy-{n}", owner="busy") for n in range(4)]
    other = place.put("other", owner="other")
    return [mass, *busy, other, place.put("awaited", "reset")]


def turns_and_ranks_were_kept(place: Place) -> None:
    began = place.notes("began")
    assert (began[0], began[-1]) == ("awaited", "mass")
    assert "other" in began[1:3], "fifty of one person are not before another's first"


def put_in_vain(place: Place) -> None:
    with pytest.raises(ZeroDivisionError), place.site.db.write() as s:
        place.put_in(s, "in-vain")
        raise ZeroDivisionError


def cancelled_while_it_runs(place: Place, patient: str) -> None:
    with place.site.db.write() as s:
        assert jobs.cancel(s, patient, now=place.site.clock())
        waiting = place.put_in(s, "never-begun")
        assert jobs.cancel(s, waiting, now=place.site.clock())
    place.until(lambda: place.notes("lost") == ["patient"])
    assert place.job(patient).state is JobState.CANCELLED
    assert "never-begun" not in place.notes("began")
    (place.folder / "go").touch()
    with place.site.db.write() as s:
        assert jobs.retry(s, patient, now=place.site.clock())
    place.wait(patient, JobState.DONE)


def each_is_done_once(place: Place, workers: set[int]) -> None:
    many = [place.put(f"one-of-{n}", owner="busy") for n in range(20)]
    by = {(place.wait(each, JobState.DONE).result or {})["by"] for each in many}
    assert by <= workers
    began = [name for name in place.notes("began") if name.startswith("one-of-")]
    assert len(began) == len(set(began)) == 20


def tried_again_or_not(place: Place) -> None:
    clumsy, hopeless = place.put("clumsy"), place.put("hopeless")
    assert place.wait(clumsy, JobState.DONE).attempts == 3
    done = place.wait(hopeless, JobState.FAILED)
    assert (done.attempts, done.error) == (1, "This will never do.")


def given_up_when_it_kills(place: Place) -> None:
    deadly = place.put("deadly", max_attempts=1)
    ended = place.wait(deadly, JobState.FAILED)
    assert ended.error == "It was started 1 times and never finished."


def test_procrastinate_is_refused_on_sqlite(environ: dict[str, str]) -> None:
    environ["VIGIL_JOB_ENGINE"] = "procrastinate"
    with pytest.raises(ConfigError, match="needs PostgreSQL; set it to lease"):
        config.check_safe(config.load(environ))


def test_the_tables_of_another_version_are_replaced_and_jobs_told_of_anew(
    tmp_path: Path, environ: dict[str, str], new_database: Callable[[], str]
) -> None:
    """So it is too where an archive goes over from the lease table alone."""
    environ["VIGIL_DATABASE_URL"] = new_database()
    place = Place(tmp_path, environ)
    waiting = place.put("left")
    place.site.close()
    environ["VIGIL_JOB_ENGINE"] = "procrastinate"
    open_site(config.load(environ)).close()
    site = open_site(config.load(environ))
    with site.db.write() as s:
        s.execute(text("COMMENT ON TABLE procrastinate_jobs IS 'an older one'"))
        s.execute(text("DROP TABLE procrastinate_workers CASCADE"))
    site.close()
    site = open_site(config.load(environ))
    assert site.delivery is not None
    with site.db.write() as s:
        assert s.scalar(MADE) == MARK
        assert site.delivery.balance(s, ("derive",), site.clock()) == 1
        assert site.delivery.balance(s, ("derive",), site.clock()) == 0
        assert s.get_one(Job, waiting).state is JobState.QUEUED
    site.close()


@pytest.fixture
def woken(
    tmp_path: Path, environ: dict[str, str], new_database: Callable[[], str]
) -> Iterator[Place]:
    """An archive on PostgreSQL whose workers are woken."""
    environ["VIGIL_DATABASE_URL"] = new_database()
    environ["VIGIL_JOB_ENGINE"] = "procrastinate"
    made = Place(tmp_path, environ)
    yield made
    made.site.close()


GRANTS = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'vigil_woken') THEN
    CREATE ROLE vigil_woken LOGIN;
  END IF;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO vigil_woken;
REVOKE UPDATE, DELETE ON ledger FROM vigil_woken;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO vigil_woken;
"""


def test_a_role_with_the_grants_of_the_manual_queues_and_works(woken: Place) -> None:
    with woken.site.db.write() as s:
        s.execute(text(GRANTS))
    woken.site.close()
    url = make_url(woken.environ["VIGIL_DATABASE_URL"]).set(username="vigil_woken")
    woken.environ["VIGIL_DATABASE_URL"] = url.render_as_string(hide_password=False)
    woken.site = open_site(config.load(woken.environ))
    with woken.worker():
        woken.wait(woken.put("by the role"), JobState.DONE)


def test_an_archive_from_a_backup_has_its_jobs_told_of(
    woken: Place, tmp_path: Path, new_database: Callable[[], str]
) -> None:
    waiting = woken.put("waited through it")
    to = Depot.at(woken.site.config, tmp_path / "backups")
    now = woken.site.clock()
    backup.back_up(woken.site, to, actor="operator", now=now, tell=silent)
    woken.site.close()
    shutil.rmtree(woken.site.config.home)
    woken.environ["VIGIL_DATABASE_URL"] = new_database()
    place = tmp_path / "backups"
    restoring.restore(woken.environ, place, actor="operator", tell=silent)
    woken.site = open_site(config.load(woken.environ))
    with woken.worker():
        woken.wait(waiting, JobState.DONE)


def silent(_part: str, _done: int, _total: int) -> None:
    """Tell nobody."""
