"""`vigil gazetteer`: names of places and persons, with their forms per language."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from archive import gazetteer as kept
from archive.cli import output
from archive.cli.opening import opened
from archive.cli.output import Failure
from archive.gazetteer import Changed
from search.analysis.gazetteer import Entry, Gazetteer, GazetteerError, parse

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
LARGEST = 20_000_000  # bytes


@click.group()
def gazetteer() -> None:
    """Names that find each other: places and persons in every language."""


@gazetteer.command("import")
@click.argument("file", type=FILE)
@click.option("--dry-run", is_flag=True, help="Say what would change, change nothing.")
@output.json_option
def import_(
    file: Path,
    dry_run: bool,  # noqa: FBT001 - click hands it over as a flag
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Add or replace entries. Example: vigil gazetteer import names.json"""
    with output.failing_as_json(as_json), opened() as site:
        entries, now = _entries(file), site.clock()
        with site.db.write() as s:
            done = kept.put(s, site.sealing, entries, "operator", now)
            detail = {"added": list(done.added), "changed": list(done.changed)}
            if dry_run:
                s.rollback()
            elif done.added or done.changed:
                site.ledger.append(
                    s, "gazetteer changed", actor="operator", now=now, detail=detail
                )
        output.answer(
            {**asdict(done), "dry_run": dry_run}, as_json, lambda: _told(done)
        )


@gazetteer.command("export")
def export() -> None:
    """Print all entries. Example: vigil gazetteer export > names.json"""
    with opened() as site, site.db.read() as s:
        entries = kept.effective(s, site.sealing).as_json()
    click.echo(json.dumps(entries, ensure_ascii=False, indent=1))


@gazetteer.command("check")
@click.argument("file", type=FILE)
@output.json_option
def check(
    file: Path,
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Check a file before it is imported. Example: vigil gazetteer check names.json"""
    with output.failing_as_json(as_json):
        entries = _entries(file)
        findings = Gazetteer(entries).ambiguous() + _repeated(entries)
        document = {"ok": True, "entries": len(entries), "findings": findings}
        output.answer(document, as_json, lambda: _checked(document))


def _entries(file: Path) -> list[Entry]:
    """:raises Failure: the file is too large, no JSON, or not in form"""
    if file.stat().st_size > LARGEST:
        raise Failure(f"{file} is larger than {LARGEST:,} bytes.", "too_large")
    try:
        return parse(json.loads(file.read_text(encoding="utf-8")))
    except GazetteerError as error:
        raise Failure(f"{file}: {error}.", "gazetteer") from None
    except (ValueError, RecursionError):
        raise Failure(f"{file} is not JSON in UTF-8.", "gazetteer") from None


def _repeated(entries: list[Entry]) -> list[str]:
    ids = [entry.id for entry in entries]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    return [f"The id {name} stands twice; the last one holds" for name in twice]


def _told(done: Changed) -> str:
    return (
        f"{len(done.added)} added, {len(done.changed)} changed,"
        f" {len(done.same)} as they were."
    )


def _checked(document: dict[str, Any]) -> str:
    lines = [f"{document['entries']} entries are in form."]
    return "\n".join([*lines, *document["findings"]])
