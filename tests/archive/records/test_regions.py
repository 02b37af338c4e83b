"""Regions: parts of pictures, still or moving, each with the reason it is marked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from archive.moderation import timelines
from archive.records import regions, store
from archive.records.errors import Conflict, FieldError, UnknownLabel
from archive.records.regions import RegionInput
from archive.records.tables import RegionRow
from auth.viewer import Tier
from blur import regions as shapes
from blur.regions import Box, Keyframe
from tests.archive.records.test_segments import recording

NOTE = "the-man-in-the-cap-91ce"


def drawn(*frames: tuple[float, ...], page: int = 0) -> shapes.Region:
    return regions.shape({"keyframes": [list(frame) for frame in frames], "page": page})


FACE = RegionInput("id.captive", drawn((0, 0.1, 0.2, 0.3, 0.25)), note=NOTE)


@pytest.fixture
def held(desk):
    return desk.publish(desk.deposit())


def mark(site, deposit, *given, by="m1", version=None):
    asset = deposit.assets[0].id
    with site.db.write() as s:
        read = regions.version(s, asset) if version is None else version
        return timelines.mark_regions(
            site, s, asset, given, version=read, by=by, now=site.clock()
        )


def standing(site, deposit):
    with site.db.read() as s:
        return regions.of_asset(s, site.sealing, deposit.assets[0].id)


def test_a_region_is_kept_sealed_and_its_label_is_the_files(site, held) -> None:
    mark(site, held, FACE)
    (found,) = standing(site, held)
    assert (found.code, found.shape, found.note) == ("id.captive", FACE.shape, NOTE)
    with site.db.read() as s:
        assert "id.captive" in store.require(s, held.record.id).codes
        row = s.scalars(select(RegionRow)).one()
    assert NOTE.encode() not in row.content_sealed
    assert b"keyframes" not in row.content_sealed


def test_a_region_with_a_tag_raises_the_file(site, held) -> None:
    mark(site, held, RegionInput("dead.body", FACE.shape))
    with site.db.read() as s:
        assert store.require_asset(s, held.assets[0].id).tier is Tier.G3


def test_moving_a_region_leaves_consents_alone_and_a_new_reason_does_not(
    site, held
) -> None:
    def version() -> str:
        with site.db.read() as s:
            return store.require(s, held.record.id).labels_version

    mark(site, held, FACE)
    before = version()
    mark(site, held, RegionInput("id.captive", drawn((0, 0.5, 0.5, 0.2, 0.2))))
    assert version() == before
    mark(site, held, FACE, RegionInput("id.witness", FACE.shape))
    assert version() != before


def test_the_second_of_two_editors_is_told(site, held) -> None:
    with site.db.read() as s:
        read = regions.version(s, held.assets[0].id)
    mark(site, held, FACE, version=read)
    with pytest.raises(Conflict):
        mark(site, held, version=read)
    assert len(standing(site, held)) == 1


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (RegionInput("id.nobody", FACE.shape), UnknownLabel),
        (RegionInput("id.captive", drawn((40, 0, 0, 1, 1))), FieldError),
        (RegionInput("id.captive", drawn((0, 0, 0, 1, 1), page=1)), FieldError),
        (
            RegionInput("id.captive", drawn((0, 0, 0, 1, 1), (9, 0, 0, 1, 1))),
            FieldError,
        ),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    site, held, wrong, error
) -> None:
    with pytest.raises(error):
        mark(site, held, FACE, wrong)
    assert standing(site, held) == []


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"keyframes": []},
        {"keyframes": [[0, 0, 0, 0, 1]]},
        {"keyframes": [[0, 1, 0, 1, 1]]},
        {"keyframes": [[0, 0, 0, 1.5, 1]]},
        {"keyframes": [[5, 0, 0, 1, 1], [5, 0, 0, 1, 1]]},
        {"keyframes": [[0, 0, 0, 1, 1]], "code": "x"},
        {"keyframes": [[0, 0, 0, float("nan"), 1]]},
    ],
)
def test_a_shape_that_cannot_be_is_refused_in_words(told) -> None:
    with pytest.raises(FieldError) as refusal:
        regions.shape(told)
    assert refusal.value.field == "regions"


def test_sound_has_no_regions(site, desk) -> None:
    held = desk.publish(desk.deposit(recording()))
    with pytest.raises(FieldError, match="no picture"):
        mark(site, held, FACE)


FRACTION = st.floats(0, 0.5, width=32)
BOX = st.builds(Box, FRACTION, FRACTION, st.floats(0.01, 0.5), st.floats(0.01, 0.5))
TIMES = st.lists(st.integers(0, 100_000), min_size=2, max_size=6, unique=True)


@given(TIMES.map(sorted), st.data())
def test_between_two_keyframes_a_region_stays_between_them(times, data) -> None:
    frames = tuple(Keyframe(t, data.draw(BOX)) for t in times)
    region = shapes.Region(frames)
    for frame in frames:
        assert _near(shapes.at(region, frame.t_ms), frame.box)
    assert shapes.at(region, times[0] - 1) is None
    assert shapes.at(region, times[-1] + 1) is None
    which = data.draw(st.integers(0, len(times) - 2))
    before, after = frames[which], frames[which + 1]
    share = data.draw(st.floats(0, 1))
    moment = before.t_ms + share * (after.t_ms - before.t_ms)
    box = shapes.at(region, moment)
    for side in ("x", "y", "width", "height"):
        one, other = getattr(before.box, side), getattr(after.box, side)
        wanted = one + (other - one) * share
        assert getattr(box, side) == pytest.approx(wanted, abs=1e-6)
        assert min(one, other) - 1e-9 <= getattr(box, side) <= max(one, other) + 1e-9


def test_a_region_with_one_keyframe_is_always_there() -> None:
    region = drawn((0, 0.1, 0.1, 0.2, 0.2))
    assert shapes.at(region, 99_999) == region.keyframes[0].box


def _near(box: Box | None, other: Box) -> bool:
    assert box is not None
    return (box.x, box.y, box.width, box.height) == pytest.approx(
        (other.x, other.y, other.width, other.height), abs=1e-9
    )
