"""A stream that is running ends within five seconds of whatever ends the right to it.

A real server, and one with a broker behind it; a reader that takes its time. Acts are
done through the database, as another node or another window does them.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from archive import config, keyplaces
from archive.intake import Deposit
from archive.records import store
from archive.site import Site, open_site
from archive.vault import keyfiles, keylines
from auth import accounts, lifecycle
from auth.access import consents
from auth.access.tables import ConsentRow
from auth.credentials import sessions
from auth.credentials.tables import ServerSession
from auth.entry import entrances
from auth.viewer import Mode, Role
from tests.web.conftest import Desk, Home, copied, sound
from tests.web.test_broker_live import running

SIZE = 48 << 20
STEP, PACE = 64 << 10, 0.03
WITHIN = 5.0


@dataclass
class Stage:
    """An archive being served, with a long sound in it."""

    site: Site
    url: str
    heard: Deposit


@pytest.fixture(scope="module", params=["here", "broker"])
def stage(
    request: pytest.FixtureRequest,
    first_home: Home,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:
    environ = copied(first_home, tmp_path_factory.mktemp("ends"))
    site = open_site(config.load(environ))
    desk = Desk(site)
    heard = desk.publish(desk.deposit(sound(SIZE), name="noise.wav"))
    place = Path(tempfile.mkdtemp(prefix="ve-"))
    with contextlib.ExitStack() as stack:
        if request.param == "broker":
            environ = _apart(site, environ, place)
            stack.enter_context(running({**environ, **_whole(first_home)}, "broker"))
        url, _ = stack.enter_context(running(environ, "serve", "--port", "0"))
        yield Stage(site, url, heard)
    site.close()
    shutil.rmtree(place)


def _whole(home: Home) -> dict[str, str]:
    return {"VIGIL_KEY_FILE": home.environ["VIGIL_KEY_FILE"]}


def _apart(site: Site, environ: dict[str, str], place: Path) -> dict[str, str]:
    """The server's own environment: no key of originals, a broker that has it."""
    working = keyfiles.working_secret(keyplaces.unlock(site.config))
    keylines.write_key_file(place / "preview.key", site.config.home, working)
    return {
        **environ,
        "VIGIL_BROKER": str(place / "s"),
        "VIGIL_KEY_FILE": str(place / "preview.key"),
        "VIGIL_SHRED_LIST": str(place / "shredded"),
    }


@dataclass
class Reader:
    """Somebody with a session and a consent of their own, who is listening."""

    account: str
    session: str
    connection: socket.socket
    got: int = 0

    def begin(self) -> None:
        """Wait until the sound itself arrives."""
        while self.got <= STEP:
            assert self._take(), "it did not begin"

    def listen(self, seconds: float) -> bool:
        """Read at a slow pace; whether there is more to come."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self._take():
                return False
            time.sleep(PACE)
        return True

    def drain(self) -> None:
        while self._take():
            pass

    def _take(self) -> bool:
        try:
            piece = self.connection.recv(STEP)
        except ConnectionError:
            return False
        self.got += len(piece)
        return bool(piece)


@pytest.fixture
def reader(stage: Stage) -> Iterator[Reader]:
    site, record = stage.site, stage.heard.record.id
    now = site.clock()
    with site.db.write() as s:
        email = f"{time.monotonic_ns()}@example.org"
        made = accounts.add(
            s, site.sealing, email, "a reader", Role.RESEARCHER, None, now
        )
        until = now + timedelta(days=9)
        accounts.vet_offline(s, site.sealing, made, "papers", until, "operator", now)
        secret, row = sessions.start(s, made.id, "a test", now)
        viewer = entrances.viewer_through(s, made.id, row.id, now)
        item = store.item_of(store.require(s, record))
        labels = sorted(item.codes)
        consents.give(s, viewer, item, labels, "0" * 64, "en", "research", "x", 30, now)
        account, session = made.id, row.id
    host, port = "127.0.0.1", int(stage.url.rsplit(":", 1)[1])
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, STEP)
    connection.settimeout(30)
    connection.connect((host, port))
    asked = f"GET /media/{stage.heard.assets[0].id}/original HTTP/1.1"
    lines = [asked, "Host: localhost", f"Cookie: vigil={secret}", "", ""]
    connection.sendall("\r\n".join(lines).encode())
    with connection:
        yield Reader(account, session, connection)


def lapse(s: Session, who: Reader, site: Site) -> None:
    soon = site.clock() + timedelta(milliseconds=100)
    mine = update(ConsentRow).where(ConsentRow.account_id == who.account)
    s.execute(mine.values(expires_at=soon))


def log_out(s: Session, who: Reader, site: Site) -> None:
    row = s.get_one(ServerSession, who.session)
    sessions.end(s, row, sessions.Ending.SIGNED_OUT, site.clock())


def withdraw(s: Session, who: Reader, site: Site) -> None:
    assert consents.withdraw_all(s, who.account, site.clock())


def suspend(s: Session, who: Reader, site: Site) -> None:
    account = accounts.get(s, who.account)
    lifecycle.suspend(s, account, "operator", "a reason", site.clock())


def demote(s: Session, who: Reader, site: Site) -> None:
    account = accounts.get(s, who.account)
    lifecycle.set_role(s, account, Role.APPLICANT, "operator", "a reason", site.clock())


def close_the_record(s: Session, who: Reader, site: Site) -> None:
    row = s.query(ConsentRow).filter_by(account_id=who.account).one()
    consents.end_for_record(s, row.record_id, site.clock())


@pytest.mark.parametrize(
    "end", [lapse, log_out, withdraw, suspend, demote, close_the_record]
)
def test_a_running_stream_ends_within_five_seconds(
    stage: Stage, reader: Reader, end: Callable[[Session, Reader, Site], None]
) -> None:
    """C4, X6; requirement 44: on this node and through the broker."""
    reader.begin()
    begun = time.monotonic()
    with stage.site.db.write() as s:
        end(s, reader, stage.site)
    reader.listen(3.0)
    reader.drain()
    assert time.monotonic() - begun < WITHIN
    assert reader.got < SIZE


def test_no_access_ends_a_running_stream_within_five_seconds(
    stage: Stage, reader: Reader
) -> None:
    """The whole archive is shut by another process, on this node and by the broker."""
    reader.begin()
    begun = time.monotonic()
    with stage.site.db.write() as s:
        stage.site.change_mode(s, Mode.NO_ACCESS, {}, "operator")
    try:
        reader.listen(4.0)
        reader.drain()
        assert time.monotonic() - begun < WITHIN
        assert reader.got < SIZE
    finally:
        with stage.site.db.write() as s:
            stage.site.change_mode(s, Mode.OPEN, {}, "operator")


def test_without_an_end_the_same_reader_hears_it_all(reader: Reader) -> None:
    reader.begin()
    assert reader.listen(3.5)
    reader.drain()
    assert reader.got > SIZE
