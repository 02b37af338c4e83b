"""One search engine, built and asked in a process of its own; a tool of `search`.

    python -m tests.bench.search_engines build ENGINE FOLDER DOCUMENTS
    python -m tests.bench.search_engines ask ENGINE FOLDER QUESTIONS

prints one JSON document. Times are processor seconds of the process and its children;
what the reading of the documents costs is taken off. An engine is asked every question
once untimed before it is timed, so that all of them answer from warm memory.

`vigil` answers with ten facets and twenty hits with marked snippets, and once more with
one hit, which is the search without the showing. The others answer with twenty ids and
no more, so the ratios flatter them. They tokenise at every character that is
no letter or digit, stem nothing and know one language.
"""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import psycopg
import tantivy
from whoosh import fields, index
from whoosh.analysis import LowercaseFilter, RegexTokenizer
from whoosh.qparser import QueryParser

from archive.vault.indexfiles import IndexSealing
from archive.vault.keyrings import Keyring
from archive.vault.keys import UnlockSecret
from search.document import Document, Text
from search.engine import ScopeTerms
from search.postgresql_engine import PostgresqlEngine
from search.query import Query, QueryError
from search.whoosh_engine import WhooshEngine
from tests.bench import corpus, search_questions
from tests.bench.search_questions import Question

PUBLIC = ScopeTerms(frozenset({"public"}), guarded=False)
STAFF = ScopeTerms(frozenset({"public", "vetted", "staff"}), guarded=True)
SECRET = UnlockSecret(bytes(range(32)))
HITS = 20
LONG_SECONDS = 0.1
"""A server's time is told in hundredths of a second only."""
_SERVERS: list[int] = []
"""Processes of another program whose time counts as well."""
UPDATES = 20


class Engine(Protocol):
    """What is measured."""

    def __init__(self, folder: Path) -> None: ...

    def build(self, docs: Iterator[Document]) -> None:
        """Index the documents, all at once."""

    def open(self) -> None:
        """Make ready to be asked."""

    def asked(self, question: Question) -> Callable[[], int] | None:
        """Return what asks, and returns how many were found; None when it cannot."""


class Vigil:
    """The archive's own engine on its sealed files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def sealing(self) -> object:
        """Return the vault's sealing, under a keyring of this folder."""
        keys = self.folder / "keys"
        if not keys.exists():
            self.folder.mkdir(parents=True)
            Keyring.create(SECRET, keys, datetime.now(UTC))
        return IndexSealing(Keyring.load(SECRET, keys))

    def build(self, docs: Iterator[Document]) -> None:
        engine = WhooshEngine.create(self.folder / "index", self.sealing())
        engine.rebuild(docs)
        engine.close()

    def open(self) -> None:
        self.engine = WhooshEngine.open(self.folder / "index", self.sealing())

    def asked(self, question: Question, hits: int = HITS) -> Callable[[], int] | None:
        query = Query(question.text, facets=question.facets, per_page=hits)
        scope = STAFF if question.scope == "staff" else PUBLIC
        return lambda: self.engine.find(query, scope).total


class VigilPostgresql(Vigil):
    """The same in the database that ``VIGIL_BENCH_DATABASE`` names, server included."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.address = os.environ["VIGIL_BENCH_DATABASE"]
        with psycopg.connect(self.address.replace("+psycopg", "")) as connection:
            told = connection.execute("SELECT pg_backend_pid()").fetchone()
            _SERVERS.append(_parent(told[0]))

    def build(self, docs: Iterator[Document]) -> None:
        engine = PostgresqlEngine.create(self.address, self.sealing())
        engine.rebuild(docs)
        engine.close()

    def open(self) -> None:
        self.engine = PostgresqlEngine.open(self.address, self.sealing())

    def mebibytes(self) -> float:
        """What the index takes in the database."""
        query = """SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'vigil_search' AND c.relkind = 'r'"""
        with psycopg.connect(self.address.replace("+psycopg", "")) as connection:
            return float(connection.execute(query).fetchone()[0]) / 2**20


class _Unsealed:
    """Files as they are."""

    def writer(self, name: str, sink):
        return _Through(sink)

    def reader(self, name: str, source):
        return source


class _Through:
    def __init__(self, sink) -> None:
        self.write = sink.write

    def close(self) -> None:
        """Leave the file to its owner."""


class VigilPlain(Vigil):
    """The same on files that are not sealed."""

    def sealing(self) -> object:
        return _Unsealed()


class Tantivy:
    """Tantivy with its default tokeniser and positions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def build(self, docs: Iterator[Document]) -> None:
        schema = tantivy.SchemaBuilder()
        schema.add_text_field("id", stored=True, tokenizer_name="raw")
        schema.add_text_field("body", stored=True)
        schema.add_text_field("kind", stored=False, tokenizer_name="raw", fast=True)
        self.folder.mkdir(parents=True)
        made = tantivy.Index(schema.build(), path=str(self.folder))
        writer = made.writer(heap_size=100_000_000, num_threads=1)
        for doc in docs:
            writer.add_document(
                tantivy.Document(id=[doc.id], body=[_body(doc)], kind=list(doc.kinds))
            )
        writer.commit()
        writer.wait_merging_threads()

    def open(self) -> None:
        self.index = tantivy.Index.open(str(self.folder))
        self.index.reload()
        self.searcher = self.index.searcher()

    def asked(self, question: Question) -> Callable[[], int] | None:
        if question.plain is None:
            return None
        body = self.index.schema, "body"
        words = [word.lower() for word in question.plain]
        if question.kind == "phrase":
            query = tantivy.Query.phrase_query(*body, words)
        elif question.kind == "prefix":
            query = tantivy.Query.regex_query(*body, f"{words[0]}.*")
        elif question.kind == "fuzzy":
            query = tantivy.Query.fuzzy_term_query(*body, words[0], prefix=False)
        else:
            occur = tantivy.Occur.Should if question.any else tantivy.Occur.Must
            parts = [(occur, tantivy.Query.term_query(*body, w)) for w in words]
            query = tantivy.Query.boolean_query(parts)
        return lambda: self.searcher.search(query, HITS).count


class Fts5:
    """SQLite's full-text index, ranked by its bm25."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "fts.db"

    def build(self, docs: Iterator[Document]) -> None:
        self.file.parent.mkdir(parents=True)
        with sqlite3.connect(self.file) as db:
            db.execute("CREATE VIRTUAL TABLE d USING fts5(id UNINDEXED, body)")
            rows = ((doc.id, _body(doc)) for doc in docs)
            db.executemany("INSERT INTO d VALUES (?, ?)", rows)
        db.execute("INSERT INTO d(d) VALUES ('optimize')")
        db.commit()
        db.close()

    def open(self) -> None:
        self.db = sqlite3.connect(self.file)

    def asked(self, question: Question) -> Callable[[], int] | None:
        if question.plain is None or question.kind == "fuzzy":
            return None
        words = [f'"{word}"' for word in question.plain]
        joined = f'"{" ".join(question.plain)}"'
        text = {"phrase": joined, "prefix": f"{words[0]}*"}.get(
            question.kind, (" OR " if question.any else " AND ").join(words)
        )
        ask = "SELECT id FROM d WHERE d MATCH ? ORDER BY rank LIMIT 20"
        count = "SELECT count(*) FROM d WHERE d MATCH ?"

        def run() -> int:
            self.db.execute(ask, (text,)).fetchall()
            found: int = self.db.execute(count, (text,)).fetchone()[0]
            return found

        return run


class Whoosh:
    """Whoosh as it comes, on files that are not sealed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def build(self, docs: Iterator[Document]) -> None:
        self.folder.mkdir(parents=True)
        analyzer = RegexTokenizer() | LowercaseFilter()
        schema = fields.Schema(
            id=fields.ID(stored=True), body=fields.TEXT(analyzer=analyzer, stored=True)
        )
        writer = index.create_in(self.folder, schema).writer(limitmb=256)
        for doc in docs:
            writer.add_document(id=doc.id, body=_body(doc))
        writer.commit()

    def open(self) -> None:
        self.index = index.open_dir(self.folder)
        self.searcher = self.index.searcher()
        self.parser = QueryParser("body", self.index.schema)

    def asked(self, question: Question) -> Callable[[], int] | None:
        if question.plain is None:
            return None
        query = self.parser.parse(question.text)
        return lambda: len(self.searcher.search(query, limit=HITS))


ENGINES: dict[str, type[Engine]] = {
    "vigil": Vigil,
    "vigil-plain": VigilPlain,
    "vigil-postgresql": VigilPostgresql,
    "tantivy": Tantivy,
    "fts5": Fts5,
    "whoosh": Whoosh,
}


class _Apart:
    """Documents, how many, and what their reading cost."""

    def __init__(self, path: Path) -> None:
        self._batches = corpus.read(path)
        self.seconds, self.count = 0.0, 0

    def __iter__(self) -> Iterator[Document]:
        while True:
            start = time.process_time()
            batch = next(self._batches, [])
            self.seconds += time.process_time() - start
            if not batch:
                return
            self.count += len(batch)
            yield from batch


def build(name: str, folder: Path, path: Path) -> dict[str, float]:
    """Build an index; what it cost."""
    docs = _Apart(path)
    start, wall = _spent(), time.perf_counter()
    engine = ENGINES[name](folder)
    engine.build(iter(docs))
    seconds = _spent() - start - docs.seconds
    return {
        "docs_per_second": docs.count / seconds,
        "wall": time.perf_counter() - wall,
        "mebibytes": _mebibytes(engine, folder),
        "peak": _peak(),
    }


def _mebibytes(engine: Engine, folder: Path) -> float:
    if isinstance(engine, VigilPostgresql):
        return engine.mebibytes()
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files) / 2**20


def ask(name: str, folder: Path, path: Path) -> dict[str, object]:
    """Ask every question; the milliseconds of each kind, and the memory held."""
    engine = ENGINES[name](folder)
    engine.open()
    times: dict[str, list[float]] = {}
    found: dict[str, list[int]] = {}
    for question in search_questions.read(path):
        if run := engine.asked(question):
            found.setdefault(question.kind, []).append(run())
            times.setdefault(question.kind, []).append(_timed(run))
        if isinstance(engine, Vigil):
            kind, one = f"{question.kind}, one hit", engine.asked(question, hits=1)
            times.setdefault(kind, []).append(_timed(one))
    answer = {"milliseconds": times, "found": found, "peak": _peak()}
    if isinstance(engine, Vigil):
        answer |= {"awkward": _awkward(engine), "updates": _updates(engine)}
    return answer


def _awkward(engine: Vigil) -> float:
    """Seconds by the clock that the slowest of the awkward questions took."""
    slowest = 0.0
    for text in search_questions.AWKWARD:
        start = time.perf_counter()
        with suppress(QueryError):
            engine.engine.find(Query(text), STAFF)
        slowest = max(slowest, time.perf_counter() - start)
    return slowest


def _updates(engine: Vigil) -> list[float]:
    """Seconds by the clock from a single document to its being found."""
    seconds = []
    for number in range(UPDATES):
        name = f"update{number}"
        doc = Document(name, "public", (Text("en", f"update {number}", "one more"),))
        start = time.perf_counter()
        engine.engine.add([doc])
        if engine.engine.find(Query(f"id:{name}"), STAFF).total != 1:
            raise RuntimeError("an added document was not found")
        seconds.append(time.perf_counter() - start)
    return seconds


def _timed(run: Callable[[], int]) -> float:
    """Return processor milliseconds, of several runs where one is short."""
    least = LONG_SECONDS if _SERVERS else 0.02
    runs, start, began = 0, _spent(), time.process_time()
    while runs < 3 or time.process_time() - began < least:
        run()
        runs += 1
    return (_spent() - start) * 1000 / runs


def _body(doc: Document) -> str:
    return " ".join(f"{text.title} {text.body}" for text in doc.texts)


def _spent() -> float:
    whole = time.process_time()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return whole + used.ru_utime + used.ru_stime + sum(map(_spent_by, _SERVERS))


def _spent_by(server: int) -> float:
    """Processor seconds of a server and of its processes, those that ended included."""
    found = [path for path in Path("/proc").glob("[0-9]*") if path.name.isdigit()]
    ticks = 0
    for path in found:
        with suppress(OSError, ValueError):
            if int(path.name) == server:
                ticks += sum(_stat(server)[11:15])
            elif _parent(int(path.name)) == server:
                ticks += sum(_stat(int(path.name))[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def _parent(process: int) -> int:
    return _stat(process)[1]


def _stat(process: int) -> list[int]:
    """The fields of a process from its state on, which is left at nought."""
    told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return [0, *map(int, told[1:])]


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    step = {"build": build, "ask": ask}[sys.argv[1]]
    sys.stdout.write(json.dumps(step(sys.argv[2], *map(Path, sys.argv[3:]))))
