"""`vigil demo`: an archive to walk through, with one account of each role."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import click

from archive import config as settings
from archive.cli import casebook, output
from archive.cli.accounts import add_account, sign_up
from archive.cli.deposits import Wanted, finish, parse_label, put
from archive.cli.opening import OPERATOR, telling
from archive.cli.serving import run_server
from archive.config import Config
from archive.founding import create_home
from archive.records import store
from archive.records.document import Description, Place, RecordDocument, Source
from archive.records.store import RecordDraft
from archive.site import Site
from archive.web import server
from auth import accounts
from auth.viewer import Access, Role, Visibility

COLLECTION = Path(__file__).parent / "collection"
VETTED_DAYS = 180
PEOPLE = {
    Role.ADMINISTRATOR: ("admin@demo.example", "Anahit, administrator"),
    Role.MODERATOR: ("moderator@demo.example", "Murad, moderator"),
    Role.RESEARCHER: ("researcher@demo.example", "Rosa, researcher"),
    Role.APPLICANT: ("applicant@demo.example", "Aram, applicant"),
}


@dataclass(frozen=True)
class Person:
    """Somebody of the demonstration, with the password that is shown once."""

    role: Role
    email: str
    password: str


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, help="0 picks a free one.")
@click.option("--no-serve", is_flag=True, help="Make it, print passwords, and end.")
@output.json_option
def demo(host: str, port: int, no_serve: bool, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Make the demonstration in a fresh VIGIL_HOME, and serve it.

    In a home that holds an archive already, it only serves.
    Example: VIGIL_HOME=demo-data vigil demo
    """
    with output.failing_as_json(as_json), telling():
        config = settings.from_environment()
        if not config.keyrings.is_dir():
            people = make(config)
            output.answer(_facts(people), as_json, lambda: _welcome(people))
        else:
            output.say("The demonstration is there already; passwords were shown once.")
        if not no_serve:
            # A key file may just have been made: read the settings again.
            run_server(settings.from_environment(), server.Settings(host, port))


def make(config: Config) -> list[Person]:
    """Make the archive, its people and its collection.

    :raises ConfigError: the home is not empty, or a setting is unsafe
    """
    site = create_home(config)
    try:
        people = [_add(site, role) for role in PEOPLE]
        _fill(site)
        return people
    finally:
        site.close()


def _add(site: Site, role: Role) -> Person:
    email, name = PEOPLE[role]
    password = "-".join(secrets.token_hex(3) for _ in range(4))
    now = site.clock()
    if role is Role.APPLICANT:
        sign_up(site, email, name, password, now)
    else:
        until = now + timedelta(days=VETTED_DAYS)
        evidence = "an account of the demonstration"
        add_account(site, email, name, role, password, evidence, until, now)
    return Person(role, email, password)


def _fill(site: Site) -> None:
    content = _content()
    now = site.clock()
    shelf = content["collection"]
    with site.db.write() as session:
        collection = store.add_collection(
            session,
            slug=shelf["slug"],
            titles=shelf["names"],
            texts=shelf["about"],
            by=OPERATOR,
            now=now,
        )
        collection_id = collection.id
    # The last one deposited is the first one on the front page.
    records = content["records"][::-1]
    keys: dict[str, str] = {}
    for number, raw in enumerate(records, 1):
        output.note(f"Depositing {number} of {len(records)}: {_title(raw)}")
        made = put(site, _wanted(raw, collection_id), site.clock())
        finish(site, made.record.id)
        if "key" in raw:
            keys[raw["key"]] = made.record.id
    output.note("Writing down the case: what was announced, denied, found and said")
    casebook.write(site, keys, _authors(site), collection_id)
    for record_id in keys.values():
        finish(site, record_id)


def _authors(site: Site) -> dict[str, str]:
    """The accounts of the demonstration, by the word of their role."""
    with site.db.read() as session:
        found = {
            role: accounts.find_by_email(session, site.sealing, email)
            for role, (email, _name) in PEOPLE.items()
        }
    return {role.value: account.id for role, account in found.items() if account}


def _title(raw: dict[str, Any]) -> str:
    return str(raw["descriptions"]["en"]["title"])


def _wanted(raw: dict[str, Any], collection_id: str) -> Wanted:
    document = RecordDocument(
        descriptions={
            language: Description(**text)
            for language, text in raw["descriptions"].items()
        },
        places=tuple(Place(**place) for place in raw["places"]),
        event_date=raw["date"],
        source=Source(platform=raw["platform"]),
        rights="Stand-in media; see the list of sources.",
        verification=raw["verification"],
        stance=raw["stance"],
    )
    draft = RecordDraft(
        document,
        Visibility(raw.get("visibility", "public")),
        Access(raw.get("access", "vetted")),
        collection_id=collection_id,
    )
    files = [COLLECTION / "media" / name for name in raw["files"]]
    said = [[parse_label(text) for text in each] for each in raw["labels"]]
    labels = said or [[] for _ in files]
    return Wanted(files, draft, labels, publish=raw.get("publish", True))


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        (COLLECTION / "records.json").read_text(encoding="utf-8")
    )
    return content


def _facts(people: list[Person]) -> dict[str, Any]:
    accounts = [
        {"role": each.role.value, "email": each.email, "password": each.password}
        for each in people
    ]
    return {"accounts": accounts}


def _welcome(people: list[Person]) -> str:
    rows = [(each.role.value, each.email, each.password) for each in people]
    listed = output.table(("role", "e-mail", "password"), rows)
    return f"Accounts of the demonstration (shown this once):\n{listed}"
