"""`vigil verify`: reads everything back."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from archive import config as settings
from archive import verification
from archive.cli import output
from archive.cli.opening import OPERATOR, opened
from archive.fixity import Manner, Pace
from archive.verification import CHOICES, PARTS, Report

KEEPER = "shell"


class Rate(click.ParamType[int]):
    """Bytes a second, as sizes are written: 500k, 50M, 50MiB."""

    name = "rate"

    def convert(
        self,
        value: str,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> int:
        """Read it, or say what is wrong with it."""
        try:
            return settings.size(value)
        except ValueError:
            self.fail(f"{value!r} is not a size such as 50M", param, ctx)


@click.command()
@click.option("--fixity", is_flag=True, help="Every sealed file, whole and unchanged.")
@click.option("--ledger", is_flag=True, help="The chain of what happened.")
@click.option("--previews", is_flag=True, help="No preview is missing.")
@click.option("--all", "everything", is_flag=True, help="All of these (the default).")
@click.option("--resume", is_flag=True, help="Go on where files were last read to.")
@click.option("--rate", type=Rate(), help="Read at most so much a second, as 50M.")
@output.json_option
def verify(
    as_json: bool,  # noqa: FBT001 - click's
    everything: bool,  # noqa: FBT001 - click's
    resume: bool,  # noqa: FBT001 - click's
    rate: int | None,
    **chosen: bool,
) -> None:
    """Read everything back; exit 1 and a list when anything is off.

    Ctrl-C or SIGTERM stops it, and --resume goes on from there; so it does after a
    crash. Example: vigil verify --fixity --resume --rate 50M
    """
    picked = [part for name, parts in CHOICES.items() if chosen[name] for part in parts]
    parts = tuple(picked) if picked and not everything else PARTS
    with _stopping() as stop, opened() as site:
        report = verification.verify(
            site,
            parts=parts,
            actor=OPERATOR,
            now=site.clock(),
            progress=_progress,
            manner=Manner(KEEPER, resume, Pace(rate, stop)),
        )
    output.answer(report.as_json(), as_json, lambda: _lines(report))
    if not report.ok or not report.complete:
        raise click.exceptions.Exit(1)


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C or SIGTERM sets; the second is not caught."""
    stop = threading.Event()

    def asked(number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    before = {
        number: signal.signal(number, asked)
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _progress(part: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{part}: {done} of {total}", nl=done == total, err=True)


def _lines(report: Report) -> str:
    lines = [f"{part}: {count} checked" for part, count in report.checked.items()]
    lines += [
        f"OFF  {finding.part}, {finding.about}: {finding.what}"
        for finding in report.findings
    ]
    end = "All of it holds." if report.ok else "Something is off."
    if not report.complete:
        end = "Stopped before the end; `vigil verify --resume` goes on from here."
    return "\n".join([*lines, end])
