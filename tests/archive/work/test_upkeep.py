"""What an administrator asks for: everything read back, the index, keys, a backup."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from archive import backup, fixity, jobs, upkeep, verification, work
from archive.jobs import Job, JobState
from archive.ledger.tables import LedgerEntry
from archive.upkeep import Work
from archive.vault import rotation
from archive.vault.keys import Purpose
from archive.vault.tables import DataKey
from archive.verification import PARTS
from archive.work import rotating, verifying
from archive.work.pulse import Pulse
from archive.work.task import Task

ASKER = "an-administrator"


@pytest.fixture
def held(site, desk):
    made = [desk.deposit() for _ in range(3)]
    while work.run_one(site, site.clock()):
        pass
    return made


def begun(site, which: Work, parts=PARTS) -> str:
    with site.db.write() as s:
        args = upkeep.arguments(which, parts)
        return upkeep.begin(s, which, args, ASKER, site.clock())[0].id


def job(site, job_id: str) -> Job:
    with site.db.read() as s:
        return s.get_one(Job, job_id)


def ended(site, clock, job_id: str) -> Job:
    """The job once it is over, however often it lays itself aside."""
    for _ in range(200):
        if job(site, job_id).finished_at is not None:
            break
        clock.advance(seconds=verifying.PAUSE.total_seconds())
        work.run_one(site, site.clock())
    return job(site, job_id)


def lines(site, event: str) -> list[LedgerEntry]:
    with site.db.read() as s:
        found = select(LedgerEntry).where(LedgerEntry.event == event)
        return list(s.scalars(found.order_by(LedgerEntry.seq)))


def test_everything_holds_and_the_ledger_says_who_had_it_read(site, clock, held):
    over = ended(site, clock, begun(site, Work.VERIFY))
    assert over.state is JobState.DONE
    whole = verification.verify(site, actor="a test", now=site.clock())
    assert whole.checked["previews"] == over.result["checked"]["previews"] == 3
    assert over.result["checked"]["fixity"] == whole.checked["fixity"]
    assert lines(site, "fixity check")[-2].actor == ASKER


def test_read_in_slices_of_one_it_finds_the_same_and_nothing_twice(
    site, clock, held, monkeypatch
):
    with site.db.read() as s:
        name = s.scalars(select(DataKey.id).order_by(DataKey.id)).first().hex
    path = next(site.config.object_store.glob(f"??/{name}"))
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    ticking = count(0.0, verifying.SLICE / 2)  # so that a slice is a thing or two
    monkeypatch.setattr(verifying, "time", SimpleNamespace(monotonic=ticking.__next__))
    over = ended(site, clock, begun(site, Work.VERIFY, ("digests", "fixity")))
    assert over.state is JobState.FAILED
    assert over.error == "1 things are off."
    assert [each["part"] for each in over.result["named"]] == ["fixity"]
    assert over.result["checked"]["digests"] == 3
    with site.db.read() as s:
        assert s.get_one(fixity.FixityRound, verifying.KEEPER).ended_at is not None


def test_cancelled_between_two_slices_it_is_gone_on_with(
    site, clock, held, monkeypatch
):
    real = verifying.SLICE
    monkeypatch.setattr(verifying, "SLICE", -1.0)
    job_id = begun(site, Work.VERIFY, ("digests", "descriptions"))
    work.run_one(site, site.clock())
    with site.db.write() as s:
        assert jobs.cancel(s, job_id, now=site.clock())
    assert job(site, job_id).args["places"].keys() == {"digests"}
    monkeypatch.setattr(verifying, "SLICE", real)
    with site.db.write() as s:
        jobs.retry(s, job_id, now=site.clock())
    over = ended(site, clock, job_id)
    assert over.state is JobState.DONE
    assert over.result["checked"] == {"digests": 3, "descriptions": 3}


def test_the_index_is_made_again_with_a_line_in_the_ledger(site, clock, held):
    over = ended(site, clock, begun(site, Work.REINDEX))
    assert (over.state, over.result) == (JobState.DONE, {"records": 3})
    assert lines(site, "settings changed")[-1].actor == ASKER


def test_a_cancelled_rebuild_of_the_index_leaves_the_one_in_use(site, clock, held):
    job_id = begun(site, Work.REINDEX)
    taken = jobs.claim(
        site.db, "w", [Work.REINDEX], site.config.job_lease, site.clock()
    )
    with site.db.write() as s:
        jobs.cancel(s, job_id, now=site.clock())
    with pytest.raises(jobs.Lost):
        work.handlers.HANDLERS[Work.REINDEX].run(Task(site, taken, "w"))
    assert site.engine.count() == 3
    assert lines(site, "settings changed") == []


def test_both_keys_are_rotated_and_the_old_ones_are_gone(site, clock, held):
    over = ended(site, clock, begun(site, Work.KEYS))
    assert over.state is JobState.DONE
    assert over.result["rewrapped"] == 6
    for purpose in rotating.DEFAULT:
        assert site.keyring.active(purpose).name.version == 2
        assert rotation.older(site.keyring, purpose) == []
    assert {line.actor for line in lines(site, "key rotation")} == {ASKER}


def test_a_rotation_that_was_cancelled_goes_on_and_turns_no_key_twice(
    site, clock, held, monkeypatch
):
    job_id = begun(site, Work.KEYS)
    real = rotation.rewrap_all

    def cancelled(db, keyring, purpose, progress=int):
        if purpose is Purpose.PREVIEW:
            with site.db.write() as s:
                jobs.cancel(s, job_id, now=site.clock())
        return real(db, keyring, purpose, progress)

    monkeypatch.setattr(rotation, "rewrap_all", cancelled)
    work.run_one(site, site.clock())
    assert job(site, job_id).state is JobState.CANCELLED
    monkeypatch.setattr(rotation, "rewrap_all", real)
    with site.db.write() as s:
        jobs.retry(s, job_id, now=site.clock())
    assert ended(site, clock, job_id).state is JobState.DONE
    assert site.keyring.active(Purpose.ORIGINAL).name.version == 2


def test_a_backup_goes_where_it_is_set_or_says_what_is_missing(
    site, clock, held, tmp_path
):
    nowhere = ended(site, clock, begun(site, Work.BACKUP))
    assert "VIGIL_BACKUP_TO" in nowhere.error
    place = tmp_path / "elsewhere"
    there = replace(site, config=replace(site.config, backup_to=place))
    over = ended(there, clock, begun(there, Work.BACKUP))
    assert over.state is JobState.DONE
    assert over.result["objects"] == over.result["copied"] == 6
    assert len(list((place / "backups").rglob("*"))) > 0
    assert lines(site, "replication")[-1].actor == ASKER


def test_a_backup_that_is_being_made_is_not_begun_twice(site, clock, held, tmp_path):
    there = replace(site, config=replace(site.config, backup_to=tmp_path / "elsewhere"))
    with backup._alone(site.config.home):
        over = ended(there, clock, begun(there, Work.BACKUP))
    assert over.error == "Another backup of this archive is being made."


def test_what_is_under_way_is_not_queued_again_but_one_record_is_no_upkeep(site):
    with site.db.write() as s:
        of_one = {"record": "abc", "kind": None, "after": ""}
        jobs.enqueue(s, Work.PREVIEWS, of_one, now=site.clock())
    first = begun(site, Work.PREVIEWS)
    assert begun(site, Work.PREVIEWS) == first
    with site.db.read() as s:
        (previews,) = [e for e in upkeep.standing(s) if e.work is Work.PREVIEWS]
    assert previews.job.id == first


def test_a_pulse_is_felt_once_a_second_whatever_it_is_told(site):
    begun(site, Work.REINDEX)
    taken = jobs.claim(
        site.db, "w", [Work.REINDEX], site.config.job_lease, site.clock()
    )
    moments = iter([0.0, 0.0, 0.5, 1.5, 1.5])
    pulse = Pulse(Task(site, taken, "w"), lambda: next(moments))
    pulse(0.1)
    pulse(0.2)
    assert job(site, taken.id).progress == 0.1
    pulse.of(3, 4)
    assert job(site, taken.id).progress == 0.75
