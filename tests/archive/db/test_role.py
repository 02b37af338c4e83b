"""The role that docs/deploy.md gives the program on PostgreSQL: what it cannot do.

The statements are read out of the manual: what is proven is what an operator types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from archive import config
from archive.site import Site, open_site
from tests import postgresql
from tests.archive.conftest import Desk

MANUAL = Path(__file__).parents[3] / "docs" / "deploy.md"
HEADING = "### A role that can only add to the ledger"
ROLE = "vigil_program"
pytestmark = pytest.mark.parametrize("any_site", ["postgresql"], indirect=True)


def granting() -> Iterator[str]:
    """The statements of the manual that make the role and say what it may."""
    part = MANUAL.read_text().split(HEADING)[1].split("\n## ")[0]
    for said in re.findall(rf"^    (.*\b{ROLE}\b.*);$", part, re.MULTILINE):
        if said.startswith("CREATE ROLE"):
            # Roles are of the whole cluster, which other tests share.
            there = "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL"
            yield f"DO $$ BEGIN {said}; {there}; END $$"
        elif not said.startswith("CREATE SCHEMA"):
            yield said


@pytest.fixture
def role(any_site: Site) -> str:
    """The address of the archive's database for the role of the manual."""
    statements = list(granting())
    assert [said.split()[0] for said in statements] == ["DO", "GRANT", "REVOKE"]
    with any_site.db.write() as s:
        for said in statements:
            s.execute(text(said))
    owners = make_url(any_site.config.database_url)
    return owners.set(username=ROLE).render_as_string(hide_password=False)


@pytest.fixture
def served(any_site: Site, role: str, tmp_path: Path, clock) -> Iterator[Site]:
    """The archive as the role has opened it."""
    environ = {
        "VIGIL_HOME": str(any_site.config.home),
        "VIGIL_KEY_FILE": str(tmp_path / "keys" / "vigil.key"),
        postgresql.URL: role,
    }
    opened = open_site(config.load(environ), clock)
    yield opened
    opened.close()


def test_the_program_works_as_that_role(served: Site) -> None:
    desk = Desk(served)
    deposit = desk.publish(desk.deposit())
    reader = desk.researcher()
    desk.consent(reader, deposit.record.id)
    with served.db.write() as s:
        served.ledger.append(
            s, "displaying", actor=reader.account_id, now=served.clock()
        )
        assert served.ledger.verify(s).ok
        assert s.scalar(text("SELECT current_user")) == ROLE


@pytest.mark.parametrize(
    "said",
    [
        "UPDATE ledger SET actor = 'nobody'",
        "DELETE FROM ledger",
        "TRUNCATE ledger",
        "DROP TABLE ledger",
        "ALTER TABLE ledger DISABLE TRIGGER ALL",
        "ALTER TABLE ledger DROP COLUMN actor",
        "ALTER TABLE ledger OWNER TO vigil_program",
        "DROP TRIGGER ledger_refuses_change ON ledger",
        "CREATE RULE mute AS ON INSERT TO ledger DO INSTEAD NOTHING",
        "GRANT UPDATE ON ledger TO vigil_program; UPDATE ledger SET actor = ''",
        "SET session_replication_role = replica",
        "SET ROLE {owner}",
        "CREATE TABLE beside (id int)",
        "COPY ledger TO PROGRAM 'cat'",
    ],
)
def test_it_can_neither_change_a_line_nor_lift_the_refusal(
    any_site: Site, role: str, said: str
) -> None:
    with any_site.db.write() as s:
        any_site.ledger.append(s, "replication", actor="operator", now=any_site.clock())
    said = said.format(owner=make_url(any_site.config.database_url).username)
    engine = create_engine(role)
    try:
        with engine.connect() as connection, pytest.raises(DBAPIError) as refused:
            connection.execute(text(said))
    finally:
        engine.dispose()
    assert type(refused.value.orig).__name__ == "InsufficientPrivilege"
    with any_site.db.read() as s:
        assert any_site.ledger.verify(s).ok
