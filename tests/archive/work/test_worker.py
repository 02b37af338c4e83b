"""Background work: previews and index, once is enough and twice does no harm."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError

from archive import gate, jobs, moderation, work
from archive.jobs import Job, JobState, ranks
from archive.records import store
from archive.records.tables import AssetState
from archive.vault import previews
from archive.vault.container import Kind
from archive.vault.errors import KeeperAway, StoreUnavailable
from archive.work import deriving, handlers, indexing
from archive.work.handlers import Handler
from archive.work.task import Task
from auth.viewer import Tier, system_viewer
from blur.errors import TooManyPixels
from blur.preview import Preview
from search.engine import ScopeTerms
from search.query import Query

PUBLIC = ScopeTerms(frozenset({"public"}), guarded=False)
STAFF = ScopeTerms(frozenset({"public", "vetted", "staff"}), guarded=True)


def found(site, words: str, scope: ScopeTerms) -> list[str]:
    return [hit.id for hit in site.engine.find(Query(words), scope).hits]


def asset_of(site, made):
    with site.db.read() as s:
        return store.require_asset(s, made.assets[0].id)


def states(site) -> dict[str, JobState]:
    with site.db.read() as s:
        return {job.kind: job.state for job in jobs.listing(s)}


def test_a_deposit_ends_with_a_preview_and_an_entry_in_the_index(
    any_site, any_desk
) -> None:
    made = any_desk.deposit()
    told: list[int] = []
    assert work.drain(any_site, made.record.id, progress=told.append)
    assert told[0] == 2
    assert told[-1] == 0
    asset = asset_of(any_site, made)
    assert asset.state is AssetState.READY
    with any_site.db.read() as s:
        preview = Preview.from_bytes(
            previews.read_preview(
                s, any_site.vault, asset.preview_object_id, Kind.PREVIEW_IMAGE
            )
        )
        (line,) = any_site.ledger.entries(s, event="derivation")
    assert not preview.sealed
    assert (line.actor, line.asset_id) == ("system:worker", asset.id)
    assert found(any_site, "church", STAFF) == [made.record.id]
    assert found(any_site, "church", PUBLIC) == []


def test_the_index_follows_label_publish_edit_and_withdrawal(site, desk) -> None:
    made = desk.deposit()
    record_id = made.record.id
    desk.publish(made)
    assert found(site, "church", PUBLIC) == []
    assert work.drain(site, record_id)
    assert found(site, "church", PUBLIC) == [record_id]
    with site.db.write() as s:
        moderation.describe(
            site,
            s,
            record_id,
            desk.draft("A mosque"),
            revision=1,
            by="m1",
            now=site.clock(),
        )
    assert work.drain(site, record_id)
    assert (found(site, "church", PUBLIC), found(site, "mosque", PUBLIC)) == (
        [],
        [record_id],
    )
    with site.db.write() as s:
        moderation.withdraw(
            site,
            s,
            record_id,
            category="safety",
            note="Asked for.",
            by="m1",
            now=site.clock(),
        )
    assert work.drain(site, record_id)
    assert found(site, "mosque", STAFF) == []


def test_a_guarded_title_is_given_to_the_index_as_guarded(site, desk) -> None:
    made = desk.publish(desk.deposit(), "kill.execution")
    with site.db.read() as s:
        document = indexing.document(site.sealing, s, made.record.id)
    assert document is not None
    assert (document.guarded, document.tier, document.audience) == (True, 5, "public")


def test_every_document_of_the_archive_is_given_once_for_a_rebuild(
    site, desk, monkeypatch
) -> None:
    monkeypatch.setattr(indexing, "BATCH", 2)
    ids = sorted(desk.deposit().record.id for _ in range(5))
    documents = indexing.every_document(site.db, site.sealing)
    assert [document.id for document in documents] == ids


def test_deriving_twice_makes_one_preview(site, desk) -> None:
    made = desk.deposit()
    work.drain(site, made.record.id)
    before = asset_of(site, made).preview_object_id
    with site.db.write() as s:
        args = {"asset": made.assets[0].id}
        jobs.enqueue(s, "derive", args, subject=made.record.id, now=site.clock())
    assert work.drain(site, made.record.id)
    assert asset_of(site, made).preview_object_id == before


def test_a_file_whose_preview_cannot_be_made_ends_failed_with_a_sentence(
    site, desk, monkeypatch
) -> None:
    made = desk.deposit()
    too_slow = replace(site.upload_limits.media, pixels=1)
    object.__setattr__(site.upload_limits, "media", too_slow)
    assert work.drain(site, made.record.id)
    asset = asset_of(site, made)
    assert asset.state is AssetState.FAILED
    assert asset.failure == TooManyPixels.sentence
    assert states(site)["derive"] is JobState.DONE


def test_a_job_that_raises_is_tried_again_and_then_fails_for_good(
    site, desk, monkeypatch, caplog
) -> None:
    def explode(_task: object) -> None:
        raise RuntimeError("something broke")

    real = handlers.HANDLERS["derive"]
    broken = {**handlers.HANDLERS, "derive": Handler(explode, real.gave_up)}
    monkeypatch.setattr(work.worker, "HANDLERS", broken)
    made = desk.deposit()
    for _ in range(3):
        while work.run_one(site, site.clock()):
            pass
        site.clock.advance(minutes=5)
    asset = asset_of(site, made)
    assert asset.state is AssetState.FAILED
    assert asset.failure == work.worker.TRIED_IN_VAIN
    assert "something broke" in caplog.text
    with site.db.read() as s:
        failed = jobs.listing(s, state=JobState.FAILED)
    assert [(job.kind, job.attempts) for job in failed] == [("derive", 3)]
    assert "something broke" not in (failed[0].error or "")


@pytest.mark.parametrize(
    "away",
    [
        StoreUnavailable("silent"),
        KeeperAway("silent"),
        OperationalError("SELECT 1", {}, Exception("gone")),
    ],
    ids=["store", "keeper", "database"],
)
def test_what_is_away_is_no_fault_of_the_job_however_often_it_is_tried(
    site, desk, monkeypatch, away
) -> None:
    is_back = False
    real = handlers.HANDLERS["derive"]

    def derive(task: Task) -> None:
        if not is_back:
            raise away
        real.run(task)

    broken = {**handlers.HANDLERS, "derive": Handler(derive, real.gave_up)}
    monkeypatch.setattr(work.worker, "HANDLERS", broken)
    made = desk.deposit()
    for _ in range(7):
        while work.run_one(site, site.clock()):
            pass
        assert states(site)["derive"] is JobState.QUEUED
        site.clock.advance(minutes=5)
    is_back = True
    assert work.run_one(site, site.clock())
    assert asset_of(site, made).state is AssetState.READY


def test_what_is_away_for_a_day_counts_as_any_failure(site, desk, monkeypatch) -> None:
    def derive(_task: object) -> None:
        raise StoreUnavailable("silent")

    real = handlers.HANDLERS["derive"]
    broken = {**handlers.HANDLERS, "derive": Handler(derive, real.gave_up)}
    monkeypatch.setattr(work.worker, "HANDLERS", broken)
    made = desk.deposit()
    site.clock.advance(days=1, minutes=1)
    for _ in range(3):
        while work.run_one(site, site.clock()):
            pass
        site.clock.advance(minutes=5)
    assert asset_of(site, made).state is AssetState.FAILED


def test_a_database_that_comes_back_is_told_that_the_job_waits(
    site, desk, monkeypatch
) -> None:
    """What the worker could not say at once it says as soon as it can."""
    real, times = jobs.put_back, []

    def put_back(session, *words, **more) -> None:
        times.append(more["due_at"])
        if len(times) < 3:
            raise OperationalError("UPDATE", {}, Exception("gone"))
        real(session, *words, **more)

    def derive(_task: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    made = handlers.HANDLERS["derive"]
    broken = {**handlers.HANDLERS, "derive": Handler(derive, made.gave_up)}
    monkeypatch.setattr(work.worker, "HANDLERS", broken)
    monkeypatch.setattr(work.worker, "IDLE_SECONDS", 0.0)
    monkeypatch.setattr(jobs, "put_back", put_back)
    desk.deposit()
    while work.run_one(site, site.clock()):
        pass
    with site.db.read() as s:
        (job,) = [each for each in jobs.listing(s) if each.kind == "derive"]
    assert (job.state, job.attempts, len(times)) == (JobState.QUEUED, 0, 3)


def test_a_job_that_keeps_killing_its_worker_fails_the_asset(site, desk) -> None:
    made = desk.deposit()
    lease = site.config.job_lease
    for number in range(3):
        job = jobs.claim(site.db, f"dead-{number}", ("derive",), lease, site.clock())
        assert job is not None
        site.clock.advance(seconds=lease.total_seconds() + 1)
    while work.run_one(site, site.clock()):
        pass
    asset = asset_of(site, made)
    assert asset.state is AssetState.FAILED
    assert asset.failure == "It was started 3 times and never finished."


def test_a_job_taken_away_while_it_ran_leaves_no_effect(
    site, desk, monkeypatch
) -> None:
    made = desk.deposit()
    real = deriving.make_preview

    def slow(*arguments: object) -> Preview:
        with site.db.write() as s:
            for job in jobs.listing(s, state=JobState.RUNNING):
                jobs.cancel(s, job.id, now=site.clock())
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(deriving, "make_preview", slow)
    while work.run_one(site, site.clock()):
        pass
    assert asset_of(site, made).state is AssetState.QUEUED
    assert states(site)["derive"] is JobState.CANCELLED


def test_a_record_changed_while_it_was_indexed_is_indexed_again(
    site, desk, monkeypatch
) -> None:
    made = desk.publish(desk.deposit())
    work.drain(site, made.record.id)
    real, edits = indexing.document, []

    def overtaken(*arguments: object) -> object:
        document = real(*arguments)  # type: ignore[arg-type]
        if not edits:
            edits.append(1)
            with site.db.write() as s:
                record = store.require(s, made.record.id)
                store.update(
                    s,
                    site.sealing,
                    record,
                    desk.draft("A mosque"),
                    revision=record.revision,
                    now=site.clock(),
                )
        return document

    with site.db.write() as s:
        args = {"record": made.record.id}
        jobs.enqueue(s, "index", args, subject=made.record.id, now=site.clock())
    monkeypatch.setattr(handlers.indexing, "document", overtaken)
    assert work.drain(site, made.record.id)
    assert found(site, "mosque", PUBLIC) == [made.record.id]


def test_the_lease_is_renewed_while_a_handler_runs(site, desk, monkeypatch) -> None:
    object.__setattr__(site.config, "job_lease_seconds", 1)
    made = desk.deposit()
    seen: list[object] = []

    def slow(task: handlers.Task) -> None:
        with site.db.read() as s:
            seen.append(s.get_one(Job, task.job.id).leased_until)
        site.clock.advance(seconds=1)
        time.sleep(0.6)
        with site.db.read() as s:
            seen.append(s.get_one(Job, task.job.id).leased_until)
        with site.db.write() as s:
            task.done(s)

    monkeypatch.setattr(
        work.worker,
        "HANDLERS",
        {"derive": Handler(slow, handlers.HANDLERS["derive"].gave_up)},
    )
    assert work.run_one(site, site.clock())
    assert seen[1] > seen[0]
    with site.db.read() as s:
        assert [j.kind for j in jobs.open_for(s, made.record.id)] == ["index"]


def test_the_loop_outlives_an_error_and_stops_when_told(
    site, desk, monkeypatch, caplog
) -> None:
    stop, real, calls = threading.Event(), work.worker.run_one, []

    def stumble(*arguments: object) -> bool:
        calls.append(1)
        if len(calls) == 1:
            raise OSError("the database is away")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(work.worker, "run_one", stumble)
    made = desk.deposit()
    thread = threading.Thread(target=work.loop, args=(site, stop))
    thread.start()
    assert _soon(lambda: asset_of(site, made).state is AssetState.READY)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert "the worker stumbled" in caplog.text


def test_a_job_that_never_ends_fails_and_the_alarm_is_raised(
    any_site, any_desk, monkeypatch
) -> None:
    """What it still does later is not kept."""
    site, over, late = any_site, threading.Event(), []
    object.__setattr__(site.config, "job_max_seconds", 1)
    made = any_desk.deposit()

    def endless(task: handlers.Task) -> None:
        assert over.wait(60)
        try:
            with site.db.write() as s:
                task.done(s)
        except jobs.Lost:
            late.append(task.job.id)
            raise

    broken = Handler(endless, handlers.HANDLERS["derive"].gave_up)
    monkeypatch.setattr(work.worker, "HANDLERS", {"derive": broken})
    stuck = threading.Event()
    run = (site, site.clock(), stuck)
    hand = threading.Thread(target=work.run_one, args=run)
    hand.start()
    assert stuck.wait(30)
    with site.db.read() as s:
        (failed,) = jobs.listing(s, state=JobState.FAILED)
    assert failed.error == "It did not end within 0:00:01 and was stopped."
    assert asset_of(site, made).state is AssetState.FAILED
    over.set()
    hand.join(30)
    assert late == [failed.id]


def test_a_worker_with_a_job_that_never_ends_ends_itself(site, desk, environ) -> None:
    made = desk.deposit()
    program = (
        "import time\n"
        "from archive import cli\n"
        "from archive.work import deriving\n"
        "deriving.make_preview = lambda *_: time.sleep(600)\n"
        "cli.main(['worker'])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environ, "VIGIL_JOB_MAX_SECONDS": "1"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 75
    assert b"A job never ended" in ended.stderr
    assert asset_of(site, made).state is AssetState.FAILED


def test_every_ranked_kind_is_one_that_there_is() -> None:
    assert set(handlers.HANDLERS) >= ranks.AWAITED | ranks.MASS
    assert not ranks.AWAITED & ranks.MASS


def test_a_killed_workers_job_is_finished_by_the_next(site, desk, environ) -> None:
    made = desk.deposit()
    program = (
        "import os, sys, time\n"
        "from archive import config, work\n"
        "from archive.site import open_site\n"
        "from archive.work import deriving\n"
        "def hang(*_): print('deriving', flush=True); time.sleep(60)\n"
        "deriving.make_preview = hang\n"
        "site = open_site(config.load(os.environ))\n"
        "while True: work.run_one(site, site.clock())\n"
    )
    object.__setattr__(site, "clock", _later)
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, **environ, "VIGIL_JOB_LEASE_SECONDS": "1"},
        stdout=subprocess.PIPE,
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"deriving\n"
        worker.send_signal(signal.SIGKILL)
    assert work.drain(site, made.record.id, seconds=60)
    assert asset_of(site, made).state is AssetState.READY
    with site.db.read() as s:
        attempts = {job.kind: job.attempts for job in jobs.listing(s)}
    assert attempts["derive"] == 2


def test_the_sweep_removes_what_a_crash_left(site, desk) -> None:
    made = desk.deposit()
    work.drain(site, made.record.id)
    orphan = site.vault.new_object(Kind.ORIGINAL)
    orphan.write(b"left behind")
    orphan.finish_bytes()
    count = len(list(site.config.object_store.rglob("*")))
    for path in site.config.object_store.rglob("*"):
        if path.is_file():
            old = (site.clock() - timedelta(days=3)).timestamp()
            os.utime(path, (old, old))
    with site.db.write() as s:
        jobs.enqueue(s, "sweep", {}, now=site.clock())
    assert work.run_one(site, site.clock())
    assert states(site)["sweep"] is JobState.DONE
    assert len(list(site.config.object_store.rglob("*"))) < count
    with gate.derive(
        site, system_viewer("worker"), made.assets[0].id, site.clock()
    ) as reader:
        assert reader.size == made.assets[0].size


def test_an_asset_without_a_finished_preview_keeps_its_tier(site, desk) -> None:
    made = desk.deposit()
    assert asset_of(site, made).tier is Tier.G5


def _later():
    """Well after the lease of a worker that went by the machine's own clock."""
    return datetime.now(UTC) + timedelta(minutes=10)


def _soon(holds) -> bool:
    for _ in range(200):
        if holds():
            return True
        time.sleep(0.05)
    return False


def test_nothing_is_done_when_there_is_nothing_to_do(site) -> None:
    assert not work.run_one(site, site.clock())
    assert work.drain(site, "no-such-record")


KINDS = (
    "alerts",
    "backup",
    "changes",
    "checkpoint",
    "cluster",
    "copy",
    "derive",
    "export",
    "feeds",
    "fixity",
    "import",
    "index",
    "label batch",
    "letter",
    "mute",
    "offers",
    "rebuild",
    "redact",
    "reindex",
    "reminders",
    "requests",
    "reset",
    "retention",
    "rotate",
    "shred",
    "sweep",
    "tidy",
    "twins",
    "uploads",
    "verify",
    "visas",
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_job_has_a_handler(kind: str) -> None:
    assert set(handlers.HANDLERS) == set(KINDS)
    assert handlers.HANDLERS[kind].run.__doc__
