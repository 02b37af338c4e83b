"""`vigil keys pair/passphrase/shares/open-share`: how the archive is unlocked."""

from __future__ import annotations

from pathlib import Path

import click

from archive.cli import output
from archive.cli.opening import OPERATOR, opened, telling
from archive.cli.output import Failure
from archive.keyplaces import unlock
from archive.site import Site
from archive.vault import passphrases, recipients
from archive.vault import shares as secret_shares
from archive.vault.files import write_new


@click.command()
@click.argument("name", type=click.Path(path_type=Path))
@output.json_option
def pair(name: Path, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Make a key pair for recovery, or for an administrator's share.

    Run it on the machine of whoever shall hold the private key.
    Example: vigil keys pair board
    """
    with output.failing_as_json(as_json), telling():
        private = name.with_name(f"{name.name}.private.pem")
        public = name.with_name(f"{name.name}.public.pem")
        key = recipients.draw()
        recipient = key.public(name.name)
        try:
            recipients.write_private(private, key)
            recipients.write_public(public, recipient)
        except FileExistsError as error:
            raise Failure(f"{error.filename} is there already.") from None
        except OSError as error:
            raise Failure(f"The pair cannot be written: {error.strerror}.") from None
        facts = {
            "private_key": str(private),
            "public_key": str(public),
            "fingerprint": recipient.fingerprint,
        }
        output.answer(
            facts,
            as_json,
            lambda: (
                f"Keep {private} offline; hand out {public}.\n"
                f"Fingerprint: {recipient.fingerprint}"
            ),
        )


@click.command()
@output.json_option
def passphrase(as_json: bool) -> None:  # noqa: FBT001 - click's
    """Lock the archive by a passphrase, in place of any before.

    It is asked for twice, or read from VIGIL_KEY_PASSPHRASE_FILE. Copies of a key file
    open the archive all the same, until `vigil keys recover` makes a new key.
    Example: vigil keys passphrase
    """
    with output.failing_as_json(as_json), opened() as site:
        typed: str = click.prompt(
            "New passphrase", hide_input=True, confirmation_prompt=True, err=True
        )
        passphrases.write_header(site.config.keyrings, typed, unlock(site.config))
        _tell(site, "passphrase")
        cost = vars(passphrases.cost_of(site.config.keyrings))
        output.answer({"passphrase": cost}, as_json, lambda: _locked(site))


@click.command()
@click.argument("publics", nargs=3, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True)
@output.json_option
def shares(publics: tuple[Path, ...], out: Path, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Split the key among three administrators, any two of whom unlock.

    Example: vigil keys shares a.public.pem b.public.pem c.public.pem --out shares
    """
    with output.failing_as_json(as_json), opened() as site:
        holders = [recipients.read_public(path) for path in publics]
        if len({holder.public for holder in holders}) != secret_shares.HOLDERS:
            raise Failure("Give the public keys of three different people.")
        split = secret_shares.split(unlock(site.config))
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = []
        for share, holder in zip(split, holders, strict=True):
            path = out / f"share-{share.set_id}-{share.number}.sealed"
            write_new(path, secret_shares.seal(share, holder))
            made.append({"share": str(path), "for": holder.name})
        _tell(site, "2 of 3 administrators")
        lines = [f"{each['share']} is for {each['for']}" for each in made]
        output.answer({"shares": made}, as_json, lambda: "\n".join(lines))


@click.command("open-share")
@click.argument("sealed", type=click.Path(path_type=Path))
@click.option("--private", type=click.Path(path_type=Path), required=True)
@click.option("--out", type=click.Path(path_type=Path), required=True)
@output.json_option
def open_share(sealed: Path, private: Path, out: Path, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Open one's own share, for a start of the server; needs no archive.

    Example: vigil keys open-share share-2.sealed --private b.private.pem
    --out /run/vigil/share-2
    """
    with output.failing_as_json(as_json), telling():
        key = recipients.read_private(private)
        try:
            number = secret_shares.open_sealed(sealed, key, out)
        except FileExistsError:
            raise Failure(f"{out} is there already.") from None
        facts = {"share": str(out), "number": number}
        output.answer(facts, as_json, lambda: f"Share {number} is open in {out}.")


def _tell(site: Site, by: str) -> None:
    with site.db.write() as session:
        site.ledger.append(
            session,
            "unlock changed",
            actor=OPERATOR,
            now=site.clock(),
            detail={"by": by},
        )


def _locked(site: Site) -> str:
    if site.config.key_file is None:
        return "The passphrase is changed."
    return (
        "The passphrase works once no other key is set: take key_file out of "
        f"vigil.toml or the environment, and destroy {site.config.key_file}."
    )
