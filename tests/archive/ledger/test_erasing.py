"""Nobody erases the ledger: not by the program, and not by its role.

Rows E7, E11. The database refuses UPDATE and DELETE; on PostgreSQL the program can run
under a role that may not even lift that refusal.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from archive import config
from archive.founding import create_home
from archive.site import Site, open_site
from tests.archive.conftest import Clock

CHANGES = (
    "UPDATE ledger SET actor = 'nobody'",
    "DELETE FROM ledger",
    "DELETE FROM ledger WHERE seq = 1",
)
LIFTING = (
    "TRUNCATE ledger",
    "ALTER TABLE ledger DISABLE TRIGGER ledger_refuses_change",
    "DROP TRIGGER ledger_refuses_change ON ledger",
    "DROP TABLE ledger",
    "SET session_replication_role = replica",
)
ROLE = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'vigil_program') THEN
    CREATE ROLE vigil_program LOGIN;
  END IF;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO vigil_program;
REVOKE UPDATE, DELETE ON ledger FROM vigil_program;
"""


def refused(site: Site, statement: str) -> bool:
    try:
        with site.db.write() as s:
            s.execute(text(statement))
    except DBAPIError:
        return True
    return False


@pytest.mark.parametrize("statement", CHANGES)
def test_the_database_refuses_to_change_a_line(any_site: Site, statement: str) -> None:
    assert refused(any_site, statement)
    with any_site.db.read() as s:
        assert any_site.ledger.verify(s).ok


def test_the_program_works_under_a_role_that_can_only_add_lines(
    new_database: Callable[[], str], environ: dict[str, str], clock: Clock
) -> None:
    url = new_database()
    create_home(config.load({**environ, "VIGIL_DATABASE_URL": url}), clock).close()
    owner = create_engine(url)
    with owner.begin() as connection:
        connection.execute(text(ROLE))
    owner.dispose()
    theirs = make_url(url).set(username="vigil_program").render_as_string()
    site = open_site(config.load({**environ, "VIGIL_DATABASE_URL": theirs}), clock)
    try:
        with site.db.write() as s:
            site.ledger.append(s, "grant", actor="operator", now=site.clock())
        for statement in (*CHANGES, *LIFTING):
            assert refused(site, statement), statement
        with site.db.read() as s:
            assert site.ledger.verify(s).ok
            assert site.ledger.end(s)[0] == 2
    finally:
        site.close()
