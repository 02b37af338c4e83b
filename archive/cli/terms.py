"""`vigil terms`: what everybody signs, and publishing a new version of it."""

from __future__ import annotations

from pathlib import Path

import click

from archive.cli import output
from archive.cli.opening import OPERATOR, opened
from archive.cli.output import Failure
from auth import terms as kept
from auth.errors import AuthError
from auth.vetting import lapses


@click.group()
def terms() -> None:
    """The terms that everybody signs."""


@terms.command("show")
@click.option("--language", type=click.Choice(kept.LANGUAGES), default="en")
@output.json_option
def show(
    language: str,
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Print the texts in force. Example: vigil terms show --language hy"""
    with output.failing_as_json(as_json), opened() as site:
        with site.db.read() as session:
            shown = kept.current(session, language)
        answer = {
            "version": shown.version,
            "language": shown.language,
            "conduct": shown.conduct,
            "data_use": shown.data_use,
            "sha256": shown.text_hash,
        }
        lines = f"Version {shown.version}\n\n{shown.conduct}\n\n{shown.data_use}"
        output.answer(answer, as_json, lambda: lines)


@terms.command("publish")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@output.json_option
def publish(
    folder: Path,
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Publish a version from conduct.LANGUAGE.md and data-use.LANGUAGE.md in a folder.

    Everybody signs again before their next original. Example: vigil terms publish new/
    """
    with output.failing_as_json(as_json), opened() as site:
        texts, now = _texts(folder), site.clock()
        try:
            with site.db.write() as session:
                version = kept.publish(session, texts, OPERATOR, now)
                concerned = lapses.lapse_terms(session, version, now)
                detail = {
                    "version": version,
                    "languages": sorted({language for _part, language in texts}),
                    "consents_of": concerned,
                }
                site.ledger.append(
                    session, "terms published", actor=OPERATOR, now=now, detail=detail
                )
        except AuthError as refused:
            raise Failure(refused.message, refused.code) from None
        answer = {"version": version, "consents_of": concerned}
        output.answer(answer, as_json, lambda: f"Version {version} is in force.")


def _texts(folder: Path) -> dict[tuple[str, str], str]:
    found = {}
    for part in kept.PARTS:
        for language in kept.LANGUAGES:
            path = folder / f"{part}.{language}.md"
            if path.is_file():
                found[part, language] = path.read_text(encoding="utf-8")
    return found
