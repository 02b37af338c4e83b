"""An archive of the first version, brought up to date: nothing of it is lost.

What it held stands in `tests/archive/old_home`.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from archive import config
from archive.app import create_app
from archive.db import revisions
from archive.ledger.tables import LedgerEntry
from archive.site import Site, open_site
from archive.work import indexing, run_one
from tests import nest
from tests.archive import crashing
from tests.web.test_consent_forms import single
from tests.web.working import post

OLD = Path(__file__).parents[1] / "archive" / "old_home"
SEARCHED = ("yard", "բակը", "həyəti", "солдаты")


@pytest.fixture
def told() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((OLD / "told.json").read_text())
    return found


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return unpacked(tmp_path)


def unpacked(folder: Path) -> dict[str, str]:
    with tarfile.open(OLD / "home.tar.xz") as file:
        # The first releases of Python 3.11 know no filters, and later ones ask for one.
        file.extraction_filter = getattr(tarfile, "tar_filter", None)
        file.extractall(folder)
    root = folder / "root"
    return {
        "VIGIL_HOME": str(root / "home"),
        "VIGIL_KEY_FILE": str(root / "keys" / "vigil.key"),
    }


@pytest.fixture
def site(environ: dict[str, str], told: dict[str, Any]):
    """As docs/deploy.md says it is brought up to date, a day later."""
    made = nest.run(["reindex"], environ, cwd=OLD, seconds=120)
    assert made.returncode == 0, made.stderr
    now = datetime.fromisoformat(told["now"]) + timedelta(days=1)
    opened = open_site(config.load(environ), lambda: now)
    while run_one(opened, now):
        pass
    yield opened
    opened.close()


def test_every_line_of_its_ledger_stands_and_the_chain_holds(site, told) -> None:
    with site.db.read() as s:
        lines = s.scalars(select(LedgerEntry).order_by(LedgerEntry.seq)).all()
        assert site.ledger.verify(s).ok
    held = [{"seq": i.seq, "event": i.event, "digest": i.digest} for i in lines]
    assert held[: len(told["lines"])] == told["lines"]


def test_who_had_a_password_signs_in_and_opens_each_original(site, told) -> None:
    app = create_app(site)
    reader, record = app.test_client(), told["records"]["shown"]
    wanted = {"email": "researcher@example.org", "password": told["password"]}
    assert post(reader, "/login", "/login", **wanted).status_code == 303
    refused = [reader.get(f"/media/{a}/original") for a in told["assets"]["shown"]]
    assert [each.status_code for each in refused] == [403, 403]
    form = single(reader, record)
    assert reader.post(f"/records/{record}/consent", data=form).status_code == 303
    for asset, digest in told["assets"]["shown"].items():
        opened = reader.get(f"/media/{asset}/original")
        assert opened.status_code == 200
        assert hashlib.sha256(opened.data).hexdigest() == digest


def test_visitors_find_what_was_published_in_each_language_and_nothing_else(
    site, told
) -> None:
    visitor = create_app(site).test_client()
    shown, waiting = told["records"]["shown"], told["records"]["waiting"]
    for word in SEARCHED:
        found = visitor.get(f"/api/v1/records?q={word}").get_json()
        assert [each["id"] for each in found["items"]] == [shown], word
    assert visitor.get(f"/records/{shown}").status_code == 200
    assert visitor.get(f"/records/{waiting}").status_code == 404
    for asset in told["assets"]["shown"]:
        assert visitor.get(f"/media/{asset}/preview").status_code == 200
        assert visitor.get(f"/media/{asset}/original").status_code == 401
    for asset in told["assets"]["waiting"]:
        assert visitor.get(f"/media/{asset}/preview").status_code == 404


def test_once_it_is_up_to_date_opening_it_changes_nothing(site, environ) -> None:
    with site.db.read() as s:
        before = s.scalars(select(LedgerEntry.digest)).all()
    again = open_site(config.load(environ), site.clock)
    with again.db.read() as s:
        assert s.scalars(select(LedgerEntry.digest)).all() == before
    again.close()


def test_every_sealed_file_and_the_ledger_hold_when_all_is_read_back(
    site, environ
) -> None:
    read = nest.run(["verify", "--all", "--json"], environ, cwd=OLD, seconds=120)
    assert read.returncode == 0, read.stdout + read.stderr
    assert json.loads(read.stdout)["ok"]


@dataclass
class BringingUp:
    """The upgrade, killed; the next one must find the old or the new and end it."""

    folder: Path
    told: Mapping[str, Any]
    rounds: int = 0

    def prepare(self) -> None:
        self.rounds += 1
        self.environ = unpacked(self.folder / str(self.rounds))
        self.now = datetime.fromisoformat(self.told["now"]) + timedelta(days=1)

    def act(self, life: crashing.Life) -> None:
        life.begin()
        with closing(self._upgraded()):
            life.acknowledge("done")

    def check(self, death: crashing.Death) -> None:
        with closing(self._upgraded()) as site, site.db.read() as s:
            assert site.db.schema_is_current()
            assert site.ledger.verify(s).ok
            lines = s.scalars(select(LedgerEntry.digest).order_by(LedgerEntry.seq))
            known = [line["digest"] for line in self.told["lines"]]
            assert lines.all()[: len(known)] == known
            visitor = create_app(site).test_client()
            (found,) = visitor.get("/api/v1/records?q=yard").get_json()["items"]
            assert found["id"] == self.told["records"]["shown"]

    def _upgraded(self) -> Site:
        site = open_site(config.load(self.environ), lambda: self.now)
        indexing.rebuild(site, lambda done, total: None)
        return site


def test_an_upgrade_that_is_killed_anywhere_is_ended_by_the_next(
    tmp_path: Path, told: dict[str, Any]
) -> None:
    assert crashing.trial(BringingUp(tmp_path, told), rounds=4) == 4 * crashing.SCALE


@pytest.mark.parametrize("words", [["reindex"], ["verify", "--ledger"], ["serve"]])
def test_a_database_of_a_version_to_come_is_refused_and_left_alone(
    site, environ, words
) -> None:
    with site.db.write() as s:
        s.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    refused = nest.run(words, environ, cwd=OLD, seconds=60)
    assert refused.returncode == 1
    assert refused.stderr.strip() == (
        "The database was made by a newer Vigil; install that version."
    )
    with site.db.engine.connect() as connection:
        assert revisions.found(connection) == "9999"
