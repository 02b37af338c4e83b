"""`vigil reindex`: the search index made again from the records."""

from __future__ import annotations

import click

from archive.cli import output
from archive.cli.opening import OPERATOR, opened
from archive.work import indexing, reindexing


@click.command()
@output.json_option
def reindex(as_json: bool) -> None:  # noqa: FBT001 - click hands it over as a flag
    """Build the search index beside the living one, and swap; also a damaged one.

    Example: vigil reindex
    """
    with output.failing_as_json(as_json), opened() as site:
        with output.counting("Indexing") as told:
            count = indexing.rebuild(site, told)
        with site.db.write() as session:
            reindexing.tell(site, session, OPERATOR, count)
        facts = {"records": count}
        output.answer(facts, as_json, lambda: f"{count} records are indexed.")
