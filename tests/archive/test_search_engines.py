"""An archive on PostgreSQL whose search is there, too; and the way there and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from archive import config, jobs, work
from archive.config import ConfigError, Engine
from archive.founding import create_home
from archive.site import Site, open_site
from archive.work import indexing
from archive.work.worker import run_one
from search.engine import IndexMissing, ScopeTerms
from search.query import Query
from tests.archive.conftest import Clock, Desk

EVERYBODY = ScopeTerms(frozenset({"public"}), guarded=False)


def found(site: Site, word: str) -> list[str]:
    return [hit.id for hit in site.engine.find(Query(word), EVERYBODY).hits]


def rebuilt(site: Site) -> int:
    return indexing.rebuild(site, lambda *_: None)


@pytest.fixture
def on_postgresql(environ: dict[str, str], new_database) -> dict[str, str]:
    return {
        **environ,
        "VIGIL_DATABASE_URL": new_database(),
        "VIGIL_SEARCH_ENGINE": "postgresql",
    }


def test_a_new_archive_searches_in_its_database(on_postgresql, clock: Clock) -> None:
    site = create_home(config.load(on_postgresql), clock)
    desk = Desk(site)
    deposit = desk.publish(desk.deposit())
    work.drain(site, deposit.record.id)
    assert found(site, "church") == [deposit.record.id]
    assert all(site.readiness().values())
    assert not site.config.index.exists()
    other = open_site(site.config, clock)
    assert found(other, "church") == [deposit.record.id]
    other.close()
    site.close()


@pytest.mark.parametrize("any_site", ["postgresql"], indirect=True)
def test_engines_are_changed_by_a_setting_and_a_reindex(any_site, any_desk) -> None:
    deposit = any_desk.publish(any_desk.deposit())
    work.drain(any_site, deposit.record.id)
    assert any_site.config.search_engine is Engine.WHOOSH
    for engine in (Engine.POSTGRESQL, Engine.WHOOSH):
        site = open_site(replace(any_site.config, search_engine=engine))
        with pytest.raises(IndexMissing):
            found(site, "church")
        assert not site.readiness()["index"]
        assert rebuilt(site) == 1
        assert found(site, "church") == [deposit.record.id]
        assert site.readiness()["index"]
        site.close()
        # What the other one had is gone: nobody would take a shredded word out of it.
        others = {*Engine} - {engine}
        before = open_site(replace(any_site.config, search_engine=others.pop()))
        with pytest.raises(IndexMissing):
            found(before, "church")
        before.close()


@pytest.mark.parametrize("any_site", ["postgresql"], indirect=True)
def test_a_worker_with_the_settings_of_before_loses_no_record(
    any_site, any_desk
) -> None:
    first = any_desk.publish(any_desk.deposit())
    work.drain(any_site, first.record.id)
    changed = replace(any_site.config, search_engine=Engine.POSTGRESQL)
    site = open_site(changed, any_site.clock)
    rebuilt(site)
    second = any_desk.publish(any_desk.deposit())
    while run_one(any_site, any_site.clock()):  # no index any more: to be tried again
        pass
    with any_site.db.read() as s:
        assert jobs.open_for(s, second.record.id)
    any_site.clock.advance(hours=2)
    work.drain(site, second.record.id)
    assert sorted(found(site, "church")) == sorted([first.record.id, second.record.id])
    site.close()


def test_the_engine_in_the_database_wants_a_database_that_has_one(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    settings = config.load({**environ, "VIGIL_SEARCH_ENGINE": "postgresql"})
    with pytest.raises(ConfigError, match="VIGIL_SEARCH_ENGINE") as refused:
        config.check_safe(settings)
    assert str(refused.value).endswith(".")
    assert "VIGIL_DATABASE_URL" in str(refused.value)
