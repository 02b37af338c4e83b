"""Several processes on one index, and processes that die."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from search.engine import IndexBusy, IndexMissing
from search.query import Query
from search.sealed_storage import LOCK_NAME, FolderLock
from search.whoosh_engine import WhooshEngine
from tests.search.aes_sealing import AesSealing
from tests.search.conftest import KEY, PUBLIC
from tests.search.conftest import make_document as document

ROOT = Path(__file__).resolve().parents[2]
POINTS = 59


def start(program: str, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.search.{program}", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_writer_killed_at_any_point_leaves_the_last_committed_state(
    tmp_path: Path,
) -> None:
    with start("dying_writer", tmp_path / "index", POINTS) as process:
        lines, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    seen = [json.loads(line) for line in lines.splitlines()]
    assert len(seen) == POINTS // 2 + 1
    assert sum(line["killed"] for line in seen) > POINTS // 3
    base = [f"base{number}" for number in range(5)]
    for line in seen:
        assert line["killed"] or line["status"] == 0, line
        # Before the commit, or after it; never half of it, never nothing.
        assert set(base) <= set(line["ids"]), line
        assert line["count"] - 5 <= line["point"]
        assert line["probe"] == 1, line


def test_what_another_process_commits_is_found_here_within_a_second(
    tmp_path: Path,
) -> None:
    engine = WhooshEngine.create(tmp_path / "index", AesSealing(KEY))
    with start("other_process", tmp_path / "index", "other", 5) as process:
        assert process.stdout is not None
        for line in process.stdout:
            committed = time.monotonic()
            while not engine.find(Query(f"id:{line.strip()}"), PUBLIC).total:
                assert time.monotonic() - committed < 1.0
    assert process.returncode == 0
    assert engine.find(Query("convoy"), PUBLIC).total == 5
    engine.close()


def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    engine = WhooshEngine.create(tmp_path / "index", AesSealing(KEY))
    with start("other_process", tmp_path / "index", "other", 12) as process:
        for number in range(12):
            engine.add([document(f"mine{number}", "convoy")])
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert engine.count() == 24
    engine.close()


def test_a_reader_follows_a_rebuild_of_another_engine(tmp_path: Path) -> None:
    first = WhooshEngine.create(tmp_path / "index", AesSealing(KEY))
    second = WhooshEngine.open(tmp_path / "index", AesSealing(KEY))
    first.add([document("old", "convoy")])
    assert second.find(Query("convoy"), PUBLIC).total == 1
    first.rebuild([document("new", "convoy"), document("newer", "convoy")])
    assert second.find(Query("convoy"), PUBLIC).total == 2
    assert len([p for p in (tmp_path / "index").iterdir() if p.is_dir()]) == 1
    first.close()
    second.close()


def test_threads_search_while_documents_are_added(tmp_path: Path) -> None:
    engine = WhooshEngine.create(tmp_path / "index", AesSealing(KEY))
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


def test_a_busy_index_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = WhooshEngine.create(tmp_path / "index", AesSealing(KEY))
    monkeypatch.setattr("search.whoosh_engine.engine.LOCK_SECONDS", 0.05)
    held = FolderLock(tmp_path / "index" / LOCK_NAME)
    assert held.acquire()
    with pytest.raises(IndexBusy):
        engine.add([document("one")])
    held.release()
    engine.add([document("one")])
    assert engine.count() == 1
    engine.close()


def test_there_is_no_index_where_none_was_made(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing):
        WhooshEngine.open(tmp_path, AesSealing(KEY))
    WhooshEngine.create(tmp_path / "index", AesSealing(KEY)).close()
    with pytest.raises(FileExistsError):
        WhooshEngine.create(tmp_path / "index", AesSealing(KEY))
