"""The copy for browsers, asked for in the viewer: progress, cancelling, playing."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from archive import jobs, work
from archive.jobs import JobState
from archive.web.request import limits
from auth.limits import Allowance
from tests.web.test_levels import consent
from tests.web.working import post, text


def tiff() -> bytes:
    sink = io.BytesIO()
    Image.effect_noise((64, 48), 80).save(sink, "TIFF")
    return sink.getvalue()


@pytest.fixture
def made(desk):
    return desk.publish(desk.deposit(tiff(), name="scan.tiff"))


@pytest.fixture
def reader(browser, made):
    client = browser("researcher")
    consent(client, made.record.id, "dead.body")
    return client


def last(made) -> str:
    return f"/records/{made.record.id}/view?file=1&level=colour"


def ask(client, made, what: str = "copy"):
    return post(client, f"/media/{made.assets[0].id}/{what}", last(made))


def state(site, made) -> JobState:
    with site.db.read() as s:
        return jobs.about(s, "copy", made.record.id)[0].state


def test_a_copy_is_asked_for_made_and_shown(site, made, reader):
    copy = f"/media/{made.assets[0].id}/copy"
    assert reader.get(copy).status_code == 404
    assert "Make a copy for browsers" in text(reader.get(last(made)))

    answer = ask(reader, made)
    assert answer.status_code == 303
    waiting = reader.get(last(made)).get_data(as_text=True)
    assert "<progress" in waiting
    assert "/api/v1/jobs/" in waiting
    ask(reader, made)
    with site.db.read() as s:
        assert len(jobs.about(s, "copy", made.record.id)) == 1

    assert work.drain(site, made.record.id)
    page = reader.get(last(made)).get_data(as_text=True)
    assert f'<img src="{copy}"' in page
    whole = reader.get(copy)
    assert whole.content_type == "image/jpeg"
    assert whole.headers["Cache-Control"] == "no-store"
    assert 'filename="scan.jpg"' in whole.headers["Content-Disposition"]
    part = reader.get(copy, headers={"Range": "bytes=2-9"})
    assert (part.status_code, part.data) == (206, whole.data[2:10])
    original = reader.get(f"/media/{made.assets[0].id}/original")
    assert original.headers["ETag"] != whole.headers["ETag"]


def test_a_copy_is_cancelled_by_whoever_asked_for_it_alone(site, browser, made, reader):
    ask(reader, made)
    other = browser("other")
    consent(other, made.record.id, "dead.body")
    assert "Stop making it" not in text(other.get(last(made)))
    ask(other, made, "copy/cancel")
    assert state(site, made) is JobState.QUEUED
    assert "Stop making it" in text(reader.get(last(made)))
    ask(reader, made, "copy/cancel")
    assert state(site, made) is JobState.CANCELLED
    assert "Make a copy for browsers" in text(reader.get(last(made)))


def test_why_a_copy_failed_is_told(site, made, reader):
    ask(reader, made)
    with site.db.write() as s:
        job = jobs.about(s, "copy", made.record.id)[0]
        job.state, job.error = JobState.FAILED, "The file is damaged."
    shown = text(reader.get(last(made)))
    assert "The copy could not be made. The file is damaged." in shown
    assert "Make a copy for browsers" in shown


def test_copies_asked_for_are_counted(monkeypatch, made, reader):
    monkeypatch.setattr(limits, "COPIES", Allowance(1, limits.COPIES.window))
    assert ask(reader, made).status_code == 303
    assert ask(reader, made).status_code == 429
