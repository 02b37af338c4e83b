"""An older page of the database in the place of a newer one, under its own key.

The cipher takes it for good: the archive wrote it. So whoever can write to the disk may
let go on what was ended, until somebody verifies. What is ended here is ended as the
program ends it, with its line.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError

from archive import verification
from archive.site import Site
from archive.vault import originals
from archive.vault.errors import Shredded
from archive.vault.shredlist import Shredding
from auth import accounts
from auth.access import consents, grants
from auth.access.grants import GrantTerms
from auth.access.tables import ConsentRow
from auth.credentials import tokens
from auth.tables import Account
from auth.viewer import AccountStatus, Tier, TokenScope, Viewer

PAGE = 4096


@pytest.fixture
def reader(site: Site, desk) -> Viewer:
    held = desk.publish(desk.deposit())
    viewer = desk.researcher()
    desk.consent(viewer, held.record.id)
    return desk.fresh(viewer.account_id)


def file_of(site: Site) -> Path:
    return Path(site.db._url.database)


def state(site: Site) -> bytes:
    """The whole database as it is now; nothing is left beside it."""
    site.db.close()
    return file_of(site).read_bytes()


def put_back(site: Site, older: bytes, newer: bytes, most: int) -> Iterator[None]:
    """The newer database with some older pages, one mixture after another."""
    changed = [at for at in range(0, len(newer), PAGE) if _page(older, newer, at)]
    try:
        for count in range(1, most + 1):
            for chosen in combinations(changed, count):
                mixed = bytearray(newer)
                for at in chosen:
                    mixed[at : at + PAGE] = older[at : at + PAGE]
                site.db.close()
                file_of(site).write_bytes(mixed)
                yield
    finally:
        site.db.close()
        file_of(site).write_bytes(newer)


def _page(older: bytes, newer: bytes, at: int) -> bool:
    """Whether there was another page at that place."""
    return at < len(older) and older[at : at + PAGE] != newer[at : at + PAGE]


def findings(site: Site) -> list[verification.Finding]:
    report = verification.Report()
    with site.db.read() as s:
        verification.CHECKS["ledger"](site, s, report, lambda *_: None)
    return report.findings


def withdraw(site: Site, who: Viewer) -> str:
    now = site.clock()
    with site.db.write() as s:
        ended = consents.withdraw_all(s, who.account_id, now)
        told = {"consents": ended}
        site.ledger.append(
            s, "consent withdrawn", actor=who.account_id, now=now, detail=told
        )
    return ended[0]


def test_a_consent_that_comes_back_with_its_page_is_named(site, reader) -> None:
    older = state(site)
    ended = withdraw(site, reader)
    newer = state(site)
    assert findings(site) == []
    came_back = 0
    for _ in put_back(site, older, newer, 1):
        try:
            with site.db.read() as s:
                live = s.get(ConsentRow, ended).ended_at is None
            found = findings(site)
        except DatabaseError:
            continue
        if live:
            came_back += 1
            assert f"consent {ended}" in [each.about for each in found]
    assert came_back == 1


def test_an_account_that_comes_back_with_its_pages_is_named(site, reader) -> None:
    older, now = state(site), site.clock()
    with site.db.write() as s:
        account = accounts.get(s, reader.account_id)
        accounts.suspend(s, account, "operator", "Found out.", now)
        site.ledger.append(
            s, "account suspended", actor="operator", account=account.id, now=now
        )
    newer, came_back = state(site), False
    assert findings(site) == []
    for _ in put_back(site, older, newer, 2):
        try:
            with site.db.read() as s:
                status = s.get(Account, reader.account_id).status
            found = findings(site)
        except DatabaseError:
            continue
        if status != AccountStatus.APPROVED:
            continue  # a session or a mail is back, by which nobody comes in
        # The line itself may be hidden by its index; then that is what is named.
        named = (f"account {reader.account_id}", "database", "line ")
        assert any(each.about.startswith(named) for each in found)
        came_back = f"account {reader.account_id}" in [each.about for each in found]
        if came_back:
            break
    assert came_back


def test_what_the_ledger_ended_and_a_row_does_not_is_named(site, reader) -> None:
    """As pages do it; grants and tokens stand in rows like those of consents."""
    now, account = site.clock(), reader.account_id
    with site.db.write() as s:
        terms = GrantTerms(
            Tier.G3, now, now + timedelta(days=9), "Asked.", collection_id="0" * 32
        )
        grant = grants.give(s, account, terms, "operator", now)
        _, token = tokens.add(s, account, frozenset(TokenScope), 30, now)
    for event, detail in (
        ("grant revoked", {"grant": grant.id}),
        ("token revoked", {"token": token.id}),
    ):
        with site.db.write() as s:
            site.ledger.append(s, event, actor="operator", now=now, detail=detail)
    wanted = {f"grant {grant.id}", f"token {token.id}"}
    assert {each.about for each in findings(site)} == wanted
    with site.db.write() as s:
        s.merge(grant).revoked_at = s.merge(token).revoked_at = now
    assert findings(site) == []


def test_who_was_let_in_again_and_what_is_over_is_no_finding(
    site, reader, clock
) -> None:
    ended, now = withdraw(site, reader), site.clock()
    with site.db.write() as s:
        s.get(ConsentRow, ended).ended_at = None
        for event in ("account suspended", "account reinstated"):
            site.ledger.append(
                s, event, actor="operator", account=reader.account_id, now=now
            )
    assert [each.about for each in findings(site)] == [f"consent {ended}"]
    clock.advance(days=1)
    assert findings(site) == []


def test_what_was_shredded_stays_dark_whatever_page_comes_back(
    site, desk, reader
) -> None:
    held = desk.deposit()
    object_id = held.assets[0].object_id
    older, now = state(site), site.clock()
    entry = Shredding(object_id, held.record.id, now, "r", ("a", "b"), "order 12")
    site.keyring.shredded.add([entry])
    with site.db.write() as s:
        originals.keytable.destroy(s, object_id, now)
    newer, came_back = state(site), 0
    for _ in put_back(site, older, newer, 1):
        try:
            with site.db.read() as s:
                row = originals.find(s, object_id)
        except DatabaseError:
            continue
        came_back += row.wrapped is not None
        with pytest.raises(Shredded):
            originals.keytable.unwrap(site.keyring, row)
    assert came_back
