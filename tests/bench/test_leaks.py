"""Hidden records leave no trace in a large index either.

Two indexes are asked the same: one of everything, one of what the public may know of.
400 records; VIGIL_TEST_LEAKS=10000 for as many as an archive has in its first years.
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from search.document import Document, Place, Text
from search.query import Query
from search.whoosh_engine import WhooshEngine
from tests.bench.corpus import documents
from tests.bench.search_questions import questions
from tests.search.aes_sealing import AesSealing
from tests.search.conftest import KEY, PUBLIC, STAFF

SIZE = int(os.environ.get("VIGIL_TEST_LEAKS", "400"))
EVERY = 7
"""One question is asked of so many that are measured."""
PLANTED = "quibblefrost"
ABOUT_IT = (
    PLANTED,
    "quibblefro*",
    "quibblefrest~",
    "Квибблфрост",
    f'"{PLANTED} valley"',
    f"title:{PLANTED}",
    f"place:{PLANTED}",
    f"NOT {PLANTED}",
    "label:hidden.thing",
    "collection:hidden-collection",
    "",
)


def planted(doc: Document) -> Document:
    """The document with what nobody else has, where it is not for the public."""
    if doc.audience == "public":
        return doc
    texts = tuple(
        Text(text.lang, f"{PLANTED} {text.title}", f"{text.body} {PLANTED} valley")
        for text in doc.texts
    )
    return replace(
        doc,
        texts=texts,
        labels=(*doc.labels, "hidden.thing"),
        places=(*doc.places, Place(PLANTED, 12.0, 34.0)),
        collection="hidden-collection",
    )


@pytest.fixture(scope="module")
def made() -> list[Document]:
    return [planted(doc) for doc in documents(SIZE)]


@pytest.fixture(scope="module")
def engines(made, tmp_path_factory):
    """One that holds everything, and one of what is public."""
    known = [doc for doc in made if doc.audience == "public"]
    both = []
    for name, docs in (("whole", made), ("public", known)):
        folder = tmp_path_factory.mktemp("leaks") / name
        engine = WhooshEngine.create(folder, AesSealing(KEY))
        engine.rebuild(docs)
        both.append(engine)
    yield both
    for engine in both:
        engine.close()


def test_the_public_is_told_what_it_would_be_told_without_hidden_records(engines):
    whole, public = engines
    asked = [*ABOUT_IT, *(q.text for q in list(questions())[::EVERY])]
    for text in asked:
        query = Query(text, per_page=50)
        assert whole.find(query, PUBLIC) == public.find(query, PUBLIC), text


def test_no_suggestion_and_no_relation_comes_of_them(engines, made):
    whole, public = engines
    for typed in ("qui", "quibblefro", "a", "re", "ша", "Շ", "hidden"):
        assert whole.suggest(typed, PUBLIC) == public.suggest(typed, PUBLIC), typed
    for doc in made[:: max(1, SIZE // 40)]:
        assert whole.related(doc.id, PUBLIC) == public.related(doc.id, PUBLIC)


def test_who_may_know_of_them_finds_every_one(engines, made):
    hidden = sum(doc.audience != "public" for doc in made)
    assert hidden > SIZE / 10
    found = engines[0].find(Query(PLANTED), STAFF)
    assert found.total == hidden
    assert PLANTED in engines[0].suggest("quibblefro", STAFF)
