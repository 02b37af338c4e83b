"""An archive in two processes' shape: one site with all keys, one that has to ask."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from archive import keyplaces
from archive.broker.journal import Journal
from archive.broker.server import Limits, Server
from archive.site import Site, open_site
from archive.vault import keyfiles, keylines
from archive.vault.keys import Purpose


@contextmanager
def socket_path() -> Iterator[Path]:
    """A place for a socket; those of pytest may be too long for one."""
    folder = Path(tempfile.mkdtemp(prefix="vb-"))
    yield folder / "s"
    shutil.rmtree(folder)


@contextmanager
def listening(
    site: Site,
    path: Path,
    askers: frozenset[int] = frozenset({os.geteuid()}),
    limits: Limits | None = None,
) -> Iterator[Server]:
    """The broker of this archive, on a thread of its own."""
    journal = journal_beside(site, path)
    server = Server(site, path, askers, journal, limits)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(10)
        assert not thread.is_alive()
        journal.close()


def journal_beside(site: Site, path: Path) -> Journal:
    """The journal of a broker whose socket is at `path`."""
    key = site.keyring.first(Purpose.JOURNAL, site.clock())
    return Journal(path.with_name(f"{path.name}.journal"), key)


def apart(site: Site, path: Path) -> Site:
    """The same archive as a web server sees it that has to ask at this socket."""
    key_file = path.parent / "preview.key"
    if not key_file.exists():
        secret = keyfiles.working_secret(keyplaces.unlock(site.config))
        keylines.write_key_file(key_file, site.config.home, secret)
    outside = path.parent / "shredded"
    config = replace(site.config, key_file=key_file, broker=path, shred_list=outside)
    return open_site(config, site.clock)


@contextmanager
def brokered(site: Site, limits: Limits | None = None) -> Iterator[Site]:
    """A web server's view of the archive, with its broker listening."""
    with socket_path() as path, listening(site, path, limits=limits):
        web = apart(site, path)
        try:
            yield web
        finally:
            web.close()
