"""Previews made again come out as they were; the job goes on, yields, can be ended."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from archive import jobs, previewing, twins, work
from archive.cli.main import main
from archive.jobs import Job, JobState
from archive.records import store
from archive.records.tables import Asset
from archive.vault import previews, rotation
from archive.vault.container import Kind
from archive.vault.keys import Purpose
from archive.work import deriving, rebuilding
from archive.work.task import Task
from auth.viewer import RecordState
from blur.cells import grey_value
from blur.preview import Preview
from tests.archive.rotations import rotate_purpose

MEDIA = Path(__file__).parents[3] / "archive/cli/collection/media"
FILES = ("street.jpg", "gorge-portrait.jpg", "meadow.mp4")


def drained(site) -> None:
    while work.run_one(site, site.clock()):
        pass


def assets(site) -> list[Asset]:
    with site.db.read() as s:
        return list(s.scalars(select(Asset).order_by(Asset.id)))


def drawn(site) -> dict[str, tuple[bytes, bytes | None]]:
    """What each asset shows: its cells, and its clip."""
    found = {}
    with site.db.read() as s:
        for asset in s.scalars(select(Asset)):
            image = previews.read_preview(
                s, site.vault, asset.preview_object_id, Kind.PREVIEW_IMAGE
            )
            clip = asset.clip_object_id and previews.read_preview(
                s, site.vault, asset.clip_object_id, Kind.PREVIEW_VIDEO
            )
            found[asset.id] = (image, clip)
    return found


def queued(site, record=None, kind=None) -> str:
    with site.db.write() as s:
        return rebuilding.queue(s, record, kind, site.clock()).id


def job(site, job_id: str) -> Job:
    with site.db.read() as s:
        return s.get_one(Job, job_id)


def lose_previews(site) -> None:
    with site.db.write() as s:
        for asset in s.scalars(select(Asset)):
            for made in (asset.preview_object_id, asset.clip_object_id):
                if made is not None:
                    previews.forget(s, made)
            asset.preview_object_id = asset.clip_object_id = None


@pytest.fixture
def held(site, desk):
    made = desk.deposit(*[(MEDIA / name).read_bytes() for name in FILES])
    drained(site)
    return made


def test_lost_previews_come_back_to_the_bit_also_after_all_keys_were_rotated(
    site, held
):
    before = drawn(site)
    assert len({cells for cells, _ in before.values()}) == len(FILES)
    for purpose in Purpose:
        if purpose not in rotation.NEVER and purpose is not Purpose.INDEX:
            rotate_purpose(site, purpose, keep=False)
    lose_previews(site)
    job_id = queued(site)
    drained(site)
    over = job(site, job_id)
    assert (over.state, over.progress) == (JobState.DONE, 1.0)
    assert over.result["made"] == len(FILES)
    assert drawn(site) == before


def test_it_works_on_every_database(any_site, any_desk):
    any_desk.deposit(*[(MEDIA / name).read_bytes() for name in FILES[:2]])
    drained(any_site)
    before = drawn(any_site)
    lose_previews(any_site)
    job_id = queued(any_site, kind="image")
    drained(any_site)
    assert job(any_site, job_id).result["made"] == 2
    assert drawn(any_site) == before
    one, other = before
    like(any_site, other, one)
    drained(any_site)
    with any_site.db.read() as s:
        assert store.require_asset(s, other).noise_item == one


def test_a_preview_that_comes_out_as_it_was_is_left_alone(site, held):
    kept = [asset.preview_object_id for asset in assets(site)]
    with site.db.read() as s:
        told = len(site.ledger.entries(s, event="derivation"))
    job_id = queued(site)
    drained(site)
    assert job(site, job_id).result["same"] == len(FILES)
    assert [asset.preview_object_id for asset in assets(site)] == kept
    with site.db.read() as s:
        assert len(site.ledger.entries(s, event="derivation")) == told


def test_another_noise_would_be_noticed_and_kept(site, held, monkeypatch):
    """The control of the two above: their previews do depend on the draw."""
    before = drawn(site)
    monkeypatch.setattr(type(site), "noise_key", property(lambda _: b"another" * 5))
    job_id = queued(site, kind="image")
    drained(site)
    assert job(site, job_id).result["made"] == 2
    assert sum(drawn(site)[each] != before[each] for each in before) == 2


def test_a_killed_worker_is_followed_by_one_that_goes_on_with_the_next(
    site, held, clock, monkeypatch
):
    lose_previews(site)
    opened, real = [], deriving.make

    def dying(site, asset):
        if len(opened) == 1:
            raise KeyboardInterrupt  # as a signal does: no handler is run
        opened.append(asset.id)
        return real(site, asset)

    monkeypatch.setattr(deriving, "make", dying)
    job_id = queued(site)
    with pytest.raises(KeyboardInterrupt):
        work.run_one(site, site.clock())
    stopped = job(site, job_id)
    assert stopped.state is JobState.RUNNING
    assert stopped.progress == pytest.approx(1 / 3)
    monkeypatch.setattr(
        deriving,
        "make",
        lambda site, asset: opened.append(asset.id) or real(site, asset),
    )
    clock.advance(hours=1)
    drained(site)
    assert job(site, job_id).state is JobState.DONE
    assert opened == [asset.id for asset in assets(site)]  # each once, in order


def test_cancelled_it_ends_before_the_next_file_and_keeps_nothing_half(
    site, held, monkeypatch
):
    lose_previews(site)
    job_id, real = queued(site), deriving.make

    def cancelling(site, asset):
        with site.db.write() as s:
            jobs.cancel(s, job_id, now=site.clock())
        return real(site, asset)

    monkeypatch.setattr(deriving, "make", cancelling)
    drained(site)
    assert job(site, job_id).state is JobState.CANCELLED
    assert [asset.preview_object_id for asset in assets(site)] == [None] * 3
    monkeypatch.setattr(deriving, "make", real)
    with site.db.write() as s:
        jobs.retry(s, job_id, now=site.clock())
    drained(site)
    assert all(asset.preview_object_id for asset in assets(site))


def test_after_a_slice_it_lets_others_go_first(site, desk, held, clock):
    job_id = queued(site)
    clock.advance(seconds=1)
    late = desk.deposit()
    clock.advance(seconds=1)
    with site.db.read() as s:
        waiting = s.get_one(Job, job_id)
    ticking = iter(range(0, 1000, 30))
    claimed = jobs.claim(
        site.db, "here", (rebuilding.KIND,), site.config.job_lease, site.clock()
    )
    rebuilding.rebuild(Task(site, claimed, "here"), clock=lambda: next(ticking))
    put_back = job(site, job_id)
    assert (put_back.state, put_back.attempts) == (JobState.QUEUED, 0)
    assert 0 < put_back.progress < 1
    assert put_back.due_at > waiting.due_at
    assert work.run_one(site, site.clock())
    with site.db.read() as s:
        assert store.require_asset(s, late.assets[0].id).preview_object_id
    assert job(site, job_id).state is JobState.QUEUED


def test_what_is_shredded_meanwhile_gets_no_preview_any_more(site, held, monkeypatch):
    lose_previews(site)
    real = deriving.make

    def shredding(site, asset):
        made = real(site, asset)
        with site.db.write() as s:
            store.require(s, held.record.id).state = RecordState.SHREDDED
        return made

    monkeypatch.setattr(deriving, "make", shredding)
    queued(site)
    drained(site)
    assert [asset.preview_object_id for asset in assets(site)] == [None] * 3


def test_a_damaged_original_is_named_and_holds_nobody_up(site, held):
    first = assets(site)[0]
    kept = [path for path in site.config.object_store.rglob("*") if path.is_file()]
    blob = min(kept, key=lambda path: abs(path.stat().st_size - first.size))
    blob.write_bytes(blob.read_bytes()[:-1] + b"x")
    job_id = queued(site)
    drained(site)
    over = job(site, job_id)
    assert over.state is JobState.DONE
    assert (over.result["failed"], over.result["same"]) == (1, 2)
    assert over.result["assets"] == [first.id]


@pytest.fixture
def shell(held, environ, monkeypatch):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return lambda *words: CliRunner().invoke(main, ["previews", "rebuild", *words])


def test_from_a_shell_it_works_till_the_end_and_says_what_came_of_it(site, shell, held):
    told = json.loads(shell("--json", "--kind", "video").stdout)
    assert (told["state"], told["same"]) == ("done", 1)
    done = shell("--record", held.record.id)
    assert done.exit_code == 0, done.output
    assert "3 as they were" in done.stdout
    with site.db.read() as s:
        assert site.ledger.entries(s, limit=1)[0].detail["previews"] == "rebuilt"


def test_it_can_be_left_to_the_worker_and_is_not_queued_twice(site, shell, clock):
    one, two = (json.loads(shell("--queue", "--json").stdout) for _ in range(2))
    assert one["job"] == two["job"]
    assert one["state"] == "queued"
    clock.now = datetime.now(UTC) + timedelta(seconds=1)  # the shell's is the real one
    drained(site)
    assert job(site, one["job"]).state is JobState.DONE


def test_nothing_to_do_is_a_sentence(shell):
    assert "no such record" in shell("--record", "nothing-here").stderr
    missing = shell("--kind", "document")
    assert missing.exit_code == 1
    assert missing.stderr == "There is no such file.\n"


# Near-duplicates ----------------------------------------------------------------------


def drained_without_looking(site) -> None:
    """Nobody looks for twins, so that each file has a draw of its own."""
    while work.run_one(site, site.clock()):
        with site.db.write() as s:
            for each in jobs.unfinished(s, twins.LOOK):
                jobs.cancel(s, each.id, now=site.clock())


def like(site, asset_id: str, other: str) -> None:
    with site.db.write() as s:
        previewing.share_noise(s, asset_id, other, site.clock())


def test_files_that_are_nearly_alike_share_one_draw_and_a_rebuild_keeps_it(site, desk):
    street = (MEDIA / "street.jpg").read_bytes()
    copies = [desk.deposit(street + bytes([n])).assets[0].id for n in range(3)]
    drained_without_looking(site)
    cells = {each[0] for each in drawn(site).values()}
    assert len(cells) == 3  # the control: each had its own draw
    like(site, copies[1], copies[0])
    like(site, copies[2], copies[1])
    drained(site)
    assert len({each[0] for each in drawn(site).values()}) == 1
    job_id = queued(site)
    drained(site)
    assert job(site, job_id).result["same"] == 3


def test_a_group_that_joins_another_goes_over_whole(site, desk):
    ids = [desk.deposit().assets[0].id for _ in range(4)]
    like(site, ids[1], ids[0])
    like(site, ids[0], ids[2])
    like(site, ids[3], ids[1])
    like(site, ids[3], ids[3])
    with site.db.read() as s:
        items = {store.require_asset(s, each).noise_item for each in ids}
    assert items == {ids[2]}


def test_averaging_many_near_duplicates_gains_nothing_once_they_share(site, desk):
    """Forty copies that differ by a byte; the truth is what their mean tends to."""
    street = (MEDIA / "street.jpg").read_bytes()
    many = desk.deposit(*[street + b"%d" % n for n in range(40)])
    drained_without_looking(site)
    ids = [asset.id for asset in many.assets]
    apart = _greys(site)
    truth = _clear(site, ids[0])
    for each in ids[1:]:
        like(site, each, ids[0])
    drained(site)
    together = _greys(site)
    one = _error(apart[:1], truth)
    assert _error(apart, truth) < one / 2  # the control
    assert _error(together, truth) == pytest.approx(_error(together[:1], truth))


def _greys(site) -> np.ndarray:
    found = drawn(site).values()
    cells = [Preview.from_bytes(image).cells for image, _ in found]
    return np.array([[grey_value(level) for level in each] for each in cells], float)


def _clear(site, asset_id: str) -> np.ndarray:
    from archive import gate
    from archive.attack.material import ATTACKER
    from blur.derivation import study
    from blur.kinds import KINDS

    with gate.derive(site, ATTACKER, asset_id, site.clock()) as original:
        return np.array(list(study(original, KINDS["jpeg"]).cells[0]), float)


def _error(seen: np.ndarray, truth: np.ndarray) -> float:
    return float(np.abs(seen.mean(0) - truth).mean())
