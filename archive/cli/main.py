"""`vigil`: the archive from a shell. One module a noun; this one ties them together."""

from __future__ import annotations

from importlib import import_module
from keyword import iskeyword

import click

HOMES = {
    "account": "accounts",
    "backup": "backups",
    "bench": "bench",
    "blur": "blur",
    "broker": "brokering",
    "demo": "demo",
    "deposit": "deposits",
    "doctor": "doctor",
    "export": "exporting",
    "feed": "feeding",
    "gazetteer": "gazetteer",
    "import": "importing",
    "init": "home",
    "jobs": "jobs",
    "keys": "keys",
    "label": "labels",
    "ledger": "ledger",
    "mail": "mails",
    "mode": "modes",
    "package": "packaging",
    "previews": "previews",
    "publish": "publishing",
    "reindex": "reindexing",
    "restore": "backups",
    "search": "searching",
    "serve": "serving",
    "terms": "terms",
    "token": "tokens",
    "verify": "verifying",
    "vocabulary": "vocabulary",
    "watermark": "watermarks",
    "worker": "serving",
}
"""The module of each command. It is imported when the command is asked for: all of them
at once are most of what the program consists of, and cost more than many a command."""


class Commands(click.Group):
    """The commands by name, each in the module that `HOMES` names."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(HOMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self[cmd_name] if cmd_name in HOMES else None

    def __getitem__(self, name: str) -> click.Command:
        """The command of that name.

        :raises KeyError: there is none
        """
        module = import_module(f"archive.cli.{HOMES[name]}")
        # A word of the language itself carries an underscore, as everywhere in Python.
        attribute = f"{name}_" if iskeyword(name) else name
        command: click.Command = getattr(module, attribute)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="vigil", prog_name="vigil")
def main() -> None:
    """Vigil, an archive for testimony of atrocity.

    The archive lives in VIGIL_HOME (default ./vigil-data). Example:

        VIGIL_HOME=/srv/vigil vigil doctor
    """
