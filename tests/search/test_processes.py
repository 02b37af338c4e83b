"""Several processes on one index, and processes that die."""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from search.analysis.gazetteer import Gazetteer
from search.answers import answer
from search.document import Document
from search.engine import IndexBusy, IndexMissing
from search.query import Query
from search.segments.engine import SegmentEngine
from search.view import View
from search.whoosh_engine import WhooshEngine
from tests.archive import crashing
from tests.search.aes_sealing import AesSealing
from tests.search.conftest import KEY, PUBLIC, Maker, asked
from tests.search.conftest import make_document as document

ROOT = Path(__file__).resolve().parents[2]
POINTS = 100
MOMENTS = 12


def start(program: str, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.search.{program}", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


BASE = [f"base{number}" for number in range(5)]


class Committing:
    """Three commits one after another: add and replace, remove, build anew."""

    def __init__(self, folder: Path) -> None:
        self.kept, self.folder = folder / "kept", folder / "index"
        self._engine(self.kept, WhooshEngine.create).add(self._documents(*BASE))

    def _engine(self, folder: Path, make: Callable[..., WhooshEngine]) -> WhooshEngine:
        return make(folder, AesSealing(KEY), Gazetteer())

    def _documents(self, *names: str, word: str = "convoy") -> list[Document]:
        return [document(name, f"{word} {name} " * 20, title=word) for name in names]

    def prepare(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.kept, self.folder)

    def act(self, life: crashing.Life) -> None:
        engine = self.opened()
        life.begin()
        engine.add(self._documents("new", "base0", word="bridge"))
        life.acknowledge("added")
        engine.remove(["new", "base1"])
        life.acknowledge("removed")
        engine.rebuild(self._documents("other", "another", word="tunnel"))
        life.acknowledge("rebuilt")

    states = (
        {"convoy": {*BASE}},
        {"convoy": {*BASE[1:]}, "bridge": {"base0", "new"}},
        {"convoy": {*BASE[2:]}, "bridge": {"base0"}},
        {"tunnel": {"another", "other"}},
    )

    def check(self, death: crashing.Death) -> None:
        """The last committed state, or the one that was being committed, whole."""
        engine = self.opened()
        words = ("convoy", "bridge", "tunnel")
        found = {
            word: {hit.id for hit in hits}
            for word in words
            if (hits := engine.find(Query(word), PUBLIC).hits)
        }
        done = len(death.acknowledged)
        assert found in self.states[done : done + 1 + death.was_killed]
        engine.add(self._documents("probe", word="probe"))
        assert engine.find(Query("probe"), PUBLIC).total == 1
        self.swept()
        engine.close()

    def opened(self) -> SegmentEngine:
        return self._engine(self.folder, WhooshEngine.open)

    def swept(self) -> None:
        """Nothing is left of what was not committed."""
        folders = [path for path in self.folder.iterdir() if path.is_dir()]
        assert len(folders) == 1
        assert not list(folders[0].glob(".new-*"))


def test_a_writer_killed_at_any_point_leaves_the_last_committed_state(
    tmp_path: Path,
) -> None:
    stage = Committing(tmp_path)
    stage.prepare()
    whole = crashing.run(stage.act)
    stage.check(whole)
    calls = whole.calls - whole.calls // 20  # a few more or fewer are made each time
    points = {1 + number * calls // POINTS for number in range(POINTS)}
    assert len(points) == POINTS
    for point in sorted(points):
        stage.prepare()
        death = crashing.run(stage.act, at_call=point)
        assert death.was_killed
        stage.check(death)


class CommittingInTransactions(Committing):
    """The same in a database, whose calls to the world Python does not see."""

    def __init__(self, maker: Maker) -> None:
        self.maker = maker

    def prepare(self) -> None:
        engine = self.maker.unopened(Gazetteer())
        engine.rebuild(self._documents(*BASE))
        engine.close()

    def opened(self) -> SegmentEngine:
        return self.maker.open(gazetteer=Gazetteer())

    def swept(self) -> None:
        statement = "SELECT count(*) FROM pg_tables WHERE schemaname = 'vigil_search'"
        assert asked(str(self.maker.place), statement) == [(3,)]


def test_a_writer_killed_at_any_moment_leaves_the_last_committed_state(
    empty_server: str,
) -> None:
    stage = CommittingInTransactions(Maker("postgresql", empty_server))
    stage.prepare()
    whole = crashing.run(stage.act)
    stage.check(whole)
    chance, died = random.Random(4), 0
    for _ in range(MOMENTS):
        stage.prepare()
        death = crashing.run(stage.act, after=chance.uniform(0, whole.seconds))
        stage.check(death)
        died += death.was_killed
    assert died > MOMENTS // 3


def test_what_another_process_commits_is_found_here_within_a_second(
    maker: Maker,
) -> None:
    engine = maker.create()
    with start("other_process", maker.kind, maker.place, "other", 5) as process:
        assert process.stdout is not None
        for line in process.stdout:
            committed = time.monotonic()
            while not engine.find(Query(f"id:{line.strip()}"), PUBLIC).total:
                assert time.monotonic() - committed < 1.0
    assert process.returncode == 0
    assert engine.find(Query("convoy"), PUBLIC).total == 5
    engine.close()


def test_two_writers_lose_nothing(maker: Maker) -> None:
    engine = maker.create()
    with start("other_process", maker.kind, maker.place, "other", 12) as process:
        for number in range(12):
            engine.add([document(f"mine{number}", "convoy")])
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert engine.count() == 24
    engine.close()


def test_a_reader_follows_a_rebuild_of_another_engine(maker: Maker) -> None:
    first = maker.create()
    second = maker.open()
    first.add([document("old", "convoy")])
    assert second.find(Query("convoy"), PUBLIC).total == 1
    first.rebuild([document("new", "convoy"), document("newer", "convoy")])
    assert second.find(Query("convoy"), PUBLIC).total == 2
    if isinstance(maker.place, Path):
        assert len([p for p in maker.place.iterdir() if p.is_dir()]) == 1
    first.close()
    second.close()


def test_what_is_merged_away_while_it_is_read_is_asked_of_the_newest(
    maker: Maker,
) -> None:
    """In a folder a file that is open can be read on; in a database it is gone."""
    engine, other = maker.create(), maker.open()
    words = " ".join(f"word{number}" for number in range(9_000))
    engine.add([document("old", f"convoy {words}")])  # too much to be held at once
    engine.refresh()
    asked: list[int] = []

    def question(view: View) -> int:
        if not asked:
            other.rebuild([document("new", "convoy"), document("newer", "convoy")])
        asked.append(1)
        return answer(view, Query("convoy"), Gazetteer()).total

    found = engine._asked(PUBLIC, question)
    assert (len(asked), found) == {"whoosh": (1, 1), "postgresql": (2, 2)}[maker.kind]
    assert engine.find(Query("convoy"), PUBLIC).total == 2
    engine.close()
    other.close()


def test_a_child_searches_and_its_parent_goes_on(maker: Maker) -> None:
    engine = maker.create()
    engine.add([document("one", "convoy")])

    def search(_life: crashing.Life) -> None:
        engine.add([document("two", "convoy")])
        assert engine.find(Query("convoy"), PUBLIC).total == 2

    crashing.run(search)
    assert engine.find(Query("convoy"), PUBLIC).total == 2
    engine.close()


def test_threads_search_while_documents_are_added(maker: Maker) -> None:
    engine = maker.create()
    engine.add([document(f"d{i}", f"convoy word{i}") for i in range(50)])

    def search() -> list[int]:
        queries = [Query(f"convoy word{number}") for number in range(30)]
        return [engine.find(query, PUBLIC).total for query in queries]

    with ThreadPoolExecutor(4) as pool:
        searches = [pool.submit(search) for _ in range(4)]
        for number in range(10):
            engine.add([document(f"x{number}", "bridge")])
        assert [s.result() for s in searches] == [[1] * 30] * 4
    engine.close()


def test_a_busy_index_says_so(maker: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, other = maker.create(), maker.open()
    monkeypatch.setattr(f"search.{maker.kind}_engine.engine.LOCK_SECONDS", 0.05)
    with other.held(64) as beginnings:
        assert all(len(start) <= 64 for start in beginnings)
        with pytest.raises(IndexBusy):
            engine.add([document("one")])
    engine.add([document("one")])
    assert engine.count() == 1
    engine.close()
    other.close()


def test_there_is_no_index_where_none_was_made(maker: Maker) -> None:
    with pytest.raises(IndexMissing):
        maker.open()
    maker.create().close()
    with pytest.raises(FileExistsError):
        maker.create()


def test_a_discarded_index_is_missing_and_can_be_built_again(maker: Maker) -> None:
    engine = maker.create()
    engine.add([document("one", "convoy")])
    engine.discard()
    engine.discard()
    with pytest.raises(IndexMissing):
        engine.find(Query("convoy"), PUBLIC)
    with pytest.raises(IndexMissing):
        engine.add([document("two", "convoy")])
    assert engine.rebuild([document("two", "convoy")]) == 1
    engine.close()
