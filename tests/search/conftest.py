"""An engine with real sealing, scopes, and a short way to write documents."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from search.document import Document, Place, Text
from search.engine import Results, ScopeTerms, SearchEngine
from search.query import Query
from search.whoosh_engine import WhooshEngine
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


ENGINES: dict[str, Callable[[Path], SearchEngine]] = {
    "whoosh": lambda folder: WhooshEngine.create(folder, AesSealing(KEY)),
}


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchEngine]:
    """Every engine there is: these tests are what an engine has to hold."""
    made = ENGINES[request.param](tmp_path / "index")
    yield made
    made.close()


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
