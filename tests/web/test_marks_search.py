"""The words of segments are found by those who may read them, and lead there."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from archive.moderation import timelines
from archive.records import segments, store
from archive.records.segments import SegmentInput
from archive.work import run_one
from auth.viewer import Tier
from tests.web.conftest import Browser, Desk, TokenOf, sound

TWO_SECONDS = 2 * 4 * 48_000
WORD = "quillwort"


def index(site) -> None:
    while run_one(site, site.clock()):
        pass


@pytest.fixture
def mark(site, desk: Desk):
    """Publishes a recording with a part that has the word, of this label and tier."""

    def marked(code: str, tier: Tier) -> str:
        deposit = desk.deposit(sound(TWO_SECONDS), name="voice.wav")
        desk.publish(deposit, "context.graphic-account", Tier.G1)
        asset = deposit.assets[0].id
        words = f"He says {WORD} & is struck."
        parts = [
            SegmentInput(500, 900, ((code, tier),), words),
            SegmentInput(900, 950, (("sense.words", None),), "Nothing else."),
        ]
        with site.db.write() as s:
            timelines.mark_segments(
                site,
                s,
                asset,
                parts,
                version=segments.version(s, asset),
                by="m1",
                now=site.clock(),
            )
        index(site)
        return deposit.record.id

    return marked


def test_what_is_not_grave_is_found_by_all_and_leads_to_its_moment(
    visitor: FlaskClient, mark
) -> None:
    record = mark("harm.threat", Tier.G2)
    (item,) = visitor.get(f"/api/v1/records?q={WORD}").get_json()["items"]
    assert item["segment"]["start_ms"] == 500
    assert item["segment"]["url"] == f"/records/{record}#t=0.500"
    page = visitor.get(f"/search?q={WORD}").get_data(as_text=True)
    assert f'href="/records/{record}#t=0.500"' in page
    assert 'id="t=0.500"' in visitor.get(f"/records/{record}").get_data(as_text=True)
    (other,) = visitor.get("/api/v1/records?q=church").get_json()["items"] or [None]
    assert other is None or other["segment"] is None


def test_from_g4_on_the_public_finds_nothing_of_it_and_the_vetted_do(
    visitor: FlaskClient, token: TokenOf, browser: Browser, mark
) -> None:
    mark("harm.torture", Tier.G4)
    vetted = token("researcher")
    for query in (WORD, WORD[:5] + "*", f"{WORD} OR voice", f'"says {WORD}"'):
        told = visitor.get("/api/v1/records", query_string={"q": query}).get_json()
        assert WORD not in str(told), query
        assert told["total"] == 0, query
        asked = {"query_string": {"q": query}, "headers": vetted}
        assert visitor.get("/api/v1/records", **asked).get_json()["total"] == 1, query
    (item,) = visitor.get(f"/api/v1/records?q={WORD}", headers=vetted).get_json()[
        "items"
    ]
    assert f"<mark>{WORD}</mark>" in item["snippet_html"]
    assert item["segment"]["start_ms"] == 500
    assert WORD not in str(visitor.get(f"/api/v1/suggestions?q={WORD[:5]}").get_json())
    assert WORD not in str(visitor.get("/api/v1/records?q=kvillwort").get_json())


def test_other_words_of_a_part_are_found_once_it_is_changed(
    visitor: FlaskClient, site, mark
) -> None:
    record = mark("harm.threat", Tier.G2)
    with site.db.write() as s:
        (asset,) = {each.id for each in store.assets_of(s, record)}
        timelines.mark_segments(
            site,
            s,
            asset,
            [SegmentInput(500, 900, (("harm.threat", Tier.G2),), "Pimpernel now.")],
            version=segments.version(s, asset),
            by="m1",
            now=site.clock(),
        )
    index(site)
    assert visitor.get(f"/api/v1/records?q={WORD}").get_json()["total"] == 0
    assert visitor.get("/api/v1/records?q=pimpernel").get_json()["total"] == 1
