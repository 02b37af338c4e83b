"""`vigil keys`: what there is, and who can recover it.

`unlocking` adds how the archive is unlocked, `recovering` backup and recovery,
`rotating` other keys, `ordering` shredding, `brokering` a server without originals.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from archive import escrow
from archive.cli import (
    brokering,
    ordering,
    output,
    recovering,
    rotating,
    unlocking,
)
from archive.cli.opening import opened
from archive.cli.output import Failure
from archive.cli.recovering import tell_ledger
from archive.site import Site
from archive.vault import passphrases, recipients, recovery, rotation, signing
from archive.vault.recovery import BUNDLE, Settled


@click.group()
def keys() -> None:
    """Look after the keys: recovery, rotation, shredding."""


for command in (
    unlocking.pair,
    unlocking.passphrase,
    unlocking.shares,
    unlocking.open_share,
    brokering.preview_key,
    recovering.backup,
    recovering.verify,
    recovering.recover,
    rotating.rotate,
    ordering.shred,
    ordering.confirm,
    ordering.orders,
    ordering.check_receipt,
):
    keys.add_command(command)


@keys.command("init")
@click.option(
    "--recovery",
    "public",
    type=click.Path(path_type=Path),
    help="The public key of whoever may recover the keys; else a pair is made.",
)
@click.option("--waive-recovery", "waiver", help="Why nobody shall be able to.")
@output.json_option
def init(public: Path | None, waiver: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Settle who can recover the keys, in an archive that lacks it.

    Example: vigil keys init --recovery board.public.pem
    """
    with output.failing_as_json(as_json), opened() as site:
        if escrow.settled(site.keyring).recipients:
            raise Failure(
                "Somebody can recover the keys already; "
                "`vigil keys recovery add` adds another.",
                "settled",
            )
        wish = escrow.Wish(public, waiver)
        outcome = escrow.settle(site.config, site.keyring, wish, site.clock())
        tell_ledger(site, "recovery changed", outcome.detail())
        where = str(outcome.private) if outcome.private else None
        facts = {**outcome.detail(), "private_key": where}
        output.answer(facts, as_json, lambda: _settled_lines(outcome))


@keys.group("recovery")
def recovery_group() -> None:
    """Who can recover the keys."""


@recovery_group.command("add")
@click.argument("public", type=click.Path(path_type=Path))
@click.option("--name", help="What the recipient is called; else as the file is.")
@output.json_option
def add(public: Path, name: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Let the holder of a key recover, too.

    Example: vigil keys recovery add board.public.pem --name "the board"
    """
    with output.failing_as_json(as_json), opened() as site:
        found = recipients.read_public(public)
        named = replace(found, name=name) if name else found
        settled = escrow.add(site.keyring, named, site.clock())
        detail = escrow.Outcome(settled).detail()
        tell_ledger(site, "recovery changed", detail)
        output.answer(detail, as_json, lambda: _recipients(settled))


@recovery_group.command("list")
@output.json_option
def list_recipients(as_json: bool) -> None:  # noqa: FBT001 - click's
    """List who can recover the keys. Example: vigil keys recovery list"""
    with output.failing_as_json(as_json), opened() as site:
        settled = escrow.settled(site.keyring)
        detail = escrow.Outcome(settled).detail()
        output.answer(detail, as_json, lambda: _recipients(settled))


@keys.command()
@output.json_option
def status(as_json: bool) -> None:  # noqa: FBT001 - click's
    """List the keys, what is sealed under each, and how recovery stands.

    Exits with 1 when something is to be mended. Example: vigil keys status
    """
    with output.failing_as_json(as_json), opened() as site:
        facts = _status(site)
    output.answer(facts, as_json, lambda: _status_lines(facts))
    if facts["mend"]:
        raise click.exceptions.Exit(1)


def _status(site: Site) -> dict[str, Any]:
    with site.db.read() as session:
        used = rotation.uses(session, site.keyring)
        lost = rotation.lost(session, site.keyring)
    settled = escrow.settled(site.keyring)
    covered = recovery.bundle_covers(site.config.keyrings / BUNDLE)
    is_current = covered == recovery.covers(site.keyring.keys())
    state = "none" if covered is None else "current" if is_current else "stale"
    cost = passphrases.cost_of(site.config.keyrings)
    return {
        "archive": site.keyring.archive_id,
        "keys": [_use(use) for use in used],
        "recovery": {**escrow.Outcome(settled).detail(), "bundle": state},
        "passphrase": vars(cost) if cost else None,
        "shredded": len(site.keyring.shredded.entries()),
        "receipts_signed_by": signing.public_key(site.keyring),
        "shred_list": str(site.keyring.shredded.copy),
        "mend": _to_mend(settled, state, lost, used),
    }


def _use(use: rotation.Use) -> dict[str, Any]:
    name = use.name
    return {
        "purpose": name.purpose.value,
        "version": name.version,
        "state": name.state.value,
        "created_at": name.created_at.isoformat(),
        "rows": use.rows if name.purpose in rotation.WRAPPING else None,
        "never_rotated": rotation.NEVER.get(name.purpose),
    }


def _to_mend(
    settled: Settled, bundle: str, lost: int, used: list[rotation.Use]
) -> list[str]:
    mend = []
    if not settled.is_settled:
        mend.append(escrow.MISSING)
    if settled.recipients and bundle != "current":
        mend.append("The bundle lacks keys: run `vigil keys backup DEST`.")
    if lost:
        mend.append(f"{lost} objects are under keys that are not held.")
    unfinished = {
        use.name.purpose.value
        for use in used
        if use.rows and use.name.state.value != "active"
    }
    mend += [f"Go on with `vigil keys rotate {each}`." for each in sorted(unfinished)]
    return mend


def _recipients(settled: Settled) -> str:
    rows = [(each.fingerprint, each.name) for each in settled.recipients]
    table = output.table(("fingerprint", "recipient"), rows)
    return f"waived: {settled.waiver.reason}" if settled.waiver else table


def _settled_lines(outcome: escrow.Outcome) -> str:
    if outcome.private is None:
        return _recipients(outcome.settled)
    return (
        f"{_recipients(outcome.settled)}\nThe private key is {outcome.private}: move "
        "it to paper or a stick in a safe now, off this machine."
    )


def _status_lines(facts: dict[str, Any]) -> str:
    head = ("key", "version", "state", "since", "objects")
    rows = [
        (
            each["purpose"],
            each["version"],
            each["state"],
            each["created_at"][:10],
            "" if each["rows"] is None else each["rows"],
        )
        for each in facts["keys"]
    ]
    recovered = facts["recovery"]
    names = ", ".join(each["name"] for each in recovered["recipients"])
    lines = [output.table(head, rows), ""]
    waived = f"waived ({recovered['waived']})" if "waived" in recovered else ""
    lines.append(f"Recovery: {names or waived or 'nobody'}")
    lines.append(f"Bundle: {recovered['bundle']}")
    lines.append(f"Shredded: {facts['shredded']}, listed in {facts['shred_list']}")
    lines.append(f"Receipts are signed by {facts['receipts_signed_by']}")
    return "\n".join(lines + [f"MEND  {each}" for each in facts["mend"]])
