"""What is made of an original once, on demand, and kept as its original is kept.

    copy    what every browser shows
    mute    a film small, grey and without its sound, for those who label it

The child's pieces are sealed as they come, into an object that no row names; when its
index is known the whole is sealed in order, again piece by piece, and the first is
thrown away. Nothing is in the clear but in memory, whatever happens on the way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

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
from blur.copies import Copy, make_copy, make_muted
from blur.errors import BlurError, SandboxFailed
from blur.kinds import KINDS, Kind
from blur.limits import Limits
from blur.sandbox import Source

COPY, MUTE = "copy", "mute"
NO_STANDING = "Whoever asked for this copy may not open originals any more."
_MADE = 0.9  # of the work; sealing it in order is the rest
_TELL_SECONDS = 2.0

Pulse = Callable[[float | None], None]


def copy(task: Task) -> None:
    """Make the copy of one asset; does nothing when it is there.

    :raises Hopeless: the file is at fault, or who asked lost their standing meanwhile
    """
    _make(task, _Kept("copy", "copy_object_id", ObjectKind.COPY, make_copy))


def mute(task: Task) -> None:
    """Make the muted form of one film, as `copy` its copy."""
    _make(task, _Kept("muted", "muted_object_id", ObjectKind.MUTED, make_muted))


@dataclass(frozen=True)
class _Kept:
    """One of the forms: its name in the ledger, its column, its object, its maker."""

    name: str
    column: str
    kind: ObjectKind
    make: Make

    def of(self, asset: Asset) -> UUID | None:
        found: UUID | None = getattr(asset, self.column)
        return found

    def become(self, asset: Asset, object_id: UUID) -> None:
        setattr(asset, self.column, object_id)


def _make(task: Task, kept: _Kept) -> None:
    asset_id = str(task.job.args["asset"])
    with task.site.db.read() as session:
        asset = store.get_asset(session, asset_id)
        if not _may_still_ask(session, task.job.owner, task.site.clock()):
            raise Hopeless(NO_STANDING)
    if asset is None or kept.of(asset) is not None:
        with task.site.db.write() as session:
            task.done(session)
        return
    try:
        with sealed(task, asset, kept.kind, kept.make) as whole:
            _keep(task, asset.id, kept, whole)
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


def _keep(task: Task, asset_id: str, kept: _Kept, whole: SealingWriter) -> None:
    site, now = task.site, task.site.clock()
    with site.db.write() as session:
        asset = store.require_asset(session, asset_id)
        if not may_be_kept(session, asset):
            raise Hopeless(FAILURE)
        before = kept.of(asset)
        if before is not None:
            keytable.forget(session, before)
        ref = whole.finish(session, now)
        kept.become(asset, ref.object_id)
        site.ledger.append(
            session,
            "derivation",
            actor=actor_of(WORKER),
            record=asset.record_id,
            asset=asset.id,
            now=now,
            detail={kept.name: str(ref.object_id), "from": str(asset.object_id)},
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
