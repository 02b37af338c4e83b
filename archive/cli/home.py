"""`vigil init`: an archive where there was none, and a way in for one person."""

from __future__ import annotations

import click

from archive.cli import output
from archive.cli.opening import OPERATOR, settings_of_now, telling
from archive.site import Site, create_home
from auth import invitations


@click.command()
@output.json_option
def init(as_json: bool) -> None:  # noqa: FBT001 - click hands it over as a flag
    """Make an archive in VIGIL_HOME and a one-time link for its administrator.

    Example: VIGIL_HOME=/srv/vigil vigil init
    """
    with output.failing_as_json(as_json), telling():
        site = create_home(settings_of_now())
        try:
            link = setup_link(site)
        finally:
            site.close()
        made = {
            "home": str(site.config.home),
            "setup_url": link,
            "keyring": keyring_facts(site),
        }
        output.answer(made, as_json, lambda: _sentences(site, link))


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
    lines.append(f"First administrator, works once, for 72 hours: {link}")
    lines.append("Now run: vigil serve")
    return "\n".join(lines)
