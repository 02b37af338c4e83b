"""`vigil blur attack` from a shell: a table, a document, a folder, an exit status."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive import attack, orders, work
from archive.attack import signature
from archive.attack.trial import Trial
from archive.cli.main import main
from archive.vault import signing

ROOT = Path(__file__).parents[2]
MEDIA = ROOT / "archive/cli/collection/media"
SCRIPT = ROOT / "docs/formats/check_report.py"


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
    own = signing.public_key(site.keyring)
    assert checked(tmp_path / "report/blur-attack.json", own) == 0
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


# --- the signature --------------------------------------------------------------------


@pytest.fixture
def report(site, tmp_path) -> Path:
    tried = Trial("faces", 3, "", (0.25,), 0.25, 0.05, 0.9, True, "Said so – hold.")
    made = attack.Report(site.clock(), attack.Material(), (tried,))
    return attack.write(made, tmp_path, site.keyring)[0]


def checked(report: Path, key: str, *words: str) -> int:
    """What the command says, from a shell that knows of no archive."""
    asked = ["blur", "check-report", str(report), "--public-key", key, *words]
    return CliRunner(env={"VIGIL_HOME": "/nonexistent"}).invoke(main, asked).exit_code


def checked_apart(report: Path, key: str, *pages: Path) -> int:
    """What the script says that needs nothing of this program."""
    words = [sys.executable, "-I", str(SCRIPT), str(report), key, *map(str, pages)]
    return subprocess.run(words, check=False, capture_output=True).returncode


def test_a_report_is_the_archives_own_and_no_others(site, report):
    public = signing.public_key(site.keyring)
    page = report.with_suffix(".html")
    assert checked(report, public) == checked_apart(report, public, page) == 0
    assert checked(report, "00" * 32) == checked_apart(report, "00" * 32) == 1
    page.write_bytes(page.read_bytes().replace(b"held", b"kept", 1))
    assert checked(report, public) == checked_apart(report, public, page) == 1
    assert checked_apart(report, public) == 0
    page.unlink()
    assert checked(report, public, "--json") == 0


def test_any_changed_byte_of_a_report_is_refused(site, report):
    public, file = signing.public_key(site.keyring), report.read_bytes()
    assert signature.holds(file, public)
    chance = random.Random(5)
    end = file.rindex(b'"signature"')
    places = [*chance.sample(range(len(file)), 300), *range(end, len(file))]
    for place in places:
        flipped = file[place] ^ 1 << chance.randrange(8)
        changed = file[:place] + bytes([flipped]) + file[place + 1 :]
        try:
            assert not signature.holds(changed, public), place
        except ValueError:
            continue  # not even a report any more


def test_what_other_readers_of_json_might_take_differently_is_refused(site, report):
    public, file = signing.public_key(site.keyring), report.read_bytes()
    twice = file.replace(b'"ok": true', b'"ok": false,\n  "ok": true', 1)
    loud = file.replace(public.encode(), public.upper().encode())
    added = file.replace(b'"ok": true', b'"ok": true, "note": 1', 1)
    for changed in (twice, loud, added, file + b"\n", file.replace(b"  ", b" ")):
        assert changed != file
        report.write_bytes(changed)
        assert checked(report, public) == checked_apart(report, public) == 1


def test_a_report_and_a_receipt_cannot_pass_for_each_other(site, report):
    public = signing.public_key(site.keyring)
    assert not orders.is_own(json.loads(report.read_bytes()), public)
    receipt = signing.signed(site.keyring, {"record": "r", "at": "now"}, frozenset())
    for other in (receipt, [], "x"):
        report.write_text(json.dumps(other), encoding="utf-8")
        assert (checked(report, public), checked_apart(report, public)) == (1, 2)
    report.write_text("[" * 100_000, encoding="utf-8")
    assert (checked(report, public), checked_apart(report, public)) == (1, 2)
