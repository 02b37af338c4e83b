"""An archive on PostgreSQL whose search is there, too; and the way there and back."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from archive import backup, config, jobs, restoring, work
from archive.app import create_app
from archive.config import ConfigError, Engine
from archive.depot import Depot
from archive.founding import create_home
from archive.records import store
from archive.site import Site, open_site
from archive.vault.keys import Purpose
from archive.work import indexing
from archive.work.worker import run_one
from auth.viewer import RecordState
from search.engine import IndexMissing, ScopeTerms
from search.query import Query
from tests.archive.conftest import Clock, Desk
from tests.archive.rotations import rotate_purpose

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


@pytest.fixture
def site(on_postgresql, clock: Clock) -> Iterator[Site]:
    made = create_home(config.load(on_postgresql), clock)
    yield made
    made.close()


def tables_of(site: Site, statement: str) -> list[str]:
    with site.db.read() as s:
        return list(s.scalars(text(statement)))


def test_what_is_forgotten_goes_with_its_table(site: Site, desk: Desk) -> None:
    pieces = "SELECT tablename FROM pg_tables WHERE tablename LIKE 'pieces%'"
    first, second = (desk.publish(desk.deposit()) for _ in range(2))
    for each in (first, second):
        work.drain(site, each.record.id)
    before = tables_of(site, pieces)
    assert len(found(site, "church")) == 2
    with site.db.write() as s:
        store.require(s, first.record.id).state = RecordState.SHREDDED
    indexing.forget(site.engine, site.db, site.sealing, first.record.id)
    assert found(site, "church") == [second.record.id]
    after = tables_of(site, pieces)
    assert len(before) == len(after) == 1
    assert before != after


def test_the_index_is_made_again_under_its_new_key(site: Site, desk: Desk) -> None:
    deposit = desk.publish(desk.deposit())
    work.drain(site, deposit.record.id)
    facts = rotate_purpose(site, Purpose.INDEX, keep=False)
    assert (facts["version"], facts["destroyed"]) == (2, [1])
    fresh = open_site(site.config, site.clock)
    assert found(fresh, "church") == [deposit.record.id]
    fresh.close()


def test_a_restored_archive_has_its_index_in_its_new_database(
    site: Site, desk: Desk, on_postgresql, new_database, clock: Clock, tmp_path: Path
) -> None:
    deposit = desk.publish(desk.deposit())
    work.drain(site, deposit.record.id)
    to, now = Depot.at(site.config, tmp_path / "backups"), clock()
    made = backup.back_up(site, to, actor="operator", now=now, tell=lambda *_: None)
    assert made.ok
    site.close()
    shutil.rmtree(site.config.home)
    anew = {**on_postgresql, "VIGIL_DATABASE_URL": new_database()}
    done = restoring.restore(
        anew,
        tmp_path / "backups",
        actor="operator",
        tell=lambda *_: None,
        clock=clock,
    )
    assert done.ok
    again = open_site(config.load(anew), clock)
    assert found(again, "church") == [deposit.record.id]
    again.close()


def test_no_word_of_a_description_is_in_any_file_of_the_server(
    site: Site, desk: Desk
) -> None:
    word, clear = f"Zq{secrets.token_hex(8)}", f"zw{secrets.token_hex(8)}"
    deposit = desk.publish(desk.deposit(draft=desk.draft(word)))
    work.drain(site, deposit.record.id)
    assert found(site, word) == [deposit.record.id]
    with site.db.write() as s:
        s.execute(text(f"CREATE TABLE seen AS SELECT '{clear}' AS word"))
    (folder,) = tables_of(site, "SHOW data_directory")
    if not os.access(folder, os.R_OK):
        pytest.skip("THE SERVER'S FILES ARE NOT READ: they belong to another user")
    spellings = [word.encode(), word.lower().encode()]
    seen, control = set(), 0
    for path in Path(folder).rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            seen |= {each for each in spellings if each in data}
            control += clear.encode() in data
    assert control
    assert seen == set()


def test_the_engine_in_the_database_wants_a_database_that_has_one(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    settings = config.load({**environ, "VIGIL_SEARCH_ENGINE": "postgresql"})
    with pytest.raises(ConfigError, match="VIGIL_SEARCH_ENGINE") as refused:
        config.check_safe(settings)
    assert str(refused.value).endswith(".")
    assert "VIGIL_DATABASE_URL" in str(refused.value)


@pytest.mark.parametrize("any_site", ["postgresql"], indirect=True)
def test_a_running_site_waits_for_its_new_settings(any_site, any_desk) -> None:
    """Between `vigil reindex` and the restart nothing is found, and nothing breaks."""
    deposit = any_desk.publish(any_desk.deposit())
    work.drain(any_site, deposit.record.id)
    address = "/api/v1/records?q=church"
    opened: list[Site] = []
    running = create_app(any_site).test_client()
    assert running.get(address).get_json()["total"] == 1
    for engine in (Engine.POSTGRESQL, Engine.WHOOSH):
        site = open_site(replace(any_site.config, search_engine=engine), any_site.clock)
        assert running.get(address).get_json()["total"] == 1
        rebuilt(site)
        away = running.get(address)
        assert away.status_code == 503
        assert away.content_type == "application/problem+json"
        assert running.get("/readyz").status_code == 503
        running = create_app(site).test_client()
        assert running.get(address).get_json()["total"] == 1
        assert running.get("/readyz").status_code == 200
        opened.append(site)
    for site in opened:
        site.close()
