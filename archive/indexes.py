"""Which search engine the settings name, and where its index lies.

    whoosh        a folder of the home
    postgresql    a schema of the archive's database, for every machine that reaches it

Both hold nothing but sealed files. Engines are the largest of our imports and most
commands never search, so each is read in only when it is wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.config import Config, Engine
from archive.vault.indexfiles import IndexSealing
from archive.vault.keyrings import Keyring
from search.analysis.gazetteer import Gazetteer

if TYPE_CHECKING:
    from search.segments.engine import SegmentEngine


def unopened(config: Config, keyring: Keyring) -> SegmentEngine:
    """The engine of the settings, to build an index whether there is one or not."""
    return _engine(config, keyring, config.search_engine)


def opened(config: Config, keyring: Keyring) -> SegmentEngine:
    """The engine of the settings on the index that there is.

    :raises SearchError: the index is missing or damaged
    """
    engine = unopened(config, keyring)
    try:
        engine.refresh()
    except BaseException:
        engine.close()
        raise
    return engine


def discard_other(config: Config, keyring: Keyring) -> None:
    """Delete what an engine that the settings name no longer left behind.

    Nobody would take out of it what is shredded later. A process that still has the
    settings of before finds no index, and its work waits for one that has the new ones.
    """
    for name in Engine:
        if name is not config.search_engine and name.is_possible(config.database_url):
            other = _engine(config, keyring, name)
            try:
                other.discard()
            finally:
                other.close()


def _engine(config: Config, keyring: Keyring, name: Engine) -> SegmentEngine:
    sealing, names = IndexSealing(keyring), Gazetteer.load()
    if name is Engine.POSTGRESQL:
        from search.postgresql_engine import PostgresqlEngine

        return PostgresqlEngine(config.database_url, sealing, names)
    from search.whoosh_engine import WhooshEngine

    return WhooshEngine(config.index, sealing, names)
