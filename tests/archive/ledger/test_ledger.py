"""The ledger: one unforked chain, in which every change, gap and cut is found."""

from __future__ import annotations

import threading
from datetime import timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from archive.ledger import Ledger, LedgerEntry, UnknownEvent
from archive.ledger.actors import actor_of
from archive.ledger.chain import GENESIS, line_digest
from archive.site import Site
from auth.viewer import ANONYMOUS, Viewer, operator_viewer, system_viewer
from tests.archive.conftest import START


def write(site: Site, *events: str, **about: object) -> None:
    with site.db.write() as s:
        for event in events:
            site.ledger.append(
                s,
                event,
                actor="operator",
                now=site.clock(),
                **about,  # type: ignore[arg-type]
            )


def whats(site: Site) -> list[tuple[int, str]]:
    with site.db.read() as s:
        return [(f.seq, f.what) for f in site.ledger.verify(s).found]


def tamper(site: Site, statement: str, **values: object) -> None:
    """Change the ledger as somebody with the database's key could."""
    with site.db.write() as s:
        if site.db.is_sqlite:
            for change in ("update", "delete"):
                s.execute(text(f"DROP TRIGGER IF EXISTS ledger_refuses_{change}"))
        else:
            s.execute(text("ALTER TABLE ledger DISABLE TRIGGER ledger_refuses_change"))
        s.execute(text(statement), values)


@pytest.fixture
def chain(any_site: Site) -> Site:
    """An archive whose ledger has five lines."""
    write(any_site, "accession", "ingestion", "labelling", "publication", record="r")
    assert whats(any_site) == []
    return any_site


def test_a_line_tells_who_did_what_to_what_and_when(any_site: Site) -> None:
    detail = {"tier": "G4", "filename": "взрыв \ud800.mp4"}
    write(any_site, "labelling", record="r1", asset="a1", detail=detail)
    with any_site.db.read() as s:
        newest, first = any_site.ledger.entries(s)
    assert (newest.event, newest.actor, newest.record_id) == (
        "labelling",
        "operator",
        "r1",
    )
    assert newest.at == any_site.clock()
    assert newest.detail == detail
    assert first.previous == GENESIS
    assert newest.previous == first.digest


def test_a_word_that_is_not_on_the_list_is_refused(any_site: Site) -> None:
    with pytest.raises(UnknownEvent):
        write(any_site, "something happened")


def test_a_line_is_lost_with_its_transaction(any_site: Site) -> None:
    def fail(s: Session) -> None:
        any_site.ledger.append(s, "accession", actor="operator", now=any_site.clock())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), any_site.db.write() as s:
        fail(s)
    write(any_site, "ingestion")
    with any_site.db.read() as s:
        lines = any_site.ledger.entries(s)
    assert [(line.seq, line.event) for line in lines] == [
        (2, "ingestion"),
        (1, "archive created"),
    ]
    assert whats(any_site) == []


def test_the_detail_lies_sealed_and_cannot_be_guessed(any_site: Site) -> None:
    write(any_site, "consent", "consent", detail={"purpose": "research"})
    with any_site.db.read() as s:
        first, second = s.query(LedgerEntry).filter_by(event="consent").all()
    assert b"research" not in first.detail_sealed
    assert first.detail_digest != second.detail_digest


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE ledger SET actor = 'x' WHERE seq = 3", "changed after"),
        ("UPDATE ledger SET event = 'deletion' WHERE seq = 3", "changed after"),
        ("UPDATE ledger SET record_id = 'q' WHERE seq = 3", "changed after"),
        ("UPDATE ledger SET record_id = NULL WHERE seq = 3", "changed after"),
        ("UPDATE ledger SET at = '2020-01-01 00:00:00' WHERE seq = 3", "changed after"),
        ("UPDATE ledger SET detail_digest = '0' WHERE seq = 3", "changed after"),
        ("UPDATE ledger SET detail_sealed = mac WHERE seq = 3", "detail was changed"),
        ("UPDATE ledger SET mac = detail_sealed WHERE seq = 3", "not written by"),
        ("UPDATE ledger SET previous = 'x' WHERE seq = 3", "does not follow"),
    ],
)
def test_a_changed_line_is_found_and_named(
    chain: Site, change: str, found: str
) -> None:
    tamper(chain, change)
    assert (3, found) in [(seq, found) for seq, what in whats(chain) if found in what]


def test_a_deleted_line_is_found(chain: Site) -> None:
    tamper(chain, "DELETE FROM ledger WHERE seq = 3")
    assert (4, "lines 3 to 3 are missing") in whats(chain)


@pytest.mark.parametrize("seq", [1, 5])
def test_lines_cut_off_at_either_end_are_found(chain: Site, seq: int) -> None:
    tamper(chain, f"DELETE FROM ledger WHERE seq = {seq}")
    assert whats(chain)


def test_a_chain_cut_together_with_its_head_is_found(chain: Site) -> None:
    with chain.db.read() as s:
        fourth = s.get_one(LedgerEntry, 4)
    tamper(chain, "DELETE FROM ledger WHERE seq = 5")
    tamper(
        chain,
        "UPDATE ledger_head SET seq = 4, digest = :digest, mac = :mac",
        digest=fourth.digest,
        mac=fourth.mac,
    )
    assert whats(chain) == [(4, "the head was not written by this archive")]


def test_lines_that_changed_places_are_found(chain: Site) -> None:
    tamper(chain, "UPDATE ledger SET seq = 99 WHERE seq = 3")
    tamper(chain, "UPDATE ledger SET seq = 3 WHERE seq = 4")
    tamper(chain, "UPDATE ledger SET seq = 4 WHERE seq = 99")
    assert {seq for seq, _ in whats(chain)} >= {3, 4}


def test_a_chain_rewritten_without_the_audit_key_is_found(chain: Site) -> None:
    forger = Ledger(b"another key" * 3, chain.sealing)
    with chain.db.write() as s:
        forger.append(s, "labelling", actor="operator", now=chain.clock())
    assert (6, "it was not written by this archive") in whats(chain)


def test_the_digest_of_a_line_needs_no_key(chain: Site) -> None:
    with chain.db.read() as s:
        entries = s.query(LedgerEntry).order_by(LedgerEntry.seq).all()
    assert [line_digest(entry) for entry in entries] == [e.digest for e in entries]


def test_writers_at_the_same_time_never_fork_the_chain(any_site: Site) -> None:
    failures: list[Exception] = []

    def append() -> None:
        try:
            for _ in range(8):
                write(any_site, "displaying", "access refused")
        except Exception as error:  # noqa: BLE001 - shown below
            failures.append(error)

    threads = [threading.Thread(target=append) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with any_site.db.read() as s:
        found = any_site.ledger.verify(s)
    assert (found.checked, found.found) == (65, [])


def test_entries_are_filtered_and_go_on_where_they_stopped(any_site: Site) -> None:
    for number in range(6):
        write(any_site, "displaying", record=f"r{number % 2}", account=f"p{number % 3}")
    with any_site.db.read() as s:
        entries = any_site.ledger.entries
        assert len(entries(s, record="r0")) == 3
        assert len(entries(s, account="p1")) == 2
        assert len(entries(s, event="archive created")) == 1
        page = entries(s, limit=3)
        rest = entries(s, before=page[-1].seq)
    assert [line.seq for line in [*page, *rest]] == [7, 6, 5, 4, 3, 2, 1]


def test_progress_is_told_up_to_the_whole(chain: Site) -> None:
    told: list[tuple[int, int]] = []
    with chain.db.read() as s:
        chain.ledger.verify(s, lambda done, of: told.append((done, of)))
    assert told[-1] == (5, 5)


@pytest.mark.parametrize(
    ("viewer", "actor"),
    [
        (Viewer(account_id="p1"), "p1"),
        (operator_viewer(), "operator"),
        (system_viewer("worker"), "system:worker"),
    ],
)
def test_the_ledger_names_whoever_acts(viewer: Viewer, actor: str) -> None:
    assert actor_of(viewer) == actor


def test_nobody_acts_in_the_ledger_without_a_name() -> None:
    with pytest.raises(ValueError, match="visitor"):
        actor_of(ANONYMOUS)


ODD = 'Ա"\\/\n\t\x7f\u2028é漢𝄞'


def test_a_line_is_read_back_just_as_it_was_written_whatever_it_names(
    any_site: Site,
) -> None:
    write(any_site, "labelling", record=ODD, asset=ODD * 3, account="")
    with any_site.db.write() as s:
        zone = timezone(timedelta(hours=4))
        for moment in (START, START.replace(microsecond=1), START.astimezone(zone)):
            any_site.ledger.append(s, "grant", actor=ODD, now=moment)
    assert whats(any_site) == []
    tamper(any_site, "UPDATE ledger SET actor = 'x' WHERE seq = 3")
    assert whats(any_site) == [(3, "it was changed after it was written")]


def test_a_digest_that_is_none_is_found_and_ends_no_walk(chain: Site) -> None:
    tamper(chain, "UPDATE ledger SET digest = 'zz' WHERE seq = 2")
    assert [seq for seq, _ in whats(chain)] == [2, 2, 3]
    seen: list[str] = []
    with chain.db.read() as s:
        assert not chain.ledger.verify(s, passing=seen.append).ok
    assert [len(digest) for digest in seen] == [64] * 5


def test_bytes_in_the_place_of_words_are_found(site: Site) -> None:
    write(site, "labelling", record="r")
    tamper(site, "UPDATE ledger SET actor = x'00ff' WHERE seq = 2")
    assert whats(site) == [(2, "it cannot be read as a line")]
