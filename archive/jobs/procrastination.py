"""Delivery by Procrastinate, on PostgreSQL: whoever waits is woken, nobody polls.

A token says that there is something to do, not what. Who gets one takes the job whose
turn it is from the table of jobs, so all that is promised of jobs holds as it does
without Procrastinate, which has no turns of people, no end in the transaction of the
effect, and no word of what a worker did that died.

| Procrastinate | is used for |
|---|---|
| `defer` on a given connection | a token exists exactly when its job does |
| LISTEN and NOTIFY, `fetch_job` | an idle worker hears of a job at once |
| `priority`, `schedule_at` | tokens come in the order of ranks, and not early |
| its workers' heartbeats | tokens of dead workers are thrown away |

Tokens can always be made again from the table of jobs: so another version's schema is
simply replaced, and a token too many finds nothing to do.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime
from importlib.metadata import version
from typing import Any

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from procrastinate.schema import SchemaManager
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from archive.db import Database
from archive.jobs import queue, ranks
from archive.jobs.delivery import Stop

log = logging.getLogger("vigil.work")
QUEUE, TASK = "vigil", "vigil.work"
MARK = f"Vigil, for Procrastinate {version('procrastinate')}"
LOCK = 0x7669_6769_6C50
BALANCE_SECONDS = 5.0
DEAD_SECONDS = 30.0
PAUSE_SECONDS = 1.0
MOST_AT_ONCE = 200
MADE = text("SELECT obj_description(to_regclass('procrastinate_jobs'))")
TOKENS = text(
    "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' "
    "AND queue_name = :queue AND (scheduled_at IS NULL OR scheduled_at <= now())"
)
CLEARING = text("""
SELECT 'DROP TABLE IF EXISTS ' || oid::regclass || ' CASCADE' FROM pg_class
WHERE relkind = 'r' AND starts_with(relname, 'procrastinate_')
    AND pg_table_is_visible(oid)
UNION ALL
SELECT 'DROP FUNCTION IF EXISTS ' || oid::regprocedure || ' CASCADE' FROM pg_proc
WHERE starts_with(proname, 'procrastinate_') AND pg_function_is_visible(oid)
UNION ALL
SELECT 'DROP TYPE IF EXISTS ' || pg_type.oid::regtype || ' CASCADE'
FROM pg_type LEFT JOIN pg_class ON pg_class.oid = typrelid
WHERE starts_with(typname, 'procrastinate_') AND pg_type_is_visible(pg_type.oid)
    AND (typtype = 'e' OR relkind = 'c')
""")
"""What drops all that any version made."""


class Procrastination:
    """Tokens in the archive's own database."""

    def __init__(self, url: str) -> None:
        """Remember where; nothing is opened before `run`."""
        plain = make_url(url).set(drivername="postgresql")
        self._address = plain.render_as_string(hide_password=False)
        self._app = App(connector=SyncPsycopgConnector())
        self._token = self._app.task(name=TASK, queue=QUEUE)(_never_called)

    def prepare(self, db: Database) -> None:
        """Make Procrastinate's tables, or replace those of another version."""
        with db.engine.connect() as connection:
            if connection.scalar(MADE) == MARK:
                return
        with db.write() as session:
            session.execute(text("SELECT pg_advisory_xact_lock(:k)"), {"k": LOCK})
            if session.scalar(MADE) == MARK:
                return  # another process was first
            raw = _raw(session)
            for statement in session.scalars(CLEARING).all():
                raw.execute(statement.encode())
            raw.execute(SchemaManager.get_schema())
            raw.execute(f"COMMENT ON TABLE procrastinate_jobs IS '{MARK}'".encode())

    def announce(self, session: Session, kind: str, due_at: datetime | None) -> None:
        """Add a token to the caller's transaction.

        :raises OperationalError: the database does not answer
        """
        how: dict[str, Any] = {"priority": -int(ranks.rank_of(kind))}
        if due_at is not None:
            how["schedule_at"] = due_at
        try:
            self._token.configure(connection=_raw(session), **how).defer()
        except ConnectorException as error:
            cause = error.__cause__ or error
            raise OperationalError("a token", None, cause) from error

    def balance(self, session: Session, kinds: Collection[str], now: datetime) -> int:
        """As many tokens as jobs that could be taken up, where there are fewer."""
        waiting = queue.waiting(session, kinds, now)
        tokens = session.scalar(TOKENS, {"queue": QUEUE}) or 0
        missing = waiting[: max(0, len(waiting) - tokens)][:MOST_AT_ONCE]
        for kind in missing:
            self.announce(session, kind, None)
        return len(missing)

    def run(
        self,
        work: Callable[[], object],
        chores: Callable[[], object],
        stop: Stop,
        concurrency: int,
    ) -> None:
        """Work until told to stop; begins anew when the database was away."""
        while not stop.is_set():
            try:
                asyncio.run(self._work(work, chores, stop, concurrency))
            except Exception:
                log.exception("the worker stumbled")
                stop.wait(PAUSE_SECONDS)

    async def _work(
        self,
        work: Callable[[], object],
        chores: Callable[[], object],
        stop: Stop,
        concurrency: int,
    ) -> None:
        connector = PsycopgConnector(conninfo=self._address, max_size=4)
        app = App(connector=connector)
        app.task(name=TASK, queue=QUEUE)(lambda: work() and None)
        async with app.open_async():
            working = asyncio.create_task(
                app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=concurrency,
                    delete_jobs="always",
                    install_signal_handlers=False,
                )
            )
            keeping = asyncio.create_task(_keep(app, chores))
            try:
                while not stop.is_set() and not working.done():
                    await asyncio.sleep(0.1)
            finally:
                for each in (working, keeping):
                    each.cancel()
                with suppress(asyncio.CancelledError):
                    await keeping
                with suppress(asyncio.CancelledError):
                    await working  # what is running is finished first


async def _keep(app: App, chores: Callable[[], object]) -> None:
    """Throw away what dead workers held, and do the chores, every few seconds."""
    manager = app.job_manager
    while True:
        await asyncio.to_thread(chores)
        with suppress(ConnectorException):
            for dead in await manager.get_stalled_jobs(
                queue=QUEUE, seconds_since_heartbeat=DEAD_SECONDS
            ):
                await manager.finish_job(dead, Status.FAILED, delete_job=True)
        await asyncio.sleep(BALANCE_SECONDS)


def _raw(session: Session) -> Any:  # noqa: ANN401 - the driver's own
    return session.connection().connection.driver_connection


def _never_called() -> None:
    """The side that announces knows the task by its name only."""
