"""`vigil watermark`: who was shown what a leaked picture shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from archive import marking
from archive.cli import output
from archive.cli.opening import OPERATOR, opened
from archive.cli.output import Failure
from archive.marking import NoMark, Traced
from archive.site import Site
from auth import accounts
from auth.tables import Account
from blur.errors import BlurError
from blur.kinds import sniff
from blur.marks import WHOLE, Box
from blur.steps import NoSuchView

_HEAD = 65_536


class BoxType(click.ParamType[Box]):
    """Where the shown picture lies in the file: four shares of its width and height."""

    name = "box"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> Box:
        """Read `LEFT,TOP,RIGHT,BOTTOM`, or say what is wrong with it."""
        try:
            left, top, right, bottom = map(float, value.split(","))
        except ValueError:
            self.fail(f"{value!r} is not four numbers such as 0.1,0,0.9,1", param, ctx)
        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
            self.fail(f"{value!r} is no box: shares of 0 to 1, in order", param, ctx)
        return Box(left, top, right, bottom)


@click.group()
def watermark() -> None:
    """Lead a picture that was shown, or a sound that was heard, back to its showing."""


@watermark.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--box", type=BoxType(), help="Where in it, if not all.")
@click.option("--record", metavar="ID", help="Only showings of this record.")
@output.json_option
def read(file: Path, box: Box | None, record: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Find the showing of a picture, a sound or a film of a screen, by its code.

    Example: vigil watermark read leaked.jpg --box 0.1,0.05,0.7,0.9
    """
    with output.failing_as_json(as_json), opened() as site:
        site.require_sandbox()
        with file.open("rb") as source, site.db.read() as session:
            try:
                kind = sniff(source.read(_HEAD))
                found = marking.measured(
                    session, site.ledger, source, kind, box=box or WHOLE, record=record
                )
            except NoMark as error:
                raise Failure(str(error), "no_mark") from error
            except NoSuchView as error:
                raise Failure("Only what one sees or hears is read.", "kind") from error
            except BlurError as error:
                raise Failure(str(error), error.code) from error
        _answer(site, found, as_json=as_json)


@watermark.command()
@click.argument("number")
@output.json_option
def find(number: str, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Find the showing by the number that stands in a picture.

    Example: vigil watermark find 0001C-9F2MD
    """
    with output.failing_as_json(as_json), opened() as site:
        with site.db.read() as session:
            try:
                found = marking.looked_up(session, site.ledger, number)
            except NoMark as error:
                raise Failure(str(error), "no_mark") from error
        _answer(site, found, as_json=as_json)


def _answer(site: Site, found: Traced, *, as_json: bool) -> None:
    """Write down that it was looked for, then say whose it was."""
    line, now = found.line, site.clock()
    with site.db.write() as session:
        marking.note(session, site.ledger, found, OPERATOR, now)
        owner = session.get(Account, line.account_id or "")
        email = "" if owner is None else accounts.email_of(site.sealing, owner)
    facts: dict[str, Any] = {
        "number": found.number,
        "line": line.seq,
        "at": line.at.isoformat(),
        "account": line.account_id,
        "email": email,
        "record": line.record_id,
        "asset": line.asset_id,
        "form": line.detail.get("form"),
        "agreement": found.agreement and round(found.agreement, 1),
    }
    output.answer(facts, as_json, lambda: _sentence(facts))


def _sentence(facts: dict[str, Any]) -> str:
    sure = facts["agreement"]
    how = f"; it agrees by {sure} standard deviations" if sure else ""
    return (
        f"{facts['number']}: {facts['email']} (account {facts['account']}) was shown "
        f"{facts['form']} of {facts['asset']}, record {facts['record']}, at "
        f"{facts['at']}, ledger line {facts['line']}{how}."
    )
