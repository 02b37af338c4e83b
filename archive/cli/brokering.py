"""`vigil broker`, `vigil keys preview-key`: a server that cannot open originals."""

from __future__ import annotations

import os
import pwd
import signal
from pathlib import Path

import click

from archive import config as settings
from archive import keyplaces
from archive.broker.journal import Journal, JournalError
from archive.broker.server import CannotListen, Server
from archive.cli import journaling, output
from archive.cli.opening import OPERATOR, opened, telling
from archive.cli.output import Failure
from archive.config import Config
from archive.site import Site, open_site
from archive.vault import keyfiles, keylines, process
from archive.vault.keys import Purpose
from archive.web import logs


@click.group(invoke_without_command=True)
@click.pass_context
def broker(context: click.Context) -> None:
    """Open originals for a web server that does not hold their key.

    Listens on VIGIL_BROKER, for this user and for those of VIGIL_BROKER_ASKERS.
    Example: VIGIL_BROKER=/run/vigil-broker/socket vigil broker
    """
    if context.invoked_subcommand is not None:
        return
    with telling():
        config = settings.from_environment()
        path = _socket(config)
        logs.configure()
        process.keep_to_memory()
        site = open_site(config)
        try:
            if not site.keyring.holds(Purpose.ORIGINAL):
                raise Failure(
                    "The key given here does not open originals: run the broker as the "
                    "user who has the archive's own key.",
                    "no_key",
                )
            journal = _journal(site)
            server = Server(site, path, askers(config), journal)
            journal.append("start", site.clock(), user=os.geteuid())
            for name in (signal.SIGTERM, signal.SIGINT):
                signal.signal(name, lambda *_: server.stop())
            click.echo(f"Listening on {path}")
            server.run()
            journal.append("stop", site.clock(), user=os.geteuid())
        except CannotListen as error:
            raise Failure(str(error), "socket") from error
        except JournalError as error:
            raise Failure(str(error), "journal") from error
        finally:
            site.close()


broker.add_command(journaling.verify)
broker.add_command(journaling.show)


@click.command("preview-key")
@click.argument("key_file", type=click.Path(path_type=Path))
@output.json_option
def preview_key(key_file: Path, as_json: bool) -> None:  # noqa: FBT001 - click's
    """Write the key for a web server that shows previews and opens no original.

    It opens everything but the originals; those it asks of `vigil broker`.
    Example: vigil keys preview-key /etc/vigil/preview.key
    """
    with output.failing_as_json(as_json), opened() as site:
        path = key_file.expanduser().absolute()
        secret = keyfiles.working_secret(keyplaces.unlock(site.config))
        try:
            keylines.write_key_file(path, site.config.home, secret)
        except FileExistsError:
            raise Failure(f"{path} is there already; give another name.") from None
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise Failure(f"{path} cannot be written: {reason}.") from None
        with site.db.write() as session:
            detail = {"by": "preview key"}
            now = site.clock()
            site.ledger.append(
                session, "unlock changed", actor=OPERATOR, now=now, detail=detail
            )
        output.answer(
            {"key_file": str(path)},
            as_json,
            lambda: f"Written to {path}: give it to the web server's user alone.",
        )


def _journal(site: Site) -> Journal:
    key = site.keyring.first(Purpose.JOURNAL, site.clock())
    return Journal(keyplaces.broker_journal(site.config, site.keyring), key)


def askers(config: Config) -> frozenset[int]:
    """The ids of the users who may ask: the broker's own, and those that are named.

    :raises Failure: there is no such user
    """
    return frozenset([os.geteuid(), *map(_user_id, config.broker_askers)])


def _user_id(name: str) -> int:
    if name.isdigit():
        return int(name)
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise Failure(
            f"VIGIL_BROKER_ASKERS names {name}, and there is no such user.", "user"
        ) from None


def _socket(config: Config) -> Path:
    if config.broker is None:
        raise Failure(
            "Set VIGIL_BROKER to where the socket shall be, such as "
            "/run/vigil-broker/socket.",
            "no_socket",
        )
    return config.broker
