"""`vigil label`: moderation from a shell."""

from __future__ import annotations

import click

from archive import moderation
from archive.cli import output
from archive.cli.deposits import parse_label
from archive.cli.opening import OPERATOR, opened
from archive.cli.output import Failure
from archive.records import labels, store
from archive.records.labels import LabelInput
from archive.records.tables import LabelRow


@click.command()
@click.argument("record")
@click.argument("label")
@click.option("--asset", default=None, help="One file of the record; else all of them.")
@click.option("--from", "from_s", type=float, help="Seconds into the recording.")
@click.option("--to", "to_s", type=float)
@output.json_option
def label(
    record: str,
    label: str,
    asset: str | None,
    from_s: float | None,
    to_s: float | None,
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Say what can be seen or heard in a record, beside what was said before.

    Example: vigil label 7k2m9x4q1abc harm.torture=G4 --from 12 --to 40.5
    """
    given = parse_label(label)
    wanted = LabelInput(given.code, given.tier, from_s, to_s)
    with output.failing_as_json(as_json), opened() as site:
        now = site.clock()
        with site.db.write() as session:
            found = store.require(session, record)
            assets = [each.id for each in store.assets_of(session, found.id)]
            if asset is not None and asset not in assets:
                raise Failure(f"The record has no file {asset!r}.", "no_asset")
            for each in [asset] if asset else assets:
                standing = [_said(row) for row in labels.current(session, each)]
                others = [said for said in standing if not _replaced(said, wanted)]
                moderation.label(site, session, each, [*others, wanted], OPERATOR, now)
            facts = {
                "id": found.id,
                "tier": str(found.tier),
                "labelled": found.labelled,
                "labels": sorted(found.codes),
                "labels_version": found.labels_version,
            }
        codes = ", ".join(sorted(found.codes))
        output.answer(facts, as_json, lambda: f"{found.id} is {found.tier}: {codes}")


def _said(row: LabelRow) -> LabelInput:
    region = None
    if row.region is not None:
        x, y, width, height = row.region
        region = (x, y, width, height)
    return LabelInput(row.code, row.tier, row.from_s, row.to_s, region, row.note)


def _replaced(said: LabelInput, wanted: LabelInput) -> bool:
    """Whether the new label speaks of the same thing at the same time."""
    return (said.code, said.from_s, said.to_s) == (
        wanted.code,
        wanted.from_s,
        wanted.to_s,
    )
