"""The gate: fresh facts, ledger first, asked again while bytes flow, no way around."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from archive import gate, moderation
from archive.gate import FIRST_BYTES, PIECE_BYTES, Opened, RefusedError
from archive.intake import Deposit
from archive.ledger.chain import Ledger
from archive.records import store
from archive.records.errors import NoSuchRecord
from archive.site import Site
from archive.vault import keytable
from archive.vault.errors import KeeperAway, VaultError
from auth import accounts
from auth.access import consents
from auth.credentials import sessions, tokens
from auth.credentials.tables import ServerSession, Token
from auth.entry import entrances
from auth.tables import Account
from auth.viewer import (
    ANONYMOUS,
    ReasonCode,
    Role,
    TokenScope,
    Viewer,
    operator_viewer,
    system_viewer,
)
from tests.archive.brokering import brokered

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["in this process", "by a broker"])
def door(request: pytest.FixtureRequest, site: Site) -> Iterator[Site]:
    """Where originals are asked for: the same must hold on either way."""
    if request.param == "in this process":
        yield site
        return
    with brokered(site) as web:
        yield web


@pytest.fixture
def content(desk) -> bytes:
    """A photograph of several pieces."""
    return desk.photo() + b"\0" * (FIRST_BYTES + 2 * PIECE_BYTES)


@pytest.fixture
def held(desk, content: bytes) -> Deposit:
    return desk.publish(desk.deposit(content), "dead.body")


@pytest.fixture
def viewer(desk, held: Deposit) -> Viewer:
    """A researcher with everything that the gate asks for."""
    researcher = desk.researcher()
    desk.consent(researcher, held.record.id, minutes=20)
    return desk.fresh(researcher.account_id)


def events(site, event: str = "displaying") -> list[dict[str, object]]:
    with site.db.read() as s:
        return [dict(line.detail) for line in site.ledger.entries(s, event=event)]


def open_whole(door: Site, viewer: Viewer, held: Deposit) -> bytes:
    with opened(door, viewer, held) as release:
        return b"".join(release.read(0, release.size))


def opened(door: Site, viewer: Viewer, held: Deposit) -> closing[Opened]:
    return closing(door.release(viewer, held.assets[0].id, door.clock()))


def change(site, **columns: object) -> None:
    with site.db.write() as s:
        for account in s.query(Account):
            for column, value in columns.items():
                setattr(account, column, value)


def test_a_full_viewer_gets_exactly_what_was_deposited(
    door, site, viewer, held, content
) -> None:
    with opened(door, viewer, held) as release:
        assert (release.size, release.media_type) == (len(content), "image/jpeg")
        assert release.filename == "file-0.jpg"
        pieces = list(release.read(0, release.size))
    assert len(pieces[0]) <= FIRST_BYTES
    assert max(map(len, pieces[1:])) <= PIECE_BYTES
    assert b"".join(pieces) == content


@pytest.mark.parametrize(
    ("start", "stop"),
    [(0, 1), (0, 0), (5, 5), (16_383, 16_385), (PIECE_BYTES - 1, PIECE_BYTES + 1)],
)
def test_any_range_is_a_slice_of_the_whole(
    door, site, viewer, held, content, start: int, stop: int
) -> None:
    with opened(door, viewer, held) as release:
        assert b"".join(release.read(start, stop)) == content[start:stop]
        end = release.size
        assert b"".join(release.read(end - 3, end + 99)) == content[-3:]
        assert b"".join(release.read(end + 1, end + 9)) == b""


def test_every_opening_is_in_the_ledger_and_counts_once_for_exposure(
    door, site, viewer, held
) -> None:
    for _ in range(3):
        open_whole(door, viewer, held)
    lines = events(site)
    assert len(lines) == 3
    assert lines[0]["consent"] == viewer.consents[0].id
    assert lines[0]["purpose"] == "research"
    with site.db.read() as s:
        fresh = accounts.exposure.today(s, viewer.account_id, site.clock())
    assert fresh == 1


def test_the_line_is_committed_before_the_original_is_opened(
    door, site, viewer, held, monkeypatch
) -> None:
    seen: list[int] = []
    really_open = gate.originals.open_found

    def watch(*arguments: object, **named: object) -> object:
        seen.append(len(events(site)))
        return really_open(*arguments, **named)

    monkeypatch.setattr(gate.originals, "open_found", watch)
    open_whole(door, viewer, held)
    assert seen == [1]


def test_nothing_opens_when_the_ledger_cannot_be_written(
    door, site, viewer, held, monkeypatch
) -> None:
    reached: list[object] = []
    monkeypatch.setattr(gate.originals, "open_original", reached.append)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Ledger, "append", full)
    with pytest.raises((OSError, KeeperAway)):
        opened(door, viewer, held)
    assert reached == []


def test_nothing_opens_when_the_line_cannot_be_committed(
    door, site, viewer, held
) -> None:
    with site.db.write() as s:
        s.execute(
            text(
                "CREATE TRIGGER full BEFORE INSERT ON ledger "
                "BEGIN SELECT RAISE(ABORT, 'no room'); END"
            )
        )
    with pytest.raises((SQLAlchemyError, KeeperAway)):
        opened(door, viewer, held)


LACKING: dict[str, tuple[Callable[..., object], ReasonCode]] = {
    "suspended": (
        lambda site, held: change(site, status="suspended"),
        ReasonCode.ACCOUNT_SUSPENDED,
    ),
    "vetting over": (
        lambda site, held: change(
            site, vetted_until=site.clock() - timedelta(seconds=1)
        ),
        ReasonCode.VETTING_EXPIRED,
    ),
    "role taken": (
        lambda site, held: change(site, role=Role.APPLICANT.value),
        ReasonCode.ROLE,
    ),
    "consent over": (
        lambda site, held: site.clock.advance(minutes=21),
        ReasonCode.CONSENT,
    ),
    "withdrawn": (
        lambda site, held: _withdraw(site, held),
        ReasonCode.CLOSED,
    ),
    "labelled anew": (
        lambda site, held: _label(site, held, "dead.body", "sense.sound"),
        ReasonCode.CONSENT_STALE,
    ),
    "unlabelled": (
        lambda site, held: _label(site, held),
        ReasonCode.NOT_LABELLED,
    ),
}


def _withdraw(site, held: Deposit) -> None:
    with site.db.write() as s:
        moderation.withdraw(
            site,
            s,
            held.record.id,
            category="safety",
            note="Asked for.",
            by="m1",
            now=site.clock(),
        )


def _label(site, held: Deposit, *codes: str) -> None:
    with site.db.write() as s:
        given = [moderation.LabelInput(code) for code in codes]
        asset_id = held.assets[0].id
        moderation.label(site, s, asset_id, given, "m1", site.clock())


@pytest.mark.parametrize("lacking", LACKING)
def test_it_decides_on_what_is_true_now_not_on_what_the_caller_knew(
    door, site, viewer, held, lacking: str
) -> None:
    assert open_whole(door, viewer, held)
    happen, reason = LACKING[lacking]
    happen(site, held)
    with pytest.raises(RefusedError) as refused:
        open_whole(door, viewer, held)
    assert reason in refused.value.refusal.codes
    assert len(events(site)) == 1
    assert str(reason) in str(events(site, "access refused")[0]["reasons"])


@pytest.mark.parametrize("lacking", LACKING)
def test_a_stream_ends_when_the_answer_changes(
    door, site, viewer, held, lacking: str
) -> None:
    with opened(door, viewer, held) as release:
        pieces = release.read(0, release.size)
        next(pieces)
        happen, reason = LACKING[lacking]
        happen(site, held)
        site.clock.advance(seconds=2)
        with pytest.raises(RefusedError) as refused:
            next(pieces)
    assert reason in refused.value.refusal.codes


def test_a_stream_goes_on_while_the_answer_stays(
    door, site, viewer, held, content
) -> None:
    def slowly(pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            site.clock.advance(seconds=3)
            yield piece

    with opened(door, viewer, held) as release:
        read = b"".join(slowly(release.read(0, release.size)))
    assert read == content


def test_a_consent_withdrawn_ends_the_stream_within_two_seconds(
    door, site, viewer, held
) -> None:
    with opened(door, viewer, held) as release:
        pieces = release.read(0, release.size)
        next(pieces)
        with site.db.write() as s:
            consents.withdraw(s, viewer.account_id, viewer.consents[0].id, site.clock())
        site.clock.advance(seconds=1.9)
        assert next(pieces)
        site.clock.advance(seconds=0.2)
        with pytest.raises(RefusedError):
            next(pieces)


def _end_session(site: Site, viewer: Viewer) -> None:
    with site.db.write() as s:
        row = s.get_one(ServerSession, viewer.session_id)
        sessions.end(s, row, sessions.Ending.ENDED_BY_OWNER, site.clock())


def _lapse(site: Site, viewer: Viewer) -> None:
    with site.db.write() as s:
        row = s.get_one(ServerSession, viewer.session_id)
        row.expires_at = site.clock()


@pytest.mark.parametrize("end", [_end_session, _lapse])
def test_a_session_that_ends_ends_the_stream_within_two_seconds(
    door, site, viewer, held, end: Callable[[Site, Viewer], None]
) -> None:
    with opened(door, viewer, held) as release:
        pieces = release.read(0, release.size)
        next(pieces)
        end(site, viewer)
        site.clock.advance(seconds=2.1)
        with pytest.raises(RefusedError):
            next(pieces)
    with pytest.raises(RefusedError):
        open_whole(door, viewer, held)


def test_a_token_that_is_revoked_ends_its_consents_and_the_stream(
    door, site, desk, viewer, held
) -> None:
    scopes, now = [TokenScope.READ, TokenScope.REVEAL], site.clock()
    with site.db.write() as s:
        _, token = tokens.add(s, viewer.account_id, scopes, 3, now)
        by_token = entrances.viewer_through(s, viewer.account_id, token.id, now)
    desk.consent(by_token, held.record.id)
    with opened(door, by_token, held) as release:
        pieces = release.read(0, release.size)
        next(pieces)
        with site.db.write() as s:
            tokens.revoke(s, s.get_one(Token, token.id), "lost", site.clock())
            live = consents.live_for(s, viewer.account_id, token.id, site.clock())
        assert live == ()
        site.clock.advance(seconds=2.1)
        with pytest.raises(RefusedError):
            next(pieces)
    assert open_whole(door, viewer, held), "the session's own consent goes on"


@pytest.mark.parametrize("column", ["revoked_at", "expires_at"])
def test_a_token_that_is_over_opens_nothing_whatever_its_consents_say(
    door, site, desk, viewer, held, column: str
) -> None:
    scopes, now = [TokenScope.READ, TokenScope.REVEAL], site.clock()
    with site.db.write() as s:
        _, token = tokens.add(s, viewer.account_id, scopes, 3, now)
        by_token = entrances.viewer_through(s, viewer.account_id, token.id, now)
    desk.consent(by_token, held.record.id)
    assert open_whole(door, by_token, held)
    with site.db.write() as s:
        setattr(s.get_one(Token, token.id), column, site.clock())
    with pytest.raises(RefusedError):
        open_whole(door, by_token, held)


def test_the_daily_limit_does_not_close_what_is_already_open(
    door, site, desk, viewer, held
) -> None:
    with site.db.read() as s:
        before = accounts.exposure.today(s, viewer.account_id, site.clock())
    assert before == 0
    object.__setattr__(site.rules, "daily_reveals", 1)
    assert open_whole(door, viewer, held)
    assert open_whole(door, viewer, held)
    other = desk.publish(desk.deposit(), "dead.body")
    desk.consent(viewer, other.record.id)
    with pytest.raises(RefusedError) as refused:
        open_whole(door, viewer, other)
    assert refused.value.refusal.codes == (ReasonCode.EXPOSURE_LIMIT,)


def test_damaged_bytes_break_the_stream_and_never_come_out(
    door, site, viewer, held, content
) -> None:
    blobs = [p for p in site.config.object_store.rglob("*") if p.is_file()]
    blob = max(blobs, key=lambda path: path.stat().st_size)
    raw = bytearray(blob.read_bytes())
    raw[len(raw) * 3 // 4] ^= 1
    blob.chmod(0o600)
    blob.write_bytes(raw)
    got = b""
    with opened(door, viewer, held) as release:
        pieces = release.read(0, release.size)
        with pytest.raises(VaultError):
            for piece in pieces:
                got += piece
    assert got == content[: len(got)]
    assert len(got) < len(content)


@pytest.mark.parametrize(
    "stranger", [ANONYMOUS, system_viewer("worker"), operator_viewer()]
)
def test_nobody_without_an_account_opens_anything(door, site, held, stranger) -> None:
    with pytest.raises(RefusedError) as refused:
        open_whole(door, stranger, held)
    assert ReasonCode.SIGN_IN in refused.value.refusal.codes
    assert events(site, "access refused") == []


def test_what_is_not_there_is_not_found(door, site, viewer) -> None:
    with pytest.raises(NoSuchRecord):
        door.release(viewer, "nothing", site.clock())


def test_only_the_program_may_derive(site, viewer, held, content) -> None:
    asset_id, now = held.assets[0].id, site.clock()
    with gate.derive(site, system_viewer("worker"), asset_id, now) as reader:
        whole = reader.read_range(0, reader.size)
    assert hashlib.sha256(whole).digest() == hashlib.sha256(content).digest()
    for other in (viewer, ANONYMOUS, operator_viewer()):
        with pytest.raises(RefusedError):
            gate.derive(site, other, asset_id, now)


def test_a_moderator_sees_the_unlabelled_only_in_a_labelling_session(
    door, site, desk
) -> None:
    held = desk.deposit()
    moderator = desk.researcher("mod")
    change(site, role=Role.MODERATOR.value)
    with pytest.raises(RefusedError) as refused:
        open_whole(door, moderator, held)
    assert ReasonCode.NOT_LABELLED in refused.value.refusal.codes
    assert ReasonCode.CONSENT in refused.value.refusal.codes


# --- the house -------------------------------------------------------------------


def modules(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_gate_alone_imports_what_opens_originals() -> None:
    importers = {
        name
        for name, tree in modules("archive", "auth", "blur", "search")
        if any(each.startswith("archive.vault.originals") for each in imports(tree))
    }
    assert importers == {"archive/gate.py"}


def test_a_permit_is_built_in_the_policy_alone() -> None:
    builders = {
        name
        for name, tree in modules("archive", "auth", "blur", "search")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Permit"
    }
    assert builders == {"auth/policy.py"}


def test_no_clock_is_read_below_the_site() -> None:
    readers = {
        name
        for name, tree in modules("archive", "auth", "blur", "search")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"now", "utcnow", "today"}
        and getattr(node.value, "id", "") in {"datetime", "date"}
    }
    above = {
        name for name in readers if name.startswith(("archive/web", "archive/cli"))
    }
    assert readers - above <= {"archive/site.py"}


def test_the_policy_knows_assets_as_the_store_gives_them(site, held) -> None:
    with site.db.read() as s:
        record = store.require(s, held.record.id)
        item = store.item_of(record, store.assets_of(s, record.id)[0])
    assert item.asset_id == held.assets[0].id


def go_on(door: Site, viewer: Viewer, held: Deposit) -> bytes | None:
    release = door.resume(viewer, held.assets[0].id, door.clock())
    if release is None:
        return None
    with closing(release):
        return b"".join(release.read(5, 50))


def test_further_ranges_of_a_minute_belong_to_one_line(
    door, site, viewer, held, content
) -> None:
    assert go_on(door, viewer, held) is None
    assert open_whole(door, viewer, held)
    for _ in range(3):
        assert go_on(door, viewer, held) == content[5:50]
        site.clock.advance(seconds=19)
    assert len(events(site)) == 1
    site.clock.advance(seconds=3)
    assert go_on(door, viewer, held) is None


@pytest.mark.parametrize("lacking", LACKING)
def test_a_further_range_is_decided_on_what_is_true_now(
    door, site, viewer, held, lacking: str
) -> None:
    open_whole(door, viewer, held)
    assert go_on(door, viewer, held)
    LACKING[lacking][0](site, held)
    assert go_on(door, viewer, held) is None


def test_a_consent_withdrawn_ends_further_ranges_at_once(
    door, site, viewer, held
) -> None:
    open_whole(door, viewer, held)
    assert go_on(door, viewer, held)
    with site.db.write() as s:
        consents.withdraw(s, viewer.account_id, viewer.consents[0].id, site.clock())
    assert go_on(door, viewer, held) is None


def test_a_consent_that_runs_out_ends_further_ranges_to_the_second(
    door, site, viewer, held
) -> None:
    site.clock.advance(minutes=19, seconds=58.9)
    open_whole(door, viewer, held)
    assert go_on(door, viewer, held)
    site.clock.advance(seconds=1.05)
    assert go_on(door, viewer, held)
    site.clock.advance(seconds=0.1)
    assert go_on(door, viewer, held) is None


def test_nobody_goes_on_with_what_another_was_shown(
    door, site, desk, viewer, held
) -> None:
    other = desk.researcher("ani")
    desk.consent(other, held.record.id)
    open_whole(door, viewer, held)
    assert go_on(door, desk.fresh(other.account_id), held) is None
    assert go_on(door, ANONYMOUS, held) is None


def test_a_line_that_was_not_committed_tells_nothing(door, site, viewer, held) -> None:
    with site.db.write() as s:
        s.execute(
            text(
                "CREATE TRIGGER full BEFORE INSERT ON ledger "
                "BEGIN SELECT RAISE(ABORT, 'no room'); END"
            )
        )
    with pytest.raises(Exception, match="no room"):
        gate.release(site, viewer, held.assets[0].id, site.clock())
    assert go_on(door, viewer, held) is None


def test_what_was_shredded_does_not_go_on(door, site, viewer, held) -> None:
    open_whole(door, viewer, held)
    assert go_on(door, viewer, held)
    with site.db.write() as s:
        keytable.destroy(s, held.assets[0].object_id, site.clock())
    with pytest.raises(VaultError):
        go_on(door, viewer, held)
