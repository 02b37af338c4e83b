"""Opening the archive for a command, and turning its errors into one sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from archive import config as settings
from archive.cli.output import Failure
from archive.config import Config, ConfigError
from archive.intake import Refused
from archive.records.errors import RecordsError
from archive.site import Site, open_site
from archive.vault.errors import VaultError
from auth.errors import AuthError
from search.engine import SearchError

OPERATOR = "operator"
"""Who the ledger says it was: whoever holds the shell and the key."""


def settings_of_now() -> Config:
    """Read the settings of this shell.

    :raises Failure: one of them cannot be used
    """
    with telling():
        return settings.from_environment()


@contextmanager
def opened() -> Iterator[Site]:
    """Open the archive of this shell, and close it afterwards.

    :raises Failure: there is none, it is unsafe, or the command's work was refused
    """
    with telling():
        site = open_site(settings.from_environment())
        try:
            yield site
        finally:
            site.close()


@contextmanager
def telling() -> Iterator[None]:
    """Tell every expected error in one sentence.

    :raises Failure: instead of what was raised within
    """
    try:
        yield
    except (ConfigError, RecordsError) as error:
        raise Failure(str(error), getattr(error, "code", "failed")) from error
    except Refused as refused:
        raise Failure(str(refused), refused.code) from refused
    except AuthError as error:
        raise Failure(str(error), error.code) from error
    except VaultError as error:
        raise Failure(f"The vault says: {error}.", "vault") from error
    except SearchError as error:
        raise Failure(f"The search index says: {error}.", "search") from error
    except OSError as error:
        raise Failure(_of_the_machine(error), "machine") from error
    except SQLAlchemyError as error:
        sentence = "The database did not answer; try again, or run `vigil doctor`."
        raise Failure(sentence, "database") from error


def _of_the_machine(error: OSError) -> str:
    """What the operating system refused: a full disk, a read-only one, a folder."""
    why = error.strerror or type(error).__name__
    where = f" ({error.filename})" if error.filename else ""
    return f"The machine says: {why}{where}; run `vigil doctor`."
