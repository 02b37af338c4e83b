"""`vigil feed`: the archives whose labels are taken over, and the archive's own key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from archive import feeds
from archive.cli import output
from archive.cli.opening import OPERATOR, opened
from archive.cli.output import Failure
from archive.feeds import FeedError, Listed
from archive.feeds.subscriptions import PATH
from archive.vault import signing


@click.group()
def feed() -> None:
    """Labels of files, signed: offered to other archives, and taken from them."""


@feed.command()
@click.argument("address")
@click.option("--key", required=True, help="The archive's public key, 64 hex digits.")
@click.option("--as", "name", help="What to call it here; otherwise its host.")
@output.json_option
def subscribe(
    address: str,
    key: str,
    name: str | None,
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Listen to another archive.

    Example: vigil feed subscribe https://a.org --key 8f…
    """
    with output.failing_as_json(as_json), opened() as site, _as_failure():
        with site.db.write() as s:
            row = feeds.subscribe(
                site,
                s,
                address=address,
                public_key=key,
                name=name,
                by=OPERATOR,
                now=site.clock(),
            )
            document = {"name": row.name, "address": row.address}
        output.answer(
            document,
            as_json,
            lambda: f"Subscribed to {document['name']}. Now run: vigil feed fetch",
        )


@feed.command("list")
@output.json_option
def list_(
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Print every subscription and this archive's own. Example: vigil feed list"""
    with output.failing_as_json(as_json), opened() as site:
        with site.db.read() as s:
            held = feeds.listing(s)
        own = {
            "offered": site.config.label_feed,
            "address": f"{site.config.base_url}{PATH}",
            "public_key": signing.public_key(site.keyring),
        }
        document = {"own": own, "subscriptions": [_row(each) for each in held]}
        output.answer(document, as_json, lambda: _table(own, held))


@feed.command()
@click.argument("name", required=False)
@output.json_option
def fetch(
    name: str | None,
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Ask one archive, or all, for new labels now. Example: vigil feed fetch a.org"""
    with output.failing_as_json(as_json), opened() as site, _as_failure():
        if name is None:
            done = feeds.fetch_all(site, by=OPERATOR)
        else:
            done = [feeds.fetch(site, name, by=OPERATOR)]
        wrong = [f"{each.name}: {each.error}" for each in done if each.error]
        with site.db.write() as s:
            feeds.lapse(site, s, by=OPERATOR, now=site.clock())
        document = {
            "fetched": [
                {"name": e.name, "entries": e.entries, "files": e.files}
                for e in done
                if not e.error
            ]
        }
        output.answer(document, as_json, lambda: _fetched(document))
        if wrong:
            raise Failure("\n".join(wrong), "feed")


@feed.command()
@click.argument("name")
@output.json_option
def unsubscribe(
    name: str,
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Listen no more; what came from there goes.

    Example: vigil feed unsubscribe a.org
    """
    with output.failing_as_json(as_json), opened() as site, _as_failure():
        with site.db.write() as s:
            files = feeds.unsubscribe(site, s, name, by=OPERATOR, now=site.clock())
        document = {"name": name, "files": files}
        output.answer(
            document,
            as_json,
            lambda: f"Unsubscribed from {name}; its labels went from {files} files.",
        )


@contextmanager
def _as_failure() -> Iterator[None]:
    try:
        yield
    except FeedError as error:
        raise Failure(str(error), error.code) from error


def _row(each: Listed) -> dict[str, Any]:
    row = each.row
    return {
        "name": row.name,
        "address": row.address,
        "public_key": row.public_key,
        "read_to": row.seq,
        "labels": each.labels,
        "adopted": each.adopted,
        "unread": list(each.unread),
        "fetched_at": None if row.fetched_at is None else row.fetched_at.isoformat(),
        "error": row.error,
    }


def _table(own: dict[str, Any], held: Sequence[Listed]) -> str:
    offered = "offered" if own["offered"] else "not offered (VIGIL_LABEL_FEED)"
    lines = [
        f"This archive's labels are {offered}.",
        f"Address: {own['address']}",
        f"Key: {own['public_key']}",
        "",
    ]
    head = ("NAME", "READ TO", "LABELS", "ADOPTED", "FETCHED", "ERROR")
    rows = [
        (
            each.row.name,
            each.row.seq,
            each.labels,
            each.adopted,
            "never"
            if each.row.fetched_at is None
            else each.row.fetched_at.isoformat(" ", "minutes"),
            each.row.error or "",
        )
        for each in held
    ]
    told = [
        f"{each.row.name}: no word here for {', '.join(each.unread)}; files of these "
        "wait for a moderator."
        for each in held
        if each.unread
    ]
    return "\n".join([*lines, output.table(head, rows), *told])


def _fetched(document: dict[str, Any]) -> str:
    return "\n".join(
        f"{e['name']}: {e['entries']} entries, {e['files']} own files changed."
        for e in document["fetched"]
    )
