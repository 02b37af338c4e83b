"""Labelling in bulk: foreseen, done file by file, undone where nobody came between."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from archive import intake, jobs, moderation, work
from archive.moderation import batches, undoing
from archive.moderation.forecasts import Wish
from archive.moderation.tables import BatchState, Fate, Hindrance, ItemState
from archive.records import labels, store
from archive.records.document import Description, RecordDocument
from archive.records.errors import Conflict, FieldError, NoSuchRecord
from archive.records.labels import LabelInput
from archive.records.store import RecordDraft
from archive.site import Site
from archive.work import batching
from archive.work.task import Hopeless, Task
from auth.viewer import Role, Tier
from tests.web.conftest import photo

BODY = LabelInput("dead.body", Tier.G3)
DYING = LabelInput("harm.dying", Tier.G4)


def yes(*_file: object) -> bool:
    return True


@pytest.fixture
def files(site: Site) -> list[str]:
    document = RecordDocument({"en": Description("Three pictures", "")})
    with intake.begin(site) as arrival:
        for _ in range(3):
            arrival.take(io.BytesIO(photo()), "photo.jpg")
        made = arrival.deposit(RecordDraft(document), "operator", site.clock())
    return [asset.id for asset in made.assets]


@pytest.fixture
def alone(site: Site) -> Site:
    """The archive where one opinion is enough: it has no second moderator."""
    return site


def answered(site: Site, asset_id: str, by: str, *given: LabelInput) -> None:
    with site.db.write() as s:
        moderation.label(site, s, asset_id, given, by, site.clock())


def planned(site: Site, files: list[str], *adding: LabelInput, taking=()) -> str:
    now = site.clock()
    with site.db.read() as s:
        assets = [store.require_asset(s, each) for each in files]
        wish = Wish(adding, taking)
        plan = batches.foresee(site, s, assets, wish, "ann", now)
    with site.db.write() as s:
        return batches.keep(s, plan, "seen", "ann", now).id


def done(site: Site, batch_id: str) -> None:
    with site.db.write() as s:
        batch = batches.require(s, batch_id, "ann")
        assert not batches.confirm(site, s, batch, None, site.clock())
    while batches.do_next(site, batch_id, yes):
        pass


def undone(site: Site, batch_id: str) -> None:
    with site.db.write() as s:
        batch = batches.require(s, batch_id, "ann")
        assert not batches.undo(site, s, batch, None, site.clock())
    while undoing.undo_next(site, batch_id, yes):
        pass


def finish(site: Site) -> None:
    while work.run_one(site, site.clock()):
        pass


def fates(site: Site, batch_id: str) -> list[Fate]:
    with site.db.read() as s:
        return [item.fate for item in batches.items(s, batch_id)]


def codes(site: Site, asset_id: str) -> tuple[bool, Tier, list[str]]:
    with site.db.read() as s:
        asset = store.require_asset(s, asset_id)
        stands = labels.current(s, asset_id)
        return asset.labelled, asset.tier, [row.code for row in stands]


def test_a_plan_changes_nothing_and_says_what_would_be(alone, files) -> None:
    answered(alone, files[0], "bob", BODY)
    before = [codes(alone, each) for each in files]
    batch_id = planned(alone, files, BODY)
    assert fates(alone, batch_id) == [Fate.SAME, Fate.STANDS, Fate.STANDS]
    assert [codes(alone, each) for each in files] == before


def test_what_was_done_is_undone_exactly(alone, files) -> None:
    answered(alone, files[0], "bob", BODY)
    before = [codes(alone, each) for each in files]
    batch_id = planned(alone, files, DYING)
    done(alone, batch_id)
    assert codes(alone, files[0]) == (True, Tier.G4, ["dead.body", "harm.dying"])
    assert codes(alone, files[1]) == (True, Tier.G4, ["harm.dying"])
    undone(alone, batch_id)
    assert [codes(alone, each) for each in files] == before
    with alone.db.read() as s:
        said = [line.event for line in alone.ledger.entries(s)]
        assert batches.require(s, batch_id, "ann").state is BatchState.UNDONE
    assert said.count("labelling in bulk") == 1
    assert said.count("labelling in bulk undone") == 1
    assert said.count("labelling") == 1 + 3 + 3


def test_nobody_reads_or_changes_what_another_planned(alone, files) -> None:
    batch_id = planned(alone, files, BODY)
    with alone.db.write() as s:
        for to_change in (False, True):
            with pytest.raises(NoSuchRecord):
                batches.require(s, batch_id, "bob", to_change=to_change)


def test_what_others_changed_since_is_left_and_named(alone, files) -> None:
    batch_id = planned(alone, files, BODY)
    done(alone, batch_id)
    answered(alone, files[1], "bob", BODY, DYING)
    undone(alone, batch_id)
    assert codes(alone, files[1])[2] == ["dead.body", "harm.dying"]
    assert codes(alone, files[0])[0] is False
    with alone.db.read() as s:
        kept = [item.hindrance for item in batches.items(s, batch_id)]
    assert kept == [None, Hindrance.CHANGED, None]


def test_a_file_that_changed_after_the_preview_is_left_alone(alone, files) -> None:
    batch_id = planned(alone, files, BODY)
    answered(alone, files[2], "bob", DYING)
    done(alone, batch_id)
    assert fates(alone, batch_id) == [Fate.STANDS, Fate.STANDS, Fate.CHANGED]
    assert codes(alone, files[2])[2] == ["harm.dying"]


def test_where_two_must_agree_nothing_gets_milder_and_nothing_is_told(
    site, desk, files
) -> None:
    for name in ("bea", "cora", "dina"):
        desk.researcher(name, Role.MODERATOR)
    for by in ("bob", "eve"):
        answered(site, files[0], by, BODY, DYING)
    answered(site, files[1], "bob", DYING)
    milder = planned(site, files, taking=("harm.dying",))
    assert fates(site, milder)[0] is Fate.LOWERS
    batch_id = planned(site, files, DYING)
    assert fates(site, batch_id) == [Fate.SAME, Fate.COMPARED, Fate.WAITS]
    other = planned(site, files, BODY)
    assert fates(site, other) == [Fate.SAME, Fate.COMPARED, Fate.WAITS]
    done(site, batch_id)
    assert codes(site, files[1]) == (True, Tier.G4, ["harm.dying"])
    assert codes(site, files[2])[0] is False
    assert fates(site, planned(site, files[2:], BODY)) == [Fate.ANSWERED]
    undone(site, batch_id)
    with site.db.read() as s:
        kept = [item.hindrance for item in batches.items(s, batch_id)]
    assert kept == [None, Hindrance.AGREED, None]
    assert fates(site, planned(site, files[2:], BODY)) == [Fate.WAITS]


def test_who_may_not_label_a_file_leaves_it(alone, files) -> None:
    batch_id = planned(alone, files[:1], BODY)
    with alone.db.write() as s:
        batch = batches.require(s, batch_id, "ann")
        batches.confirm(alone, s, batch, None, alone.clock())
    while batches.do_next(alone, batch_id, lambda *_file: False):
        pass
    assert fates(alone, batch_id) == [Fate.REFUSED]
    assert codes(alone, files[0])[0] is False


def test_it_stops_and_can_be_undone_for_a_day(alone, files, clock) -> None:
    batch_id = planned(alone, files, BODY)
    with alone.db.write() as s:
        batch = batches.require(s, batch_id, "ann")
        batches.confirm(alone, s, batch, None, alone.clock())
    assert batches.do_next(alone, batch_id, yes)
    with alone.db.write() as s:
        batches.cancel(s, batches.require(s, batch_id, "ann"), alone.clock())
    assert not batches.do_next(alone, batch_id, yes)
    with alone.db.read() as s:
        states = [item.state for item in batches.items(s, batch_id)]
        batch = batches.require(s, batch_id, "ann")
        now = alone.clock()
        assert batches.may_undo(batch, now + batches.UNDO_WITHIN)
        late = now + batches.UNDO_WITHIN + timedelta(seconds=1)
        with pytest.raises(Conflict):
            batches.undo(alone, s, batch, None, late)
    assert states == [ItemState.DONE, ItemState.WAITING, ItemState.WAITING]


def test_an_undoing_that_began_in_time_is_finished_later(alone, files, clock) -> None:
    batch_id = planned(alone, files, BODY)
    done(alone, batch_id)
    with alone.db.write() as s:
        batch = batches.require(s, batch_id, "ann")
        batches.undo(alone, s, batch, None, alone.clock())
    assert undoing.undo_next(alone, batch_id, yes)
    clock.now += batches.UNDO_WITHIN + timedelta(hours=1)
    undone(alone, batch_id)
    with alone.db.read() as s:
        batch = batches.require(s, batch_id, "ann")
        assert batch.state is BatchState.UNDONE
        assert batches.counted(s, batch_id) == {ItemState.UNDONE: 3}
        undone_lines = alone.ledger.entries(s, event="labelling in bulk undone")
        with pytest.raises(Conflict):
            batches.undo(alone, s, batch, None, alone.clock())
    assert len(undone_lines) == 1


def test_each_files_line_names_the_batch(alone, desk, files) -> None:
    batch_id = planned(alone, files[:1], BODY)
    done(alone, batch_id)
    undone(alone, batch_id)
    for name in ("bea", "cora"):
        desk.researcher(name, Role.MODERATOR)
    waits = planned(alone, files[1:2], BODY)
    done(alone, waits)
    undone(alone, waits)
    with alone.db.read() as s:
        lines = [
            (line.event, line.detail["batch"])
            for line in reversed(alone.ledger.entries(s))
            if line.asset_id in files and "batch" in line.detail
        ]
    assert lines == [
        ("labelling", batch_id),
        ("labelling", batch_id),
        ("opinion given", waits),
        ("opinion withdrawn", waits),
    ]


def test_more_than_somebody_waits_for_is_a_job(alone, files, monkeypatch) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 2)
    batch_id = planned(alone, files, BODY)
    with alone.db.write() as s:
        batch = batches.require(s, batch_id, "ann")
        assert batches.confirm(alone, s, batch, "a session that is over", alone.clock())
    lease, now = timedelta(minutes=5), alone.clock()
    job = jobs.claim(alone.db, "w", (batching.KIND,), lease, now)
    assert job is not None
    with pytest.raises(Hopeless, match="signed out"):
        batching.label(Task(alone, job, "w"))
    assert codes(alone, files[0])[0] is False
    with alone.db.read() as s:
        assert batches.counted(s, batch_id) == {ItemState.WAITING: 3}


def test_a_job_ends_through_the_session_that_confirmed_it(
    alone, desk, files, monkeypatch
) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 2)
    who = desk.researcher(role=Role.MODERATOR)
    with alone.db.read() as s:
        assets = [store.require_asset(s, each) for each in files]
        by = who.account_id
        plan = batches.foresee(alone, s, assets, Wish([BODY]), by, alone.clock())
    with alone.db.write() as s:
        batch = batches.keep(s, plan, "seen", by, alone.clock())
        assert batches.confirm(alone, s, batch, who.session_id, alone.clock())
        batch_id = batch.id
    finish(alone)
    assert all(codes(alone, each)[0] for each in files)
    with alone.db.write() as s:
        batch = batches.require(s, batch_id, by)
        assert batch.state is BatchState.DONE
        assert batches.undo(alone, s, batch, who.session_id, alone.clock())
    finish(alone)
    assert not any(codes(alone, each)[0] for each in files)


@pytest.mark.parametrize(
    ("adding", "taking"), [((), ()), ((BODY,), ("dead.body",))], ids=["none", "both"]
)
def test_a_wish_that_means_nothing_is_refused(site, files, adding, taking) -> None:
    with pytest.raises(FieldError):
        planned(site, files, *adding, taking=taking)
