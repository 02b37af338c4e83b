"""How a command answers: sentences for a person, one JSON document for a script.

Exit status: 0 done, 1 it failed or did not hold, 2 wrong usage (click's own).
Errors go to standard error as one plain sentence.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import IO, Any

import click

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document, nothing else."
)


def word_of(words: type[Enum]) -> click.Choice[str]:
    """A choice among the values of an enum (click by itself takes its names)."""
    return click.Choice([word.value for word in words])


class Failure(click.ClickException):
    """The command could not do it; `code` is a word for scripts."""

    exit_code = 1

    def __init__(self, message: str, code: str = "failed") -> None:
        super().__init__(message)
        self.code = code

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.message, err=True)


def say(text: str = "") -> None:
    click.echo(text)


def answer(document: object, as_json: bool, text: Callable[[], str]) -> None:  # noqa: FBT001 - click hands it over as a flag
    """Print `document` as JSON for a script, or `text()` for a person."""
    if as_json:
        click.echo(json.dumps(document, ensure_ascii=False, default=str))
    else:
        click.echo(text())


@contextmanager
def failing_as_json(as_json: bool) -> Iterator[None]:  # noqa: FBT001 - click hands it over as a flag
    """Let a failure also print `{"error": {code, message}}` for a script."""
    try:
        yield
    except Failure as failure:
        if as_json:
            error = {"code": failure.code, "message": failure.message}
            click.echo(json.dumps({"error": error}, ensure_ascii=False))
        raise


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns as wide as their widest cell; an empty table is its head alone."""
    lines = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


@contextmanager
def progress(label: str, length: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, on a terminal only; call it with steps done."""
    quiet = not sys.stderr.isatty()
    with click.progressbar(
        length=length, label=label, file=sys.stderr, hidden=quiet
    ) as bar:
        yield bar.update


@contextmanager
def counting(label: str) -> Iterator[Callable[[int, int], None]]:
    """A count on standard error, on a terminal only; call it with (done, of all)."""

    def tell(done: int, total: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{label}: {done} of {total}", nl=done == total, err=True)

    yield tell


def note(text: str) -> None:
    """A line about work going on, on standard error, so that scripts may ignore it."""
    click.echo(text, err=True)
