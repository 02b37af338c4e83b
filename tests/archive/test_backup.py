"""Backup and restore: everything comes back, nothing dark comes back to light, and no
byte of the place is clear. That both may be killed anywhere is in test_crashes.py."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from archive import backup, config, gate, restoring, shredding, verification, work
from archive.backup import Made
from archive.cli import main
from archive.config import ConfigError
from archive.depot import Depot
from archive.founding import create_home
from archive.ledger.chain import Line
from archive.records.tables import Asset
from archive.restoring import Restored
from archive.site import Site, open_site
from archive.vault.errors import (
    IntegrityError,
    Shredded,
    StoreUnavailable,
    UnsupportedFormat,
    VaultError,
)
from auth.credentials import sessions, tokens
from auth.viewer import TokenScope, system_viewer
from tests.archive.administrators import person

WORKER = system_viewer("worker")
PASSWORD = "correct harbour velvet ostrich"


def silent(_part: str, _done: int, _total: int) -> None:
    """Tell nobody."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def back_up(site: Site, place: object, **how: object) -> Made:
    to = Depot.at(site.config, place)
    now = site.clock()
    return backup.back_up(site, to, actor="operator", now=now, tell=silent, **how)


def restore(environ: dict[str, str], place: object, **how: object) -> Restored:
    return restoring.restore(environ, place, actor="operator", tell=silent, **how)


def work_through(site: Site) -> None:
    while work.run_one(site, site.clock()):
        pass


def hashes(site: Site) -> dict[str, str]:
    """SHA-256 of every original, read out of the archive."""
    with site.db.read() as s:
        assets = list(s.scalars(select(Asset)))
    found = {}
    for asset in assets:
        with gate.derive(site, WORKER, asset.id, site.clock()) as reader:
            content = b"".join(reader.pieces(0, reader.size))
        found[asset.id] = hashlib.sha256(content).hexdigest()
    return found


def destroy(site: Site) -> None:
    site.close()
    shutil.rmtree(site.config.home)


def deposit_at_work(
    desk, stop: threading.Event, taken: list[str]
) -> Callable[[], None]:
    def run() -> None:
        while not stop.is_set():
            taken.append(desk.deposit().assets[0].id)

    return run


def test_everything_comes_back_from_a_backup_made_under_load(
    site, desk, environ, place, clock
) -> None:
    for _ in range(5):
        desk.publish(desk.deposit(), "dead.body")
    work_through(site)
    before = hashes(site)
    stop, taken = threading.Event(), []
    hands = [
        threading.Thread(target=deposit_at_work(desk, stop, taken)) for _ in range(3)
    ]
    for hand in hands:
        hand.start()
    try:
        while not taken:
            pass
        known = list(taken)
        made = back_up(site, place)
    finally:
        stop.set()
        for hand in hands:
            hand.join()
    assert made.ok
    later = hashes(site)
    destroy(site)

    done = restore(environ, place, clock=clock)
    assert done.ok, done.report.findings
    with_home = open_site(config.load(environ), clock)
    back = hashes(with_home)
    with_home.close()
    assert before.items() <= back.items() <= later.items()
    assert set(known) <= set(back)
    assert not list(Path(environ["VIGIL_HOME"]).glob(".rest*"))


def test_the_restored_archive_works_on(site, desk, environ, place, clock) -> None:
    desk.publish(desk.deposit(), "dead.body")
    work_through(site)
    back_up(site, place)
    destroy(site)
    restore(environ, place, clock=clock)
    again = open_site(config.load(environ), clock)
    desk.site = again
    desk.publish(desk.deposit(), "dead.body")
    work_through(again)
    assert again.engine.count() == 2
    report = verification.verify(again, actor="operator", now=clock())
    assert report.ok, report.findings
    assert back_up(again, place).copied == 2  # the new original and its preview
    again.close()


def test_a_second_backup_copies_only_what_is_new(site, desk, place) -> None:
    desk.deposit(desk.photo(), desk.photo())
    first = back_up(site, place)
    assert (first.objects, first.copied) == (2, 2)
    assert back_up(site, place).copied == 0
    desk.deposit()
    third = back_up(site, place)
    assert (third.objects, third.copied) == (3, 1)


def test_the_place_has_no_clear_byte_and_no_unlock_secret(
    site, desk, environ, place
) -> None:
    desk.deposit(draft=desk.draft("A canary of a title, xylophone"))
    back_up(site, place)
    content = b"".join(p.read_bytes() for p in place.rglob("*") if p.is_file())
    line = Path(environ["VIGIL_KEY_FILE"]).read_bytes().strip()
    secret = line.removeprefix(b"vigil-key-1:")
    for clear in (
        b"xylophone",
        b"SQLite format 3",
        secret,
        bytes.fromhex(str(secret, "ascii")),
    ):
        assert clear not in content
    assert all(p.stat().st_mode & 0o077 == 0 for p in place.rglob("*"))


def test_the_ledger_tells_of_backup_and_restore(site, environ, place, clock) -> None:
    made = back_up(site, place)
    assert [line.detail["backup"] for line in told(site)] == [made.name]
    destroy(site)
    restore(environ, place, clock=clock)
    again = open_site(config.load(environ), clock)
    assert [line.detail["restored"] for line in told(again)] == [made.name]
    again.close()


def told(site: Site) -> list[Line]:
    """The ledger's lines on copies of the archive."""
    with site.db.read() as s:
        lines = site.ledger.entries(s, limit=100)
        return [line for line in lines if line.event == "replication"]


@pytest.mark.parametrize("where", ["folder", "s3"])
def test_the_place_may_be_a_bucket(
    where, s3_environ, site, desk, environ, clock, tmp_path
) -> None:
    desk.deposit(desk.photo() + bytes(9 << 20))
    before = hashes(site)
    there = config.load({**environ, **s3_environ})
    to = Depot.at(there, there.object_store)
    made = backup.back_up(site, to, actor="operator", now=clock(), tell=silent)
    assert made.copied == 1
    destroy(site)
    given = dict(environ)
    given |= {k: v for k, v in s3_environ.items() if k != "VIGIL_OBJECT_STORE"}
    if where == "s3":
        given["VIGIL_OBJECT_STORE"] = s3_environ["VIGIL_OBJECT_STORE"] + "-restored"
    done = restore(given, there.object_store, clock=clock)
    assert done.ok, done.report.findings
    again = open_site(config.load(given), clock)
    assert hashes(again) == before
    again.close()


def test_a_manifest_of_which_only_the_name_was_claimed_is_no_backup(
    site, desk, environ, place, clock
) -> None:
    desk.deposit()
    made = back_up(site, place)
    claimed = place / "backups" / "ff" / ("ff" * 16)
    claimed.parent.mkdir(mode=0o700)
    claimed.touch(0o600)
    assert Depot.at(site.config, place).names() == [made.name]
    assert back_up(site, place).ok
    destroy(site)
    assert restore(environ, place, clock=clock).ok


def approved(site: Site) -> shredding.Approved:
    proofs = [person(site, name) for name in ("anahit", "bagrat")]
    return shredding.approve(site, proofs)


@pytest.mark.parametrize("known_by", ["a newer backup", "the list outside the home"])
def test_what_was_shredded_since_stays_dark(
    known_by, site, desk, environ, place, clock, tmp_path
) -> None:
    dark, other = desk.deposit(), desk.deposit()
    first = back_up(site, place)
    shredding.shred(site, dark.record.id, "Asked for by the family.", approved(site))
    if known_by == "a newer backup":
        back_up(site, place)
        (outside,) = Path(environ["VIGIL_KEY_FILE"]).parent.glob("*.shredded")
        outside.unlink()
    destroy(site)
    done = restore(environ, place, clock=clock, chosen=first.name)
    assert done.ok, done.report.findings
    again = open_site(config.load(environ), clock)
    with pytest.raises(Shredded):
        gate.derive(again, WORKER, dark.assets[0].id, clock()).close()
    gate.derive(again, WORKER, other.assets[0].id, clock()).close()
    again.close()


def test_nobody_who_was_shut_out_comes_back(site, desk, environ, place, clock) -> None:
    viewer = desk.researcher()
    with site.db.write() as s:
        secret, _ = sessions.start(s, viewer.account_id, "here", clock())
        scopes = frozenset({TokenScope.READ})
        token, _ = tokens.add(s, viewer.account_id, scopes, 30, clock())
    back_up(site, place)
    destroy(site)
    assert restore(environ, place, clock=clock).signed_out == 1
    again = open_site(config.load(environ), clock)
    with again.db.read() as s:
        assert sessions.find(s, secret, clock()) is None
        assert tokens.find(s, token, clock()) is None
    again.close()


def test_only_so_many_backups_are_kept(site, desk, environ, place, clock) -> None:
    first = back_up(site, place)
    gone = desk.deposit()
    back_up(site, place)
    shredding.shred(site, gone.record.id, "Asked for by the family.", approved(site))
    desk.deposit()
    last = back_up(site, place, keep=1)
    assert last.removed_backups == 2
    to = Depot.at(site.config, place)
    assert to.names() == [last.name]
    assert len(list(to.objects.stored())) == last.objects == 1
    destroy(site)
    with pytest.raises(ConfigError, match="no such backup"):
        restore(environ, place, chosen=first.name)
    assert restore(environ, place, clock=clock).ok


def test_a_file_that_the_archive_lost_is_told_and_an_older_copy_is_kept(
    site, desk, environ, place, clock
) -> None:
    desk.deposit()
    (copied,) = site.vault.blobs.stored()
    back_up(site, place)
    desk.deposit()
    for blob in site.vault.blobs.stored():
        site.vault.blobs.delete(blob.name)
    made = back_up(site, place)
    assert not made.ok
    assert copied.name not in made.missing
    assert len(made.missing) == 1


def damage(path: Path, place: int = -1) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def test_a_damaged_file_of_the_backup_is_told_and_the_rest_comes_back(
    site, desk, environ, place, clock
) -> None:
    desk.deposit()
    desk.deposit()
    back_up(site, place)
    destroy(site)
    damage(next(path for path in (place / "objects").glob("??/*")))
    done = restore(environ, place, clock=clock)
    assert not done.ok
    assert len(done.lost) == 1
    assert {finding.part for finding in done.report.findings} == {"fixity"}


@pytest.mark.parametrize("at", [0, 8, 20, 60, -1])
def test_a_changed_manifest_is_refused(at, site, environ, place, clock) -> None:
    back_up(site, place)
    destroy(site)
    damage(next(path for path in (place / "backups").glob("??/*")), at)
    with pytest.raises((IntegrityError, UnsupportedFormat, VaultError)):
        restore(environ, place, clock=clock)
    with pytest.raises(ConfigError, match=r"half restored|no archive"):
        open_site(config.load(environ), clock)


def test_changed_state_files_are_refused(site, environ, place, clock) -> None:
    back_up(site, place)
    destroy(site)
    for path in sorted((place / "states").glob("??/*")):
        whole = path.read_bytes()
        damage(path)
        with pytest.raises((VaultError, ConfigError, SQLAlchemyError)):
            restore(environ, place, clock=clock)
        path.write_bytes(whole)
    assert restore(environ, place, clock=clock).ok


def test_another_key_opens_nothing(site, environ, place, tmp_path, clock) -> None:
    back_up(site, place)
    destroy(site)
    wrong = tmp_path / "keys" / "wrong.key"
    wrong.write_text("vigil-key-1:" + "ab" * 32 + "\n")
    wrong.chmod(0o600)
    with pytest.raises((ConfigError, VaultError), match="another archive"):
        restore({**environ, "VIGIL_KEY_FILE": str(wrong)}, place, clock=clock)
    assert restore(environ, place, clock=clock).ok


def test_a_home_that_is_not_empty_is_left_alone(site, environ, place) -> None:
    back_up(site, place)
    with pytest.raises(ConfigError, match="not empty"):
        restore(environ, place)


def test_a_place_without_backups_is_refused_and_not_made(environ, tmp_path) -> None:
    with pytest.raises(ConfigError, match="no backups"):
        restore(environ, tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
    assert not Path(environ["VIGIL_HOME"]).exists()


def test_the_backups_of_another_archive_are_left_alone(
    site, place, tmp_path, clock
) -> None:
    back_up(site, place)
    given = {
        "VIGIL_HOME": str(tmp_path / "second"),
        "VIGIL_KEY_FILE": str(tmp_path / "keys" / "second.key"),
    }
    second = create_home(config.load(given), clock)
    with pytest.raises(ConfigError, match="another archive"):
        back_up(second, place)
    second.close()


def test_one_home_has_one_backup_at_a_time(site, place) -> None:
    with backup._alone(site.config.home), pytest.raises(ConfigError, match="Another"):
        back_up(site, place)


def test_a_bucket_that_is_away_ends_the_backup_and_leaves_none(
    site, desk, s3_environ, environ
) -> None:
    desk.deposit()
    given = {**environ, **s3_environ, "VIGIL_S3_ENDPOINT": "http://127.0.0.1:1"}
    there = config.load(given)
    with pytest.raises(StoreUnavailable):
        to = Depot.at(there, there.object_store)
        now = site.clock()
        backup.back_up(site, to, actor="operator", now=now, tell=silent)


def test_a_living_database_is_never_replaced(
    site, environ, place, clock, tmp_path
) -> None:
    living = tmp_path / "elsewhere.db"
    living.write_bytes(b"the living database")
    toml = site.config.home / "vigil.toml"
    toml.write_text(f'database_url = "sqlite:///{living}"\n')
    back_up(site, place)
    destroy(site)
    with pytest.raises(ConfigError, match="another database"):
        restore(environ, place, clock=clock)
    assert living.read_bytes() == b"the living database"


def test_the_settings_come_back_without_the_old_place_of_the_key(
    site, environ, place, clock
) -> None:
    toml = site.config.home / "vigil.toml"
    toml.write_text('key_file = "/elsewhere/old.key"\ndaily_reveals = 7\n')
    back_up(site, place)
    destroy(site)
    restore(environ, place, clock=clock)
    assert config.load({"VIGIL_HOME": environ["VIGIL_HOME"]}).daily_reveals == 7
    made = config.load({"VIGIL_HOME": environ["VIGIL_HOME"]}).key_file
    assert str(made) == environ["VIGIL_KEY_FILE"]


def test_the_commands_tell_in_json(site, desk, environ, place, monkeypatch) -> None:
    desk.deposit()
    site.close()
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    made = CliRunner().invoke(main, ["backup", str(place), "--json"])
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)["copied"] == 1
    shutil.rmtree(environ["VIGIL_HOME"])
    done = CliRunner().invoke(main, ["restore", str(place), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["ok"] is True
    assert told["backup"] == json.loads(made.stdout)["name"]
    inside = ["backup", str(Path(environ["VIGIL_HOME"]) / "b")]
    refused = CliRunner().invoke(main, inside)
    assert refused.exit_code == 1
    assert "inside the home" in refused.stderr
