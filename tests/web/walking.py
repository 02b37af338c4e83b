"""Every page of the archive, gathered from the application's own map.

A page is an address that answers with HTML: whoever adds one has it walked without
saying so. What an address names (a record, an account, a collection) is made here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient

from archive.intake import Deposit
from tests.web.conftest import Browser, csrf

READERS = ("visitor", "researcher", "moderator", "administrator")


@dataclass(frozen=True)
class Walked:
    """A page as one reader met it; `path` with what stands behind its `?`."""

    reader: str
    path: str
    status: int
    html: str


def pages(
    app: Flask, browser: Browser, deposit: Deposit, **others: str
) -> Iterator[Walked]:
    """Each page that can be asked for, as everybody who is let in."""
    clients = {name: browser(name) for name in READERS}
    for path in _paths(app, "GET", deposit, others):
        yield from _as_everybody(clients, path)


def pages_once(
    app: Flask, browser: Browser, deposit: Deposit, **others: str
) -> Iterator[Walked]:
    """Each page as the one who may do most there."""
    clients = {name: browser(name) for name in reversed(READERS)}
    for path in _paths(app, "GET", deposit, others):
        if found := next(_as_everybody(clients, path), None):
            yield found


def _as_everybody(clients: dict[str, FlaskClient], path: str) -> Iterator[Walked]:
    for name, client in clients.items():
        found = _asked(client, name, path)
        if found and found.status < 300:
            yield found


def refused_forms(
    app: Flask, browser: Browser, deposit: Deposit, **others: str
) -> Iterator[Walked]:
    """The pages that come back when an administrator hands in each form empty."""
    client = browser("administrator")
    token = csrf(client)
    for path in _paths(app, "POST", deposit, others):
        if path == "/logout" or "end" in path:
            continue
        found = _asked(client, "administrator", path, {"csrf_token": token})
        if found and found.status in (409, 422):
            yield found


def _paths(
    app: Flask, method: str, deposit: Deposit, others: dict[str, str]
) -> Sequence[str]:
    named = {
        "record_id": deposit.record.id,
        "asset_id": deposit.assets[0].id,
        "name": "labels",
        **others,
    }
    paths = []
    for rule in app.url_map.iter_rules():
        if method not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        values = {name: named.get(name, "nothing") for name in rule.arguments}
        with app.test_request_context():
            paths.append(app.url_for(rule.endpoint, **values))
    return sorted(paths)


def _asked(
    client: FlaskClient, reader: str, path: str, form: dict[str, str] | None = None
) -> Walked | None:
    method = "GET" if form is None else "POST"
    with client.open(path, method=method, data=form) as answer:
        if answer.mimetype != "text/html":
            return None
        return Walked(reader, path, answer.status_code, answer.get_data(as_text=True))
