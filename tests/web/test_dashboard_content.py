"""The dashboard says how many bits previews keep, and when they keep too many."""

from __future__ import annotations

from uuid import uuid4

import numpy as np
import pytest

from archive.records import store
from archive.records.tables import AssetState
from archive.vault import previews
from archive.vault.container import Kind
from blur import proof
from blur.cells import CHROMA_CELLS, HAZE, LEVELS, greys
from blur.kinds import Family
from blur.preview import Preview

from .working import text

COUNT = proof.FEWEST_PREVIEWS + 4


@pytest.fixture
def hold(site, desk):
    """Put previews of these cells into the archive, without decoding anything."""
    made = desk.deposit()

    def keep(rows: list[bytes]) -> None:
        with site.db.write() as s:
            record = store.require(s, made.record.id)
            for cells in rows:
                facts = store.AssetFacts(
                    kind="image",
                    format="jpeg",
                    media_type="image/jpeg",
                    size=1,
                    object_id=uuid4(),
                    filename="a.jpg",
                    sha256=uuid4().hex * 2,
                )
                asset = store.add_asset(s, site.sealing, record, facts, site.clock())
                body = Preview(Family.IMAGE, cells, bytes(CHROMA_CELLS)).to_bytes()
                kept = previews.store(
                    s, site.vault, body, Kind.PREVIEW_IMAGE, site.clock()
                )
                asset.preview_object_id, asset.state = kept.object_id, AssetState.READY

    return keep


def noise_alone() -> list[bytes]:
    """What a collection of grey walls would be."""
    chance = np.random.default_rng(1)
    drawn = chance.normal(size=(COUNT, HAZE.count))
    return [greys([128.0] * HAZE.count, HAZE.spread, list(row)) for row in drawn]


def nearly_clear() -> list[bytes]:
    """What previews would be whose noise does not hide what they show."""
    chance = np.random.default_rng(2)
    rows = chance.integers(0, LEVELS, (COUNT, HAZE.count))
    return [bytes(map(int, row)) for row in rows]


def test_few_previews_give_no_figure(browser, hold):
    hold(noise_alone()[:3])
    page = text(browser("administrator").get("/admin/"))
    assert "3 pictures so far: too few to measure." in page


def test_a_collection_within_the_promise_is_told_with_its_figure(browser, hold):
    hold(noise_alone())
    page = text(browser("administrator").get("/admin/"))
    assert f"measured over the newest {COUNT}" in page
    assert "more than promised" not in page


def test_a_collection_beyond_the_promise_is_marked(browser, hold):
    hold(nearly_clear())
    page = text(browser("administrator").get("/admin/"))
    assert f"measured over the newest {COUNT}" in page
    assert "more than promised" in page
