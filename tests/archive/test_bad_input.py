"""What goes wrong around an archive: one clear sentence each, and no damage.

Keys that are wrong, a disk that is full or may not be written to, links in the home,
two servers, a clock that jumps. After each the archive is put right and reads back
whole. Buckets that are away, slow or lying: vault/test_s3_trouble, web/test_store_away.
"""

from __future__ import annotations

import hashlib
import os
import resource
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archive import backup, config, gate, intake, jobs, verification, work
from archive.cli import main
from archive.cli.doctor import examine
from archive.depot import Depot
from archive.founding import create_home
from archive.jobs import JobState
from archive.site import Site
from archive.vault.errors import StoreUnavailable
from archive.work import housekeeping
from auth.credentials import sessions
from tests.archive.conftest import Desk, photo
from tests.archive.crashing import Life, run


@dataclass
class Shell:
    """The operator's shell: what a command says, and what the home is like."""

    environ: dict[str, str]
    folder: Path

    def run(self, *args: str) -> Result:
        ran = CliRunner().invoke(main, args, env=self.environ)
        strange = ran.exception and not isinstance(ran.exception, SystemExit)
        assert not strange, repr(ran.exception)
        return ran

    def refused(self, *args: str) -> str:
        """The one sentence with which a command fails."""
        ran = self.run(*args)
        assert ran.exit_code == 1, ran.output
        sentence = ran.stderr.strip()
        assert sentence, "it failed without a word"
        assert "\n" not in sentence
        assert "Traceback" not in sentence
        return sentence

    def digests(self) -> dict[str, str]:
        """Every file of the home but locks and what readers of SQLite leave."""
        home = Path(self.environ["VIGIL_HOME"])
        return {
            str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in home.rglob("*")
            if path.is_file() and not path.name.endswith(("-shm", "-wal", ".lock"))
        }


@pytest.fixture
def shell(site: Site, environ: dict[str, str], desk: Desk, tmp_path: Path) -> Shell:
    """On an archive that holds something and is not open anywhere."""
    desk.publish(desk.deposit(photo(), photo()), "dead.body")
    site.close()
    return Shell(environ, tmp_path)


def photo_file(folder: Path, padding: int = 0) -> str:
    path = folder / f"{secrets.token_hex(4)}.jpg"
    path.write_bytes(photo() + bytes(padding))
    return str(path)


COMMANDS = (
    ("verify", "--all"),
    ("backup", "BACKUPS"),
    ("deposit", "PHOTO", "--title", "x", "--description", "y"),
    ("keys", "rotate", "original"),
    ("serve", "--port", "0"),
)


# --- keys -----------------------------------------------------------------------------


def key_of(shell: Shell) -> Path:
    return Path(shell.environ["VIGIL_KEY_FILE"])


def keyring_of(shell: Shell, name: str) -> Path:
    return Path(shell.environ["VIGIL_HOME"]) / "keys" / f"{name}.keyring"


def wrong_key(shell: Shell) -> None:
    key_of(shell).write_text(f"vigil-key-1:{secrets.token_hex(32)}\n")


def short_key(shell: Shell) -> None:
    key_of(shell).write_text(key_of(shell).read_text().strip()[:-2] + "\n")


def readable_key(shell: Shell) -> None:
    key_of(shell).chmod(0o644)


def missing_key(shell: Shell) -> None:
    key_of(shell).unlink()


def swapped_keyrings(shell: Shell) -> None:
    one, two = keyring_of(shell, "originals"), keyring_of(shell, "working")
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


def missing_keyring(shell: Shell) -> None:
    keyring_of(shell, "originals").unlink()


def cut_keyring(shell: Shell) -> None:
    path = keyring_of(shell, "originals")
    path.write_bytes(path.read_bytes()[:-1])


def key_inside(shell: Shell) -> None:
    inside = Path(shell.environ["VIGIL_HOME"]) / "vigil.key"
    shutil.copy2(key_of(shell), inside)
    shell.environ["VIGIL_KEY_FILE"] = str(inside)


KEY_TROUBLE: tuple[tuple[Callable[[Shell], None], str], ...] = (
    (wrong_key, "another archive"),
    (short_key, "does not hold an unlock secret"),
    (readable_key, "chmod 600"),
    (missing_key, "cannot be read"),
    (swapped_keyrings, "keyring"),
    (missing_keyring, "cannot be read"),
    (cut_keyring, "keyring"),
    (key_inside, "lies inside"),
)


@pytest.mark.parametrize(
    ("spoil", "said"), KEY_TROUBLE, ids=[each.__name__ for each, _ in KEY_TROUBLE]
)
def test_a_key_that_will_not_do_is_told_and_nothing_is_changed(
    shell: Shell, spoil: Callable[[Shell], None], said: str
) -> None:
    whole = shell.folder / "whole"
    shutil.copytree(shell.folder / "home", whole)
    right = (key_of(shell), key_of(shell).read_bytes())
    spoil(shell)
    before = shell.digests()
    for command in COMMANDS:
        words = {"PHOTO": photo_file(shell.folder), "BACKUPS": str(shell.folder / "b")}
        sentence = shell.refused(*(words.get(each, each) for each in command))
        assert said in sentence, sentence
    assert shell.digests() == before
    assert not (shell.folder / "b").exists()
    shutil.rmtree(shell.folder / "home")
    whole.rename(shell.folder / "home")
    path, content = right
    path.write_bytes(content)
    path.chmod(0o600)
    shell.environ["VIGIL_KEY_FILE"] = str(path)
    assert shell.run("verify", "--all").exit_code == 0


# --- disks ----------------------------------------------------------------------------


@contextmanager
def small_disk(place: Path, mebibytes: int) -> Iterator[Callable[[str], None]]:
    """A disk of that size at the place; gives what remounts it as `ro` or `rw`."""
    if os.geteuid() != 0:
        pytest.skip("A FULL AND A READ-ONLY DISK ARE NOT TRIED: mounting needs root")
    place.mkdir(mode=0o700)
    size = f"size={mebibytes}m,mode=0700"
    command = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(place)]
    tried = subprocess.run(command, capture_output=True, check=False, text=True)
    if tried.returncode:
        pytest.skip(f"A FULL DISK IS NOT TRIED: {tried.stderr.strip()}")

    def remount(how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(place)], check=True)

    try:
        yield remount
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def files(store: Path) -> set[str]:
    return {path.name for path in store.rglob("*") if path.is_file()}


@pytest.fixture
def on_small_disk(environ, clock, tmp_path) -> Iterator[tuple[Site, Path, Callable]]:
    """An archive whose objects lie on a disk of 6 MiB."""
    with small_disk(tmp_path / "disk", 6) as remount:
        store = tmp_path / "disk" / "objects"
        given = {**environ, "VIGIL_OBJECT_STORE": str(store)}
        environ["VIGIL_OBJECT_STORE"] = str(store)
        site = create_home(config.load(given), clock)
        yield site, store, remount
        site.close()


def test_a_full_disk_is_told_leaves_nothing_and_is_over_when_there_is_room(
    on_small_disk, environ, tmp_path
) -> None:
    site, store, _ = on_small_disk
    desk, kept = Desk(site), []
    while len(kept) < 20:
        before = files(store)
        try:
            kept.append(desk.deposit(photo() + bytes(900_000)))
        except intake.Refused as refused:
            assert refused.code == "storage_full"
            assert files(store) == before
            break
    assert 3 <= len(kept) < 20
    shell = Shell(environ, tmp_path)
    path = photo_file(tmp_path, 2_000_000)
    said = shell.refused("deposit", path, "--title", "x", "--description", "y")
    assert "no room" in said
    assert verification.verify(site, actor="operator", now=site.clock()).ok
    subprocess.run(["mount", "-o", "remount,size=32m", str(store.parent)], check=True)
    assert desk.deposit(photo() + bytes(2_000_000)).assets
    assert verification.verify(site, actor="operator", now=site.clock()).ok


def test_a_store_that_may_only_be_read_is_told_and_still_read(
    on_small_disk, environ, tmp_path
) -> None:
    site, store, remount = on_small_disk
    made = Desk(site).deposit()
    before = files(store)
    remount("ro")
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        Desk(site).deposit()
    with pytest.raises(StoreUnavailable):
        site.vault.blobs.check()
    shell = Shell(environ, tmp_path)
    path = photo_file(tmp_path)
    said = shell.refused("deposit", path, "--title", "x", "--description", "y")
    assert "cannot be written" in said
    assert shell.run("verify", "--all").exit_code == 0
    assert files(store) == before
    remount("rw")
    assert Desk(site).deposit().assets[0].id != made.assets[0].id


def test_a_backup_to_a_full_disk_is_told_and_is_none(
    site, desk, environ, tmp_path
) -> None:
    with small_disk(tmp_path / "disk", 1):
        desk.deposit(photo() + os.urandom(3_000_000))
        place = tmp_path / "disk" / "backups"
        said = Shell(environ, tmp_path).refused("backup", str(place))
        assert "No space left" in said
        assert Depot.at(site.config, place).names() == []
    there = tmp_path / "room"
    to = Depot.at(site.config, there)
    made = backup.back_up(
        site, to, actor="operator", now=site.clock(), tell=lambda *_: None
    )
    assert made.ok


def test_a_home_on_a_full_disk_loses_nothing(environ, clock, tmp_path) -> None:
    """Database and key folder, too: a transaction that finds no room is none."""
    with small_disk(tmp_path / "disk", 4):
        given = {**environ, "VIGIL_HOME": str(tmp_path / "disk" / "home")}
        site = create_home(config.load(given), clock)
        Desk(site).deposit()
        filler = tmp_path / "disk" / "filler"
        with suppress(OSError), filler.open("wb") as file:
            while True:
                file.write(bytes(1 << 16))
                file.flush()
        shell = Shell(given, tmp_path)
        path = photo_file(tmp_path, 400_000)
        for command in (
            ("deposit", path, "--title", "x", "--description", "y"),
            ("keys", "rotate", "original"),
        ):
            shell.refused(*command)
        filler.unlink()
        assert shell.run("verify", "--all").exit_code == 0
        assert shell.run("keys", "rotate", "original").exit_code == 0
        assert shell.run("verify", "--all").exit_code == 0
        site.close()


def test_a_limit_on_the_size_of_files_is_met_like_a_full_disk(site, desk) -> None:
    """So it is for whoever may not mount: RLIMIT_FSIZE in a child."""
    site.close()

    def act(life: Life) -> None:
        life.begin()
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            desk.deposit(photo() + bytes(500_000))
        except intake.Refused as refused:
            life.acknowledge(refused.code)

    assert run(act).acknowledged == ("storage_full",)
    assert files(site.config.object_store) == set()
    assert verification.verify(site, actor="operator", now=site.clock()).ok


# --- links ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["keys", "objects", "index", "vigil.db", "vigil.toml"])
def test_a_link_in_the_home_stops_the_start(shell: Shell, name: str) -> None:
    home, elsewhere = Path(shell.environ["VIGIL_HOME"]), shell.folder / "elsewhere"
    path = home / name
    if not path.exists():
        path.write_text("")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    before = shell.digests()
    for command in COMMANDS[:1] + COMMANDS[3:]:
        assert f"{path} is a link" in shell.refused(*command)
    assert shell.digests() == before
    path.unlink()
    elsewhere.rename(path)
    assert shell.run("verify", "--all").exit_code == 0


def test_a_link_that_leads_nowhere_is_told_as_well(shell: Shell) -> None:
    (Path(shell.environ["VIGIL_HOME"]) / "outbox").symlink_to(shell.folder / "nowhere")
    assert "is a link" in shell.refused("verify")


def test_the_home_itself_may_be_reached_by_a_link(shell: Shell) -> None:
    link = shell.folder / "link"
    link.symlink_to(shell.environ["VIGIL_HOME"])
    shell.environ["VIGIL_HOME"] = str(link)
    assert shell.run("verify", "--all").exit_code == 0


# --- two servers ----------------------------------------------------------------------


def test_a_second_server_on_one_home_is_refused_and_the_first_goes_on(
    shell: Shell,
) -> None:
    command = [sys.executable, "-m", "archive.cli", "serve", "--port", "0"]
    first = subprocess.Popen(
        [*command, "--workers", "1", "--threads", "4"],
        env={**os.environ, **shell.environ},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert first.stdout is not None
        assert first.stdout.readline().startswith("Listening on ")
        assert "is being served already" in shell.refused("serve", "--port", "0")
        assert first.poll() is None
        # Whatever is not a server may run beside it.
        assert shell.run("verify", "--ledger").exit_code == 0
    finally:
        first.terminate()
        assert first.wait(60) == 0
        assert first.stdout is not None
        first.stdout.close()
    assert shell.run("verify", "--all").exit_code == 0


def test_a_server_that_was_killed_does_not_keep_others_out(shell: Shell) -> None:
    script = (
        "import os, signal\n"
        "from archive import config\n"
        "from archive.cli.serving import _be_the_only_one\n"
        "_be_the_only_one(config.from_environment())\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    died = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **shell.environ},
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    again = script.replace("os.kill(os.getpid(), signal.SIGKILL)", "os._exit(7)")
    lives = subprocess.run(
        [sys.executable, "-c", again],
        env={**os.environ, **shell.environ},
        check=False,
    )
    assert lives.returncode == 7


# --- clocks ---------------------------------------------------------------------------


def test_a_clock_that_was_ahead_stops_no_work(site, desk, clock) -> None:
    """Jobs queued and leased in a year that has not come are done all the same."""
    clock.advance(days=2000)
    housekeeping.queue_due(site, clock())
    held = desk.deposit()
    ahead = jobs.claim(site.db, "gone", ("derive",), timedelta(minutes=2), clock())
    assert ahead is not None
    clock.advance(days=-2000)
    assert work.drain(site, held.record.id, seconds=60)
    while work.run_one(site, clock()):
        pass
    with site.db.read() as s:
        assert {job.state for job in jobs.listing(s)} == {JobState.DONE}
    housekeeping.queue_due(site, clock())
    with site.db.read() as s:
        assert {job.kind for job in jobs.listing(s, state=JobState.QUEUED)} == {
            *housekeeping.CHORES,
            "fixity",
        }


def test_a_clock_that_is_set_back_opens_nothing_and_is_told(
    site, desk, clock, environ, monkeypatch
) -> None:
    viewer, held = desk.researcher(), desk.publish(desk.deposit(), "dead.body")
    desk.consent(viewer, held.record.id)
    again = desk.fresh(viewer.account_id)
    with site.db.write() as s:
        secret, _ = sessions.start(s, viewer.account_id, "here", clock())
    gate.release(site, again, held.assets[0].id, clock()).close()
    clock.advance(hours=-3)
    with site.db.read() as s:
        assert sessions.find(s, secret, clock()) is None
    with pytest.raises(gate.RefusedError):
        stale = desk.fresh(viewer.account_id)
        gate.release(site, stale, held.assets[0].id, clock())
    report = verification.verify(site, actor="operator", now=clock())
    assert report.ok, report.findings


def test_the_doctor_tells_of_a_clock_behind_the_ledger(
    site, desk, clock, environ, monkeypatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    told = {finding.check: finding for finding in examine()}
    assert told["clock and ledger"].ok
    later = create_later(site)
    told = {finding.check: finding for finding in examine()}
    assert not told["clock and ledger"].ok
    assert f"{later:%Y-%m-%d}" in told["clock and ledger"].mend


def create_later(site: Site) -> datetime:
    later = datetime.now(UTC) + timedelta(days=400)
    with site.db.write() as s:
        site.ledger.append(s, "verification", actor="operator", now=later, detail={})
    return later
