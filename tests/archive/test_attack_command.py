"""`vigil blur attack` from a shell: a table, a document, a folder, an exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive import work
from archive.cli.main import main

MEDIA = Path(__file__).parents[2] / "archive/cli/collection/media"


@pytest.fixture
def shell(site, desk, environ, monkeypatch):
    """The command, in the shell of an archive with one picture."""
    made = desk.publish(desk.deposit((MEDIA / "street.jpg").read_bytes()))
    work.drain(site, made.record.id)
    monkeypatch.setenv("PATH", "/nonexistent")  # Tesseract takes its seconds elsewhere
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return lambda *words: CliRunner().invoke(
        main, ["blur", "attack", "--addresses", "9", *words]
    )


def test_it_prints_a_table_writes_its_report_and_ends_well(site, shell, tmp_path):
    done = shell("--report", str(tmp_path / "report"))
    assert done.exit_code == 0, done.output
    assert "linkage by PDQ" in done.stdout
    assert "BROKEN" not in done.stdout
    assert "words: Not run: Tesseract is not installed" in done.stdout
    names = sorted(path.name for path in (tmp_path / "report").iterdir())
    assert names == ["blur-attack.html", "blur-attack.json"]
    with site.db.read() as s:
        assert site.ledger.entries(s, limit=1)[0].detail["attack"]["report"] is True


def test_with_json_it_prints_one_document(shell):
    document = json.loads(shell("--json", "--sample", "1").stdout)
    assert document["ok"] is True
    assert document["assets"] == 1
    assert [trial["name"] for trial in document["trials"]][-1] == "canaries"


def test_a_crossed_line_is_exit_status_one(shell, monkeypatch):
    monkeypatch.setattr("archive.attack.trials.PDQ_LINE", 256)
    crossed = shell("--json")
    assert crossed.exit_code == 1
    assert json.loads(crossed.stdout)["broken"] == ["linkage by PDQ"]


def test_a_sample_of_nothing_is_wrong_usage(shell):
    assert shell("--sample", "0").exit_code == 2
