"""What is in the database: sealed files, counts, and no word in any form."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from cryptography.exceptions import InvalidTag

from search.engine import IndexDamaged, IndexOutdated, SearchError
from search.postgresql_engine import PostgresqlEngine
from search.query import Query
from search.whoosh_engine import WhooshEngine
from tests.search.aes_sealing import AesSealing
from tests.search.conftest import KEY, PUBLIC, STAFF, asked
from tests.search.conftest import make_document as document
from tests.search.test_scope import (
    everything_said,
    hidden_documents,
    public_documents,
)
from tests.search.test_sealed_storage import CANARY, canary_documents

CONTROL = "plainwordthatisclear"


@pytest.fixture
def made(empty_server: str) -> Iterator[PostgresqlEngine]:
    engine = PostgresqlEngine.create(empty_server, AesSealing(KEY))
    yield engine
    engine.close()


def files_with(url: str, words: list[str]) -> set[str]:
    """Which of the words stand in any file of the server, its log included."""
    asked(url, "CHECKPOINT")
    folder = Path(asked(url, "SHOW data_directory")[0][0])
    if not os.access(folder, os.R_OK):
        pytest.skip("THE SERVER'S FILES ARE NOT READ: they belong to another user")
    found = set()
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            found |= {word for word in words if word.encode() in data}
    return found


def test_no_word_is_in_any_file_of_the_server(
    made: PostgresqlEngine, empty_server: str
) -> None:
    asked(empty_server, f"CREATE TABLE seen AS SELECT '{CONTROL}' AS word")
    for number in range(10):
        made.add([document(f"s{number}", f"{CANARY} {number}")])
    made.add(canary_documents(200))
    made.remove([f"d{number}" for number in range(0, 200, 2)])
    assert made.find(Query(CANARY), PUBLIC).total == 110
    assert made.find(Query(f"label:{CANARY}.label"), PUBLIC).total == 100
    assert files_with(empty_server, [CANARY, CONTROL]) == {CONTROL}
    made.rebuild(canary_documents(50))
    assert files_with(empty_server, [CANARY, CONTROL]) == {CONTROL}
    asked(empty_server, "DROP TABLE seen")


def test_a_rebuild_gives_the_files_of_the_index_before_back_to_the_disk(
    made: PostgresqlEngine, empty_server: str
) -> None:
    places = """SELECT pg_relation_filepath(c.oid) FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'vigil_search' AND c.relname LIKE 'pieces%'"""
    made.add([document("one", "convoy")])
    before = {row[0] for row in asked(empty_server, places)}
    made.remove(["one"])
    made.rebuild([document("two", "bridge")])
    after = {row[0] for row in asked(empty_server, places)}
    assert before
    assert not before & after
    folder = Path(asked(empty_server, "SHOW data_directory")[0][0])
    asked(empty_server, "CHECKPOINT")
    assert not [path for path in before if (folder / path).exists()]


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE {} SET sealed = overlay(sealed PLACING '\\x00' FROM 125)",
        "UPDATE {0} a SET sealed = b.sealed FROM {0} b WHERE a.file > b.file",
        "UPDATE {} SET sealed = substring(sealed FROM 1 FOR 60)",
        "DELETE FROM {}",
    ],
)
def test_what_somebody_changed_in_the_database_is_not_read(
    made: PostgresqlEngine, empty_server: str, harm: str
) -> None:
    made.add([document("one", "convoy bridge")])
    made.close()
    (table,) = asked(
        empty_server,
        "SELECT 'vigil_search.' || tablename FROM pg_tables"
        " WHERE tablename LIKE 'pieces%'",
    )
    asked(empty_server, harm.format(table[0]))
    with pytest.raises((IndexDamaged, InvalidTag)):
        made.find(Query("convoy"), PUBLIC)
    assert made.rebuild([document("one", "convoy")]) == 1


def test_an_index_of_another_version_is_refused_and_can_be_built_again(
    made: PostgresqlEngine, empty_server: str
) -> None:
    asked(empty_server, "UPDATE vigil_search.state SET form = 'VIGIL2/7'")
    with pytest.raises(IndexOutdated, match="vigil reindex"):
        made.find(Query("convoy"), PUBLIC)
    with pytest.raises(IndexOutdated, match="vigil reindex"):
        made.add([document("one", "convoy")])
    assert made.rebuild([document("one", "convoy")]) == 1


def test_a_connection_that_was_cut_is_made_anew(
    made: PostgresqlEngine, empty_server: str
) -> None:
    cut = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'vigil search'"""
    made.add([document("one", "convoy")])
    assert asked(empty_server, cut) == [(True,)]
    assert made.find(Query("convoy"), PUBLIC).total == 1
    assert asked(empty_server, cut) == [(True,)]
    made.add([document("two", "convoy")])
    assert made.find(Query("convoy"), PUBLIC).total == 2


def test_a_server_that_is_away_is_an_error_in_one_sentence() -> None:
    url = "postgresql+psycopg://vigil@127.0.0.1:1/nowhere"
    with pytest.raises(SearchError, match="VIGIL_DATABASE_URL"):
        PostgresqlEngine.open(url, AesSealing(KEY))


def test_a_role_that_may_not_make_a_schema_is_told_what_it_needs(
    empty_server: str,
) -> None:
    asked(empty_server, "DROP ROLE IF EXISTS program; CREATE ROLE program LOGIN")
    url = empty_server.replace("vigil@", "program@")
    with pytest.raises(SearchError, match="CREATE SCHEMA vigil_search AUTHORIZATION"):
        PostgresqlEngine.create(url, AesSealing(KEY))
    asked(empty_server, "CREATE SCHEMA vigil_search AUTHORIZATION program")
    engine = PostgresqlEngine.create(url, AesSealing(KEY))
    engine.add([document("one", "convoy", audience="staff")])
    assert engine.find(Query("convoy"), STAFF).total == 1
    engine.discard()
    assert engine.rebuild([document("one", "convoy")]) == 1
    engine.close()
    asked(empty_server, "DROP SCHEMA vigil_search CASCADE; DROP ROLE program")


def test_files_larger_than_a_piece_are_read_whole_and_in_parts(
    made: PostgresqlEngine, empty_server: str
) -> None:
    docs = [document(f"d{n}", f"convoy {n} " + "word " * 2000) for n in range(300)]
    made.rebuild(docs)
    pieces = """SELECT max(number), count(DISTINCT file) FROM vigil_search.{}"""
    ((table,),) = asked(
        empty_server, "SELECT tablename FROM pg_tables WHERE tablename LIKE 'pieces%'"
    )
    ((last, files),) = asked(empty_server, pieces.format(table))
    assert last > 3
    assert files == 7  # one segment, and nothing of those it was merged from
    assert made.find(Query('"word word"'), PUBLIC).total == 300
    assert made.find(Query("id:d299"), PUBLIC).hits[0].snippet_html.startswith("convoy")


def test_the_two_engines_answer_alike(made: PostgresqlEngine, tmp_path: Path) -> None:
    other = WhooshEngine.create(tmp_path / "index", AesSealing(KEY))
    for engine in (made, other):
        engine.add(public_documents())
        engine.add(hidden_documents("staff"))
    for scope in (PUBLIC, STAFF):
        assert everything_said(made, scope) == everything_said(other, scope)
    other.close()


def test_nothing_but_the_driver_s_own_errors_is_swallowed(
    made: PostgresqlEngine, empty_server: str
) -> None:
    asked(empty_server, "ALTER TABLE vigil_search.state RENAME living TO elsewhere")
    with pytest.raises(psycopg.errors.UndefinedColumn):
        made.count()
