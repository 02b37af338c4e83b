"""Another version of a key, and the end of the one before: in a shell or as a job.

Killed or cancelled anywhere, it is gone on with by whoever starts it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from archive import jobs
from archive.ledger.actors import actor_of
from archive.site import Site
from archive.vault import indexfiles, rotation
from archive.vault.container import HEADER_SIZE
from archive.vault.errors import KeyUnavailable
from archive.vault.keys import Purpose
from archive.work import indexing
from archive.work.deriving import WORKER
from archive.work.pulse import Pulse
from archive.work.task import Hopeless, Task
from search.engine import IndexBusy

DEFAULT = (Purpose.ORIGINAL, Purpose.PREVIEW)
NOT_HERE = "This worker does not hold all keys: run `vigil keys rotate` where they are."
_MOST_ROUNDS = 100


@dataclass(frozen=True)
class Turning:
    """One rotation: by whom, whether old keys stay, whom to tell (done, of all)."""

    site: Site
    actor: str
    keep: bool
    tell: Callable[[Purpose, int, int], None]

    def turn(self, purpose: Purpose) -> dict[str, Any]:
        """Rotate one key, or go on with a rotation that was interrupted.

        :raises KeyUnavailable: this process does not hold every key
        """
        active = rotation.begin(self.site.keyring, purpose, self.site.clock())
        version = active.name.version
        self._note(purpose, step="begun", version=version)
        facts = {"purpose": purpose.value, "version": version}
        facts |= {"rewrapped": 0, "stuck": 0}
        destroyed: list[int] = []
        if purpose in rotation.WRAPPING:
            destroyed = self._rewrap(purpose, facts)
        elif purpose is Purpose.INDEX:
            destroyed = self._reindex()
        if destroyed:
            self._note(purpose, step="destroyed", versions=destroyed)
        return {**facts, "destroyed": destroyed}

    def _rewrap(self, purpose: Purpose, facts: dict[str, Any]) -> list[int]:
        """Wrap all anew, and what came meanwhile; destroy what is not needed."""
        site, destroyed = self.site, list[int]()
        for _ in range(_MOST_ROUNDS):
            count = _Count(self, purpose, self._waiting(purpose))
            done = rotation.rewrap_all(site.db, site.keyring, purpose, count)
            facts["rewrapped"] += done.done
            facts["stuck"] = done.stuck
            self._note(purpose, step="rewrapped", objects=done.done, stuck=done.stuck)
            if self.keep:
                break
            now = site.clock()
            destroyed += rotation.destroy_unneeded(site.db, site.keyring, purpose, now)
            if done.stuck or not rotation.older(site.keyring, purpose):
                break
        return destroyed

    def _waiting(self, purpose: Purpose) -> int:
        ids = {name.id for name in rotation.older(self.site.keyring, purpose)}
        with self.site.db.read() as session:
            used = rotation.uses(session, self.site.keyring)
        return sum(use.rows for use in used if use.name.id in ids)

    def _reindex(self) -> list[int]:
        """Make the index again under the new key; what seals no file of it can go."""
        site = self.site
        site.engine.rebuild(indexing.every_document(site.db, site.sealing))
        if self.keep:
            return []
        try:
            with site.engine.held(HEADER_SIZE) as beginnings:
                used = indexfiles.keys_in(beginnings)
                names = rotation.older(site.keyring, Purpose.INDEX)
                unneeded = [name.version for name in names if name.id not in used]
                for version in unneeded:
                    site.keyring.destroy_version(Purpose.INDEX, version, site.clock())
        except IndexBusy:
            return []
        return unneeded

    def _note(self, purpose: Purpose, **detail: Any) -> None:  # noqa: ANN401 - JSON
        with self.site.db.write() as session:
            self.site.ledger.append(
                session,
                "key rotation",
                actor=self.actor,
                now=self.site.clock(),
                detail={"purpose": purpose.value, **detail},
            )


class _Count:
    """Adds up the rows that were wrapped, and tells."""

    def __init__(self, turning: Turning, purpose: Purpose, total: int) -> None:
        self._turning, self._purpose, self._total = turning, purpose, total
        self._done = 0

    def __call__(self, rows: int) -> None:
        self._done += rows
        self._turning.tell(self._purpose, min(self._done, self._total), self._total)


def keeps_old(site: Site) -> bool:
    """Several machines may have copies of the key folder where others serve it."""
    return not site.db.is_sqlite


def rotate(task: Task) -> None:
    """New keys for originals and previews.

    :raises Hopeless: this worker may not change keys, or some do not open
    """
    site, pulse = task.site, Pulse(task)
    if not _left(task):  # tried again, because some did not open
        task.job.args, task.job.result = {}, {}

    def tell(purpose: Purpose, done: int, total: int) -> None:
        pulse((DEFAULT.index(purpose) + done / max(1, total)) / len(DEFAULT))

    actor = task.job.owner or actor_of(WORKER)
    turning = Turning(site, actor, keeps_old(site), tell)
    try:
        while left := _left(task):
            _note(task, left, turning.turn(Purpose(left[0])))
    except KeyUnavailable:
        raise Hopeless(NOT_HERE) from None
    told = task.job.result or {}
    if told.get("stuck"):
        raise Hopeless(_stuck(told["stuck"]))
    with site.db.write() as session:
        task.done(session, rewrapped=told["rewrapped"])


def _stuck(count: int) -> str:
    return f"{count} data keys do not open: read every file back."


def _left(task: Task) -> list[str]:
    return list(task.job.args.get("left", DEFAULT))


def _note(task: Task, left: list[str], turned: dict[str, Any]) -> None:
    """One key is done: whoever takes the job up later goes on with the next."""
    told = task.job.result or {}
    result = {name: told.get(name, 0) + turned[name] for name in ("rewrapped", "stuck")}
    share = (len(DEFAULT) - len(left[1:])) / len(DEFAULT)
    args = {"left": left[1:]}
    with task.site.db.write() as session:
        jobs.advance(session, task.job.id, task.worker, args, result, share)
    task.job.args, task.job.result = args, result
