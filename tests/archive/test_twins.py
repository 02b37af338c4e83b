"""Near duplicates: found after a deposit, labels inherited at the stricter, judged."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from archive import moderation, previewing, twins, work
from archive.moderation import timelines
from archive.records import labels, regions, store
from archive.records.errors import NoSuchRecord
from archive.records.labels import LabelInput
from archive.records.regions import RegionInput
from archive.twins import Likeness, Twin, TwinState, Verdict, keeping
from archive.vault.errors import VaultError
from archive.work import deriving
from auth.viewer import Tier
from blur.likeness.form import Closeness

MEDIA = Path(__file__).parents[2] / "archive/cli/collection/media"
GRAVE = LabelInput("kill.execution", Tier.G4)
OPEN = LabelInput("property.heritage", Tier.G1)


def copy(name: str = "street.jpg", side: int = 400, quality: int = 60) -> bytes:
    """The picture in another size and encoding."""
    sink = io.BytesIO()
    with Image.open(MEDIA / name) as opened:
        opened.convert("RGB").resize((side, side * 3 // 4)).save(
            sink, "JPEG", quality=quality
        )
    return sink.getvalue()


def drained(site) -> None:
    while work.run_one(site, site.clock()):
        pass


def label(site, asset_id: str, *given: LabelInput, by: str = "operator"):
    with site.db.write() as s:
        return moderation.label(site, s, asset_id, given, by, site.clock())


def asset(site, asset_id: str):
    with site.db.read() as s:
        return store.require_asset(s, asset_id)


def standing(site, asset_id: str) -> list[tuple[str, Tier | None]]:
    with site.db.read() as s:
        return sorted((row.code, row.tier) for row in labels.current(s, asset_id))


def events(site, asset_id: str) -> list[str]:
    with site.db.read() as s:
        lines = site.ledger.entries(s, limit=500)
    return [line.event for line in reversed(lines) if line.asset_id == asset_id]


def judge(site, one: str, other: str, verdict: Verdict) -> None:
    with site.db.write() as s:
        now = site.clock()
        twins.judge(site, s, one, other, verdict, by="mara", now=now)


@pytest.fixture
def first(desk, site, clock) -> str:
    """A labelled picture; what comes after it is later."""
    made = desk.deposit(copy(side=600, quality=90)).assets[0].id
    drained(site)
    label(site, made, GRAVE, LabelInput("id.captive"))
    clock.advance(minutes=1)
    return made


def test_a_copy_arrives_labelled_as_its_twin_and_still_waits_for_a_moderator(
    site, desk, first
):
    second = desk.deposit(copy()).assets[0].id
    stranger = desk.deposit(copy("launch.jpg")).assets[0].id
    drained(site)
    with site.db.read() as s:
        (pair,) = twins.of_asset(s, second)
        assert twins.of_asset(s, stranger) == []
    assert (pair.closeness, pair.state) == (Closeness.SURE, TwinState.OPEN)
    assert pair.beside(second) == first
    assert standing(site, second) == standing(site, first)
    assert not asset(site, second).labelled
    assert [e for e in events(site, second) if "twin" in e or "inherit" in e] == [
        "twin found",
        "labels inherited",
    ]
    label(site, second, GRAVE, LabelInput("id.captive"))
    assert asset(site, second).labelled
    assert asset(site, second).tier is Tier.G4


def test_what_was_inherited_is_not_told_before_a_moderator_looked_at_it(
    site, desk, first
):
    deposit = desk.deposit(copy())
    drained(site)
    second = deposit.assets[0].id
    with site.db.read() as s:
        record = store.require(s, deposit.record.id)
        assert labels.for_record(s, record.id) == {second: []}
        assert (record.codes, record.labels_version) == ([], "")
        assert labels.for_record(s, asset(site, first).record_id)[first]


def test_what_people_labelled_is_marked_and_not_raised_until_one_decides(
    site, desk, first, clock
):
    second = desk.deposit(copy()).assets[0].id
    label(site, second, OPEN)  # before the two were found to be alike
    drained(site)
    assert asset(site, second).tier is Tier.G1
    assert twins.is_more_open(asset(site, second), asset(site, first))
    label(site, first, GRAVE, LabelInput("id.captive"), LabelInput("dead.body"))
    assert asset(site, second).tier is Tier.G1
    clock.advance(minutes=1)
    judge(site, second, first, Verdict.TWIN)
    after = asset(site, second)
    assert (after.tier, after.labelled) == (Tier.G4, True)
    assert "kill.execution" in after.codes


def test_raising_one_raises_its_more_open_twin_at_once_and_it_stays_labelled(
    site, desk, first
):
    label(site, first, OPEN)
    deposit = desk.deposit(copy())
    drained(site)
    second = deposit.assets[0].id
    label(site, second, OPEN)
    before = asset(site, second)
    assert (before.tier, before.labelled) == (Tier.G1, True)
    with site.db.read() as s:
        version = store.require(s, deposit.record.id).labels_version
    judge(site, first, second, Verdict.TWIN)
    label(site, first, OPEN, GRAVE)
    after = asset(site, second)
    assert (after.tier, after.labelled) == (Tier.G4, True)
    assert "kill.execution" in after.codes
    with site.db.read() as s:  # so that consents to the old labels are stale
        assert store.require(s, deposit.record.id).labels_version != version


def test_what_a_moderator_took_off_stays_off_and_the_file_counts_as_more_open(
    site, desk, first
):
    second = desk.deposit(copy()).assets[0].id
    drained(site)
    label(site, second, OPEN)
    assert asset(site, second).tier is Tier.G1
    assert twins.is_more_open(asset(site, second), asset(site, first))
    assert not twins.is_more_open(asset(site, first), asset(site, second))
    label(site, first, GRAVE)
    assert asset(site, second).tier is Tier.G1


def test_no_twin_after_all_gives_the_labels_back_and_is_remembered(site, desk, first):
    second = desk.deposit(copy()).assets[0].id
    drained(site)
    assert asset(site, second).noise_item == first
    judge(site, second, first, Verdict.NOT_A_TWIN)
    assert standing(site, second) == []
    drained(site)
    assert asset(site, second).noise_item == second
    label(site, second, OPEN)
    label(site, first, GRAVE, LabelInput("id.victim"))
    with site.db.write() as s:
        found = twins.record_found(
            site, s, second, first, Closeness.SURE, by="worker", now=site.clock()
        )
        (pair,) = twins.of_asset(s, second)
    assert not found
    assert (pair.state, pair.decided_by) == (TwinState.REJECTED, "mara")
    assert standing(site, second) == [("property.heritage", Tier.G1)]
    assert events(site, first).count("twin judged") == 1


def test_no_twin_after_all_lets_a_raised_file_have_its_own_tier_again(
    site, desk, first, clock
):
    label(site, first, OPEN)
    second = desk.deposit(copy()).assets[0].id
    drained(site)
    clock.advance(minutes=1)
    label(site, second, OPEN)
    judge(site, first, second, Verdict.TWIN)
    clock.advance(minutes=1)
    label(site, first, OPEN, GRAVE)
    assert asset(site, second).tier is Tier.G4
    judge(site, first, second, Verdict.NOT_A_TWIN)
    assert asset(site, second).tier is Tier.G1
    assert asset(site, first).tier is Tier.G4


def test_what_is_only_similar_binds_once_a_moderator_says_so(site, desk, first):
    second = desk.deposit(copy("launch.jpg")).assets[0].id
    drained(site)
    with site.db.write() as s:
        now = site.clock()
        twins.record_found(
            site, s, second, first, Closeness.SIMILAR, by="worker", now=now
        )
        twins.follow(site, s, store.require_asset(s, second), by="worker", now=now)
    assert standing(site, second) == []
    judge(site, second, first, Verdict.TWIN)
    assert standing(site, second) == standing(site, first)


def test_the_same_bytes_are_the_same_file_even_where_nothing_opens_them(site, desk):
    broken = copy()[:700]
    one, two = (desk.deposit(broken).assets[0].id for _ in range(2))
    drained(site)
    with site.db.read() as s:
        assert [p.closeness for p in twins.of_asset(s, one)] == [Closeness.SAME]
        assert twins.of_asset(s, two)[0].beside(two) == one


def test_nobody_judges_what_was_never_found(site, desk):
    one, two = (desk.deposit().assets[0].id for _ in range(2))
    with pytest.raises(NoSuchRecord):
        judge(site, one, two, Verdict.TWIN)


def test_a_fingerprint_rests_sealed_and_only_for_its_own_file(site, desk, first):
    with site.db.read() as s:
        row = s.get(Likeness, first)
        likeness = keeping.opened(site.sealing, row)
        assert likeness.seen[0].plain not in row.sealed
        moved = Likeness(asset_id="another", sealed=row.sealed, mark="x")
    with pytest.raises(VaultError):
        keeping.opened(site.sealing, moved)


def test_memory_follows_what_goes_and_survives_what_does_not_open(site, desk, first):
    second = desk.deposit(copy()).assets[0].id
    drained(site)
    with site.db.read() as s:
        near = site.likenesses.nearest(s, site.sealing, first)
        assert [each.id for each in near] == [second]
    with site.db.write() as s:
        third = s.get(Likeness, second)
        third.sealed, third.mark = b"damaged", "new"
    with site.db.read() as s:
        assert site.likenesses.nearest(s, site.sealing, first) == []
    with site.db.write() as s:
        twins.forget(s, second)
    with site.db.read() as s:
        assert site.likenesses.nearest(s, site.sealing, first) == []
        assert s.scalars(select(Twin)).all() == []


def test_a_rebuild_brings_fingerprints_to_an_archive_that_had_none(site, desk, first):
    with site.db.write() as s:
        s.delete(s.get(Likeness, first))
    with site.db.read() as s:
        row = store.require_asset(s, first)
    made = deriving.make(site, row)
    with site.db.write() as s:
        deriving.keep_likeness(site, s, store.require_asset(s, first), made)
        assert s.get(Likeness, first) is not None


def test_one_draw_of_noise_is_shared_with_the_oldest(site, desk, first):
    second = desk.deposit(copy()).assets[0].id
    third = desk.deposit(copy(side=320)).assets[0].id
    drained(site)
    assert {asset(site, each).noise_item for each in (second, third)} == {first}
    with site.db.write() as s:
        previewing.own_noise(s, third, site.clock())
    assert asset(site, third).noise_item == third


def test_a_marked_region_of_one_counts_for_the_whole_of_the_other(
    site, desk, first, clock
):
    label(site, first, OPEN)
    second = desk.deposit(copy()).assets[0].id
    drained(site)
    clock.advance(minutes=1)
    label(site, second, OPEN)
    judge(site, first, second, Verdict.TWIN)
    clock.advance(minutes=1)
    shape = regions.shape({"keyframes": [[0, 0.1, 0.1, 0.2, 0.2]], "page": 0})
    with site.db.write() as s:
        timelines.mark_regions(
            site,
            s,
            first,
            [RegionInput(GRAVE.code, shape, Tier.G4)],
            version=regions.version(s, first),
            by="mara",
            now=site.clock(),
        )
    assert asset(site, second).tier is Tier.G4
    assert ("kill.execution", Tier.G4) in standing(site, second)
    judge(site, second, first, Verdict.NOT_A_TWIN)
    assert asset(site, second).tier is Tier.G1
