"""`vigil package`: a record for a court, to be checked without the archive.

With originals it is a named person's act, through the same gate as on the pages: their
own access token, their live consent for legal proceedings, every other condition. The
token comes from the environment, so that it stands in no list of processes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from archive.cli import output, persons
from archive.cli.opening import opened
from archive.cli.output import Failure
from archive.cli.persons import TOKEN
from archive.exchange import court
from archive.exchange.court import NotForCourt, Wish
from archive.gate import RefusedError
from archive.site import Site
from archive.vault import signing
from archive.witness import WitnessError, attestation, checkpoints
from auth.viewer import Viewer, operator_viewer

STDOUT = Path("-")


@click.command()
@click.argument("record")
@click.argument("destination", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--people", is_flag=True, help="Leave no person out of the ledger.")
@click.option("--up-to-now", is_flag=True, help="With packages made before.")
@click.option("--original", is_flag=True, help="With the files; needs --as.")
@click.option("--as", "email", help=f"As this person, whose token is in {TOKEN}.")
@click.option(
    "--in-the-clear", is_flag=True, help="Write originals to a file, unencrypted."
)
def package(  # noqa: PLR0913 - each is an option of the command
    record: str,
    destination: Path,
    *,
    people: bool,
    up_to_now: bool,
    original: bool,
    email: str | None,
    in_the_clear: bool,
) -> None:
    """Write a record as a package for a court: a ZIP, or - for standard output.

    Example: vigil package 2drg6a5xn3m6 /srv/court/2drg6a5xn3m6.zip
    """
    wish = Wish(record, original=original, people=people, up_to_now=up_to_now)
    if original and email is None:
        raise Failure("Originals are given to a person: name one with --as.", "as")
    if original and destination != STDOUT and not in_the_clear:
        raise Failure(
            "The originals would lie unencrypted in that file: write to - and on to an "
            "encrypted place, or add --in-the-clear.",
            "clear",
        )
    with opened() as site, _as_failure():
        _refuse_home(site, destination)
        viewer = operator_viewer() if email is None else persons.proved(site, email)
        digest = _write(site, wish, viewer, destination)
        told = f"The package is {digest}; the archive's public key is"
        output.note(f"{told} {signing.public_key(site.keyring)}.")


def _write(site: Site, wish: Wish, viewer: Viewer, destination: Path) -> str:
    prepared = court.prepare(site, wish, viewer, site.clock())
    attestation.bear_out(site)
    # Once more: what an authority has just stamped belongs into it.
    prepared = court.prepare(site, wish, viewer, site.clock())
    if destination == STDOUT:
        with court.hand_over(site, prepared, viewer, site.clock()) as handed:
            _copy(court.zipped(handed.bag), sys.stdout.buffer)
    else:
        with (
            checkpoints.appearing(destination, 0o600) as file,
            court.hand_over(site, prepared, viewer, site.clock()) as handed,
        ):
            _copy(court.zipped(handed.bag), file)
    return prepared.bag.digest


def _copy(pieces: Iterable[bytes], file: IO[bytes]) -> None:
    for piece in pieces:
        file.write(piece)
    file.flush()


def _refuse_home(site: Site, destination: Path) -> None:
    home = site.config.home.resolve()
    if destination != STDOUT and home in destination.resolve().parents:
        raise Failure(f"{destination} is within the archive; name a place outside.")


@contextmanager
def _as_failure() -> Iterator[None]:
    try:
        yield
    except RefusedError as refused:
        codes = ", ".join(refused.refusal.codes)
        raise Failure(f"The policy says no: {codes}.", "refused") from refused
    except NotForCourt as error:
        raise Failure(str(error), error.code) from error
    except WitnessError as error:
        raise Failure(str(error), "witness") from error
    except FileExistsError as error:
        raise Failure("That file is there already; name a new one.") from error
