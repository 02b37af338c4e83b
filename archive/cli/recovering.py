"""`vigil keys backup/verify/recover`: that a lost key is not a lost archive."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from archive import config as settings
from archive import escrow
from archive.cli import output
from archive.cli.opening import OPERATOR, opened, settings_of_now, telling
from archive.cli.output import Failure
from archive.config import Config
from archive.db import Database
from archive.keyplaces import shred_list
from archive.site import Site, open_site
from archive.vault import checking, keylines, recipients, recovery, rotation
from archive.vault.files import sync_folder, write_new
from archive.vault.keyfiles import put
from archive.vault.keyrings import Keyring
from archive.vault.keys import Purpose
from archive.vault.recovery import BUNDLE, Bundle, Settled

private_option = click.option(
    "--private",
    type=click.Path(path_type=Path),
    help="The private key of a recipient, brought for this.",
)


@click.command()
@click.argument("destination", type=click.Path(path_type=Path))
@output.json_option
def backup(destination: Path, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Write the keys, sealed to those who may recover them, to a file or folder.

    Example: vigil keys backup /media/stick
    """
    with output.failing_as_json(as_json), opened() as site:
        settled = escrow.settled(site.keyring)
        if not settled.recipients:
            raise Failure(
                "Nobody could open it: run `vigil keys recovery add PUBLIC.pem` first.",
                "no_recovery",
            )
        now = site.clock()
        site.keyring.write_bundle(now)
        path = destination
        if path.is_dir():
            stamp = f"{now:%Y%m%dT%H%M%SZ}"
            path = path / f"vigil-{site.keyring.archive_id}-{stamp}.bundle"
        _write(path, (site.config.keyrings / BUNDLE).read_bytes())
        facts = {"bundle": str(path), **escrow.Outcome(settled).detail()}
        tell_ledger(site, "keys backed up", escrow.Outcome(settled).detail())
        output.answer(facts, as_json, lambda: f"Written to {path}.")


@click.command()
@private_option
@click.option("--bundle", type=click.Path(path_type=Path), help="Else the home's own.")
@output.json_option
def verify(private: Path | None, bundle: Path | None, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Open one object under each key; prove that a bundle opens and has all keys.

    Example: vigil keys verify --private /media/stick/board.private.pem
    """
    with output.failing_as_json(as_json), opened() as site:
        checks = list(_checks(site, private, bundle))
        facts = {
            "ok": all(check["ok"] for check in checks),
            "checks": checks,
        }
    output.answer(facts, as_json, lambda: _check_lines(checks))
    if not facts["ok"]:
        raise click.exceptions.Exit(1)


@click.command()
@click.option("--bundle", type=click.Path(path_type=Path), help="Else the home's own.")
@click.option("--private", type=click.Path(path_type=Path), required=True)
@click.option(
    "--key-file",
    type=click.Path(path_type=Path),
    required=True,
    help="Where the new key is written; outside the home.",
)
@click.option("--older-bundle", is_flag=True, help="Even if some files stay closed.")
@output.json_option
def recover(as_json: bool, **given: Any) -> None:  # noqa: FBT001, ANN401 - click's
    """Make a new key for an archive whose key is lost. Stop the server before.

    Example: vigil keys recover --private board.private.pem --key-file /etc/vigil/key
    """
    with output.failing_as_json(as_json), telling():
        facts = _recover(settings_of_now(), **given)
        output.answer(facts, as_json, lambda: _recovered_lines(facts))


def tell_ledger(site: Site, event: str, detail: dict[str, Any]) -> None:
    """Write a line of the operator's."""
    now: datetime = site.clock()
    with site.db.write() as session:
        site.ledger.append(session, event, actor=OPERATOR, now=now, detail=detail)


def _recover(
    config: Config,
    bundle: Path | None,
    private: Path,
    key_file: Path,
    older_bundle: bool,  # noqa: FBT001 - click hands it over as a flag
) -> dict[str, Any]:
    path = bundle or config.keyrings / BUNDLE
    opened_bundle = recovery.open_bundle(_raw(path), recipients.read_private(private))
    key_path = key_file.expanduser().absolute()
    try:
        secret = keylines.create_key_file(key_path, config.home)
    except FileExistsError:
        raise Failure(f"{key_path} is there already; give another name.") from None
    folder = config.home / f"keys.new-{secrets.token_hex(4)}"
    try:
        keyring = Keyring.restore(secret, folder, opened_bundle.keys)
        _furnish(config, keyring, opened_bundle, key_path)
        lost = _prove(config, keyring, partly=older_bundle)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        key_path.unlink(missing_ok=True)
        raise
    before = _swap(config, folder)
    return _report(_with_key(config, key_path), key_path, before, lost)


def _furnish(config: Config, keyring: Keyring, bundle: Bundle, key_path: Path) -> None:
    """Put beside the keys what else the folder held."""
    keyring.keep_shredded_at(shred_list(config, keyring))
    keyring.keep_shredded_at(shred_list(replace(config, key_file=key_path), keyring))
    if bundle.shredded:
        keyring.shredded.add(bundle.shredded)
    if keyring.files is not None:
        recovery.settle(keyring.files, Settled(bundle.recipients))
    keyring.write_bundle(bundle.made_at)


def _prove(config: Config, keyring: Keyring, *, partly: bool) -> int:
    """Open the database with what was recovered; count what would stay closed."""
    is_sqlite = config.database_url.startswith("sqlite")
    key = keyring.active(Purpose.DB).secret_bytes() if is_sqlite else None
    db = Database(config.database_url, key)
    try:
        with db.read() as session:
            lost = rotation.lost(session, keyring)
    except SQLAlchemyError as error:
        raise Failure(
            "The bundle's keys do not open the database: it is another archive's.",
            "wrong_bundle",
        ) from error
    finally:
        db.close()
    if lost and not partly:
        raise Failure(
            f"The bundle is older than the keys of {lost} files, which would stay "
            "closed: find a newer one, or say --older-bundle.",
            "older_bundle",
        )
    return lost


def _swap(config: Config, folder: Path) -> Path | None:
    """Put the new key folder in place; the one before stays under another name."""
    before = None
    if config.keyrings.exists():
        before = config.home / f"keys.before-{folder.name.rpartition('-')[2]}"
        config.keyrings.rename(before)
    folder.rename(config.keyrings)
    sync_folder(config.home)
    return before


def _with_key(config: Config, key_path: Path) -> Config:
    """The settings with the new key, which the home's own settings then name."""
    toml = config.home / settings.TOML_NAME
    lines = toml.read_text(encoding="utf-8").splitlines() if toml.exists() else []
    kept = [line for line in lines if not line.startswith("key_")]
    kept.append(f"key_file = {json.dumps(str(key_path))}")
    put(toml, ("\n".join(kept) + "\n").encode())
    return replace(
        config,
        key_file=key_path,
        key_command=None,
        key_passphrase_file=None,
        key_shares=(),
        key_fd=None,
        credentials_folder=None,
    )


def _report(
    config: Config, key_path: Path, before: Path | None, lost: int
) -> dict[str, Any]:
    site = open_site(config)
    try:
        tell_ledger(site, "keys recovered", {"closed": lost})
    finally:
        site.close()
    return {
        "key_file": str(key_path),
        "keys_before": str(before) if before else None,
        "closed": lost,
    }


@dataclass(frozen=True)
class _Check:
    check: str
    ok: bool
    what: str = ""


def _checks(
    site: Site, private: Path | None, bundle: Path | None
) -> Iterator[dict[str, Any]]:
    for check in (*_versions(site), *_bundle_checks(site, private, bundle)):
        yield {"check": check.check, "ok": check.ok, "what": check.what}


def _versions(site: Site) -> Iterator[_Check]:
    with site.db.read() as session:
        for use in rotation.uses(session, site.keyring):
            name = f"{use.name.purpose} v{use.name.version}"
            if use.name.purpose not in rotation.WRAPPING:
                continue
            found = checking.verify_under(session, site.vault, use.name.id)
            if found is None:
                yield _Check(name, ok=True, what="nothing is under it")
            else:
                what = found.sentence or f"object {found.object_id} opens"
                yield _Check(name, ok=found.problem is None, what=what)
        if lost := rotation.lost(session, site.keyring):
            yield _Check("keys held", ok=False, what=f"{lost} objects without a key")
    sealed = site.sealing.seal(b"proof", "keys.verify/v1")
    proof = site.sealing.open(sealed, "keys.verify/v1")
    yield _Check("fields", ok=proof == b"proof")


def _bundle_checks(
    site: Site, private: Path | None, bundle: Path | None
) -> Iterator[_Check]:
    path = bundle or site.config.keyrings / BUNDLE
    if private is None:
        is_current = recovery.bundle_covers(path) == recovery.covers(
            site.keyring.keys()
        )
        waived = escrow.settled(site.keyring).waiver is not None
        what = "unproven: give --private" if is_current else "missing, or lacks keys"
        yield _Check(
            "bundle", ok=is_current or waived, what="waived" if waived else what
        )
        return
    found = recovery.open_bundle(_raw(path), recipients.read_private(private))
    theirs = {key.id: key.secret_bytes() for key in found.keys}
    lacking = [
        f"{key.name.purpose} v{key.name.version}"
        for key in site.keyring.keys()
        if not secrets.compare_digest(theirs.get(key.id, b""), key.secret_bytes())
    ]
    what = f"lacks {', '.join(lacking)}" if lacking else f"of {found.made_at:%Y-%m-%d}"
    yield _Check("bundle", ok=not lacking, what=what)


def _raw(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise Failure(f"The bundle {path} cannot be read: {reason}.") from None


def _write(path: Path, data: bytes) -> None:
    try:
        write_new(path, data)
    except FileExistsError:
        raise Failure(f"{path} is there already; it is not overwritten.") from None
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise Failure(f"{path} cannot be written: {reason}.") from None


def _check_lines(checks: list[dict[str, Any]]) -> str:
    return "\n".join(
        f"{'ok  ' if each['ok'] else 'OFF '}  {each['check']}: {each['what']}"
        for each in checks
    )


def _recovered_lines(facts: dict[str, Any]) -> str:
    lines = [f"The new key is {facts['key_file']}; vigil.toml names it."]
    if facts["closed"]:
        lines.append(f"{facts['closed']} files stay closed: the bundle was older.")
    if facts["keys_before"]:
        lines.append(f"Remove {facts['keys_before']} when everything is well.")
    return "\n".join([*lines, "Now run: vigil keys verify"])
