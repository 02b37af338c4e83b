"""The measuring itself: processor time, memory of children, suites by name."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import fields
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from archive.cli import bench
from archive.cli.main import main
from tests.bench import asking, premises
from tests.bench.asking import Target
from tests.bench.measuring import (
    Result,
    Watch,
    command_cpu_seconds,
    cpu_seconds,
    family_cpu_seconds,
    family_peak_mebibytes,
    interleaved,
    peak_of,
)

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


def test_a_family_is_measured_with_its_living_and_its_dead():
    """A child that lives beside it, and one that it waited for."""
    lasting = BUSY + "\ntime.sleep(60)"
    code = (
        "import subprocess, sys, time\n"
        f"subprocess.run([sys.executable, '-c', {BUSY!r}])\n"
        "held = bytearray(96 << 20)\n"
        f"living = subprocess.Popen([sys.executable, '-c', {lasting!r}])\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
        "living.kill()\n"
        "living.wait()\n"
    )
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        deadline = time.monotonic() + 30
        while family_cpu_seconds(process.pid) < 0.6 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert family_cpu_seconds(process.pid) >= 0.55
        assert family_peak_mebibytes(process.pid) > 96
        process.stdin.close()


def test_the_most_memory_of_a_process_is_seen():
    small, large = (peak_of(f"held = bytearray({size} << 20)") for size in (1, 96))
    assert large - small > 64
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        peak_of("1 / 0")


def test_ways_are_taken_in_turns_and_the_median_counts():
    order: list[str] = []

    def way(name: str, *values: float) -> Callable[[], float]:
        left = list(values)

        def take() -> float:
            order.append(name)
            return left.pop(0)

        return take

    found = interleaved({"one": way("one", 1, 9, 2), "other": way("other", 5, 5, 0)}, 3)
    assert found == {"one": 2, "other": 5}
    assert order == ["one", "other"] * 3


@pytest.mark.parametrize(("asked_of", "is_right"), [("range", True), ("whole", False)])
def test_only_the_range_that_was_asked_for_is_an_answer(tmp_path, asked_of, is_right):
    """A server of the standard library's knows no ranges: that is no figure."""
    content = bytes(range(256)) * 4096

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            start, _, last = self.headers["Range"].removeprefix("bytes=").partition("-")
            part = content[int(start) : int(last) + 1] if is_right else content
            self.send_response(206 if is_right else 200)
            told = f"bytes {start}-{last}/{len(content)}"
            self.send_header("Content-Range", told)
            self.send_header("Content-Length", str(len(part)))
            self.end_headers()
            self.wfile.write(part)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        target = Target(server.server_port, "/", len(content))
        try:
            if is_right:
                assert asking.ask_for(0.2, target, 1000).per_second > 0
            else:
                with pytest.raises(RuntimeError, match="200"):
                    asking.ask_for(0.2, target, 1000)
        finally:
            server.shutdown()
            thread.join()


def test_where_nginx_is_not_installed_its_line_says_so():
    turns = {name: asking.Turns([3.0], [2.0]) for name in ("vigil", "flask")}
    told = list(asking._told(turns))
    assert [each.name for each in told if "IS NOT INSTALLED" in each.name]
    beside = asking._told({**turns, "nginx": asking.Turns([6.0], [1.0])})
    assert next(beside).ratio == 0.5


def test_premises_are_gone_afterwards_and_hold_what_was_asked_for():
    with premises.folder() as folder, premises.archive(folder) as site:
        sound = folder / "a.wav"
        premises.write_sound(sound, 1 << 20)
        held = premises.hold(site, sound, 2)
        assert len(set(held.readers)) == 2
    assert not folder.exists()


def test_suites_are_found_by_name_and_tools_are_not_suites():
    found = bench.suites()
    assert {"blur", "vault"} <= set(found)
    assert not {"measuring", "premises", "asking", "plain"} & set(found)
    assert not [name for name in found if name.startswith("test_")]


def test_a_suite_that_takes_a_size_gets_it(monkeypatch, tmp_path):
    package = tmp_path / "sized"
    package.mkdir()
    suite = "from tests.bench.measuring import Result\n\n\n"
    suite += "def measure(size=7):\n    yield Result('as told', size, 'records')\n"
    (package / "sized.py").write_text(suite)
    monkeypatch.setattr(bench, "FOLDER", package)
    import tests.bench

    monkeypatch.setattr(tests.bench, "__path__", [*tests.bench.__path__, str(package)])
    for arguments, value in (([], 7), (["--size", "31"], 31)):
        outcome = CliRunner().invoke(main, ["bench", "--json", *arguments])
        assert json.loads(outcome.stdout)["results"][0]["value"] == value
    assert CliRunner().invoke(main, ["bench", "--size", "0"]).exit_code == 2


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
