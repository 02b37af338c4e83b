"""Tesseract, OpenCV and the walk for canaries: each finds what is there to be found."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from archive.attack import recognition
from archive.attack.crawl import Answer, Planted, crawl, pieces_of
from archive.cli.blur import _visitor
from blur import recognisers

needs_tesseract = pytest.mark.skipif(
    recognisers.reader() is None, reason="TESSERACT IS NOT INSTALLED: words go unread"
)


@needs_tesseract
def test_tesseract_reads_a_board_and_nothing_of_its_haze():
    trial = recognition.words([])
    assert (trial.tried, trial.figure, trial.holds) == (len(recognition.WORDS), 0, True)
    assert trial.control == 1  # each word came back from under a blur that hid it


@needs_tesseract
def test_words_that_can_be_read_break_the_line(monkeypatch):
    monkeypatch.setattr(recognition, "hazed", lambda picture, *_: picture)
    trial = recognition.words([])
    assert trial.holds is False
    assert trial.figure >= len(recognition.WORDS)


def test_faces_are_found_in_a_mosaic_and_not_in_haze():
    trial = recognition.faces([])
    assert trial.holds is True
    assert trial.control > 0.9
    assert trial.figure <= 0.05


def test_faces_that_can_be_found_break_the_line(monkeypatch):
    monkeypatch.setattr(recognition, "hazed", lambda picture, *_: picture)
    assert recognition.faces([]).holds is False


def test_what_is_not_installed_is_said_and_holds_nothing(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setitem(__import__("sys").modules, "cv2", None)
    for trial in (recognition.words([]), recognition.faces([])):
        assert (trial.tried, trial.holds) == (0, None)
        assert trial.said.startswith("Not run: ")


# Canaries -----------------------------------------------------------------------------

SECRET = bytes(np.random.default_rng(1).integers(0, 256, 4096, dtype=np.uint8))


def planted() -> Planted:
    found = Planted(known=[("A church & its bell", "Եկեղեցի")], assets=["asset1"])
    found.add_pieces(
        "asset1", pieces_of(lambda at, n: SECRET[at : at + n], len(SECRET))
    )
    found.add_words("asset1", "the-squad-at-noon.mp4")
    return found


def site_of(**pages: bytes):
    """A site of these pages, by the part of their address after the slash."""

    def fetch(address: str) -> Answer:
        body = pages.get(address.strip("/").replace("/", "_") or "home")
        return Answer(200 if body else 404, "text/html", body or b"")

    return fetch


HOME = b'<a href="/one">A church &amp; its bell</a>'


def test_a_walk_that_comes_upon_nothing_holds():
    trial = crawl(site_of(home=HOME, one=b"words"), planted())
    assert (trial.holds, trial.control) == (True, 1)


@pytest.mark.parametrize(
    "leak",
    [
        b"x" + SECRET + b"x",
        *(base64.b64encode(bytes(shift) + SECRET) for shift in range(3)),
        b"<p>the-squad-at-noon.mp4</p>",
    ],
    ids=["bytes", "base64", "base64 by 1", "base64 by 2", "name"],
)
def test_a_canary_two_links_away_breaks_the_line_and_says_where(leak):
    pages = {"home": HOME, "one": b'{"next": "/two?q=1"}', "two?q=1": leak}
    trial = crawl(site_of(**pages), planted())
    assert trial.holds is False
    assert "asset1 at /two?q=1" in trial.said


def test_an_original_given_to_a_visitor_is_noticed():
    trial = crawl(site_of(home=HOME, media_asset1_original=SECRET), planted())
    assert "asset1 at /media/asset1/original" in trial.said


def test_a_walk_that_finds_no_public_title_holds_nothing():
    assert crawl(site_of(), planted()).holds is None


def test_the_archive_itself_gives_a_visitor_none_of_its_canaries(site, desk):
    made = desk.publish(desk.deposit())
    desk.deposit(draft=desk.draft("Kept from everybody"))
    found = Planted(
        known=[("A church",)], assets=[made.assets[0].id], records=[made.record.id]
    )
    found.add_words("hidden", "Kept from everybody")
    assert crawl(_visitor(site), found).holds is True
    found.add_words("shown", "What is left of it.")  # the control: on its page
    assert crawl(_visitor(site), found).holds is False
