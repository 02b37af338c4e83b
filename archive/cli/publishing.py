"""`vigil publish`: what anybody may know, as a folder of pages without any original."""

from __future__ import annotations

from pathlib import Path

import click

from archive.app import create_app
from archive.cli import output
from archive.cli.opening import opened
from archive.cli.output import Failure
from archive.web.publishing import edition
from archive.web.publishing.edition import Edition
from archive.web.publishing.folder import NotPublishedError
from archive.web.publishing.press import Wish
from archive.web.request.i18n import LANGUAGES


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--collection", metavar="SLUG", help="Only the records of this one.")
@click.option(
    "--lang",
    "languages",
    type=click.Choice(list(LANGUAGES)),
    multiple=True,
    help="Pages in this language; several may be named, all if unsaid.",
)
@output.json_option
def publish(
    folder: Path,
    collection: str | None,
    languages: tuple[str, ...],
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Write what a visitor may know to a new folder: pages, no original, no key.

    Example: vigil publish /srv/public/vigil --lang en --lang hy
    """
    wish = Wish(tuple(dict.fromkeys(languages)) or tuple(LANGUAGES), collection)
    with output.failing_as_json(as_json), opened() as site:
        with output.counting("Records") as told:
            try:
                made = edition.publish(create_app(site), folder, wish, told)
            except NotPublishedError as error:
                raise Failure(str(error), error.code) from error
        facts = {
            "folder": str(folder.resolve()),
            "records": made.records,
            "files": made.files,
            "languages": list(wish.languages),
        }
        output.answer(facts, as_json, lambda: _sentence(made, folder))


def _sentence(made: Edition, folder: Path) -> str:
    return (
        f"{made.records} records stand in {folder}, in {made.files} files; "
        f"open {folder / 'index.html'}."
    )
