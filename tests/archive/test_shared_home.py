"""Two users of one home: a web server without the originals' key, and its broker."""

from __future__ import annotations

import io
import os
import shutil
import signal
import stat
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from archive import config, keyplaces
from archive.broker.server import Server
from archive.config import ConfigError
from archive.founding import create_home
from archive.site import Site, open_site
from archive.vault import keyfiles, keylines
from archive.vault.container import Kind
from tests.archive.brokering import journal_beside
from tests.archive.conftest import Clock, Desk

WEB, BROKER, GROUP = 65_534, 65_533, 65_532
MOST_SECONDS = 120
"""A process that waits longer for the other one is ended, and the test fails."""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that others may pass through; those of pytest are closed."""
    folder = Path(tempfile.mkdtemp(prefix="vb-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def site(place: Path, clock: Clock) -> Iterator[Site]:
    environ = {
        "VIGIL_HOME": str(place / "home"),
        "VIGIL_KEY_FILE": str(place / "keys" / "vigil.key"),
        "VIGIL_SHRED_LIST": str(place / "keys" / "shredded"),
    }
    made = create_home(config.load(environ), clock)
    yield made
    made.close()


def share(site: Site, place: Path) -> None:
    """As docs/deploy.md says: to the group, folders 2770, files 660."""
    for path in [site.config.home, *site.config.home.rglob("*")]:
        os.chown(path, BROKER, GROUP)
        path.chmod(0o2770 if path.is_dir() else 0o660)
    for path in [place / "keys", *(place / "keys").iterdir()]:
        os.chown(path, BROKER, BROKER)


def web_config(site: Site, place: Path) -> config.Config:
    folder = place / "web"
    keylines.write_key_file(
        folder / "preview.key",
        site.config.home,
        keyfiles.working_secret(keyplaces.unlock(site.config)),
    )
    for path in (folder, folder / "preview.key"):
        os.chown(path, WEB, WEB)
    return replace(
        site.config,
        key_file=folder / "preview.key",
        shred_list=folder / "shredded",
        broker=place / "run" / "socket",
    )


def as_user(user: int, act: Callable[[], None]) -> int:
    """Do something as another user, in a process of its own; 0 where it went well."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 1
    signal.alarm(MOST_SECONDS)
    try:
        os.setgroups([GROUP])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        os.umask(0o077)
        act()
        status = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(status)


def test_what_either_user_makes_the_other_can_use(
    site: Site, place: Path, clock: Clock
) -> None:
    desk = Desk(site)
    held = desk.publish(desk.deposit(), "dead.body")
    viewer = desk.researcher()
    desk.consent(viewer, held.record.id)
    viewer = desk.fresh(viewer.account_id)
    site.engine.count()
    site.close()
    web = web_config(site, place)
    share(site, place)
    (place / "run").mkdir()
    os.chown(place / "run", BROKER, GROUP)
    (place / "run").chmod(0o750)
    ready, told = os.pipe()
    over, until = os.pipe()
    full = replace(site.config, broker=web.broker)

    def broker() -> None:
        own = open_site(full, clock)
        journal = journal_beside(own, web.broker)
        server = Server(own, web.broker, frozenset({WEB}), journal)
        os.chown(web.broker, -1, GROUP)
        thread = threading.Thread(target=server.run)
        thread.start()
        with own.db.write() as s, own.vault.new_object(Kind.PREVIEW_IMAGE) as made:
            made.write(b"a preview")
            made.finish_bytes()
            made.finish(s, clock())
        os.write(told, b".")
        os.read(over, 1)
        server.stop()
        thread.join(10)
        own.close()

    def serve() -> None:
        assert os.read(ready, 1) == b".", "the broker did not start"
        own = open_site(web, clock)
        assert own.readiness()["broker"]
        assert own.readiness()["store"]
        assert own.engine.count() >= 0
        with closing(own.release(viewer, held.assets[0].id, clock())) as release:
            assert len(b"".join(release.read(0, release.size))) == release.size
        with own.db.write() as s, own.vault.new_object(Kind.ORIGINAL) as made:
            made.write(io.BytesIO(b"taken in").getvalue())
            made.finish_bytes()
            made.finish(s, clock())
        own.close()
        for path in (site.config.home / "keys").iterdir():
            path.read_bytes()
        for secret in (place / "keys" / "vigil.key",):
            try:
                secret.read_bytes()
            except PermissionError:
                continue
            raise AssertionError(secret)

    child = os.fork()
    if child == 0:
        os.close(until)  # or the broker would never see its end
        os._exit(as_user(BROKER, broker))
    os.close(told)
    try:
        assert as_user(WEB, serve) == 0
    finally:
        os.close(until)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert ended == 0
    for path in site.config.home.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o2770 if path.is_dir() else 0o660), (path, oct(mode))


def test_a_shared_home_without_a_broker_is_refused(site: Site, place: Path) -> None:
    site.config.home.chmod(0o2770)
    with pytest.raises(ConfigError, match="open to other users"):
        config.check_safe(site.config)
    brokered = replace(site.config, broker=place / "run" / "socket")
    config.check_safe(brokered)
    for mode in (0o2771, 0o770, 0o2775, 0o750):
        site.config.home.chmod(mode)
        with pytest.raises(ConfigError, match="open to other users"):
            config.check_safe(brokered)
