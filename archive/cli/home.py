"""`vigil init`: an archive where there was none, and a way in for one person."""

from __future__ import annotations

from pathlib import Path

import click

from archive import escrow
from archive.cli import output
from archive.cli.opening import OPERATOR, settings_of_now, telling
from archive.config import Config
from archive.founding import create_home
from archive.site import Site
from archive.vault import passphrases
from auth.entry import invitations


@click.command()
@click.option(
    "--recovery",
    type=click.Path(path_type=Path),
    help="The public key of whoever may recover the keys; else a pair is made.",
)
@click.option("--waive-recovery", help="Why nobody shall be able to, in a few words.")
@click.option("--passphrase", is_flag=True, help="Lock the keys by a passphrase.")
@output.json_option
def init(
    recovery: Path | None,
    waive_recovery: str | None,
    passphrase: bool,  # noqa: FBT001 - click hands it over as a flag
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Make an archive in VIGIL_HOME and a one-time link for its administrator.

    Example: VIGIL_HOME=/srv/vigil vigil init
    """
    with output.failing_as_json(as_json), telling():
        config = settings_of_now()
        wish = escrow.Wish(recovery, waive_recovery)
        site = create_home(
            config, wish=wish, passphrase=_passphrase(config, asked=passphrase)
        )
        try:
            link = setup_link(site)
            settled = escrow.settled(site.keyring)
        finally:
            site.close()
        made = {
            "home": str(site.config.home),
            "setup_url": link,
            "keyring": keyring_facts(site),
            "recovery": {
                **escrow.Outcome(settled).detail(),
                "private_key": str(site.recovery_key) if site.recovery_key else None,
            },
        }
        output.answer(made, as_json, lambda: _sentences(site, link))


def _passphrase(config: Config, *, asked: bool) -> str | None:
    if config.key_passphrase_file is not None:
        return passphrases.read(config.key_passphrase_file, config.home)
    if not asked:
        return None
    typed: str = click.prompt(
        "Passphrase of the archive", hide_input=True, confirmation_prompt=True, err=True
    )
    return typed


def setup_link(site: Site) -> str:
    """A link with which the first administrator sets a name and a password, once."""
    now = site.clock()
    with site.db.write() as session:
        purpose = invitations.Purpose.SETUP
        secret, _ = invitations.make(session, purpose, None, OPERATOR, now)
        site.ledger.append(
            session,
            "invitation made",
            actor=OPERATOR,
            now=now,
            detail={"purpose": purpose.value},
        )
    return f"{site.config.base_url}/setup/{secret}"


def keyring_facts(site: Site) -> dict[str, object]:
    """What may be said of the keys: where the unlock secret is, and which exist."""
    return {
        "key_file": str(site.config.key_file) if site.config.key_file else None,
        "keys": [f"{name.purpose} v{name.version}" for name in site.keyring.names()],
    }


def _sentences(site: Site, link: str) -> str:
    lines = [f"Made an archive in {site.config.home}."]
    if site.config.key_file:
        lines.append(
            f"Its key is {site.config.key_file}: keep a copy apart from the home and "
            "its backups. Without it nothing opens again."
        )
    if site.recovery_key:
        lines.append(
            f"The key for recovery is {site.recovery_key}: move it to paper or a stick "
            "in a safe now, off this machine. It opens everything if that is lost."
        )
    lines.append(f"First administrator, works once, for 72 hours: {link}")
    lines.append("Now run: vigil serve")
    return "\n".join(lines)
