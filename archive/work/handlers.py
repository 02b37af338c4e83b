"""What each kind of job does.

| kind | args | does |
|---|---|---|
| derive | asset | opens the original through the gate, makes and keeps its preview |
| label batch | batch | labels many files as one moderator confirmed, or undoes it |
| export | export | makes what somebody asked to take away, sealed |
| import | import | checks a table handed in on the page, or takes a slice of it in |
| rebuild | record, kind, after | makes previews again, a slice at a time |
| cluster | after | puts previews into clusters that share a tile, a crowd at a time |
| twins | asset | looks for files that show nearly the same |
| copy | asset | makes the copy of an original that every browser shows |
| mute | asset | makes a film small, grey and silent, for those who label it |
| redact | redaction | makes a copy without what a moderator drew over |
| index | record | puts the record into the search index as it stands, or takes it out |
| shred | order | destroys what two administrators have signed |
| sweep | | removes blobs that crashes left without a key; shreds what was declined |
| reminders | | tells both sides 30, 7 and 1 days before access ends |
| retention | | forgets what ended long ago, unless a legal hold is set |
| alerts | | looks for new matches of saved searches, and sends mails |
| uploads | | ends uploads that nobody went on with |
| checkpoint | | signs the ledger as it stands, keeps that elsewhere, has it stamped |
| fixity | | reads sealed files back for a while, and goes on later from there |
| verify | parts, left, places | reads everything back, a slice at a time |
| offers | after | looks whether what harvesters are offered changed anywhere |
| feeds | | asks the archives listened to, and ends what ran out |
| reindex | | builds the search index beside the living one, and swaps |
| rotate | left | new keys for originals and previews |
| backup | | copies the archive to the place that is set |
| letter | sealed | sends a mail that is written already |
| reset | sealed | mails a link for a new password, where the address has an account |
| changes | | mails the notices about accounts' security |
| requests | | reminds of requests, ends of grants, ended embargoes |
| tidy | | ends sessions, vettings, labels and exports that ran out, and spent limits |

A handler ends its job by `task.done(session)` in the transaction with its effect.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from archive import feeds, jobs, orders
from archive.contributions import ending
from archive.exchange.harvest import offering as offered
from archive.exports import desk as exports
from archive.intake import uploads
from archive.jobs import Job
from archive.ledger.actors import actor_of
from archive.mail import queueing
from archive.moderation import expiring
from archive.records import store
from archive.records.tables import AssetState
from archive.site import Site
from archive.upkeep import Work
from archive.work import (
    alerting,
    attesting,
    backing,
    batching,
    clustering,
    copying,
    deriving,
    exporting,
    importing,
    indexing,
    lettering,
    listening,
    offering,
    rebuilding,
    redacting,
    reindexing,
    reminding,
    requesting,
    rereading,
    retaining,
    rotating,
    twinning,
    verifying,
    vouching,
)
from archive.work.deriving import WORKER
from archive.work.task import Task
from auth import accounts, limits, repeats
from auth.credentials import challenges, sessions
from auth.vetting import lapses

log = logging.getLogger("vigil.work")
SWEEP_AFTER = timedelta(days=1)


@dataclass(frozen=True)
class Handler:
    """How a kind of job is done, and what is left to say when it was given up."""

    run: Callable[[Task], None]
    gave_up: Callable[[Site, Session, Job, str, datetime], None]


def derive(task: Task) -> None:
    """Make the preview of one asset; does nothing when it is there.

    :raises Hopeless: the file itself is at fault
    """
    asset_id = str(task.job.args["asset"])
    with task.site.db.read() as session:
        asset = store.get_asset(session, asset_id)
    if asset is None or asset.state is AssetState.READY:
        with task.site.db.write() as session:
            task.done(session)
        return
    made = deriving.make(task.site, asset)
    task.renew(progress=0.9)
    with task.site.db.write() as session:
        deriving.keep(task.site, session, asset_id, made)
        task.done(session, asset=asset_id)


def index(task: Task) -> None:
    """Bring the index in step with one record."""
    record_id = str(task.job.args["record"])
    engine = task.site.engine
    with task.site.db.read() as session:
        before = indexing.fingerprint(session, record_id)
        document = indexing.document(task.site.sealing, session, record_id)
    if document is None:
        engine.remove([record_id])
    else:
        engine.add([document])
    with task.site.db.write() as session:
        now = task.site.clock()
        task.done(session)
        offered.refresh(task.site, session, record_id, now)
        listening.follow(task.site, session, record_id, now)
        feeds.refresh(task.site, session, record_id, now)
        if indexing.fingerprint(session, record_id) != before:
            # It changed while we wrote: what we wrote may be the older state.
            args = {"record": record_id}
            jobs.enqueue(session, "index", args, subject=record_id, now=now)


def shred(task: Task) -> None:
    """Carry out an order that two have signed; does nothing when it is done."""
    site, order_id = task.site, str(task.job.args["order"])
    receipt = orders.carry_out(site, order_id)
    indexing.forget(site.engine, site.db, site.sealing, str(receipt["record"]))
    with site.db.write() as session:
        task.done(session, receipt=receipt["receipt"])


def sweep(task: Task) -> None:
    """Remove what crashes left behind a day ago or earlier, and what was declined."""
    shredded = ending.shred_due(task.site)
    with task.site.db.read() as session:
        swept = task.site.vault.sweep(session, task.site.clock() - SWEEP_AFTER)
    with task.site.db.write() as session:
        task.done(
            session,
            unfinished=swept.unfinished,
            unreferenced=swept.unreferenced,
            declined=shredded,
        )


def end_uploads(task: Task) -> None:
    """End the uploads whose time ran out."""
    ended = uploads.expire(task.site, task.site.clock())
    with task.site.db.write() as session:
        task.done(session, ended=ended)


def tidy(task: Task) -> None:
    """End what ran out by itself, and forget what no longer counts."""
    site, now = task.site, task.site.clock()
    with site.db.write() as session:
        lapsed = sessions.end_lapsed(session, now)
        challenges.purge(session, now)
        limits.purge(session, now)
        repeats.purge(session, now)
        expired = accounts.expire_due(session, now)
        for account_id in expired:
            site.ledger.append(
                session,
                "vetting expired",
                actor=actor_of(WORKER),
                account=account_id,
                now=now,
            )
            row = lapses.for_account(session, account_id, limit=1)[0]
            reminding.tell_of_lapse(site, session, row, now)
        unlabelled = expiring.expire(site, session, actor_of(WORKER), now)
        task.done(
            session, sessions=lapsed, vettings=len(expired), unlabelled=unlabelled
        )
    reminding.write_down_lapses(site, now)
    exports.shred_due(site)


def _no_preview(
    _site: Site, session: Session, job: Job, sentence: str, now: datetime
) -> None:
    asset = store.get_asset(session, str(job.args["asset"]))
    if asset is not None and asset.state is not AssetState.READY:
        asset.state, asset.failure = AssetState.FAILED, sentence
        args = {"record": asset.record_id}
        jobs.enqueue(session, "index", args, subject=asset.record_id, now=now)


def _no_redaction(
    _site: Site, session: Session, job: Job, sentence: str, _now: datetime
) -> None:
    redacting.give_up(session, str(job.args["redaction"]), sentence)


def _no_export(
    _site: Site, session: Session, job: Job, sentence: str, now: datetime
) -> None:
    exports.give_up(session, str(job.args["export"]), sentence, now)


def _nothing(
    _site: Site, _session: Session, _job: Job, _sentence: str, _now: datetime
) -> None:
    """Nothing more to say: the job itself shows that it failed."""


HANDLERS: Mapping[str, Handler] = {
    batching.KIND: Handler(batching.label, _nothing),
    copying.COPY: Handler(copying.copy, _nothing),
    copying.MUTE: Handler(copying.mute, _nothing),
    clustering.KIND: Handler(clustering.cluster, _nothing),
    "checkpoint": Handler(attesting.attest, _nothing),
    "derive": Handler(derive, _no_preview),
    listening.KIND: Handler(listening.listen, _nothing),
    orders.JOB: Handler(shred, _nothing),
    "fixity": Handler(rereading.reread, _nothing),
    exporting.KIND: Handler(exporting.make, _no_export),
    importing.KIND: Handler(importing.run, _nothing),
    "index": Handler(index, _nothing),
    offering.KIND: Handler(offering.look, _nothing),
    "reminders": Handler(reminding.remind, _nothing),
    Work.PREVIEWS: Handler(rebuilding.rebuild, _nothing),
    Work.VERIFY: Handler(verifying.verify, _nothing),
    Work.REINDEX: Handler(reindexing.reindex, _nothing),
    Work.KEYS: Handler(rotating.rotate, _nothing),
    Work.BACKUP: Handler(backing.back_up, _nothing),
    redacting.KIND: Handler(redacting.redact, _no_redaction),
    "retention": Handler(retaining.forget, _nothing),
    "sweep": Handler(sweep, _nothing),
    "changes": Handler(lettering.tell_of_changes, _nothing),
    queueing.LETTER: Handler(lettering.send_letter, _nothing),
    queueing.RESET: Handler(lettering.send_reset, _nothing),
    "alerts": Handler(alerting.alert, _nothing),
    "requests": Handler(requesting.remind, _nothing),
    "tidy": Handler(tidy, _nothing),
    twinning.KIND: Handler(twinning.look, _nothing),
    "uploads": Handler(end_uploads, _nothing),
    vouching.KIND: Handler(vouching.ask, _nothing),
}
