"""A copy for browsers, made once on demand and kept as its original is kept.

The child's pieces are sealed as they come, into an object that no row names; when its
index is known the whole is sealed in order, again piece by piece, and the first is
thrown away. Nothing is in the clear but in memory, whatever happens on the way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from archive import gate
from archive.ledger.actors import actor_of
from archive.records import store
from archive.records.tables import Asset
from archive.shredding import FAILURE
from archive.vault import keytable
from archive.vault.container import STEP
from archive.vault.container import Kind as ObjectKind
from archive.vault.objects import SealingWriter
from archive.work.deriving import WORKER, may_be_kept
from archive.work.task import Hopeless, Task
from auth.tables import Account
from auth.viewer import AccountStatus
from blur.copies import Copy, make_copy
from blur.errors import BlurError, SandboxFailed
from blur.kinds import KINDS, Kind
from blur.limits import Limits
from blur.sandbox import Source

KIND = "copy"
NO_STANDING = "Whoever asked for this copy may not open originals any more."
_MADE = 0.9  # of the work; sealing it in order is the rest
_TELL_SECONDS = 2.0

Pulse = Callable[[float | None], None]


def copy(task: Task) -> None:
    """Make the copy of one asset; does nothing when it is there.

    :raises Hopeless: the file is at fault, or who asked lost their standing meanwhile
    """
    asset_id = str(task.job.args["asset"])
    with task.site.db.read() as session:
        asset = store.get_asset(session, asset_id)
        if not _may_still_ask(session, task.job.owner, task.site.clock()):
            raise Hopeless(NO_STANDING)
    if asset is None or asset.copy_object_id is not None:
        with task.site.db.write() as session:
            task.done(session)
        return
    try:
        with sealed(task, asset, ObjectKind.COPY, make_copy) as whole:
            _keep(task, asset.id, whole)
    except SandboxFailed:
        raise
    except BlurError as error:
        raise Hopeless(str(error)) from error


def _may_still_ask(session: Session, owner: str | None, now: datetime) -> bool:
    """A job does for somebody what they might have done now, not when they asked."""
    if owner is None:
        return True
    account = session.get(Account, owner)
    if account is None or account.status != AccountStatus.APPROVED:
        return False
    return account.vetted_until is not None and now < account.vetted_until


class Make(Protocol):
    """What makes a copy of an original, as `blur.copies.make_copy` does."""

    def __call__(
        self,
        source: Source,
        kind: Kind,
        take: Callable[[bytes], object],
        pulse: Pulse,
        limits: Limits,
    ) -> Copy: ...


@contextmanager
def sealed(
    task: Task, asset: Asset, kind: ObjectKind, make: Make
) -> Iterator[SealingWriter]:
    """A copy of an asset, made and sealed; the caller finishes and keeps it.

    :raises BlurError: why it cannot be made
    """
    site, pulse = task.site, _pulse(task)
    site.require_sandbox()
    with site.vault.new_object(kind) as pieces:
        with gate.derive(site, WORKER, asset.id, site.clock()) as original:
            made = make(
                original,
                KINDS[asset.format],
                pieces.write,
                pulse,
                site.upload_limits.media,
            )
        pieces.finish_bytes()
        with site.vault.new_object(kind) as whole:
            whole.write(made.head)
            _append(whole, pieces, pulse)
            whole.finish_bytes()
            yield whole


def _append(whole: SealingWriter, pieces: SealingWriter, pulse: Pulse) -> None:
    with pieces.reader() as reader:
        for at in range(0, reader.size, STEP):
            whole.write(reader.read_range(at, min(STEP, reader.size - at)))
            pulse(None)


def _keep(task: Task, asset_id: str, whole: SealingWriter) -> None:
    site, now = task.site, task.site.clock()
    with site.db.write() as session:
        asset = store.require_asset(session, asset_id)
        if not may_be_kept(session, asset):
            raise Hopeless(FAILURE)
        if asset.copy_object_id is not None:
            keytable.forget(session, asset.copy_object_id)
        ref = whole.finish(session, now)
        asset.copy_object_id = ref.object_id
        site.ledger.append(
            session,
            "derivation",
            actor=actor_of(WORKER),
            record=asset.record_id,
            asset=asset.id,
            now=now,
            detail={"copy": str(ref.object_id), "from": str(asset.object_id)},
        )
        task.done(session, asset=asset.id)


def _pulse(task: Task) -> Pulse:
    """Says how far it is, every two seconds; ends with the job, when cancelled."""
    told = time.monotonic()

    def pulse(share: float | None) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told < _TELL_SECONDS:
            return
        told = now
        task.renew(None if share is None else share * _MADE)

    return pulse
