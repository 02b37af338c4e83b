"""The measuring itself: processor time, memory of children, suites by name."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields

import pytest
from click.testing import CliRunner

from archive.cli import bench
from archive.cli.main import main
from tests.bench.measuring import Result, Watch, command_cpu_seconds, cpu_seconds

BUSY = (
    "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: 0"
)


def test_work_counts_and_waiting_and_preparing_do_not():
    assert cpu_seconds("", BUSY, runs=1) == pytest.approx(0.3, abs=0.1)
    assert cpu_seconds(BUSY, "time.sleep(0.3)", runs=1) < 0.1


def test_the_work_of_a_child_counts():
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}])"
    assert cpu_seconds("", code, runs=1) > 0.25
    assert command_cpu_seconds(sys.executable, "-c", BUSY) > 0.25


def test_a_failure_is_not_a_figure():
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        cpu_seconds("", "1 / 0", runs=1)
    with pytest.raises(RuntimeError, match="ended with 1"):
        command_cpu_seconds(sys.executable, "-c", "raise SystemExit(1)")


def test_the_memory_of_children_is_seen():
    """Other tests may have children too, so a large one is held against a small."""
    peaks = []
    for held in (0, 96 << 20):
        code = f"import time; held = bytearray({held}); time.sleep(0.5)"
        with Watch().watching() as watch:
            subprocess.run([sys.executable, "-c", code], check=True)
        peaks.append(watch.peak)
    assert peaks[1] - peaks[0] > 64


def test_suites_are_found_by_name_and_tools_are_not_suites():
    found = bench.suites()
    assert "blur" in found
    assert "measuring" not in found
    assert not [name for name in found if name.startswith("test_")]


def test_an_unknown_suite_is_wrong_usage_and_names_the_known_ones():
    outcome = CliRunner().invoke(main, ["bench", "--suite", "nothing", "--json"])
    assert outcome.exit_code == 2
    assert "blur" in outcome.output


def test_the_document_is_that_of_the_interfaces(monkeypatch, tmp_path):
    """A suite of one figure, in a folder of its own."""
    package = tmp_path / "tests" / "bench"
    package.mkdir(parents=True)
    suite = "from tests.bench.measuring import Result\n\n\ndef measure():\n"
    suite += "    yield Result.beside('one thing', 1.0, 4.0, 'CPU s')\n"
    (package / "quick.py").write_text(suite)
    monkeypatch.setattr(bench, "FOLDER", package)
    import tests.bench

    monkeypatch.setattr(tests.bench, "__path__", [*tests.bench.__path__, str(package)])
    outcome = CliRunner().invoke(main, ["bench", "--json"])
    document = json.loads(outcome.stdout)
    assert document["machine"]["cpus"] >= 1
    (result,) = document["results"]
    assert list(result) == [each.name for each in fields(Result)]
    assert (result["name"], result["ratio"]) == ("one thing", 0.25)
    table = CliRunner().invoke(main, ["bench"]).stdout
    assert "one thing  1      4          0.25   CPU s  less" in table
