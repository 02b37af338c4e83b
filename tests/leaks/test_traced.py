"""Every write of the server, its worker and its decoders, watched at the kernel."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.journeys.holdings import Person, new_word
from tests.journeys.home import Home, make_home
from tests.journeys.media import new_mark
from tests.journeys.server import serving
from tests.leaks.scene import Scene, add_moderator
from tests.leaks.tracing import Trace, tracer


@dataclass(frozen=True)
class Watched:
    """What was seen of one whole run."""

    home: Home
    trace: Trace
    marks: list[bytes]
    words: list[str]
    log: str
    person: Person


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    home = make_home(
        tmp_path_factory.mktemp("watched") / "root", VIGIL_LABEL_OPINIONS="1"
    )
    person = add_moderator(home)
    trace, words = Trace(home.root / "trace"), [new_word() for _ in range(3)]
    with serving(home, threads=8, before=tracer(trace.log)) as server:
        scene = Scene.of(server.port, person)
        shown, film = scene.picture(), scene.film()
        record, *assets = scene.deposit([shown, film], words[0])
        scene.deposit_in_parts(scene.picture())
        scene.consent(record, *assets)
        revealed = [scene.reveal(asset) for asset in assets]
        assert sorted(revealed) == sorted([shown.content, film.content])
        found = scene.client.get(f"/api/v1/records?q={words[0]}").json
        assert found["total"] == 1
        scene.client.get(f"/search?q={words[1]}")
        refused = scene.client.upload(
            "/api/v1/records", [(f"{words[2]}.svg", b"<svg/>" * 200_000)]
        )
        assert refused.status in (400, 415, 422)
        scene.client.get(f"/records/{words[2]}%0d%0aforged")
        backup = home.run("backup", str(home.root / "backups"))
        assert backup.code == 0, backup.err
        said = server.said
    trace.finished(server.pid)
    return Watched(home, trace, scene.marks, words, said(), person)


def test_no_byte_of_material_is_written_to_any_file(watched: Watched) -> None:
    assert watched.trace.writes > 50, "nothing was watched"
    for mark in watched.marks:
        assert watched.trace.spilt(mark) == []


def test_no_temporary_file_is_made_at_all(watched: Watched) -> None:
    assert watched.trace.made_in(watched.home.temp) == []
    for folder in ("/tmp", "/var/tmp"):
        made = watched.trace.made_in(Path(folder))
        assert [line for line in made if f'"{watched.home.root}/' not in line] == []


def test_no_word_of_a_description_or_of_a_search_is_written_to_any_file(
    watched: Watched,
) -> None:
    for word in watched.words:
        assert watched.trace.spilt(word.encode()) == []


def test_the_log_holds_no_word_mark_token_or_address(watched: Watched) -> None:
    """Requirement 116."""
    for word in [*watched.words, watched.person.token or "?", watched.person.email]:
        assert word not in watched.log
    for mark in watched.marks:
        assert mark.decode() not in watched.log
    assert "forged" not in watched.log
    assert "Traceback" not in watched.log


SPILLS = """
import os, sys, tempfile
mark = sys.argv[1].encode()
with tempfile.TemporaryFile() as unnamed:
    unnamed.write(mark * 9)
with open("named", "wb") as named:
    named.write(b"x" * 50 + mark)
os.unlink("named")
reading, writing = os.pipe()
os.write(writing, mark)
memory = os.memfd_create("x")
os.write(memory, mark)
"""


def test_the_watch_itself_sees_what_is_unlinked_and_forgives_memory(
    tmp_path: Path,
) -> None:
    mark, trace = new_mark(), Trace(tmp_path / "trace")
    command = [sys.executable, "-c", SPILLS, mark.decode()]
    done = subprocess.Popen([*tracer(trace.log), *command], cwd=tmp_path)
    assert done.wait(60) == 0
    trace.finished(done.pid)
    assert len(trace.spilt(mark)) == 2
    assert any("O_TMPFILE" in line for line in trace.made_in(tmp_path))
