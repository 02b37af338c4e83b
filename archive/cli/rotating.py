"""`vigil keys rotate`: another version of a key, and the end of the one before."""

from __future__ import annotations

from typing import Any

import click

from archive.cli import output
from archive.cli.opening import OPERATOR, opened
from archive.cli.output import Failure
from archive.site import Site
from archive.vault import indexfiles, rotation
from archive.vault.keys import Purpose
from archive.work import indexing
from search.sealed_storage import LOCK_NAME, FolderLock

DEFAULT = (Purpose.ORIGINAL, Purpose.PREVIEW)
_MOST_ROUNDS = 100


@click.command()
@click.argument("purposes", nargs=-1, type=output.word_of(Purpose))
@click.option(
    "--keep-old/--destroy-old",
    default=None,
    help="Destroyed by default where the database is a file; kept on PostgreSQL.",
)
@output.json_option
def rotate(
    purposes: tuple[str, ...],
    keep_old: bool | None,  # noqa: FBT001 - click hands it over as a flag
    as_json: bool,  # noqa: FBT001 - click hands it over as a flag
) -> None:
    """Make new keys and wrap everything under them, while serving; no file is touched.

    Without a PURPOSE, those of originals and previews. Started again after an
    interruption it goes on. Example: vigil keys rotate original
    """
    with output.failing_as_json(as_json), opened() as site:
        chosen = [Purpose(each) for each in purposes] or list(DEFAULT)
        for purpose in chosen:
            _refuse_never(purpose)
        keep = not site.db.is_sqlite if keep_old is None else keep_old
        done = [rotate_purpose(site, purpose, keep=keep) for purpose in chosen]
        facts = {"rotated": done}
        output.answer(facts, as_json, lambda: "\n".join(map(_sentence, done)))
    if any(each["stuck"] for each in done):
        raise click.exceptions.Exit(1)


def rotate_purpose(site: Site, purpose: Purpose, *, keep: bool) -> dict[str, Any]:
    """Rotate one key, or go on with a rotation that was interrupted."""
    active = rotation.begin(site.keyring, purpose, site.clock())
    version = active.name.version
    _tell(site, purpose, step="begun", version=version)
    facts = {"purpose": purpose.value, "version": version, "rewrapped": 0, "stuck": 0}
    destroyed: list[int] = []
    if purpose in rotation.WRAPPING:
        destroyed = _rewrap(site, purpose, facts, keep=keep)
    elif purpose is Purpose.INDEX:
        destroyed = _reindex(site, keep=keep)
    if destroyed:
        _tell(site, purpose, step="destroyed", versions=destroyed)
    return {**facts, "destroyed": destroyed}


def _rewrap(
    site: Site, purpose: Purpose, facts: dict[str, Any], *, keep: bool
) -> list[int]:
    """Wrap everything anew, and what came meanwhile; destroy what is not needed."""
    destroyed: list[int] = []
    for _ in range(_MOST_ROUNDS):
        with output.progress(f"{purpose}", _waiting(site, purpose)) as advance:
            done = rotation.rewrap_all(site.db, site.keyring, purpose, advance)
        facts["rewrapped"] += done.done
        facts["stuck"] = done.stuck
        _tell(site, purpose, step="rewrapped", objects=done.done, stuck=done.stuck)
        if keep:
            break
        now = site.clock()
        destroyed += rotation.destroy_unneeded(site.db, site.keyring, purpose, now)
        if done.stuck or not rotation.older(site.keyring, purpose):
            break
    return destroyed


def _waiting(site: Site, purpose: Purpose) -> int:
    ids = {name.id for name in rotation.older(site.keyring, purpose)}
    with site.db.read() as session:
        used = rotation.uses(session, site.keyring)
    return sum(use.rows for use in used if use.name.id in ids)


def _reindex(site: Site, *, keep: bool) -> list[int]:
    """Make the index again under the new key; what seals no file of it can go."""
    site.engine.rebuild(indexing.every_document(site.db, site.sealing))
    if keep:
        return []
    lock = FolderLock(site.config.index / LOCK_NAME)
    if not lock.acquire(blocking=True):
        return []
    try:
        used = indexfiles.keys_in(site.config.index)
        names = rotation.older(site.keyring, Purpose.INDEX)
        unneeded = [name.version for name in names if name.id not in used]
        for version in unneeded:
            site.keyring.destroy_version(Purpose.INDEX, version, site.clock())
    finally:
        lock.release()
    return unneeded


def _refuse_never(purpose: Purpose) -> None:
    if why := rotation.NEVER.get(purpose):
        raise Failure(f"The key {purpose} is never rotated: {why}.", "never_rotated")


def _tell(site: Site, purpose: Purpose, **detail: Any) -> None:  # noqa: ANN401 - JSON
    with site.db.write() as session:
        site.ledger.append(
            session,
            "key rotation",
            actor=OPERATOR,
            now=site.clock(),
            detail={"purpose": purpose.value, **detail},
        )


def _sentence(facts: dict[str, Any]) -> str:
    text = f"{facts['purpose']}: version {facts['version']} seals"
    if facts["rewrapped"]:
        text += f", {facts['rewrapped']} data keys wrapped anew"
    if facts["destroyed"]:
        text += f", version {', '.join(map(str, facts['destroyed']))} destroyed"
    if facts["stuck"]:
        text += f"; {facts['stuck']} DO NOT OPEN: run vigil verify --fixity"
    return f"{text}."
