"""Labelling in bulk as moderators ask for it, for the pages and the API alike.

Files are chosen by ids of records or files, a collection, a saved search or a search;
of these, those that the filters fit. Nobody chooses what they may not know of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from archive.moderation import batches, undoing
from archive.moderation.batches import MOST, MayLabel
from archive.moderation.forecasts import Wish
from archive.moderation.tables import LabelBatch
from archive.records import store
from archive.records.errors import FieldError
from archive.records.tables import Asset, Record
from archive.searches import question, saved
from archive.site import Site
from archive.web.request import context, i18n
from archive.web.showing import asking
from auth import scope
from auth.policy import Action
from search.query import Query, QueryError

_ID = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Choice:
    """Which files somebody wants labelled; what is empty chooses nothing."""

    ids: Sequence[str] = ()
    collection: str = ""
    saved_search: str = ""
    q: str = ""
    kind: str = ""
    is_unlabelled: bool = False


def ids_in(text: str) -> list[str]:
    """The ids in what was pasted: ids or addresses, between spaces or commas."""
    words = re.split(r"[\s,;]+", text)
    ends = (re.split(r"[?#]", word)[0].rstrip("/").rsplit("/", 1)[-1] for word in words)
    return list(dict.fromkeys(end for end in ends if _ID.fullmatch(end)))


def plan(choice: Choice, wish: Wish, reason: str) -> str:
    """Foresee it for every file chosen, and give the id of what was kept.

    :raises QueryError: the search cannot be read
    :raises RecordsError: nothing is chosen, or a label cannot be given so
    """
    if len(choice.ids) > MOST:
        raise batches.too_many()
    found, by, now = _records_asked(choice), _account(), context.now()
    # Foreseen before the transaction that keeps it: others write in the meantime.
    with context.read_session() as s:
        assets = _files(s, choice, found)
        plan = batches.foresee(context.site(), s, assets, wish, by, now)
    with context.write_session() as s:
        return batches.keep(s, plan, reason, by, now).id


def confirm(batch_id: str) -> None:
    """Let it begin, or go on; up to `batches.AT_ONCE` files are done on return.

    :raises RecordsError: it is not theirs, or over
    """
    site, entrance = context.site(), context.viewer().session_id
    with context.write_session() as s:
        batch = batches.require(s, batch_id, _account(), to_change=True)
        is_job = batches.confirm(site, s, batch, entrance, context.now())
    if not is_job:
        _through(batches.do_next, batch_id)


def undo(batch_id: str) -> None:
    """Set it back, or go on with it; the same.

    :raises RecordsError: it is not theirs, was not done, or too long ago
    """
    site, entrance = context.site(), context.viewer().session_id
    with context.write_session() as s:
        batch = batches.require(s, batch_id, _account(), to_change=True)
        is_job = batches.undo(site, s, batch, entrance, context.now())
    if not is_job:
        _through(undoing.undo_next, batch_id)


def cancel(batch_id: str) -> None:
    """Stop after the file in hand.

    :raises RecordsError: it is not theirs, or over
    """
    with context.write_session() as s:
        batches.cancel(
            s, batches.require(s, batch_id, _account(), to_change=True), context.now()
        )


def batch_of(s: Session, batch_id: str) -> LabelBatch:
    """One that whoever asks made.

    :raises NoSuchRecord: it is not there, or somebody else's
    """
    return batches.require(s, batch_id, _account())


def _through(step: Callable[[Site, str, MayLabel], bool], batch_id: str) -> None:
    while step(context.site(), batch_id, _may):
        pass


def _may(session: Session, asset: Asset) -> bool:
    item = store.item_of(store.require(session, asset.record_id), asset)
    return context.may_at_once(Action.LABEL, item)


def _records_asked(choice: Choice) -> list[str]:
    """What the index answers; asked before the transaction, which it must not hold.

    :raises QueryError: the search cannot be read
    """
    found: list[str] = []
    if choice.q:
        found += asking.ids(Query(text=choice.q, lang=i18n.language()), MOST + 1)
    if choice.saved_search:
        sealing = context.site().sealing
        with context.read_session() as s:
            row = saved.get(s, _account(), choice.saved_search)
            if row is None:
                raise FieldError("saved_search", "There is no such saved search.")
            pairs = saved.kept(sealing, row).pairs
        found += asking.ids(question.read(pairs, lang=i18n.language()), MOST + 1)
    return found


def _files(s: Session, choice: Choice, found: Sequence[str]) -> list[Asset]:
    """Every file chosen that this moderator may label, each once."""
    reach = scope.scope(context.viewer(), context.now())
    wanted = [*choice.ids, *found]
    records = store.list_by_ids(s, list(dict.fromkeys(wanted)), reach)
    records += _of_collection(s, choice, reach)
    by_record = store.assets_of_many(s, list({record.id for record in records}))
    files = [asset for record in records for asset in by_record[record.id]]
    single = [a for each in choice.ids if (a := store.get_asset(s, each)) is not None]
    once = {asset.id: asset for asset in (*files, *single)}
    return [asset for asset in once.values() if _fits(choice, asset) and _may(s, asset)]


def _of_collection(s: Session, choice: Choice, reach: scope.Scope) -> list[Record]:
    if not choice.collection:
        return []
    collection = store.collection(s, choice.collection)
    if collection is None:
        raise FieldError("collection", "There is no such collection.")
    return store.all_in_collection(s, collection.id, reach, limit=MOST + 1)


def _fits(choice: Choice, asset: Asset) -> bool:
    unlabelled = not choice.is_unlabelled or not asset.labelled
    return unlabelled and choice.kind in ("", asset.kind)


def _account() -> str:
    return context.viewer().account_id or ""


__all__ = [
    "Choice",
    "QueryError",
    "batch_of",
    "cancel",
    "confirm",
    "ids_in",
    "plan",
    "undo",
]
