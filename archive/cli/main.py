"""`vigil`: the archive from a shell. One module a noun; this one ties them together."""

from __future__ import annotations

import click

from archive.cli.accounts import account
from archive.cli.backups import backup, restore
from archive.cli.bench import bench
from archive.cli.blur import blur
from archive.cli.brokering import broker
from archive.cli.demo import demo
from archive.cli.deposits import deposit
from archive.cli.doctor import doctor
from archive.cli.gazetteer import gazetteer
from archive.cli.home import init
from archive.cli.jobs import jobs
from archive.cli.keys import keys
from archive.cli.labels import label
from archive.cli.ledger import ledger
from archive.cli.mails import mail
from archive.cli.modes import mode
from archive.cli.packaging import package
from archive.cli.previews import previews
from archive.cli.publishing import publish
from archive.cli.reindexing import reindex
from archive.cli.searching import search
from archive.cli.serving import serve, worker
from archive.cli.terms import terms
from archive.cli.tokens import token
from archive.cli.verifying import verify
from archive.cli.vocabulary import vocabulary
from archive.cli.watermarks import watermark


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="vigil", prog_name="vigil")
def main() -> None:
    """Vigil, an archive for testimony of atrocity.

    The archive lives in VIGIL_HOME (default ./vigil-data). Example:

        VIGIL_HOME=/srv/vigil vigil doctor
    """


for command in (
    init,
    demo,
    serve,
    worker,
    broker,
    doctor,
    account,
    terms,
    token,
    deposit,
    search,
    label,
    verify,
    backup,
    restore,
    blur,
    bench,
    keys,
    ledger,
    jobs,
    previews,
    publish,
    package,
    reindex,
    mail,
    mode,
    gazetteer,
    vocabulary,
    watermark,
):
    main.add_command(command)
