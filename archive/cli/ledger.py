"""`vigil ledger`: what outsiders need to check what happened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from archive import witness
from archive.cli import output
from archive.cli.opening import OPERATOR, opened
from archive.cli.output import Failure
from archive.vault import signing
from archive.witness import WitnessError, attestation, extracts, summaries


@click.group()
def ledger() -> None:
    """Checkpoints, proofs and extracts of the ledger, for whoever must check it."""


@ledger.command()
@output.json_option
def checkpoint(
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Sign the ledger as it stands, now. Example: vigil ledger checkpoint --json

    It is also kept in VIGIL_CHECKPOINT_FOLDER and stamped by VIGIL_TSA_URL, where these
    are set. A worker makes one a day by itself.
    """
    with output.failing_as_json(as_json), opened() as site, _as_failure():
        document = attestation.sign(site, actor=OPERATOR, now=site.clock())
        attestation.bear_out(site)
        output.answer(document, as_json, lambda: _checkpoint(document))


@ledger.command()
@click.argument("seq", type=click.IntRange(1))
@click.option("--size", type=int, help="Of this checkpoint; otherwise of the newest.")
def prove(seq: int, size: int | None) -> None:
    """Print the proof that a line is in a checkpoint. Example: vigil ledger prove 7"""
    with opened() as site, _as_failure(), site.db.read() as s:
        output.say(json.dumps(witness.inclusion(s, seq, size), indent=1))


@ledger.command()
@click.argument("before", type=click.IntRange(1))
@click.option("--size", type=int, help="To this checkpoint; otherwise to the newest.")
def extends(before: int, size: int | None) -> None:
    """Print the proof that a checkpoint goes on from an earlier one.

    Example: vigil ledger extends 120
    """
    with opened() as site, _as_failure(), site.db.read() as s:
        output.say(json.dumps(witness.consistency(s, before, size), indent=1))


@ledger.command()
def forgotten() -> None:
    """Print the signed summaries of what was forgotten, with proofs.

    Signs the ledger as it stands before. Example: vigil ledger forgotten
    """
    with opened() as site, _as_failure():
        attestation.sign(site, actor=OPERATOR, now=site.clock())
        with site.db.read() as s:
            output.say(json.dumps(summaries.written(site, s), indent=1))


@ledger.command()
@click.argument("destination", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--record", help="Only what happened to this record, with proofs.")
@click.option("--details", is_flag=True, help="With what the lines say in detail.")
def export(destination: Path, record: str | None, *, details: bool) -> None:
    """Write lines to a new file that docs/formats/check_ledger.py checks.

    Example: vigil ledger export custody.json --record 2drg6a5xn3m6
    """
    with opened() as site, _as_failure():
        if destination.exists():
            raise Failure(f"{destination} is there already; name a new file.")
        with site.db.read() as s:
            if not site.ledger.entries(s, record=record, limit=1):
                raise Failure(f"The ledger says nothing of a record {record}.")
        document = attestation.sign(site, actor=OPERATOR, now=site.clock())
        told = {"record": record, "details": details, "size": document["size"]}
        with site.db.write() as s:
            site.ledger.append(
                s,
                "ledger exported",
                actor=OPERATOR,
                record=record,
                detail=told,
                now=site.clock(),
            )
        count = extracts.write(site, destination, record=record, details=details)
        output.say(f"{count} lines are in {destination}.")
        output.say(f"The archive's public key: {signing.public_key(site.keyring)}")


@contextmanager
def _as_failure() -> Iterator[None]:
    try:
        yield
    except WitnessError as error:
        raise Failure(str(error), "witness") from error


def _checkpoint(document: dict[str, Any]) -> str:
    return (
        f"{document['size']} lines, root {document['root']}, at {document['at']}.\n"
        f"Signed by {document['signature']['public_key']}."
    )
