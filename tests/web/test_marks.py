"""From tier G4 what is shown leads back to whom it was shown, and downloads do not."""

from __future__ import annotations

import io
import json
import re

import pytest
from click.testing import CliRunner
from PIL import Image, ImageFilter

from archive import marking, work
from archive.cli import main
from archive.marking import NoMark
from auth.viewer import Tier
from blur.kinds import sniff
from tests.web.conftest import photo
from tests.web.test_levels import consent
from tests.web.working import post


def landscape() -> bytes:
    """Smooth and grainy at once, as photographs are."""
    sink = io.BytesIO()
    grain = Image.effect_noise((800, 600), 50).filter(ImageFilter.GaussianBlur(3))
    grain.save(sink, "JPEG", quality=90)
    return sink.getvalue()


def published(desk, tier: Tier):
    code = "kill.execution" if tier >= Tier.G4 else "dead.body"
    return desk.publish(desk.deposit(landscape()), code, tier)


def opened(browser, made, tier: Tier):
    client = browser("researcher", second_factor=True)
    code = "kill.execution" if tier >= Tier.G4 else "dead.body"
    consent(client, made.record.id, code)
    return client


@pytest.fixture
def made(desk):
    return published(desk, Tier.G4)


@pytest.fixture
def reader(browser, made):
    return opened(browser, made, Tier.G4)


def body(client, made, what: str) -> bytes:
    answer = client.get(f"/media/{made.assets[0].id}/{what}")
    assert answer.status_code == 200
    return answer.data


def traced(site, content: bytes) -> marking.Traced:
    with site.db.read() as s:
        kind = sniff(content)
        return marking.measured(s, site.ledger, io.BytesIO(content), kind)


@pytest.mark.parametrize("what", ["view/small", "view/colour", "view/tile-2-1"])
def test_what_is_shown_leads_to_its_line(site, people, made, reader, what):
    for each in (what, "view/grey"):  # the last line is not the only one
        content = body(reader, made, each)
        found = traced(site, content)
        assert found.line.detail["form"] == each.removeprefix("view/")
        assert found.line.account_id == people["researcher"]
        assert found.line.asset_id == made.assets[0].id


def test_two_showings_of_one_picture_are_two_marks(site, made, reader):
    lines = {traced(site, body(reader, made, "view/grey")).line.seq for _ in range(2)}
    assert len(lines) == 2


def test_below_that_tier_nothing_is_in_the_pixels(site, browser, desk):
    milder = published(desk, Tier.G3)
    client = opened(browser, milder, Tier.G3)
    with pytest.raises(NoMark):
        traced(site, body(client, milder, "view/grey"))
    assert client.get(f"/media/{milder.assets[0].id}/mark").status_code == 200


def test_the_copy_is_marked_and_downloads_are_untouched(site, made, reader):
    last = f"/records/{made.record.id}/view?file=1&level=colour"
    post(reader, f"/media/{made.assets[0].id}/copy", last)
    work.drain(site, made.record.id)
    copy = body(reader, made, "copy")
    assert traced(site, copy).line.detail["form"] == "copy"
    assert Image.open(io.BytesIO(copy)).size == (800, 600)

    original = body(reader, made, "original")
    with site.db.read() as s:
        told = site.ledger.entries(s, event="displaying", limit=1)[0]
    assert told.detail["form"] == "original"
    with pytest.raises(NoMark):
        traced(site, original)


def test_the_page_shows_only_what_is_marked(made, reader):
    asset = made.assets[0].id
    for level in ("small", "grey", "colour"):
        address = f"/records/{made.record.id}/view?file=1&level={level}"
        page = reader.get(address).get_data(as_text=True)
        sources = re.findall(r'<(?:img|video)[^>]* src="(/media/[^"]+)"', page)
        own = [each for each in sources if asset in each and "/preview" not in each]
        assert own == [f"/media/{asset}/view/{level}"]


def test_a_number_leads_back_and_a_forged_one_does_not(site, made, reader):
    found = traced(site, body(reader, made, "view/grey"))
    with site.db.read() as s:
        assert marking.looked_up(s, site.ledger, found.number.lower()) == (
            marking.Traced(found.number, found.line)
        )
        start, end = found.number.split("-")
        neighbour = f"{start}-{end[:-1]}{'0' if end[-1] != '0' else '1'}"
        other = marking.number_of(site.ledger.told_at(s, 1))  # no showing
        for forged in (neighbour, other, "7", "ZZZZZ-ZZZZZ", "'; DROP", ""):
            with pytest.raises(NoMark):
                marking.looked_up(s, site.ledger, forged)


def test_the_operator_reads_a_leak_and_that_is_written_down(
    site, environ, made, reader, tmp_path
):
    leak = tmp_path / "leak.jpg"
    leaked = Image.open(io.BytesIO(body(reader, made, "view/grey")))
    leaked.resize((400, 300)).save(leak, "JPEG", quality=60)

    told = CliRunner().invoke(
        main, ["watermark", "read", str(leak), "--json"], env=environ
    )
    assert told.exit_code == 0, told.output
    facts = json.loads(told.stdout)
    assert facts["email"] == "researcher@example.org"
    assert (facts["record"], facts["form"]) == (made.record.id, "grey")
    by_number = CliRunner().invoke(
        main, ["watermark", "find", facts["number"], "--json"], env=environ
    )
    assert json.loads(by_number.stdout) == {**facts, "agreement": None}
    with site.db.read() as s:
        noted = site.ledger.entries(s, event="mark read")
    assert [each.detail["line"] for each in noted] == [facts["line"]] * 2

    blank = tmp_path / "blank.jpg"
    blank.write_bytes(photo((400, 300)))
    nothing = CliRunner().invoke(main, ["watermark", "read", str(blank)], env=environ)
    assert (nothing.exit_code, "agrees with no showing" in nothing.stderr) == (1, True)
