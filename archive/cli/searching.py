"""`vigil search`: the API's own search, asked from a shell, in the same scope."""

from __future__ import annotations

from typing import Any

import click
from flask import g

from archive.app import create_app
from archive.cli import output, persons
from archive.cli.opening import opened
from archive.cli.output import Failure
from archive.searches.question import PER_PAGE
from archive.site import Site
from archive.web.api import records
from auth.viewer import Viewer
from search.query import QueryError


@click.command()
@click.argument("query", default="")
@click.option("--as", "email", default=None, help="As this person; else as a visitor.")
@click.option("--page", default=1, show_default=True)
@click.option("--per-page", default=PER_PAGE, show_default=True)
@output.json_option
def search(
    query: str,
    email: str | None,
    page: int,
    per_page: int,
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Search titles and descriptions. Example: vigil search "Hadrut -tier:G5" """
    with output.failing_as_json(as_json), opened() as site:
        viewer = persons.reading_as(site, email)
        asked = {"q": query, "page": page, "per_page": per_page}
        found = _ask(site, viewer, asked)
        output.answer(found, as_json, lambda: _lines(found))


def _ask(site: Site, viewer: Viewer, asked: dict[str, Any]) -> dict[str, Any]:
    app = create_app(site)
    with app.test_request_context(
        "/api/v1/records", query_string=asked, base_url=site.config.base_url
    ):
        g.viewer = viewer
        try:
            response = app.make_response(records.listing())
        except QueryError as error:
            raise Failure(str(error), "query") from error
    document: dict[str, Any] = response.get_json()
    return document


def _lines(found: dict[str, Any]) -> str:
    rows = [
        (each["id"], str(each["tier"]), each["event_date"] or "", each["title"])
        for each in found["items"]
    ]
    lines = [output.table(("record", "tier", "date", "title"), rows)]
    lines.append(f"{found['total']} found.")
    if found["suggestion"]:
        lines.append(f"Did you mean: {found['suggestion']}")
    return "\n".join([*lines, *found["warnings"]])
