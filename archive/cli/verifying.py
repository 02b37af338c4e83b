"""`vigil verify`: reads everything back."""

from __future__ import annotations

import sys

import click

from archive import verification
from archive.cli import output
from archive.cli.opening import OPERATOR, opened
from archive.verification import PARTS, Report

CHOICES = {
    "ledger": ("ledger",),
    "fixity": ("fixity", "digests", "descriptions"),
    "previews": ("previews",),
}


@click.command()
@click.option("--fixity", is_flag=True, help="Every sealed file, whole and unchanged.")
@click.option("--ledger", is_flag=True, help="The chain of what happened.")
@click.option("--previews", is_flag=True, help="No preview is missing.")
@click.option("--all", "everything", is_flag=True, help="All of these (the default).")
@output.json_option
def verify(as_json: bool, everything: bool, **chosen: bool) -> None:  # noqa: FBT001 - click's
    """Read everything back; exit 1 and a list when anything is off.

    Example: vigil verify --all
    """
    picked = [part for name, parts in CHOICES.items() if chosen[name] for part in parts]
    parts = tuple(picked) if picked and not everything else PARTS
    with opened() as site:
        report = verification.verify(
            site, parts=parts, actor=OPERATOR, now=site.clock(), progress=_progress
        )
    output.answer(report.as_json(), as_json, lambda: _lines(report))
    if not report.ok:
        raise click.exceptions.Exit(1)


def _progress(part: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{part}: {done} of {total}", nl=done == total, err=True)


def _lines(report: Report) -> str:
    lines = [f"{part}: {count} checked" for part, count in report.checked.items()]
    lines += [
        f"OFF  {finding.part}, {finding.about}: {finding.what}"
        for finding in report.findings
    ]
    return "\n".join([*lines, "All of it holds." if report.ok else "Something is off."])
