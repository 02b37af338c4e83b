"""The index made again from the records, also when the old one is broken."""

from __future__ import annotations

import pytest

from archive import work
from archive.site import Site, open_site
from archive.vault.errors import VaultError
from archive.work import indexing
from search.engine import IndexDamaged, ScopeTerms
from search.query import Query

EVERYBODY = ScopeTerms(frozenset({"public"}), guarded=False)


def found(site: Site, word: str) -> list[str]:
    return [hit.id for hit in site.engine.find(Query(word), EVERYBODY).hits]


def test_a_rebuilt_index_finds_what_the_old_one_found(site, desk) -> None:
    deposit = desk.publish(desk.deposit(desk.photo()))
    work.drain(site, deposit.record.id)
    told: list[tuple[int, int]] = []
    assert indexing.rebuild(site, lambda *step: told.append(step)) == 1
    assert told == [(1, 1)]
    assert found(site, "church") == [deposit.record.id]


def test_a_broken_index_is_replaced(site, desk) -> None:
    deposit = desk.publish(desk.deposit(desk.photo()))
    work.drain(site, deposit.record.id)
    for path in site.config.index.rglob("*"):
        if path.is_file() and path.suffix:
            path.write_bytes(path.read_bytes()[:-1] + b"x")
    again = open_site(site.config)
    with pytest.raises((IndexDamaged, VaultError)):
        found(again, "church")
    indexing.rebuild(again, lambda *_: None)
    assert found(again, "church") == [deposit.record.id]
    again.close()
