"""`vigil keys rotate`: another version of a key, and the end of the one before."""

from __future__ import annotations

from typing import Any

import click

from archive.cli import output
from archive.cli.opening import OPERATOR, opened
from archive.cli.output import Failure
from archive.vault import rotation
from archive.vault.keys import Purpose
from archive.work.rotating import DEFAULT, Turning, keeps_old


@click.command()
@click.argument("purposes", nargs=-1, type=output.word_of(Purpose))
@click.option(
    "--keep-old/--destroy-old",
    default=None,
    help="Destroyed by default where the database is a file; kept on PostgreSQL.",
)
@output.json_option
def rotate(
    purposes: tuple[str, ...],
    keep_old: bool | None,  # noqa: FBT001 - click hands it over as a flag
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Make new keys and wrap everything under them, while serving; no file is touched.

    Without a PURPOSE, those of originals and previews. Started again after an
    interruption it goes on. Example: vigil keys rotate original
    """
    with output.failing_as_json(as_json), opened() as site:
        chosen = [Purpose(each) for each in purposes] or list(DEFAULT)
        for purpose in chosen:
            _refuse_never(purpose)
        keep = keeps_old(site) if keep_old is None else keep_old
        with output.counting("Keys") as told:
            turning = Turning(site, OPERATOR, keep, lambda _key, *of: told(*of))
            done = [turning.turn(purpose) for purpose in chosen]
        facts = {"rotated": done}
        output.answer(facts, as_json, lambda: "\n".join(map(_sentence, done)))
    if any(each["stuck"] for each in done):
        raise click.exceptions.Exit(1)


def _refuse_never(purpose: Purpose) -> None:
    if why := rotation.NEVER.get(purpose):
        raise Failure(f"The key {purpose} is never rotated: {why}.", "never_rotated")


def _sentence(facts: dict[str, Any]) -> str:
    text = f"{facts['purpose']}: version {facts['version']} seals"
    if facts["rewrapped"]:
        text += f", {facts['rewrapped']} data keys wrapped anew"
    if facts["destroyed"]:
        text += f", version {', '.join(map(str, facts['destroyed']))} destroyed"
    if facts["stuck"]:
        text += f"; {facts['stuck']} DO NOT OPEN: run vigil verify --fixity"
    return f"{text}."
