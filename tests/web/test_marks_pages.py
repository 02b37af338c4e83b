"""Parts of files on pages: marked by form, read on the record and in the viewer."""

from __future__ import annotations

import io
import re

import av
import pytest
from flask.testing import FlaskClient

from archive.intake import Deposit
from archive.records import regions, segments
from archive.records.segments import Segment
from archive.web.pages.moderation import markforms
from archive.web.showing import timeline
from auth.viewer import Tier
from tests.journeys import media
from tests.web.conftest import START, Browser, Desk, csrf, sound

TWO_SECONDS = 2 * 4 * 48_000
WORDS = "He is struck-77d0."


@pytest.fixture
def held(desk: Desk) -> Deposit:
    deposit = desk.deposit(sound(TWO_SECONDS), name="voice.wav")
    return desk.publish(deposit, "context.graphic-account", Tier.G1)


def send(client: FlaskClient, asset_id: str, what: str, **fields: object):
    page = client.get(f"/moderation/marks/{asset_id}").get_data(as_text=True)
    form = page[page.index(f'id="{what}"') :]
    version = re.search(r'name="version" value="(\w+)"', form)
    sent = {"csrf_token": csrf(client), "version": version[1], "rows": 3, **fields}
    return client.post(f"/moderation/marks/{asset_id}/{what}", data=sent)


def row(number: int = 0, **changed: object) -> dict[str, object]:
    told = {
        "start": "0:00.500",
        "end": "0:00.9",
        "label": ["harm.torture", ""],
        "tier": ["4", ""],
        "words": WORDS,
        **changed,
    }
    return {f"{name}-{number}": value for name, value in told.items()}


def standing(site, held: Deposit) -> list[Segment]:
    with site.db.read() as s:
        return segments.of_asset(s, site.sealing, held.assets[0].id)


def test_a_form_marks_a_part_and_takes_it_out_again(browser, site, held) -> None:
    moderator, asset = browser("moderator"), held.assets[0].id
    assert send(moderator, asset, "segments", **row()).status_code == 303
    (found,) = standing(site, held)
    assert (found.start_ms, found.end_ms, found.words) == (500, 900, WORDS)
    assert found.labels == (("harm.torture", Tier.G4),)
    again = moderator.get(f"/moderation/marks/{asset}").get_data(as_text=True)
    assert 'value="0:00.500"' in again
    assert WORDS in again
    gone = {**row(), "remove-0": "yes"}
    assert send(moderator, asset, "segments", **gone).status_code == 303
    assert standing(site, held) == []


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"start": "half past"}, "start-0"),
        ({"end": ""}, "end-0"),
        ({"end": "0:02.001"}, "segments"),
        ({"end": "0:00.500"}, "segments"),
        ({"label": ["no.such"], "tier": [""]}, "segments"),
        ({"tier": ["0", ""]}, "segments"),
        ({"label": ["", ""]}, "segments"),
    ],
)
def test_a_refused_form_comes_back_as_it_was_typed(
    browser, site, held, wrong: dict[str, object], where: str
) -> None:
    asset = held.assets[0].id
    answer = send(browser("moderator"), asset, "segments", **row(**wrong))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'href="#{where}"' in page
    assert WORDS in page
    assert standing(site, held) == []


def test_a_form_of_an_old_version_changes_nothing(browser, site, held) -> None:
    moderator, asset = browser("moderator"), held.assets[0].id
    send(moderator, asset, "segments", **row())
    late = {**row(words="Late."), "version": "0123456789abcdef"}
    assert send(moderator, asset, "segments", **late).status_code == 409
    assert standing(site, held)[0].words == WORDS


def test_a_form_marks_a_place_in_a_picture(browser, site, desk) -> None:
    held = desk.publish(desk.deposit(), "dead.body")
    moderator, asset = browser("moderator"), held.assets[0].id
    place = {"frames-0": "10 20 30,5 25%", "label-0": "id.captive", "tier-0": ""}
    assert send(moderator, asset, "regions", **place).status_code == 303
    with site.db.read() as s:
        (found,) = regions.of_asset(s, site.sealing, asset)
    box = found.shape.keyframes[0].box
    assert (box.x, box.y, box.width) == pytest.approx((0.1, 0.2, 0.305))
    for wrong in ("10 20 30", "nan 0 1 1", "10 20 30 x", "100 0 1 1"):
        answer = send(moderator, asset, "regions", **{**place, "frames-0": wrong})
        assert answer.status_code == 422, wrong
    several = {**place, "label-0": ["id.captive", "id.minor"], "tier-0": ["", ""]}
    assert send(moderator, asset, "regions", **several).status_code == 422


def test_the_record_tells_when_to_those_who_read_its_title(
    browser: Browser, visitor, held
) -> None:
    address = f"/records/{held.record.id}"
    send(browser("moderator"), held.assets[0].id, "segments", **row())
    vetted = browser("researcher").get(address).get_data(as_text=True)
    public = visitor.get(address).get_data(as_text=True)
    assert 'id="t=0.500"' in vetted
    assert WORDS in vetted
    assert "0:00.500" not in public
    assert WORDS not in public
    assert "Torture" in public


def test_without_a_script_an_unmarked_stretch_plays_and_others_when_chosen() -> None:
    held = [_segment(0, 400), _segment(300, 700), _segment(1000, 2000)]
    shown = timeline.Timeline(2000, [_shown(n, s) for n, s in enumerate(held, 1)])
    told = [(each.fragment, each.is_marked) for each in shown.stretches()]
    assert told == [
        ("t=0.000,0.700", True),
        ("t=0.700,1.000", False),
        ("t=1.000,2.000", True),
    ]


def test_stills_of_a_part_are_those_taken_within_it() -> None:
    def stills(start: int, end: int) -> str:
        one = _shown(1, _segment(start, end))
        return timeline.Timeline(8000, [one]).stills_of(one)

    assert stills(0, 8000) == "1–8"
    assert stills(500, 1500) == "1"
    assert stills(501, 1500) == ""
    assert stills(500, 1501) == "1–2"


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1:05.25", 65_250),
        ("65.25", 65_250),
        ("1:01:05,5", 3_665_500),
        (" 0:00.001 ", 1),
        ("7", 7000),
        ("1:60", None),
        ("1:2:3:4", None),
        ("-1", None),
        ("1:05.1234", None),
        ("", None),
    ],
)
def test_a_moment_is_read_to_the_millisecond(text: str, ms: int | None) -> None:
    assert markforms.moment(text) == ms


def _segment(start: int, end: int) -> Segment:
    labels = (("harm.torture", Tier.G4),)
    return Segment("s", "a", start, end, labels, "", "m1", START)


def _shown(number: int, each: Segment) -> timeline.SegmentView:
    start, end = each.start_ms, each.end_ms
    return timeline.SegmentView("s", number, start, end, each.codes, (), each.tier, "")


def test_the_timeline_of_a_film_knows_how_long_a_frame_is(browser, desk) -> None:
    planted = media.video(seconds=1)
    held = desk.deposit(planted.content, name=planted.name)
    page = browser("moderator").get(f"/moderation/marks/{held.assets[0].id}")
    (frame,) = re.findall(r'data-frame="([\d.]+)"', page.get_data(as_text=True))
    with av.open(io.BytesIO(planted.content)) as film:
        rate = film.streams.video[0].average_rate
    assert float(frame) == pytest.approx(1000 / float(rate))
