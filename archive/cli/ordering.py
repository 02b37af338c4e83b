"""`vigil keys shred/confirm/orders/check-receipt`: what two administrators end."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from archive import orders as book
from archive import shredding
from archive.cli import output
from archive.cli.opening import opened
from archive.cli.output import Failure
from archive.shredding import Proof
from archive.site import Site
from archive.vault.files import write_new
from archive.work import indexing

_SHELL = "shell"
_from_stdin = click.option(
    "--passwords-stdin",
    is_flag=True,
    help="Read a line for each: the password, and after a tab the code.",
)
_receipt = click.option(
    "--receipt", type=click.Path(path_type=Path), help="Keep it here, too."
)


@click.command()
@click.argument("record")
@click.option("--by", "emails", multiple=True, help="An administrator; once or twice.")
@click.option("--reason", required=True, help="A court order, a family's request, …")
@_from_stdin
@_receipt
@output.json_option
def shred(
    record: str,
    emails: tuple[str, ...],
    reason: str,
    passwords_stdin: bool,  # noqa: FBT001 - click hands it over as a flag
    receipt: Path | None,
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Destroy the keys of a record's files, for ever; two administrators have to.

    With one --by it is asked for, and `vigil keys confirm` by another one does it.
    Example: vigil keys shred 7k2m9x4q1abc --by a@x.org --by b@x.org --reason "order 12"
    """
    if not 1 <= len(emails) <= shredding.PERSONS or len(set(emails)) != len(emails):
        raise click.UsageError("Name one administrator, or two different ones: --by A.")
    with output.failing_as_json(as_json), opened() as site:
        proofs = [_proof(email, from_stdin=passwords_stdin) for email in emails]
        if len(proofs) == 1:
            order = book.ask(site, record, reason, proofs[0], _SHELL)
            facts = _facts(site, order)
            said = f"Another administrator confirms: vigil keys confirm {order.id} --by"
            output.answer(facts, as_json, lambda: said)
            return
        order = book.ask_and_confirm(site, record, reason, proofs)
        _finish(site, order.id, receipt, as_json=as_json)


@click.command()
@click.argument("order")
@click.option("--by", "email", required=True, help="An administrator, not the first.")
@_from_stdin
@_receipt
@output.json_option
def confirm(
    order: str,
    email: str,
    passwords_stdin: bool,  # noqa: FBT001 - click hands it over as a flag
    receipt: Path | None,
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Confirm what another administrator asked to be shredded, and shred it.

    Example: vigil keys confirm 4vq8s1c0d2fg --by b@x.org
    """
    with output.failing_as_json(as_json), opened() as site:
        proof = _proof(email, from_stdin=passwords_stdin)
        book.confirm(site, order, proof, _SHELL)
        _finish(site, order, receipt, as_json=as_json)


@click.command()
@output.json_option
def orders(as_json: bool) -> None:  # noqa: FBT001 - click's
    """List what was asked to be shredded, newest first. Example: vigil keys orders"""
    with output.failing_as_json(as_json), opened() as site:
        with site.db.read() as session:
            found = [_facts(site, order) for order in book.listing(session)]
        rows = [
            (each["id"], each["state"], each["record"], each["asked_at"][:16])
            for each in found
        ]
        head = ("order", "state", "record", "asked for at")
        output.answer({"orders": found}, as_json, lambda: output.table(head, rows))


@click.command("check-receipt")
@click.argument("receipt", type=click.Path(path_type=Path))
@click.option(
    "--public-key",
    required=True,
    help="The archive's, as `vigil keys status` has it; 64 hexadecimal digits.",
)
@output.json_option
def check_receipt(receipt: Path, public_key: str, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Say whether a receipt is the archive's own; needs no archive.

    Example: vigil keys check-receipt order-12.json --public-key 3f…
    """
    with output.failing_as_json(as_json):
        try:
            document = json.loads(receipt.read_bytes())
        except (OSError, ValueError):
            raise Failure(f"{receipt} is not a receipt that can be read.") from None
        ok = isinstance(document, dict) and book.is_own(document, public_key)
        said = "The signature holds." if ok else "The signature does NOT hold."
        output.answer({"ok": ok}, as_json, lambda: said)
    if not ok:
        raise click.exceptions.Exit(1)


def _finish(site: Site, order_id: str, kept: Path | None, *, as_json: bool) -> None:
    told = book.carry_out(site, order_id)
    indexing.forget(site.engine, site.db, site.sealing, told["record"])
    told.setdefault("traces", {})["index"] = True
    text = json.dumps(told, ensure_ascii=False, indent=1)
    if kept is not None:
        write_new(kept, text.encode() + b"\n")
    output.answer(told, as_json, lambda: text)


def _facts(site: Site, order: book.ShredOrder) -> dict[str, Any]:
    return {
        "id": order.id,
        "state": book.state_of(order, site.clock()).value,
        "record": order.record_id,
        "reason": book.reason_of(site.sealing, order),
        "asked_by": order.asked_by,
        "asked_at": order.asked_at.isoformat(),
        "confirmed_by": order.confirmed_by,
        "receipt": book.receipt_of(site.sealing, order),
    }


def _proof(email: str, *, from_stdin: bool) -> Proof:
    if from_stdin:
        password, _, code = sys.stdin.readline().rstrip("\n").partition("\t")
        return Proof(email, password, code or None)
    password = click.prompt(f"Password of {email}", hide_input=True, err=True)
    code = click.prompt(f"Code of {email}'s authenticator", err=True)
    return Proof(email, password, code)
