"""Redacted copies by page and API: drawn, confirmed, offered before the clear file."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from PIL import Image

from archive import moderation, work
from archive.records import redactions, regions, segments, store
from archive.records.labels import LabelInput
from archive.records.marking import Editing
from archive.records.regions import RegionInput
from archive.records.segments import SegmentInput
from archive.web.pages.moderation import drawn
from auth.viewer import Tier
from blur import boards
from blur.regions import Box, By, Cut, Keyframe, Region, Removal
from tests.journeys.media import video
from tests.web.conftest import sound
from tests.web.test_record_page import consent as record_consent
from tests.web.working import post

SAID = {"purpose": "research", "minutes": 10}
FACE = {"regions": [{"keyframes": [[0, 0.4, 0.3, 0.2, 0.25]]}]}


@pytest.fixture
def held(desk, site):
    deposit = desk.deposit()
    given = [LabelInput("dead.body", Tier.G3), LabelInput("id.victim")]
    with site.db.write() as s:
        now = site.clock()
        moderation.label(site, s, deposit.assets[0].id, given, "operator", now)
        moderation.publish(site, s, deposit.record.id, "operator", now)
    return deposit


def consent(client, record, headers, terms, **said):
    body = {**SAID, "acknowledged": terms["acknowledge"], **said}
    return client.post(f"/api/v1/records/{record}/consents", json=body, headers=headers)


def test_from_the_drawing_to_the_reader(visitor, token, held, site) -> None:
    record, asset = held.record.id, held.assets[0].id
    moderator, reader = token("moderator"), token("researcher")
    path = f"/api/v1/assets/{asset}/redactions"
    wish = {**FACE, "labels": ["dead.body=G3"], "note": "his face"}
    made = visitor.post(path, json=wish, headers=moderator)
    assert made.status_code == 201, made.text
    assert made.get_json()["state"] == "asked"
    assert work.drain(site, record)
    [row] = visitor.get(path, headers=moderator).get_json()["items"]
    assert (row["state"], row["tier"]) == ("made", "G3")
    assert row["removal"]["regions"][0]["keyframes"] == [[0, 0.4, 0.3, 0.2, 0.25]]
    one = f"{path}/{row['id']}"
    assert (
        visitor.patch(one, json={"action": "withdraw"}, headers=moderator).status_code
        == 422
    )
    own = visitor.patch(one, json={"action": "confirm"}, headers=moderator)
    assert (own.status_code, "Somebody else" in own.text) == (422, True)
    by_another(site, row["id"])
    yes = visitor.patch(one, json={"action": "confirm"}, headers=moderator)
    assert yes.get_json()["is_given"] is True

    shown = visitor.get(f"/api/v1/records/{record}", headers=reader).get_json()
    copy = shown["assets"][0]["redacted"]
    assert (copy["id"], copy["tier"], copy["labels"]) == (
        row["id"],
        "G3",
        ["dead.body"],
    )
    terms = shown["redacted_consent"]
    stale = consent(visitor, record, reader, shown["consent"], redacted=True)
    assert stale.status_code == 409
    given = consent(visitor, record, reader, terms, redacted=True)
    assert given.status_code == 201, given.text
    opened = visitor.get(copy["url"], headers=reader)
    assert opened.data.startswith(b"\xff\xd8\xff")
    assert "redacted.jpg" in opened.headers["Content-Disposition"]
    clear = visitor.get(f"/api/v1/assets/{asset}/original", headers=reader)
    assert (clear.status_code, clear.get_json()["reasons"]) == (403, ["consent_stale"])

    silent = consent(visitor, record, reader, shown["consent"])
    assert silent.get_json()["identity"] is None
    clear = visitor.get(f"/api/v1/assets/{asset}/original", headers=reader)
    assert clear.get_json()["reasons"] == ["identity"]
    assert visitor.get(copy["url"], headers=reader).status_code == 200
    said = consent(visitor, record, reader, shown["consent"], identity="who he is")
    assert said.get_json()["identity"] == "who he is"
    clear = visitor.get(f"/api/v1/assets/{asset}/original", headers=reader)
    assert clear.status_code == 200


def test_a_moderator_draws_by_lines_and_what_was_typed_comes_back(
    browser, held, site
) -> None:
    client, asset = browser("moderator"), held.assets[0].id
    page = f"/moderation/redactions/{asset}"
    typed = {"regions": "40 30 20", "label": ["dead.body"], "tier-dead.body": "G3"}
    wrong = post(client, page, **typed)
    assert wrong.status_code == 422
    assert "40 30 20" in wrong.text
    assert "left, top, width and height" in wrong.text
    right = post(client, page, **{**typed, "regions": "40 30 20 25"})
    assert right.status_code == 303
    assert work.drain(site, held.record.id)
    assert "I looked at it: confirm" not in client.get(page).text
    with site.db.read() as s:
        [row] = redactions.of_asset(s, asset)
    by_another(site, row.id)
    shown = client.get(page).text
    assert "I looked at it: confirm" in shown
    assert "40 30 20 25" in shown


def test_the_record_offers_the_copies_before_the_clear_file(
    browser, visitor, token, held, site
) -> None:
    path = f"/api/v1/assets/{held.assets[0].id}/redactions"
    wish = {**FACE, "labels": ["dead.body=G3"]}
    moderator = token("moderator")
    made = visitor.post(path, json=wish, headers=moderator).get_json()
    assert work.drain(site, held.record.id)
    by_another(site, made["id"])
    body = {"action": "confirm"}
    visitor.patch(f"{path}/{made['id']}", json=body, headers=moderator)
    client, record = browser("researcher"), f"/records/{held.record.id}"
    page = client.get(record).text
    assert page.index("Redacted copies first") < page.index("See the clear files")
    assert "Why you need to see who it is" in page
    assert client.get(f"{record}/view").status_code == 403


def test_what_others_marked_and_what_a_detector_finds_is_ticked_by_a_person(
    browser, desk, site
) -> None:
    whole = Image.new("L", (1200, 900), 128)
    whole.paste(Image.fromarray(boards.face(3).astype("uint8")), (700, 400))
    content = io.BytesIO()
    whole.save(content, "PNG")
    deposit = desk.publish(desk.deposit(content.getvalue()), "dead.body", Tier.G3)
    asset, client = deposit.assets[0].id, browser("moderator")
    shape = Region((Keyframe(0, Box(0.1, 0.2, 0.3, 0.25)),))
    with site.db.write() as s:
        regions.replace(
            s,
            site.sealing,
            store.require_asset(s, asset),
            [RegionInput("dead.body", shape, Tier.G3)],
            Editing(regions.version(s, asset), "operator", site.clock()),
        )
    page = f"/moderation/redactions/{asset}"
    shown = client.get(page).text
    assert 'value="10 20 30 25"' in shown
    assert 'name="ready" value="10 20 30 25" checked' not in shown
    assert "Suggest faces" not in shown
    assert "by its words alone" in shown
    assert post(client, f"{page}/faces").status_code == 403
    assert (
        post(client, f"/moderation/files/{asset}/rung", rung="blurred").status_code
        == 303
    )
    assert 'class="drawing-under" src=""' not in client.get(page).text
    assert 'class="drawing-under"' in client.get(page).text

    assert record_consent(client, deposit.record.id).status_code == 303
    assert "Suggest faces" in client.get(page).text
    told = post(client, f"{page}/faces", note="Typed already.")
    assert told.status_code == 200
    assert "perhaps a face" in told.text
    assert "Typed already." in told.text
    assert not re.findall(r'name="ready"[^>]*checked', told.text)
    with site.db.read() as s:
        (line,) = site.ledger.entries(s, event="displaying")
    assert (line.asset_id, line.detail["form"]) == (asset, "faces")

    lines = re.findall(r'name="ready" value="([^"]+)"', told.text)
    typed = {"label": ["dead.body"], "tier-dead.body": "G3", "ready": lines}
    wrong = post(client, page, **typed, regions="40 30")
    assert wrong.status_code == 422
    assert len(re.findall(r'name="ready"[^>]*checked', wrong.text)) == len(lines) == 2
    assert post(client, page, **typed).status_code == 303
    with site.db.read() as s:
        [row] = redactions.of_asset(s, asset)
        removed = redactions.removal_of(site.sealing, row)
    assert [drawn.written(Removal((each,)))[0] for each in removed.regions] == lines


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_a_marked_part_is_left_out_altogether(browser, desk, site, kind) -> None:
    sent = video().content if kind == "video" else sound(4 * 48_000 * 2)
    made = desk.deposit(sent, name="a.mp4" if kind == "video" else "a.wav")
    deposit = desk.publish(made, "dead.body", Tier.G3)
    asset, client = deposit.assets[0].id, browser("moderator")
    with site.db.write() as s:
        segments.replace(
            s,
            site.sealing,
            store.require_asset(s, asset),
            [SegmentInput(500, 1500, (("dead.body", Tier.G3),))],
            Editing(segments.version(s, asset), "operator", site.clock()),
        )
    page = f"/moderation/redactions/{asset}"
    assert 'name="left_out" value="0:00.500-0:01.500">' in client.get(page).text
    typed = {"label": ["context.none"], "left_out": "0:00.500-0:01.500"}
    bad = post(client, page, **{**typed, "left_out": "nothing"})
    assert bad.status_code == 422
    assert post(client, page, **typed).status_code == 303
    with site.db.read() as s:
        [row] = redactions.of_asset(s, asset)
        removed = redactions.removal_of(site.sealing, row)
    assert removed.cuts == (Cut(500, 1500),)
    whole = Box(0, 0, 1, 1)
    frames = (Keyframe(500, whole), Keyframe(1500, whole))
    assert removed.regions == ((Region(frames),) if kind == "video" else ())


def by_another(site, redaction_id: str) -> None:
    """As if somebody else had drawn it."""
    with site.db.write() as s:
        redactions.require(s, redaction_id).drawn_by = "operator"


LINES = (
    "40 30 20 25\n0:01.5 40 30 20 25; 0:04 60 30 20 25\np2: 10 10 30 5",
    "0:05-0:12\n1:02:03-1:02:04.25 tone",
)


def test_lines_are_read_and_written_again() -> None:
    removal = drawn.read(*LINES)
    still, moving, paged = removal.regions
    assert still == Region((Keyframe(0, Box(0.4, 0.3, 0.2, 0.25)),))
    assert [k.t_ms for k in moving.keyframes] == [1500, 4000]
    assert paged.page == 1
    last = Cut(3_723_000, 3_724_250, By.TONE)
    assert removal.cuts == (Cut(5000, 12000), last)
    assert drawn.read(*drawn.written(removal)) == removal


@pytest.mark.parametrize(
    ("regions", "cuts", "field"),
    [
        ("40 30 20", "", "regions"),
        ("p0: 1 1 1 1", "", "regions"),
        ("0:99999:1 1 1 1 1", "", "regions"),
        ("nonsense", "", "regions"),
        ("40 30 0 25", "", "regions"),
        ("0:05 1 1 9 9; 0:04 1 1 9 9", "", "regions"),
        ("", "0:05", "cuts"),
        ("", "0:05-0:04", "cuts"),
        ("", "0:05-0:06 music", "cuts"),
    ],
)
def test_a_line_that_cannot_be_read_says_which_box(regions, cuts, field) -> None:
    with pytest.raises(drawn.Unreadable) as caught:
        drawn.read(regions, cuts)
    assert caught.value.field == field
    assert str(caught.value)


def test_an_empty_list_removes_nothing() -> None:
    assert drawn.read("\n \n", "") == Removal()
    assert replace(Removal(), cuts=()).is_empty
