"""Without metadata by default; the untouched original by its own address, and noted."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from archive import work
from archive.web.answer import cleaning
from tests.web.test_levels import consent, displayed
from tests.web.working import post

MARK = b"canary-place-1f7b"


def photo_with_place() -> bytes:
    sink = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = MARK.decode()
    Image.effect_noise((64, 48), 80).save(sink, "JPEG", exif=exif)
    return sink.getvalue()


@pytest.fixture
def content() -> bytes:
    return photo_with_place()


@pytest.fixture
def made(desk, content):
    return desk.publish(desk.deposit(content))


@pytest.fixture
def reader(browser, made):
    client = browser("researcher")
    consent(client, made.record.id, "dead.body")
    return client


def test_the_clean_bytes_are_the_original_but_for_what_it_tells(
    site, made, reader, content
):
    address = f"/media/{made.assets[0].id}"
    clean = reader.get(f"{address}/clean")
    assert clean.status_code == 200
    assert clean.headers["Cache-Control"] == "no-store"
    assert len(clean.data) == len(content)
    assert MARK not in clean.data
    assert reader.get(f"{address}/original").data == content
    at = content.index(MARK)
    span = {"Range": f"bytes={at - 3}-{at + 9}"}
    part = reader.get(f"{address}/clean", headers=span)
    assert (part.status_code, part.data) == (206, clean.data[at - 3 : at + 10])
    assert displayed(site, made.record.id) == ["clean", "original"]
    assert (
        reader.get(f"{address}/original", headers=span).data
        == content[at - 3 : at + 10]
    )


def test_the_viewer_shows_the_clean_one_and_offers_the_original_apart(made, reader):
    address = f"/media/{made.assets[0].id}"
    page = f"/records/{made.record.id}/view?file=1&level=colour"
    shown = reader.get(page).get_data(as_text=True)
    assert f'<img src="{address}/clean"' in shown
    assert f'href="{address}/clean" download' in shown
    assert shown.count(f"{address}/original") == 1


def test_a_kind_without_such_places_has_no_clean_form(site, browser, desk):
    sink = io.BytesIO()
    Image.new("L", (8, 8)).save(sink, "BMP")
    made = desk.publish(desk.deposit(sink.getvalue(), name="a.bmp"))
    client = browser("researcher")
    consent(client, made.record.id, "dead.body")
    assert client.get(f"/media/{made.assets[0].id}/clean").status_code == 404
    assert displayed(site, made.record.id) == []


def test_what_keeps_its_metadata_is_shown_only_where_it_was_asked_for(
    site, browser, desk, tmp_path
):
    Image.new("RGB", (60, 80), "beige").save(tmp_path / "page.pdf")
    made = desk.publish(desk.deposit((tmp_path / "page.pdf").read_bytes()))
    reader = browser("researcher")
    consent(reader, made.record.id, "dead.body")
    asset = made.assets[0].id
    page = f"/records/{made.record.id}/view?file=1&level=open"
    painted = 'data-src="/media/{}/{}"'

    told = reader.get(page).get_data(as_text=True)
    assert "data-src" not in told
    assert "Make a copy for browsers" in told
    asked = reader.get(f"{page}&untouched=yes").get_data(as_text=True)
    assert painted.format(asset, "original") in asked

    post(reader, f"/media/{asset}/copy", page)
    work.drain(site, made.record.id)
    for address in (page, f"{page}&untouched=yes"):
        told = reader.get(address).get_data(as_text=True)
        assert painted.format(asset, "copy") in told


def test_nothing_clean_without_consent(site, browser, made):
    answer = browser("other").get(f"/media/{made.assets[0].id}/clean")
    assert answer.status_code == 403
    assert displayed(site, made.record.id) == []


def test_what_is_remembered_is_bounded():
    known = cleaning.Known(2)
    for name in "abc":
        known.keep(name, cleaning.Blanks((), ()))
    assert known.get("a") is None
    assert known.get("c") is not None
