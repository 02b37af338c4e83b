"""`vigil broker verify`, `vigil broker journal`: what the broker wrote for itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from archive import keyplaces
from archive.broker import journal, witness
from archive.broker.journal import JournalError
from archive.cli import output
from archive.cli.opening import opened
from archive.cli.output import Failure
from archive.site import Site
from archive.vault.keys import Key, Purpose


@click.command()
@output.json_option
def verify(as_json: bool) -> None:  # noqa: FBT001 - click's
    """Check the broker's own journal, and the archive's ledger by it.

    As the broker's user, while it runs or not. Exit 1 and a list when anything is off.
    Example: vigil broker verify --json
    """
    with output.failing_as_json(as_json), _with_journal() as (site, path, key):
        entries, faults = journal.verify(path, key)
        found = [f"line {each.line} of the journal: {each.what}" for each in faults]
        with site.db.read() as session:
            found += witness.disagreements(site.ledger, session, entries)
        facts = {"ok": not found, "checked": len(entries), "findings": found}
        output.answer(facts, as_json, lambda: _sentences(path, len(entries), found))
    if found:
        raise click.exceptions.Exit(1)


@click.command("journal")
@output.json_option
def show(as_json: bool) -> None:  # noqa: FBT001 - click's
    """Print the broker's own journal: when it gave what to whom.

    As the broker's user. What does not hold is left out; `vigil broker verify` tells.
    Example: vigil broker journal --json
    """
    with output.failing_as_json(as_json), _with_journal() as (_, path, key):
        entries, _faults = journal.verify(path, key)
        lines = [{"seq": each.seq, **each.told} for each in entries]
        output.answer({"lines": lines}, as_json, lambda: "\n".join(map(_line, lines)))


@contextmanager
def _with_journal() -> Iterator[tuple[Site, Path, Key]]:
    """The archive, where its broker's journal lies, and the journal's key.

    :raises Failure: it cannot be read, or not with the key that is given here
    """
    with opened() as site:
        if not site.keyring.holds(Purpose.JOURNAL):
            raise Failure(
                "The key given here does not open the broker's journal: run this as "
                "the broker's user.",
                "no_key",
            )
        key = site.keyring.first(Purpose.JOURNAL, site.clock())
        try:
            yield site, keyplaces.broker_journal(site.config, site.keyring), key
        except JournalError as error:
            raise Failure(str(error), "journal") from error


def _sentences(path: Path, checked: int, found: list[str]) -> str:
    if found:
        return "\n".join(found)
    return f"{path}: {checked} lines, all of them as the broker wrote them."


def _line(told: Mapping[str, Any]) -> str:
    facts = " ".join(
        f"{name}={value}"
        for name, value in told.items()
        if name not in ("seq", "at", "did")
    )
    return f"{told['seq']} {told['at']} {told['did']} {facts}"
