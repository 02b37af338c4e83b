"""Levels and tiles: drawn for one reveal, through the gate, kept nowhere."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from archive.records import store
from archive.web.request import limits
from auth.limits import Allowance
from auth.viewer import Tier
from tests.web.conftest import csrf, photo


def consent(client, record_id: str, code: str = "kill.execution") -> None:
    page = f"/records/{record_id}"
    shown = client.get(page).get_data(as_text=True)
    version = shown.split('name="text_version" value="')[1].split('"')[0]
    answer = client.post(
        f"{page}/consent",
        data={
            "csrf_token": csrf(client, page),
            "acknowledged": [code],
            "purpose": "research",
            "minutes": "5",
            "reason": "To compare two accounts of it.",
            "text_version": version,
            "form": shown.split('name="form" value="')[1].split('"')[0],
        },
    )
    assert answer.status_code == 303, answer.get_data(as_text=True)


@pytest.fixture
def grave(desk):
    """A published photograph of tier G4, 1,200 x 900."""
    return desk.publish(desk.deposit(photo((1200, 900))), "kill.execution", Tier.G4)


@pytest.fixture
def reader(browser, grave):
    client = browser("researcher", second_factor=True)
    consent(client, grave.record.id)
    return client


def displayed(site, record_id: str) -> list[str]:
    with site.db.read() as s:
        lines = site.ledger.entries(s, record=record_id, limit=100)
        return [e.detail["form"] for e in lines if e.event == "displaying"][::-1]


def picture(answer) -> Image.Image:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.content_type == "image/jpeg"
    assert answer.headers["Cache-Control"] == "no-store"
    return Image.open(io.BytesIO(answer.data))


@pytest.mark.parametrize(
    ("level", "mode", "size"),
    [
        ("small", "L", (320, 240)),
        ("grey", "L", (1200, 900)),
        ("colour", "RGB", (1200, 900)),
        ("tile-0-0", "L", (240, 240)),
        ("tile-7-5", "L", (240, 240)),
    ],
)
def test_a_level_is_drawn_with_a_line_in_the_ledger(
    site, grave, reader, level, mode, size
):
    shown = picture(reader.get(f"/media/{grave.assets[0].id}/view/{level}"))
    assert (shown.mode, shown.size) == (mode, size)
    assert shown.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert displayed(site, grave.record.id) == [level]


@pytest.mark.parametrize("level", ["tile-8-0", "tile-0-6", "tile-9-9", "huge", "tile"])
def test_what_is_no_level_is_not_there(grave, reader, level):
    answer = reader.get(f"/media/{grave.assets[0].id}/view/{level}")
    assert answer.status_code == 404


def test_nothing_is_drawn_without_consent(site, browser, grave):
    stranger = browser("other", second_factor=True)
    for level in ("small", "grey", "colour", "tile-0-0"):
        answer = stranger.get(f"/media/{grave.assets[0].id}/view/{level}")
        assert answer.status_code == 403
        assert answer.content_type == "application/problem+json"
    assert displayed(site, grave.record.id) == []


def test_a_new_label_closes_the_lens_at_once(site, desk, grave, reader):
    tile = f"/media/{grave.assets[0].id}/view/tile-1-1"
    assert reader.get(tile).status_code == 200
    desk.label(grave.assets[0].id, "dead.body")
    assert reader.get(tile).status_code == 403


def test_tiles_are_counted(monkeypatch, grave, reader):
    few = Allowance(2, limits.TILES.window)
    monkeypatch.setattr(limits, "TILES", few)
    tile = f"/media/{grave.assets[0].id}/view/tile-0-0"
    assert [reader.get(tile).status_code for _ in range(3)] == [200, 200, 429]
    assert reader.get(tile).headers["Retry-After"]


def test_from_g4_a_file_begins_at_its_haze_under_the_lens(reader, grave, site):
    page = f"/records/{grave.record.id}/view?file=1"
    first = reader.get(page).get_data(as_text=True)
    assert first.count('type="radio" name="tile"') == 48
    assert "/view/" not in first.replace("/view/tile-&#34;", "").replace(
        f'data-address="/media/{grave.assets[0].id}/view/tile-"', ""
    )
    part = reader.get(f"{page}&level=haze&tile=3-2").get_data(as_text=True)
    assert f'src="/media/{grave.assets[0].id}/view/tile-3-2"' in part
    assert displayed(site, grave.record.id) == []


def test_a_file_that_cannot_be_drawn_is_told_in_words(site, desk, browser):
    made = desk.publish(desk.deposit(photo((64, 48)), name="a.jpg"))
    with site.db.write() as s:
        store.require_asset(s, made.assets[0].id).format = "png"
    client = browser("researcher")
    consent(client, made.record.id, "dead.body")
    answer = client.get(f"/media/{made.assets[0].id}/view/small")
    assert answer.status_code == 422
    assert answer.json["code"] == "unreadable"


def test_a_level_that_was_shown_is_no_leave_to_go_on_with_the_original(
    site, grave, reader
):
    asset = grave.assets[0].id
    assert reader.get(f"/media/{asset}/view/small").status_code == 200
    part = reader.get(f"/media/{asset}/original", headers={"Range": "bytes=0-9"})
    assert part.status_code == 206
    assert displayed(site, grave.record.id) == ["small", "original"]
