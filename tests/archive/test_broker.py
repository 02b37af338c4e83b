"""The broker: whoever may not ask is not heard, whoever may gets what the gate lets."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from archive import keyplaces, work
from archive.broker import wire
from archive.broker.client import Broker
from archive.broker.server import CannotListen, Limits, Server
from archive.cli import doctor
from archive.config import ConfigError
from archive.gate import RefusedError
from archive.intake import Deposit, uploads
from archive.intake.tables import Upload
from archive.site import Site
from archive.vault import keytable
from archive.vault.container import Kind
from archive.vault.errors import KeeperAway, KeyUnavailable
from archive.vault.keyfiles import KeyFiles
from archive.vault.keyrings import Keyring
from archive.vault.keys import Domain, Key, Purpose, Secret, UnlockSecret
from archive.vault.tables import DataKey
from auth import accounts
from auth.credentials import sessions, tokens
from auth.viewer import ReasonCode, Role, TokenScope, Viewer
from tests.archive.brokering import apart, journal_beside, listening, socket_path

QUICK = Limits(connections=2, question_seconds=0.4, pause_seconds=0.4, send_seconds=1.0)
ME = frozenset({os.geteuid()})


@pytest.fixture
def path() -> Iterator[Path]:
    with socket_path() as place:
        yield place


@pytest.fixture
def server(site: Site, path: Path) -> Iterator[Server]:
    with listening(site, path, limits=QUICK) as running:
        yield running


@pytest.fixture
def web(site: Site, path: Path, server: Server) -> Iterator[Site]:
    opened = apart(site, path)
    yield opened
    opened.close()


@pytest.fixture
def held(desk) -> Deposit:
    return desk.publish(desk.deposit(), "dead.body")


@pytest.fixture
def viewer(desk, held: Deposit) -> Viewer:
    researcher = desk.researcher()
    desk.consent(researcher, held.record.id)
    return desk.fresh(researcher.account_id)


def whole(web: Site, viewer: Viewer, held: Deposit) -> bytes:
    release = web.release(viewer, held.assets[0].id, web.clock())
    with closing(release):
        return b"".join(release.read(0, release.size))


# --- what the web does not hold -----------------------------------------------------


def test_the_web_holds_no_key_of_originals_and_finds_none_in_its_memory(
    site: Site, web: Site, held: Deposit
) -> None:
    assert not web.keyring.holds(Purpose.ORIGINAL)
    with pytest.raises(KeyUnavailable):
        web.keyring.active(Purpose.ORIGINAL)
    with site.db.read() as s:
        row = s.query(DataKey).filter_by(kind=Kind.ORIGINAL).first()
    with pytest.raises(KeyUnavailable):
        web.keyring.by_id(row.wrapping_key_id)
    purposes = {name.purpose for name in web.keyring.names()}
    assert purposes == set(Purpose) - {Purpose.ORIGINAL, Purpose.JOURNAL}


def test_nothing_reachable_from_the_web_has_the_originals_key_or_the_unlock_secret(
    site: Site, web: Site
) -> None:
    """Every object that the site leads to, not only those with a name for it."""
    own = site.keyring.active(Purpose.ORIGINAL).secret_bytes()
    seen, waiting = set(), [web]
    secrets = 0
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, type) or each is site:
            continue
        seen.add(id(each))
        assert not isinstance(each, UnlockSecret)
        if isinstance(each, Secret):
            secrets += 1
            assert own not in each.secret_bytes()
        if isinstance(each, Key):
            assert each.name.purpose is not Purpose.ORIGINAL
        if isinstance(each, bytes | bytearray):
            assert own not in each
        waiting += [
            other
            for other in gc.get_referents(each)
            if type(other).__name__ not in ("module", "function", "frame")
        ]
    assert secrets > 8, "the walk did not reach the keyring"


def test_its_key_opens_no_keyring_of_originals(site: Site, web: Site) -> None:
    line = web.config.key_file.read_text()
    assert line.startswith("vigil-working-key-1:")
    secret = keyplaces.secret(web.config)
    with pytest.raises(KeyUnavailable):
        Keyring.load(secret, site.config.keyrings, frozenset(Domain))
    with pytest.raises(ConfigError, match="does not open originals"):
        keyplaces.unlock(web.config)
    files = KeyFiles(site.config.keyrings, secret, [Domain.WORKING])
    for start in range(0, 96, 32):
        files._keys["originals"] = Secret(secret.secret_bytes()[start : start + 32])
        with pytest.raises(KeyUnavailable, match="does not open"):
            files.read("originals")


# --- what it may ask ------------------------------------------------------------------


def test_who_lies_about_the_person_gets_no_further_than_the_session(
    web: Site, desk, viewer: Viewer, held: Deposit
) -> None:
    other = desk.researcher("other")
    mine, theirs = viewer.session_id, other.session_id
    for account, entrance in [
        (viewer.account_id, theirs),
        (other.account_id, mine),
        (other.account_id, theirs),
        (viewer.account_id, "made-up"),
        (viewer.account_id, ""),
    ]:
        liar = Viewer(
            account_id=account,
            session_id=entrance,
            role=Role.ADMINISTRATOR,
            second_factor=True,
            consents=viewer.consents,
        )
        with pytest.raises((RefusedError, KeeperAway)):
            whole(web, liar, held)
    assert whole(web, viewer, held)


def test_a_second_factor_or_a_scope_is_not_believed(
    site: Site, web: Site, desk, held: Deposit
) -> None:
    grave = desk.publish(desk.deposit(), "kill.execution")
    researcher = desk.researcher("lilit")
    desk.consent(researcher, grave.record.id)
    claims = Viewer(
        account_id=researcher.account_id,
        session_id=researcher.session_id,
        second_factor=True,
    )
    object.__setattr__(site.rules, "second_factor_tier", 0)
    with pytest.raises(RefusedError) as refused:
        whole(web, claims, grave)
    assert ReasonCode.SECOND_FACTOR in refused.value.refusal.codes
    with site.db.write() as s:
        _, token = tokens.add(
            s, researcher.account_id, [TokenScope.READ], 3, site.clock()
        )
    by_token = Viewer(
        account_id=researcher.account_id,
        session_id=token.id,
        scopes=frozenset(TokenScope),
    )
    with pytest.raises(RefusedError) as refused:
        whole(web, by_token, held)
    assert ReasonCode.ROLE in refused.value.refusal.codes


def test_a_deposit_is_sealed_by_the_web_and_its_key_wrapped_by_the_broker(
    site: Site, web: Site, desk
) -> None:
    there = type(desk)(web)
    content = desk.photo()
    made = there.deposit(content)
    assert made.assets[0].size == len(content)
    while work.run_one(site, site.clock()):
        pass
    there.publish(made, "dead.body")
    viewer = desk.researcher("ani")
    desk.consent(viewer, made.record.id)
    assert whole(web, viewer, made) == content


def test_an_upload_goes_on_for_its_owner_and_for_nobody_else(
    site: Site, web: Site, desk
) -> None:
    owner = desk.researcher("owner")
    content = desk.photo()
    begun = uploads.begin(
        web, owner.account_id, len(content), uploads.Details("a.jpg", ""), web.clock()
    )
    uploads.append(web, begun, 0, io.BytesIO(content), web.clock())
    with site.db.read() as s:
        segment = s.query(DataKey).filter_by(kind=Kind.SEGMENT).one()
    assert keytable.unwrap(web.keyring, segment).facts.size == len(content)
    with site.db.write() as s:
        sessions.end_all(s, owner.account_id, sessions.Ending.SIGNED_OUT, site.clock())
    with pytest.raises(KeyUnavailable):
        keytable.unwrap(web.keyring, segment)


def test_the_data_key_of_an_original_is_never_given(
    site: Site, web: Site, viewer: Viewer, held: Deposit
) -> None:
    """Not even to somebody who wrote an upload over it into the database."""
    details = uploads.Details("a.jpg", "")
    begun = uploads.begin(web, viewer.account_id, 9, details, web.clock())
    with site.db.write() as s:
        rows = s.query(DataKey).filter_by(kind=Kind.ORIGINAL).all()
        s.get_one(Upload, begun.id).object_id = rows[0].object_id
    for row in rows:
        with pytest.raises(KeyUnavailable):
            keytable.unwrap(web.keyring, row)


# --- who may connect, and what they may say -------------------------------------------


def connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(3)
    connection.connect(str(path))
    return connection


def told(connection: socket.socket) -> bytes:
    found = b""
    try:
        while piece := connection.recv(65536):
            found += piece
    except ConnectionError:
        pass
    return found


MALFORMED = {
    "nothing known": b"X" + struct.pack(">I", 2) + b"{}",
    "too long": b"J" + struct.pack(">I", 1 << 31),
    "bytes": b"D" + struct.pack(">I", 4) + b"1234",
    "no JSON": b"J" + struct.pack(">I", 4) + b"\xff\xfe\0{",
    "deep": b"J" + struct.pack(">I", 60000) + b"[" * 60000,
    "no object": b"J" + struct.pack(">I", 2) + b"[]",
    "no question": b"J" + struct.pack(">I", 2) + b"{}",
    "HTTP": b"GET / HTTP/1.1\r\n\r\n",
}


def test_what_is_malformed_is_told_nothing_and_harms_nobody(
    site: Site, path: Path
) -> None:
    with listening(site, path):
        for what, raw in MALFORMED.items():
            with connect(path) as connection:
                connection.sendall(raw)
                assert told(connection) == b"", what
            assert Broker(path).status().opens_originals


QUESTIONS: list[dict[str, object]] = [
    {"do": "open"},
    {"do": "open", "account": 7, "entrance": "x", "asset": "y"},
    {"do": "open", "account": "a", "entrance": None, "asset": "y"},
    {"do": "open", "account": "a" * 9000, "entrance": "b", "asset": "c"},
    {"do": "open", "account": None, "entrance": None, "asset": ["c"]},
    {"do": "read", "start": 0, "stop": 9},
    {"do": "wrap"},
    {"do": "wrap", "kind": 99, "revision": 1, "object": "x", "data_key": "00"},
    {"do": "unwrap", "data_key_id": "../../etc/passwd"},
    {"do": "release_everything"},
    {"do": {"open": 1}},
    {"do": "status", "more": [[[]]]},
]


def test_a_question_that_is_none_is_not_answered(site: Site, path: Path) -> None:
    with listening(site, path):
        for question in QUESTIONS[:-1]:
            with connect(path) as connection:
                wire.Line(connection).send(question, 1)
                assert told(connection) == b"", question
        with connect(path) as connection:
            wire.Line(connection).send(QUESTIONS[-1], 1)
            assert wire.Line(connection).receive(5)["opens_originals"]


NO_PIECES = [(0, 0), (5, 4), (-1, 5), (0, 1 << 40), (True, 5), ("0", 5), (0, None)]


def test_a_piece_that_is_none_ends_the_connection(
    site: Site, viewer: Viewer, held: Deposit, path: Path
) -> None:
    question = {
        "do": "open",
        "form": "original",
        "account": viewer.account_id,
        "entrance": viewer.session_id,
        "asset": held.assets[0].id,
    }
    with listening(site, path):
        for start, stop in NO_PIECES:
            with connect(path) as connection:
                line = wire.Line(connection)
                line.send(question, 1)
                assert line.receive(5)["size"]
                line.send({"do": "read", "start": start, "stop": stop}, 1)
                assert told(connection) == b"", (start, stop)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_another_user_is_not_heard_unless_named(site: Site, path: Path) -> None:
    path.parent.chmod(0o755)
    for askers, heard in [(ME, False), (frozenset({65534}), True)]:
        with listening(site, path, askers):
            path.chmod(0o666)
            reader, writer = os.pipe()
            child = os.fork()
            if child == 0:
                ask_as_nobody(path, writer)
            os.waitpid(child, 0)
            os.close(writer)
            answer = os.read(reader, 9999)
            os.close(reader)
            assert (b"opens_originals" in answer) is heard
            assert (answer == b"-") is not heard


def ask_as_nobody(path: Path, writer: int) -> NoReturn:
    try:
        os.setresuid(65534, 65534, 65534)
        with connect(path) as connection:
            # Whoever is not heard may find the line closed before the question is out.
            with contextlib.suppress(ConnectionError):
                wire.Line(connection).send({"do": "status"}, 1)
            os.write(writer, told(connection) or b"-")
    finally:
        os._exit(0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a socket away")
def test_a_program_that_took_the_brokers_place_is_told_nothing(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as false:
        false.bind(str(path))
        os.chown(path, 65534, 65534)
        false.listen()
        with pytest.raises(KeeperAway, match="another user"):
            Broker(path).status()
        connection, _ = false.accept()
        with connection:
            assert told(connection) == b""


def test_one_too_many_is_told_to_come_again_and_then_served(
    server: Server, path: Path
) -> None:
    with connect(path), connect(path):
        time.sleep(0.1)
        with pytest.raises(KeeperAway, match="enough to do"):
            Broker(path).status()
    assert came_free(Broker(path))


def came_free(broker: Broker) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            broker.status()
        except KeeperAway:
            time.sleep(0.05)
        else:
            return True
    return False


def test_who_says_nothing_or_dribbles_loses_the_connection(
    server: Server, path: Path
) -> None:
    began = time.monotonic()
    with connect(path) as silent, connect(path) as dribbling:

        def dribble() -> None:
            for byte in b"J\0\0\xff\xff" + b"{" * 60:
                try:
                    dribbling.send(bytes([byte]))
                except OSError:
                    return
                time.sleep(0.1)

        threading.Thread(target=dribble).start()
        assert told(silent) == b""
        assert told(dribbling) == b""
    assert time.monotonic() - began < 3


def test_where_nobody_listens_it_says_so(web: Site, server: Server, viewer, held):
    server.stop()
    with pytest.raises(KeeperAway, match="vigil broker"):
        whole(web, viewer, held)
    assert web.readiness()["broker"] is False


def test_a_stream_breaks_when_the_broker_goes(
    web: Site, server: Server, viewer: Viewer, held: Deposit
) -> None:
    with closing(web.release(viewer, held.assets[0].id, web.clock())) as release:
        assert b"".join(release.read(0, 10))
        server.stop()
        with pytest.raises(KeeperAway):
            b"".join(release.read(0, release.size))


def test_a_second_broker_does_not_take_the_place_and_a_dead_ones_is_free(
    site: Site, server: Server, path: Path, tmp_path: Path
) -> None:
    book = journal_beside(site, path.with_name("other"))
    with pytest.raises(CannotListen, match="Another broker"):
        Server(site, path, ME, book)
    dead = path.with_name("dead")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as gone:
        gone.bind(str(dead))
    with listening(site, dead):
        assert Broker(dead).status().opens_originals
    plain = path.with_name("plain")
    plain.write_text("mine")
    with pytest.raises(CannotListen, match="no socket"):
        Server(site, plain, ME, book)
    assert plain.read_text() == "mine"
    with pytest.raises(CannotListen, match="VIGIL_BROKER"):
        Server(site, tmp_path / ("x" * 120), ME, book)
    book.close()


def test_an_account_that_may_not_deposit_goes_on_with_no_upload(
    site: Site, web: Site, desk
) -> None:
    owner = desk.researcher("gone")
    content = desk.photo()
    details = uploads.Details("a.jpg", "")
    begun = uploads.begin(web, owner.account_id, len(content), details, web.clock())
    uploads.append(web, begun, 0, io.BytesIO(content), web.clock())
    with site.db.read() as s:
        segment = s.query(DataKey).filter_by(kind=Kind.SEGMENT).one()
    with site.db.write() as s:
        row = accounts.get(s, owner.account_id)
        row.role = Role.APPLICANT.value
    with pytest.raises(KeyUnavailable):
        keytable.unwrap(web.keyring, segment)


def test_the_doctor_tells_of_a_broker_that_is_away_and_of_none(
    site: Site, web: Site, server: Server
) -> None:
    def found() -> dict[str, bool]:
        return {each.check: each.ok for each in doctor.of_parts(web)}

    assert found()["broker"]
    assert found()["originals' key"]
    server.stop()
    assert not found()["broker"]
    alone = replace(web, broker=None)
    told = {each.check: each for each in doctor.of_parts(alone)}
    assert not told["originals' key"].ok
    assert "VIGIL_BROKER" in told["originals' key"].mend
    assert {each.check: each.ok for each in doctor.of_parts(site)}["originals' key"]
