"""Files are read back from the kept place, as fast as asked, and stopped any time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from archive import config, jobs, verification, work
from archive.cli import main
from archive.fixity import FixityRound, Manner, Pace, Walk
from archive.jobs import JobState
from archive.vault import checking, stores
from archive.vault.errors import StoreUnavailable
from archive.vault.keys import Purpose
from archive.vault.objects import Vault
from archive.vault.tables import DataKey
from archive.work import housekeeping, rereading
from tests.archive.rotations import rotate_purpose


@pytest.fixture
def held(site, desk) -> int:
    """So many sealed files lie in the archive."""
    desk.deposit(*(desk.photo() for _ in range(6)))
    return 6


def after(count: int):
    """Say stop after so many files."""
    asked = iter(range(10_000))
    return lambda: next(asked) >= count


def damage_all(site) -> None:
    for path in site.config.object_store.glob("??/*"):
        raw = bytearray(path.read_bytes())
        raw[-1] ^= 1
        path.write_bytes(raw)


def rounds(site) -> list[FixityRound]:
    with site.db.read() as s:
        return list(s.scalars(select(FixityRound)))


def test_it_goes_on_where_it_was_stopped_and_reads_nothing_twice(
    site, held, monkeypatch
) -> None:
    read: list[str] = []
    real = checking.verify_row

    def watched(vault, row, pace):
        read.append(row.id.hex)
        return real(vault, row, pace)

    monkeypatch.setattr(checking, "verify_row", watched)
    first = Walk(site, Manner("shell", until=after(3))).run()
    assert (first.is_over, first.checked) == (False, 3)
    second = Walk(site, Manner("shell", resume=True, until=after(2))).run()
    assert (second.was_resumed, second.checked) == (True, 5)
    last = Walk(site, Manner("shell", resume=True)).run()
    assert (last.is_over, last.checked, last.progress) == (True, held, 1.0)
    assert sorted(read) == sorted(blob.name for blob in site.vault.blobs.stored())


def test_without_resume_it_begins_anew(site, held) -> None:
    Walk(site, Manner("shell", until=after(3))).run()
    again = Walk(site, Manner("shell")).run()
    assert (again.was_resumed, again.checked) == (False, held)


def test_each_reader_has_a_place_of_its_own(site, held) -> None:
    Walk(site, Manner("shell", until=after(3))).run()
    Walk(site, Manner("worker", until=after(5))).run()
    assert {r.keeper: r.checked for r in rounds(site)} == {"shell": 3, "worker": 5}


def test_who_was_replaced_does_not_move_the_place_of_the_new_round(site, held) -> None:
    def replaced() -> bool:
        Walk(site, Manner("shell", until=lambda: True)).run()
        return False

    Walk(site, Manner("shell", until=replaced)).run()
    assert [(r.checked, r.place) for r in rounds(site)] == [(0, None)]


def test_what_was_off_before_the_stop_is_told_at_the_end(site, held) -> None:
    damage_all(site)
    Walk(site, Manner("shell", until=after(3))).run()
    done = Walk(site, Manner("shell", resume=True)).run()
    assert len(done.off) == held
    assert all(each.what.startswith("damaged") for each in done.off)


def test_a_rate_holds_the_reader_back() -> None:
    pace, start = Pace(1_000_000), time.monotonic()
    for _ in range(10):
        pace(50_000)
    assert time.monotonic() - start >= 0.5


def test_a_pause_does_not_end_in_a_burst() -> None:
    pace = Pace(1_000_000)
    time.sleep(0.3)
    start = time.monotonic()
    pace(200_000)
    assert time.monotonic() - start >= 0.2


def test_a_slow_reader_stops_when_it_is_told(site, held) -> None:
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    done = Walk(site, Manner("shell", pace=Pace(10, stop))).run()
    assert not done.is_over
    assert done.checked == 0


def test_a_rate_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Pace(0)


def test_no_transaction_is_open_while_a_file_is_read(site, held) -> None:
    """Else a slow reader keeps the write-ahead log from ever being emptied."""
    emptied: list[bool] = []
    pace = Pace()
    pace_of = lambda count: (emptied.append(site.db.clear_traces()), pace(count))  # noqa: E731
    walk = Walk(site, Manner(pace=Pace()))
    object.__setattr__(walk._manner, "pace", _Calling(pace_of))
    walk.run()
    assert len(emptied) == held
    assert all(emptied)


class _Calling(Pace):
    def __init__(self, act) -> None:
        super().__init__()
        self._act = act

    def __call__(self, count: int) -> None:
        self._act(count)


def test_a_key_that_is_changed_meanwhile_is_no_finding(site, held, monkeypatch) -> None:
    real, turned = checking.verify_row, []

    def turning(vault, row, pace):
        if not turned:
            turned.append(rotate_purpose(site, Purpose.ORIGINAL, keep=False))
        return real(vault, row, pace)

    monkeypatch.setattr(checking, "verify_row", turning)
    done = Walk(site).run()
    assert turned[0]["destroyed"] == [1]
    assert (done.checked, done.off) == (held, [])


def test_what_is_given_up_meanwhile_is_no_finding(site, held, monkeypatch) -> None:
    real = checking.verify_row

    def giving_up(vault, row, pace):
        if gone == [row.id]:
            with site.db.write() as s:
                s.delete(s.get_one(DataKey, row.id))
            vault.blobs.delete(row.id.hex)
        return real(vault, row, pace)

    with site.db.read() as s:
        gone = list(s.scalars(select(DataKey.id).order_by(DataKey.id).limit(1)))
    monkeypatch.setattr(checking, "verify_row", giving_up)
    done = Walk(site).run()
    assert (done.checked, done.off) == (held - 1, [])


def test_a_store_that_is_away_is_an_outage_and_not_a_thousand_findings(
    site, held, environ, tmp_path
) -> None:
    secret = tmp_path / "s3.key"
    secret.write_text("secret\n")
    secret.chmod(0o600)
    nobody = {
        "VIGIL_OBJECT_STORE": "s3://archive/x",
        "VIGIL_S3_ENDPOINT": "http://127.0.0.1:1",
        "VIGIL_S3_ACCESS_KEY_ID": "id",
        "VIGIL_S3_ACCESS_KEY_FILE": str(secret),
    }
    settings = config.load({**environ, **nobody})
    bucket = stores.open_store(settings, settings.object_store)
    away = replace(site, vault=Vault(site.keyring, bucket))
    Walk(site, Manner("shell", until=after(2))).run()
    with pytest.raises(StoreUnavailable):
        Walk(away, Manner("shell", resume=True)).run()
    queue(site)
    work_through(away)
    assert fixity_job(site).state is JobState.QUEUED
    done = Walk(site, Manner("shell", resume=True)).run()
    assert (done.checked, done.off) == (held, [])


# --- from a shell ---------------------------------------------------------------------


@pytest.fixture
def shell(site, environ, monkeypatch) -> CliRunner:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return CliRunner()


def test_the_command_ends_its_round(site, held, shell) -> None:
    ran = shell.invoke(main, ["verify", "--fixity", "--rate", "50MiB", "--json"])
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.output)
    assert told["complete"]
    assert told["checked"]["fixity"] == held
    assert all(each.ended_at for each in rounds(site))


def test_a_damaged_file_is_told_with_exit_status_1(site, held, shell) -> None:
    damage_all(site)
    ran = shell.invoke(main, ["verify", "--fixity"])
    assert ran.exit_code == 1
    assert ran.output.count("OFF  fixity, object") == held


def test_a_rate_that_is_none_is_wrong_usage(shell) -> None:
    ran = shell.invoke(main, ["verify", "--rate", "quick"])
    assert ran.exit_code == 2
    assert "'quick' is not a size such as 50M" in ran.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_stopped_or_killed_in_the_middle_it_goes_on(
    site, desk, environ, number: int
) -> None:
    desk.deposit(*(desk.photo() + bytes(400_000) for _ in range(6)))
    command = [sys.executable, "-m", "archive.cli", "verify", "--json"]
    running = subprocess.Popen(
        [*command, "--rate", "500k"],
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
    )
    assert running.stdout is not None
    until(lambda: any(each.checked >= 2 for each in rounds(site)))
    running.send_signal(number)
    out = running.stdout.read()
    running.stdout.close()
    ended = running.wait(60)
    (before,) = rounds(site)
    assert 2 <= before.checked < 6
    if number is signal.SIGKILL:
        assert ended == -signal.SIGKILL
    else:
        assert ended == 1
        assert json.loads(out)["complete"] is False
    resumed = subprocess.run(
        [*command, "--resume"],
        env={**os.environ, **environ},
        capture_output=True,
        check=True,
    )
    told = json.loads(resumed.stdout)
    assert told["ok"]
    assert told["checked"]["fixity"] == 6
    (after_it,) = rounds(site)
    assert after_it.id == before.id


def until(true, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


# --- by the worker --------------------------------------------------------------------


def fixity_job(site) -> jobs.Job:
    with site.db.read() as s:
        (found,) = [job for job in jobs.listing(s) if job.kind == "fixity"]
        return found


def work_through(site) -> None:
    while work.run_one(site, site.clock()):
        pass


def queue(site) -> None:
    """Queue a round, and nothing beside it."""
    with site.db.write() as s:
        for job in jobs.listing(s):
            jobs.cancel(s, job.id, now=site.clock())
        jobs.enqueue(s, "fixity", {}, now=site.clock())


def test_the_worker_reads_in_goes_and_others_come_between(
    site, held, clock, monkeypatch
) -> None:
    monkeypatch.setattr(rereading, "SLICE", -1.0)
    queue(site)
    work_through(site)
    job = fixity_job(site)
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)
    assert job.due_at == clock() + rereading.PAUSE
    monkeypatch.setattr(rereading, "SLICE", 60.0)
    clock.advance(seconds=11)
    work_through(site)
    assert fixity_job(site).state is JobState.DONE
    with site.db.read() as s:
        (line,) = site.ledger.entries(s, event="fixity check")
    assert line.detail == {"checked": {"fixity": held}, "findings": 0}


def test_what_the_worker_finds_fails_its_job_with_what_to_do(site, held) -> None:
    damage_all(site)
    queue(site)
    work_through(site)
    job = fixity_job(site)
    assert job.state is JobState.FAILED
    assert job.error == f"{held} sealed files do not hold: run `vigil verify --fixity`."
    with site.db.read() as s:
        (line,) = site.ledger.entries(s, event="fixity check")
    assert line.detail["findings"] == held


def test_a_round_is_queued_by_itself_when_its_time_has_come(site, clock) -> None:
    def queued() -> int:
        housekeeping.queue_due(site, clock())
        with site.db.read() as s:
            return sum(job.kind == "fixity" for job in jobs.listing(s, limit=1000))

    assert queued() == 1
    work_through(site)
    clock.advance(days=29)
    assert queued() == 1
    clock.advance(days=2)
    assert queued() == 2


def test_no_round_is_queued_where_it_is_switched_off(site, environ, clock) -> None:
    off = config.load({**environ, "VIGIL_FIXITY_DAYS": "0"})
    housekeeping.queue_due(replace(site, config=off), clock())
    with site.db.read() as s:
        assert "fixity" not in {job.kind for job in jobs.listing(s)}


def test_it_is_the_same_on_either_database(any_site, any_desk) -> None:
    any_desk.deposit(*(any_desk.photo() for _ in range(5)))
    Walk(any_site, Manner("shell", until=after(2))).run()
    how = Manner("shell", resume=True)
    report = verification.verify(
        any_site, actor="operator", now=any_site.clock(), manner=how
    )
    assert report.ok
    assert report.checked["fixity"] == 5
    again = Walk(any_site, how).run()
    assert (again.was_resumed, again.checked) == (False, 5)
    assert again.begun_at - any_site.clock() == timedelta(0)
