"""What one worker pays before its first test, and again with each of them.

A worker collects thousands of tests, none of which is ever garbage, and the collector
would walk through all of them again and again. So it rests while tests are gathered;
what there is by then is set aside, and what tests make is looked through less often.
What nobody closed is still found, and is an error still: pytest collects at the end.
"""

from __future__ import annotations

import gc

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from tests import postgresql

gc.disable()

STATEMENTS: LRUCache = LRUCache(4_000)
"""Statements as this worker compiled them once, for the databases of all tests."""
_make_engine = Engine.__init__


def _made(engine: Engine, *given: object, **named: object) -> None:
    _make_engine(engine, *given, **named)
    engine._compiled_cache = STATEMENTS


def _speaks_alike(one: DefaultDialect, other: object) -> bool:
    return type(one) is type(other) and _speech(one) == _speech(other)


def _speech(dialect: DefaultDialect) -> tuple[object, ...]:
    return dialect.server_version_info, dialect.paramstyle, dialect.driver


# A compiled statement is kept under its dialect, of which every engine has its own.
Engine.__init__ = _made
DefaultDialect.__eq__ = _speaks_alike
DefaultDialect.__hash__ = lambda dialect: hash(type(dialect))


@pytest.fixture(scope="session", name="postgresql")
def _postgresql() -> str:
    """The address of the PostgreSQL server that all workers of this run share."""
    return postgresql.server()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        postgresql.is_chosen()  # or what was asked for is refused at once
        postgresql.begin_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        postgresql.end_run()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()
