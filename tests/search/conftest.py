"""Engines with real sealing, scopes, and a short way to write documents.

`engine` runs a test on every engine there is; where PostgreSQL is not installed its
own is skipped, and says so.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from search.analysis.gazetteer import Gazetteer
from search.document import Document, Place, Text
from search.engine import Results, ScopeTerms, SearchEngine
from search.postgresql_engine import PostgresqlEngine
from search.query import Query
from search.sealed_pages import FileSealing
from search.segments.engine import SegmentEngine
from search.whoosh_engine import WhooshEngine
from tests import postgresql
from tests.search.aes_sealing import AesSealing

KEY = bytes(range(32))
PUBLIC = ScopeTerms(frozenset({"public"}), guarded=False)
VETTED = ScopeTerms(frozenset({"public", "vetted"}), guarded=True, digits=6)
STAFF = ScopeTerms(frozenset({"public", "vetted", "staff"}), guarded=True, digits=6)
NOBODY = ScopeTerms(frozenset(), guarded=False)


def make_document(
    name: str,
    body: str = "",
    *,
    title: str = "",
    lang: str = "en",
    audience: str = "public",
    **facts: Any,
) -> Document:
    texts = facts.pop("texts", (Text(lang, title, body),))
    return Document(name, audience, texts, **facts)


def as_day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def as_places(*names: str) -> tuple[Place, ...]:
    return tuple(Place(name) for name in names)


@dataclass(frozen=True)
class Maker:
    """Makes and opens engines of one kind, each where no other has an index."""

    kind: str
    place: Path | str

    def create(
        self, sealing: FileSealing | None = None, gazetteer: Gazetteer | None = None
    ) -> SegmentEngine:
        """A new, empty index in this place."""
        sealing = sealing or AesSealing(KEY)
        if isinstance(self.place, Path):
            return WhooshEngine.create(self.place, sealing, gazetteer)
        return PostgresqlEngine.create(self.place, sealing, gazetteer)

    def unopened(self, gazetteer: Gazetteer) -> SegmentEngine:
        """An engine for this place, whether there is an index or not."""
        if isinstance(self.place, Path):
            return WhooshEngine(self.place, AesSealing(KEY), gazetteer)
        return PostgresqlEngine(self.place, AesSealing(KEY), gazetteer)

    def open(
        self, sealing: FileSealing | None = None, gazetteer: Gazetteer | None = None
    ) -> SegmentEngine:
        """The index that is in this place, in another engine."""
        sealing = sealing or AesSealing(KEY)
        if isinstance(self.place, Path):
            return WhooshEngine.open(self.place, sealing, gazetteer)
        return PostgresqlEngine.open(self.place, sealing, gazetteer)


@pytest.fixture(params=["whoosh", "postgresql"])
def maker(request: pytest.FixtureRequest, tmp_path: Path) -> Maker:
    """Every engine there is: these tests are what an engine has to hold."""
    if request.param == "whoosh":
        return Maker("whoosh", tmp_path / "index")
    return Maker("postgresql", request.getfixturevalue("empty_server"))


@pytest.fixture
def engine(maker: Maker) -> Iterator[SegmentEngine]:
    made = maker.create()
    yield made
    made.close()


@pytest.fixture(scope="session")
def index_database() -> str:
    """A database of this worker's own."""
    return postgresql.create()


@pytest.fixture
def empty_server(index_database: str) -> str:
    """A database without an index; tests of one worker use it one after another."""
    asked(
        index_database,
        "SET client_min_messages = warning; DROP SCHEMA IF EXISTS vigil_search CASCADE",
    )
    return index_database


def asked(url: str, statement: str) -> list[tuple[Any, ...]]:
    """What a database answers, if anything."""
    plain = url.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module", params=["whoosh", "postgresql"])
def lasting(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Maker:
    """A place for one index that all tests of a module share."""
    if request.param == "whoosh":
        return Maker("whoosh", tmp_path_factory.mktemp("lasting") / "index")
    return Maker("postgresql", postgresql.create())


class Asker:
    """Asks an engine in a scope and names the ids found."""

    def __init__(self, engine: SearchEngine) -> None:
        self.engine = engine

    def results(self, text: str, scope: ScopeTerms = PUBLIC, **options: Any) -> Results:
        return self.engine.find(Query(text, **options), scope)

    def ids(self, text: str, scope: ScopeTerms = PUBLIC, **options: Any) -> list[str]:
        return [hit.id for hit in self.results(text, scope, **options).hits]

    def counts(self, facet: str, text: str = "", **options: Any) -> dict[str, int]:
        values = self.results(text, **options).facets[facet]
        return {value.value: value.count for value in values}


@pytest.fixture
def ask(engine: SearchEngine) -> Asker:
    return Asker(engine)
