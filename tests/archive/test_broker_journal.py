"""The broker's own journal: written before anything is given, and hard to change."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from archive.broker import journal as journals
from archive.broker import witness
from archive.broker.journal import Journal, JournalError, head_of, verify
from archive.cli.main import main
from archive.gate import RefusedError
from archive.ledger.chain import line_digest
from archive.ledger.tables import LedgerEntry
from archive.site import Site
from archive.vault.container import Kind
from archive.vault.errors import KeeperAway, KeyUnavailable
from archive.vault.keyrings import Keyring
from archive.vault.keys import Key, Purpose, UnlockSecret

from .brokering import apart, brokered, journal_beside, listening, socket_path

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Key:
    folder = tmp_path_factory.mktemp("journal") / "keys"
    keyring = Keyring.create(UnlockSecret(bytes(range(32))), folder, NOW)
    return keyring.active(Purpose.JOURNAL)


@pytest.fixture
def path(tmp_path: Path, key: Key) -> Path:
    """A journal of five lines, closed."""
    path = tmp_path / "own" / "journal"
    book = Journal(path, key)
    for number in range(5):
        book.append("open", NOW, asset=f"asset-{number}", user=7)
    book.close()
    return path


def faults(path: Path, key: Key) -> list[str]:
    return [fault.what for fault in verify(path, key)[1]]


def test_it_is_for_its_owner_alone_and_tells_nothing_without_its_key(
    path: Path, key: Key
) -> None:
    entries, wrong = verify(path, key)
    assert wrong == []
    assert [each.seq for each in entries] == [1, 2, 3, 4, 5]
    assert entries[2].told == {
        "did": "open",
        "at": NOW.isoformat(),
        "asset": "asset-2",
        "user": 7,
    }
    for file in (path, head_of(path)):
        assert file.stat().st_mode & 0o777 == 0o600
        assert b"asset" not in file.read_bytes()
    assert path.parent.stat().st_mode & 0o777 == 0o700


def changed(lines: list[bytes]) -> list[bytes]:
    middle = lines[2].replace(b" ", b"  ", 1)
    return [*lines[:2], middle, *lines[3:]]


def bit(lines: list[bytes]) -> list[bytes]:
    seq, mac, sealed = lines[2].split(b" ")
    other = b"A" if sealed[20:21] != b"A" else b"B"
    return [
        *lines[:2],
        b" ".join((seq, mac, sealed[:20] + other + sealed[21:])),
        *lines[3:],
    ]


ATTACKS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "spelt otherwise": changed,
    "a changed entry": bit,
    "one deleted": lambda lines: [*lines[:2], *lines[3:]],
    "the first deleted": lambda lines: lines[1:],
    "the end cut off": lambda lines: lines[:3],
    "all but the last deleted": lambda lines: lines[-1:],
    "everything deleted": lambda lines: [],
    "two exchanged": lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
    "one repeated": lambda lines: [*lines, lines[-1]],
    "one put in": lambda lines: [*lines[:2], b"hello\n", *lines[2:]],
    "one put in at the end": lambda lines: [*lines, b"hello\n"],
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_whatever_is_done_to_its_lines_is_found(
    path: Path, key: Key, attack: Callable[[list[bytes]], list[bytes]]
) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(attack(lines)))
    assert faults(path, key)


def test_lines_of_another_key_are_no_lines(path: Path, tmp_path: Path) -> None:
    other = Keyring.create(UnlockSecret(bytes(32)), tmp_path / "other", NOW)
    entries, wrong = verify(path, other.active(Purpose.JOURNAL))
    assert entries == []
    assert len(wrong) == 6


def test_a_head_of_before_is_found_out_and_stops_the_broker(
    path: Path, key: Key
) -> None:
    before = head_of(path).read_bytes()
    book = Journal(path, key)
    book.append("open", NOW)
    book.append("open", NOW)
    book.close()
    head_of(path).write_bytes(before)
    assert faults(path, key) == ["the file does not end where its head says"]
    with pytest.raises(JournalError, match="does not end as the broker left it"):
        Journal(path, key)


@pytest.mark.parametrize("lost", ["journal", "head"])
def test_a_journal_or_head_that_is_gone_stops_the_broker(
    path: Path, key: Key, lost: str
) -> None:
    (path if lost == "journal" else head_of(path)).unlink()
    with pytest.raises(JournalError, match="move it away"):
        Journal(path, key)


def test_a_broker_that_died_while_it_wrote_goes_on(path: Path, key: Key) -> None:
    with path.open("ab") as file:
        file.write(b"6 00ff")
    assert faults(path, key) == []
    book = Journal(path, key)
    book.append("start", NOW)
    book.append("open", NOW)
    book.close()
    entries, wrong = verify(path, key)
    assert wrong == []
    assert [each.seq for each in entries] == [1, 2, 3, 4, 5, 6, 7]
    assert entries[5].told["follows_torn"] is True
    assert "follows_torn" not in entries[6].told


def test_a_broker_that_died_before_it_wrote_the_head_goes_on(
    path: Path, key: Key
) -> None:
    before = head_of(path).read_bytes()
    book = Journal(path, key)
    book.append("open", NOW)
    book.close()
    head_of(path).write_bytes(before)
    assert faults(path, key) == []
    Journal(path, key).close()


def test_one_broker_writes_it_and_a_place_that_cannot_be_is_told(
    path: Path, key: Key, tmp_path: Path
) -> None:
    book = Journal(path, key)
    with pytest.raises(JournalError, match="Another broker"):
        Journal(path, key)
    book.close()
    (tmp_path / "file").write_text("x")
    with pytest.raises(JournalError, match="VIGIL_BROKER_JOURNAL"):
        Journal(tmp_path / "file" / "journal", key)


def test_what_could_not_be_written_lets_nothing_more_be(
    path: Path, key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Journal(path, key)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(journals, "write_all", full)
        with pytest.raises(JournalError, match="No space left"):
            book.append("open", NOW)
    with pytest.raises(JournalError):
        book.append("open", NOW)
    book.close()
    assert faults(path, key) == []


def told(path: Path, site: Site) -> list[dict[str, object]]:
    key = site.keyring.first(Purpose.JOURNAL, NOW)
    entries, wrong = verify(path, key)
    assert wrong == []
    return [dict(each.told) for each in entries]


def test_an_opening_and_a_refusal_stand_in_it_and_agree_with_the_ledger(
    site: Site, desk
) -> None:
    held = desk.publish(desk.deposit(), "dead.body")
    viewer, asset = desk.researcher(), held.assets[0].id
    with socket_path() as at, listening(site, at):
        web = apart(site, at)
        with pytest.raises(RefusedError):
            web.release(viewer, asset, web.clock())
        desk.consent(viewer, held.record.id)
        with closing(web.release(viewer, asset, web.clock())) as release:
            assert b"".join(release.read(0, release.size))
        web.close()
        book = at.with_name(f"{at.name}.journal")
        lines = told(book, site)
        entries, _ = verify(book, site.keyring.first(Purpose.JOURNAL, NOW))
    assert [line["did"] for line in lines] == ["refuse", "open"]
    for line in lines:
        assert line["user"] == os.geteuid()
        assert (line["account"], line["asset"]) == (viewer.account_id, asset)
    with site.db.read() as s:
        seq, digest = site.ledger.end(s)
        assert lines[1]["ledger"] == [seq, digest]
        assert site.ledger.line(s, seq).event == "displaying"
        assert witness.disagreements(site.ledger, s, entries) == []
    with site.db.write() as s:  # as a web server could: it has the ledger's key
        names = s.scalars(text("SELECT name FROM sqlite_master WHERE type='trigger'"))
        for name in names.all():
            s.execute(text(f"DROP TRIGGER {name}"))
        entry = s.get(LedgerEntry, seq)
        entry.account_id = None
        entry.digest = line_digest(entry)
        entry.mac = site.ledger._mac(entry.digest)
    with site.db.read() as s:
        (sentence,) = witness.disagreements(site.ledger, s, entries)
        assert sentence.startswith(f"line {seq} of the ledger")
    with site.db.write() as s:
        s.execute(text("DELETE FROM ledger WHERE seq >= :seq"), {"seq": seq})
    with site.db.read() as s:
        assert len(witness.disagreements(site.ledger, s, entries)) == 1


def test_where_the_journal_cannot_be_written_nothing_is_given_out(
    site: Site, desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = desk.publish(desk.deposit(), "dead.body")
    viewer = desk.researcher()
    desk.consent(viewer, held.record.id)
    with brokered(site) as web:

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(journals, "write_all", full)
        with pytest.raises(KeeperAway):
            web.release(viewer, held.assets[0].id, web.clock())
        with pytest.raises(KeeperAway), web.db.write() as s:
            with web.vault.new_object(Kind.ORIGINAL) as made:
                made.write(b"taken in")
                made.finish_bytes()
                made.finish(s, web.clock())


def test_a_web_server_has_no_key_to_it(site: Site) -> None:
    with socket_path() as at:
        journal_beside(site, at).close()
        web = apart(site, at)
        assert not web.keyring.holds(Purpose.JOURNAL)
        with pytest.raises(KeyUnavailable):
            web.keyring.first(Purpose.JOURNAL, NOW)
        web.close()


def test_an_archive_from_before_it_is_given_its_key(tmp_path: Path) -> None:
    unlock = UnlockSecret(bytes(range(32)))
    made = Keyring.create(unlock, tmp_path / "made", NOW)
    old = [key for key in made.keys() if key.name.purpose is not Purpose.JOURNAL]
    keyring = Keyring.restore(unlock, tmp_path / "old", old)
    first = keyring.first(Purpose.JOURNAL, NOW)
    again = Keyring.load(unlock, tmp_path / "old").first(Purpose.JOURNAL, NOW)
    assert (first.id, first.name.version) == (again.id, 1)


def test_the_commands_check_and_show_it(
    site: Site, environ: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "own" / "journal"
    key = site.keyring.first(Purpose.JOURNAL, NOW)
    site.close()
    book = Journal(path, key)
    book.append("start", NOW, user=7)
    book.append("open", NOW, user=8, asset="a1")
    book.close()

    def run(*arguments: str) -> tuple[int, dict[str, object]]:
        env = {**environ, "VIGIL_BROKER_JOURNAL": str(path)}
        result = CliRunner().invoke(main, ["broker", *arguments, "--json"], env=env)
        return result.exit_code, json.loads(result.stdout)

    assert run("verify") == (0, {"ok": True, "checked": 2, "findings": []})
    code, shown = run("journal")
    assert (code, [line["asset"] for line in shown["lines"][1:]]) == (0, ["a1"])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[1])
    code, document = run("verify")
    assert (code, document["ok"]) == (1, False)
    assert document["findings"][0].startswith("line 1 of the journal")
    path.unlink()
    code, document = run("verify")
    assert (code, document["error"]["code"]) == (1, "journal")
