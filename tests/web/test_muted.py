"""The rung "clip": a film without its sound, made once, given by the gate alone."""

from __future__ import annotations

import io
import re

import av
import pytest

from archive import jobs, work
from archive.moderation import rungs
from archive.moderation.tables import Rung
from archive.records import store
from auth.viewer import Tier
from tests.blur.test_copies import film
from tests.web.test_levels import consent
from tests.web.working import events, post, text


@pytest.fixture(scope="module")
def shot() -> bytes:
    return film("libx264", "mp4", sound="aac")


@pytest.fixture
def made(site, desk, shot):
    held = desk.publish(desk.deposit(shot, name="filmed.mp4"))
    assert work.drain(site, held.record.id)
    return held


@pytest.fixture
def moderator(browser, made):
    client = browser("moderator")
    consent(client, made.record.id, "dead.body")
    return client


def climb(client, made, rung: str):
    return post(client, f"/moderation/files/{made.assets[0].id}/rung", rung=rung)


def used(site, made, account_id: str) -> Rung:
    with site.db.read() as s:
        asset = store.require_asset(s, made.assets[0].id)
        return rungs.used(site, s, asset, account_id)


def sent(client, page: str) -> list[str]:
    """Every address of media that a page would fetch, play or offer to save."""
    html = client.get(page).get_data(as_text=True)
    return re.findall(r'(?:src|href|data-src)="(/media/[^"#]+)', html)


def test_at_the_rung_clip_no_byte_of_sound_leaves(
    site, made, moderator, people, shot
) -> None:
    address = f"/media/{made.assets[0].id}/muted"
    page = climb(moderator, made, "clip").location
    assert moderator.get(address).status_code == 404
    assert "is being made" in text(moderator.get(page))
    assert work.drain(site, made.record.id)

    fetched = [url for url in sent(moderator, page) if "/preview" not in url]
    assert fetched == [address]
    assert "With sound" not in text(moderator.get(page))
    whole = moderator.get(address)
    assert whole.content_type == "video/mp4"
    assert whole.headers["Cache-Control"] == "no-store"
    with av.open(io.BytesIO(shot)) as original:
        heard = [bytes(p) for p in original.demux(audio=0) if p.size > 16]
    assert len(heard) > 10
    assert not any(packet in whole.data for packet in heard)
    with av.open(io.BytesIO(whole.data)) as opened:
        assert [stream.type for stream in opened.streams] == ["video"]
    assert used(site, made, people["moderator"]) is Rung.CLIP
    part = moderator.get(address, headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.data) == (206, b"ftyp")


def test_the_film_with_its_sound_counts_as_the_last_rung(
    site, made, moderator, people
) -> None:
    climb(moderator, made, "clip")
    assert moderator.get(f"/media/{made.assets[0].id}/original").status_code == 200
    assert used(site, made, people["moderator"]) is Rung.FULL


def test_without_consent_the_muted_film_stays_closed(
    site, made, moderator, browser
) -> None:
    climb(moderator, made, "stills")  # queues it too
    assert work.drain(site, made.record.id)
    address = f"/media/{made.assets[0].id}/muted"
    assert moderator.get(address).status_code == 200
    other = browser("administrator")
    assert other.get(address).status_code == 403
    assert post(other, address).status_code in (403, 404)
    assert "access refused" in events(site, record=made.record.id)


@pytest.mark.parametrize(
    ("code", "tier"), [("dead.body", Tier.G3), ("kill.execution", Tier.G4)]
)
def test_redactions_are_drawn_over_it_by_who_may_open_it(
    site, desk, shot, browser, code, tier
) -> None:
    """From tier G4 with the mark of the showing over it, as in the viewer."""
    held = desk.publish(desk.deposit(shot, name="filmed.mp4"), code, tier)
    client, asset = browser("moderator"), held.assets[0].id
    consent(client, held.record.id, code)
    climb(client, held, "stills")
    assert work.drain(site, held.record.id)
    page = f"/moderation/redactions/{asset}?over=film"
    shown = sent(client, page)
    assert f"/media/{asset}/muted" in shown
    assert (f"/media/{asset}/mark" in shown) is (tier is Tier.G4)
    assert f"/media/{asset}/muted" not in sent(browser("administrator"), page)


def test_it_is_made_once_and_kept_like_an_original(site, made, moderator) -> None:
    address = f"/media/{made.assets[0].id}/muted"
    last = f"/records/{made.record.id}/view?file=1&level=muted"
    assert "guarded like it" in text(moderator.get(last))
    for _ in range(2):
        answer = post(moderator, address, last)
        assert (answer.status_code, "level=muted" in answer.location) == (303, True)
    assert work.drain(site, made.record.id)
    post(moderator, address, last)
    with site.db.read() as s:
        assert len(jobs.about(s, "mute", made.record.id)) == 1
        lines = site.ledger.entries(s, event="derivation", record=made.record.id)
        asset = store.require_asset(s, made.assets[0].id)
    (told,) = [line for line in lines if "muted" in line.detail]
    assert told.detail["muted"] == str(asset.muted_object_id)
