"""Previews: one place decides how much of an asset anybody is shown without consent."""

from __future__ import annotations

import pytest

from archive import previewing, work
from archive.records import store
from auth.viewer import ANONYMOUS, PreviewTier


@pytest.fixture
def held(site, desk):
    made = desk.deposit()
    work.drain(site, made.record.id)
    return made


def shown(site, made, viewer=ANONYMOUS) -> previewing.Showing:
    with site.db.read() as s:
        record = store.require(s, made.record.id)
        assets = store.assets_of(s, record.id)
        (only,) = previewing.previews_for(site, viewer, record, assets, site.clock())
    return only


def test_a_labelled_preview_opens_and_an_unlabelled_one_does_not(
    site, desk, held
) -> None:
    with site.db.read() as s:
        assert shown(site, held).is_sealed
        assert shown(site, held).open(s) is None
    desk.publish(held, "property.heritage")
    with site.db.read() as s:
        preview = shown(site, held).open(s)
    assert shown(site, held).tier is PreviewTier.COLOUR_HAZE
    assert preview is not None
    assert not preview.sealed


@pytest.mark.parametrize(
    ("codes", "public", "vetted"),
    [
        (("context.none",), "colour-haze", "colour-haze"),
        (("dead.body",), "colour-haze", "colour-haze"),
        (("dead.desecration",), "trace", "haze"),
        (("kill.beheading",), "sealed", "sealed"),
        (("dead.body", "id.victim"), "sealed", "sealed"),
    ],
)
def test_the_graver_it_is_the_less_is_shown(
    site, desk, held, codes, public: str, vetted: str
) -> None:
    desk.publish(held, *codes)
    assert shown(site, held).tier == public
    assert shown(site, held, desk.researcher()).tier == vetted


def test_before_a_preview_is_made_there_is_a_sealed_tile(site, desk) -> None:
    made = desk.publish(desk.deposit())
    assert shown(site, made).is_sealed
    work.drain(site, made.record.id)
    assert not shown(site, made).is_sealed


def test_a_photograph_has_no_clip(site, desk, held) -> None:
    desk.publish(held)
    with site.db.read() as s:
        assert not shown(site, held).has_clip
        assert shown(site, held).open_clip(s) is None
