"""`vigil vocabulary`: the words of labels and tiers, as a file and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from archive import wording
from archive.cli import output
from archive.cli.opening import OPERATOR, opened
from archive.cli.output import Failure
from archive.records import vocabulary as words
from archive.records.errors import FieldError
from archive.records.vocabulary import LANGUAGES, Edit, Term, Vocabulary
from archive.wording import WrongWords

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
LARGEST = 20_000_000  # bytes


@click.group()
def vocabulary() -> None:
    """What labels and tiers are called and mean, in every language."""


@vocabulary.command("list")
@click.option("--language", type=click.Choice(LANGUAGES), default="en")
@output.json_option
def list_(
    language: str,
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Print every label with its tiers. Example: vigil vocabulary list --language hy"""
    with output.failing_as_json(as_json), opened() as site:
        with site.db.read() as s:
            held = words.of(s)
        document = {
            "edition": held.edition,
            "revision": held.revision,
            "labels": [_label(term, language) for term in held.terms.values()],
        }
        output.answer(document, as_json, lambda: _listed(held, language))


@vocabulary.command("export")
def export() -> None:
    """Print all words as JSON. Example: vigil vocabulary export > labels.json"""
    with opened() as site, site.db.read() as s:
        document = words.written(s)
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))


@vocabulary.command("import")
@click.argument("file", type=FILE)
@click.option("--reason", required=True, help="Why the words change; it is kept.")
@click.option("--dry-run", is_flag=True, help="Say what would change, change nothing.")
@output.json_option
def import_(
    file: Path,
    reason: str,
    dry_run: bool,  # noqa: FBT001 - click hands it over as a flag
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Change words as a file has them, all or none.

    Example: vigil vocabulary import labels.json --reason "Armenian reviewed"
    """
    with output.failing_as_json(as_json), opened() as site:
        edits, now = _edits(file), site.clock()
        with site.db.write() as s:
            try:
                made = wording.replace(
                    site, s, edits, by=OPERATOR, now=now, reason=reason
                )
            except WrongWords as error:
                raise Failure(f"{file}: {error}", "vocabulary") from None
            held = words.of(s)
            below = {
                done.code: wording.carried(s, done.code, term.lowest).below
                for done in made
                if (term := held.terms.get(done.code)) is not None
            }
            if dry_run:
                s.rollback()
        document = {
            "changed": {done.code: list(done.fields) for done in made},
            "below": {
                code: list(records) for code, records in below.items() if records
            },
            "dry_run": dry_run,
        }
        output.answer(document, as_json, lambda: _told(document))


def _edits(file: Path) -> list[Edit]:
    """:raises Failure: the file is too large, no JSON, or not in form"""
    if file.stat().st_size > LARGEST:
        raise Failure(f"{file} is larger than {LARGEST:,} bytes.", "too_large")
    try:
        return words.read(json.loads(file.read_text(encoding="utf-8")))
    except FieldError as error:
        raise Failure(f"{file}: {error}", "vocabulary") from None
    except (ValueError, RecursionError):
        raise Failure(f"{file} is not JSON in UTF-8.", "vocabulary") from None


def _label(term: Term, language: str) -> dict[str, Any]:
    said = term.say("name", language)
    return {
        "code": term.code,
        "kind": term.kind,
        "name": said.text,
        "language": said.language,
        "lowest": None if term.lowest is None else str(term.lowest),
        "highest": None if term.highest is None else str(term.highest),
        "retired": term.is_retired,
        "revision": term.revision,
    }


def _listed(held: Vocabulary, language: str) -> str:
    lines = []
    for term in held.terms.values():
        span = "" if term.lowest is None else f"{term.lowest}–{term.highest}"
        retired = "  (retired)" if term.is_retired else ""
        lines.append(f"{term.code:34} {span:6} {term.name(language)}{retired}")
    return "\n".join(lines)


def _told(document: dict[str, Any]) -> str:
    changed = document["changed"]
    lines = [f"{len(changed)} changed."]
    lines += [f"{code}: {', '.join(fields)}" for code, fields in changed.items()]
    for code, records in document["below"].items():
        lines.append(f"{code} stands below its lowest tier in: {', '.join(records)}")
    return "\n".join(lines)
