"""Lists that are walked through while others write: nothing missed, nothing twice."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, request
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import jobs, moderation
from archive.site import Site
from archive.web.api.operations import WALK
from archive.web.api.table import OPERATIONS
from archive.web.request import context, cursors
from archive.work import run_one
from auth import accounts
from auth.viewer import Role, TokenScope
from tests.web.conftest import Desk

API = "/api/v1"
LISTS = ("/records", "/ledger", "/accounts", "/applications", "/access-requests")
LISTS += ("/access-requests/all", "/jobs", "/imports", "/me/consents", "/statements")
LISTS += ("/saved-searches", "/entities", "/reports", "/contributions", "/uploads")
LISTS += ("/moderation/queue",)
REVIEWERS = {"/contributions": "moderator"}


def following(answer: Any) -> str:
    link = answer.headers.get("Link", "")
    return link.partition("<")[2].partition(">")[0] if 'rel="next"' in link else ""


def walk(
    client: Any,
    address: str,
    headers: dict[str, str],
    between: Callable[[int], object],
    member: str = "items",
) -> list[dict[str, Any]]:
    """Everything that a walk gives; `between` is told after which page it is."""
    met: list[dict[str, Any]] = []
    number = 0
    while address:
        answer = client.get(address, headers=headers)
        assert answer.status_code == 200, answer.text
        met += answer.get_json()[member]
        number += 1
        between(number)
        address = following(answer)
    return met


def test_every_list_of_the_api_can_be_walked_through() -> None:
    taking = {each.path for each in OPERATIONS if WALK[0] in each.query}
    assert taking == set(LISTS)


@given(
    there=st.sets(st.integers(0, 60), max_size=30),
    writes=st.lists(
        st.tuples(st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60))),
        max_size=40,
    ),
    size=st.integers(1, 7),
)
@settings(max_examples=60, deadline=None)
def test_what_is_there_all_the_while_is_given_once(
    there: set[int], writes: list[tuple[set[int], set[int]]], size: int
) -> None:
    """Rows come and go between any two pages; keys never change."""
    now, always, met = set(there), set(there), []
    after: cursors.Key | None = None
    changes = iter(writes)
    while True:
        rows = sorted((n,) for n in now if after is None or (n,) > after)
        shown = rows[:size]
        met += shown
        more = len(rows) > size
        gone, come = next(changes, (set(), set()))
        now = (now - gone) | come
        always -= gone
        if not more:
            break
        after = shown[-1]
    assert len(met) == len(set(met))
    assert {(n,) for n in always} <= set(met)


@pytest.fixture
def asking(app: Flask) -> Callable[[str], Any]:
    return lambda query: app.test_request_context(f"{API}/me/consents?{query}")


def test_a_page_of_a_walk_is_what_comes_after_its_cursor(asking) -> None:
    items = [{"id": f"{n:02d}"} for n in (5, 1, 4, 2, 3)]
    with asking("cursor=&per_page=2&x=1"):
        request.url_rule = None
        first = cursors.asked()
        assert first == cursors.Walk(None, 2)
        sealed = cursors._sealed(("02",))
    with asking(f"cursor={sealed}&per_page=2&x=1"):
        walked = cursors.asked()
        assert walked == cursors.Walk(("02",), 2)
        assert context.viewer().account_id is None
    with asking(""):
        assert cursors.part(items) == (items, {})


@pytest.mark.parametrize("list_path", LISTS)
def test_a_cursor_of_another_list_another_filter_or_nobody_leads_nowhere(
    visitor, token, list_path: str
) -> None:
    headers = token(REVIEWERS.get(list_path, "administrator"))
    for made_up in ("x", "AAAA", "=", "%00", "a" * 3000, "é"):
        answer = visitor.get(f"{API}{list_path}?cursor={made_up}", headers=headers)
        assert answer.status_code == 400, answer.text
    for wrong in ("0", "-1", "x", "100000", ""):
        address = f"{API}{list_path}?cursor=&per_page={wrong}"
        assert visitor.get(address, headers=headers).status_code == 400, wrong


def test_a_cursor_is_its_readers_own_and_of_its_filters(visitor, token) -> None:
    mine, other = token("administrator"), token("moderator")
    begun = f"{API}/jobs?cursor=&per_page=1"
    site: Site = visitor.application.extensions[context.SITE]
    with site.db.write() as s:
        for name in ("administrator", "moderator"):
            found = accounts.find_by_email(s, site.sealing, f"{name}@example.org")
            for n in range(2):
                args = {"record": f"{name}{n}"}
                jobs.enqueue(s, "index", args, owner=found.id, now=site.clock())
    following_page = following(visitor.get(begun, headers=mine))
    assert visitor.get(following_page, headers=mine).status_code == 200
    assert visitor.get(following_page, headers=other).status_code == 400
    widened = f"{following_page}&of=everybody"
    assert visitor.get(widened, headers=mine).status_code == 400
    assert visitor.get(following_page).status_code == 401


def test_records_are_walked_through_while_others_come_and_go(
    visitor, desk: Desk, site: Site
) -> None:
    def add() -> str:
        made = desk.publish(desk.deposit(), "property.heritage").record.id
        while run_one(site, site.clock()):
            pass
        return made

    def remove(record_id: str) -> None:
        with site.db.write() as s:
            moderation.withdraw(
                site,
                s,
                record_id,
                category="withdrawn",
                note="a test",
                by="operator",
                now=site.clock(),
            )

    there = sorted(add() for _ in range(6))

    def write(number: int) -> None:
        if number == 1:
            add()
            remove(there[0])
        if number == 2:
            remove(there[-1])  # not indexed anew yet: the scope takes it out

    met = walk(visitor, f"{API}/records?cursor=&per_page=2", {}, write)
    ids = [each["id"] for each in met]
    assert len(ids) == len(set(ids))
    assert set(there[:-1]) <= set(ids)
    assert there[-1] not in ids
    refused = visitor.get(f"{API}/records?cursor=&page=2")
    assert (refused.status_code, "page" in refused.text) == (400, True)


def test_accounts_jobs_and_ledger_are_walked_through_while_they_grow(
    visitor, token, site: Site
) -> None:
    headers = token("administrator")

    count = itertools.count()

    def grow(_number: int) -> None:
        now, number = site.clock(), next(count)
        with site.db.write() as s:
            email = f"n{number}@example.org"
            accounts.add(s, site.sealing, email, "N", Role.APPLICANT, None, now)
            jobs.enqueue(s, "index", {"record": str(number)}, now=now)
            site.ledger.append(s, "vetting expired", actor="worker", now=now)

    for _ in range(4):
        grow(0)
    for path, member, name in (
        ("/accounts", "items", "id"),
        ("/jobs?of=everybody", "items", "id"),
        ("/ledger", "lines", "seq"),
    ):
        sign = "&" if "?" in path else "?"
        everything = f"{API}{path}{sign}cursor=&per_page=200"
        before = visitor.get(everything, headers=headers).get_json()[member]
        address = f"{API}{path}{sign}cursor=&per_page=3"
        met = walk(visitor, address, headers, lambda n: n < 4 and grow(n), member)
        found = [each[name] for each in met]
        assert len(found) == len(set(found)), path
        assert {each[name] for each in before} <= set(found), path


def test_jobs_of_everybody_are_for_staff(visitor, token) -> None:
    reading = token("researcher", TokenScope.READ)
    assert visitor.get(f"{API}/jobs", headers=reading).status_code == 200
    everybody = f"{API}/jobs?of=everybody"
    assert visitor.get(everybody, headers=reading).status_code == 403
    assert visitor.get(everybody, headers=token("moderator")).status_code == 200
