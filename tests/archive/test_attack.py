"""An archive attacks its own previews: real media, inside the gate, on the record."""

from __future__ import annotations

import io
import json
import re
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from archive import attack, work
from archive.attack import trials
from archive.attack.material import Material, Pair, stored_cells
from archive.attack.report import Report, page
from archive.cli.blur import _visitor
from blur.cells import CHROMA_CELLS, HAZE
from blur.kinds import Family
from blur.preview import Preview, PreviewTier
from blur.thumbnails import Thumbnails

MEDIA = Path(__file__).parents[2] / "archive/cli/collection/media"
FILES = ("street.jpg", "wall.jpg", "gorge-portrait.jpg", "meadow.mp4", "page.png")


@pytest.fixture
def held(site, desk):
    made = desk.deposit(*[(MEDIA / name).read_bytes() for name in FILES])
    desk.publish(made)
    work.drain(site, made.record.id)
    return made


@pytest.fixture(autouse=True)
def without_tesseract(monkeypatch):
    """It takes seconds for each attack; test_attack_recognition.py has it at work."""
    monkeypatch.setenv("PATH", "/nonexistent")


@pytest.fixture
def visit(site):
    """The archive's own pages, as a visitor gets them."""
    return _visitor(site)


def silent(_part: str, _done: int, _total: int) -> None:
    return None


def test_real_media_hold_and_the_ledger_says_that_they_were_attacked(site, held, visit):
    told: list[tuple[str, int, int]] = []
    report = attack.attack(
        site,
        visit,
        attack.Extent(10, 9),
        actor="operator",
        progress=lambda *step: told.append(step),
    )
    assert report.broken == []
    assert ("assets", len(FILES), len(FILES)) in told
    assert told[-1] == ("trials", attack.TRIALS, attack.TRIALS)
    by_name = {trial.name: trial for trial in report.trials}
    assert by_name["linkage by PDQ"].tried == len(FILES)
    assert by_name["linkage by PDQ"].control > 0.7
    assert by_name["super-resolution"].tried == 1
    assert by_name["super-resolution"].control > 0.5
    assert by_name["deconvolution"].control > 0.5
    assert by_name["content"].holds is None
    assert by_name["canaries"].control == 1
    assert by_name["canaries"].tried > 3 * len(FILES)
    assert len(report.trials) == attack.TRIALS
    with site.db.read() as s:
        newest = site.ledger.entries(s, limit=1)[0]
    assert newest.event == "verification"
    assert newest.detail["attack"] == {
        "assets": len(FILES),
        "broken": [],
        "report": False,
    }


def test_the_report_shows_no_more_than_a_visitor_sees(site, held, visit, tmp_path):
    report = attack.attack(
        site, visit, attack.Extent(10, 9), actor="operator", progress=silent
    )
    folder = tmp_path / "reports" / "one"
    document, shown = (
        path.read_bytes() for path in attack.write(report, folder, site.keyring)
    )
    assert json.loads(document)["ok"] is True
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert b"<script" not in shown
    assert b"<svg" in shown
    pictures = re.findall(rb'src="data:([^;]+);base64,([^"]+)"', shown)
    assert pictures
    for pair in report.material.pairs:
        luma = pair.original.lumas[0]
        assert luma[:48] not in shown
        assert luma[:48] not in document
    assert all(len(body) < 3000 for _, body in pictures)
    assert {kind for kind, _ in pictures} <= {b"image/png", b"image/svg+xml"}
    assert not re.search(rb'(src|href)="(?!data:)', shown)


def weak_pairs(count: int) -> list[Pair]:
    """Previews as if no noise had been put on: what the attack must notice."""
    chance, pairs = np.random.default_rng(4), []
    for number in range(count):
        broad = chance.integers(0, 256, (3, 4), dtype=np.uint8)
        picture = Image.fromarray(broad).resize((64, 64), Image.Resampling.BICUBIC)
        picture = picture.filter(ImageFilter.GaussianBlur(2))
        small = picture.resize((8, 6), Image.Resampling.BOX).tobytes()
        levels = bytes(round(value / 255 * 7) for value in small)
        preview = Preview(Family.IMAGE, levels, bytes(CHROMA_CELLS))
        original = Thumbnails(Family.IMAGE, False, (picture.tobytes(),), (small,))
        pairs.append(Pair(f"asset{number}", preview, PreviewTier.TRACE, original))
    return pairs


def test_previews_without_noise_break_the_lines(clock):
    material = Material(weak_pairs(100))
    report = Report(clock(), material, tuple(trials.on_cells(material)))
    assert "deconvolution" in report.broken
    assert "BROKEN" in page(report)
    template = next(t for t in report.trials if t.name == "template")
    assert template.figure is not None
    assert template.figure > 0.9


def test_originals_no_finer_than_their_previews_break_the_hash_line(clock):
    pairs = []
    for pair in weak_pairs(60):
        seen = trials.shown_luma(pair).round().astype(np.uint8).tobytes()
        same = Thumbnails(Family.IMAGE, False, (seen,), pair.original.cells)
        pairs.append(replace(pair, original=same))
    report = Report(clock(), Material(pairs), tuple(trials.on_cells(Material(pairs))))
    assert "linkage by pHash" in report.broken


def flat(pair: Pair) -> Pair:
    """The same preview of a picture with nothing in it, which no attack restores."""
    original = pair.original
    empty = Thumbnails(original.family, False, (bytes(64 * 64),), original.cells)
    return replace(pair, original=empty)


def test_a_line_is_not_held_when_the_control_fails(clock):
    material = Material([flat(pair) for pair in weak_pairs(3)])
    by_name = {trial.name: trial for trial in trials.on_cells(material)}
    assert by_name["deconvolution"].control == 0
    assert by_name["deconvolution"].figure == 0
    assert by_name["deconvolution"].holds is None


def test_stored_cells_are_read_without_opening_an_original(site, held, visit):
    with site.db.read() as s:
        cells = stored_cells(site, s, 10)
    assert len(cells) == 3  # street, wall and page lie
    assert {len(each) for each in cells} == {HAZE.count}


def test_what_cannot_be_opened_is_counted_and_not_passed_over(site, desk, visit):
    made = desk.deposit(desk.photo())
    desk.publish(made)
    work.drain(site, made.record.id)
    blobs = [path for path in site.config.object_store.rglob("*") if path.is_file()]
    largest = max(blobs, key=lambda path: path.stat().st_size)
    body = bytearray(largest.read_bytes())
    body[-20] ^= 1
    largest.chmod(0o600)
    largest.write_bytes(body)
    report = attack.attack(
        site, visit, attack.Extent(5, 9), actor="operator", progress=silent
    )
    assert report.material.pairs == []
    assert sum(report.material.left_out.values()) == 1
    drawn = {"words", "faces"}  # these have pictures of their own besides
    assert all(t.holds is None for t in report.trials if t.name not in drawn)


def test_no_sample_is_no_attack(site, visit):
    with pytest.raises(ValueError, match="at least one"):
        attack.attack(
            site, visit, attack.Extent(0, 9), actor="operator", progress=silent
        )


def test_a_thumbnail_is_as_large_as_the_hashes_need(site, held, visit):
    report = attack.attack(
        site, visit, attack.Extent(1, 9), actor="operator", progress=silent
    )
    (pair,) = report.material.pairs
    picture = Image.frombytes("L", (64, 64), pair.original.lumas[0])
    sink = io.BytesIO()
    picture.save(sink, "PNG")
    assert len(sink.getvalue()) < 8192
