"""`vigil backup` and `vigil restore`: a copy elsewhere, and the archive from it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from archive import backup as backups
from archive import config as settings
from archive import depot, restoring
from archive.backup import Made
from archive.cli import output
from archive.cli.opening import OPERATOR, opened, telling
from archive.cli.output import Failure
from archive.config import BucketAddress
from archive.depot import Depot
from archive.restoring import Restored


@click.command()
@click.argument("destination")
@click.option("--keep", type=click.IntRange(min=1), help="Remove all but the newest.")
@output.json_option
def backup(destination: str, keep: int | None, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Copy the archive to a folder or to s3://bucket/prefix while it serves.

    The unlock secret is not in the copy: keep it elsewhere. Exit 1 when the archive
    itself has lost files. Example: vigil backup /mnt/backups --keep 30
    """
    with output.failing_as_json(as_json), opened() as site:
        place = _place(destination)
        home = site.config.home
        if not isinstance(place, BucketAddress) and place.is_relative_to(home):
            raise Failure("A backup inside the home would be lost with it.")
        made = backups.back_up(
            site,
            Depot.at(site.config, place),
            actor=OPERATOR,
            now=site.clock(),
            tell=_tell,
            keep=keep,
        )
    output.answer(made.as_json(), as_json, lambda: _made_lines(made))
    if not made.ok:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("source")
@click.option("--at", "chosen", help="The name of a backup, or how it begins.")
@output.json_option
def restore(source: str, chosen: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Make the archive again from a backup, in an empty VIGIL_HOME, and prove it.

    The unlock secret is given as for `vigil serve`. Killed, it goes on when it is run
    again. Exit 1 when something is off. Example: vigil restore /mnt/backups
    """
    with output.failing_as_json(as_json), telling():
        done = restoring.restore(
            os.environ, _place(source), actor=OPERATOR, tell=_tell, chosen=chosen
        )
    output.answer(done.as_json(), as_json, lambda: _restored_lines(done))
    if not done.ok:
        raise click.exceptions.Exit(1)


def _place(text: str) -> Path | BucketAddress:
    try:
        return settings.place(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} {error}") from None


def _tell(part: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{part}: {done} of {total}", nl=done == total, err=True)


def _made_lines(made: Made) -> str:
    lines = [
        f"Backup {made.name}: {made.objects} files, {made.copied} of them new "
        f"({made.copied_bytes} bytes)."
    ]
    if made.removed_backups:
        lines.append(f"{made.removed_backups} older backups were removed.")
    lines += [f"MISSING  {name}: the archive has lost it" for name in made.missing]
    return "\n".join(lines)


def _restored_lines(done: Restored) -> str:
    when = depot.made_at(done.backup).isoformat(timespec="seconds")
    lines = [
        f"Restored backup {done.backup} of {when}: {done.objects} files, "
        f"{done.records} records indexed. Everybody has to sign in anew."
    ]
    lines += [f"LOST  {name}: the backup does not have it whole" for name in done.lost]
    lines += [f"OFF  {f.part}, {f.about}: {f.what}" for f in done.report.findings]
    return "\n".join([*lines, "All of it holds." if done.ok else "Something is off."])
