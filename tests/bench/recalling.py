"""What it takes to decide on a further range, on SQLite and on PostgreSQL.

In this process, without a server: the gate decides, opens and closes. *Read anew* is
the same where the facts are forgotten before each question, as they are when somebody
has just committed something.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from time import process_time

from archive import config
from archive.db import Database
from archive.founding import create_home
from archive.site import Site
from auth.credentials import tokens
from auth.entry import entrances
from auth.viewer import Viewer
from tests.bench import premises
from tests.bench.measuring import Result
from tests.bench.premises import Held

SOUND = 2 * premises.MEBIBYTE
ROUNDS, TIMES = 7, 60


def results() -> Iterator[Result]:
    """Processor time, half a minute; without PostgreSQL its line says so."""
    with premises.folder() as folder:
        (folder / "sqlite").mkdir()
        yield from _measured("SQLite", premises.environment(folder / "sqlite"))
    if premises.POSTGRESQL is None:
        yield Result("deciding on a range; PostgreSQL IS NOT INSTALLED", 0.0, "ms")
        return
    with premises.folder() as folder, premises.postgresql() as url:
        settings = premises.environment(folder) | {"VIGIL_DATABASE_URL": url}
        yield from _measured("PostgreSQL", settings)


def _measured(name: str, settings: dict[str, str]) -> Iterator[Result]:
    site = create_home(config.load(settings))
    try:
        film = site.config.home.parent / "plain.wav"
        premises.write_sound(film, SOUND)
        held = premises.hold(site, film, 1)
        who = _reader(site, held)
        site.release(who, held.asset, site.clock()).close()
        kept = _milliseconds(site, who, held.asset)
        anew = _milliseconds(site, who, held.asset, forget=site.db)
        yield Result.beside(f"deciding on a range, {name}; read anew", kept, anew, "ms")
    finally:
        site.close()


def _reader(site: Site, held: Held) -> Viewer:
    """Whoever the first header of `held` stands for."""
    secret = held.readers[0].rpartition(" ")[2]
    with site.db.read() as s:
        token = tokens.find(s, secret, site.clock())
        if token is None:
            raise RuntimeError("the reader's token is not there")
        return entrances.viewer_through(s, token.account_id, token.id, site.clock())


def _milliseconds(
    site: Site, who: Viewer, asset: str, forget: Database | None = None
) -> float:
    def once() -> None:
        if forget is not None:
            forget.forget()
        opened = site.resume(who, asset, site.clock())
        if opened is None:
            raise RuntimeError("nothing is being shown")
        opened.close()

    once()
    found = []
    for _ in range(ROUNDS):
        start = process_time()
        for _ in range(TIMES):
            once()
        found.append((process_time() - start) * 1000 / TIMES)
    return median(found)
