"""Exports that a job makes: asked for, given, ended, for the page and the API alike."""

from __future__ import annotations

import itertools
from contextlib import ExitStack

from flask import Response, current_app
from sqlalchemy.orm import Session

from archive.exchange.court import Wish
from archive.exchange.exports import giving, lists, packages
from archive.exports import desk
from archive.exports.desk import Asked
from archive.exports.tables import Export, What
from archive.records import store
from archive.records.errors import Conflict
from archive.web.answer import packing, streams
from archive.web.request import context, guard, limits
from archive.web.showing import listexport, massexport
from archive.web.showing.massexport import Pairs, Taking
from auth.policy import Action
from search.query import Query

SMALL_LIST = 500
"""Records up to which a list is given while it is made: at most 1 ms of work each."""
SMALL_PACKAGE = 32 * 1024 * 1024
"""Bytes of originals up to which a package is given while it is made."""


def package(wish: Wish, *, may_wait: bool = True) -> Response | str:
    """The package of a small record; of a large one the id of its export.

    Where another process holds the key of originals, those are always given while they
    are made: nobody but that process could open the sealed package again.

    :raises Conflict: it is to be made by a job, and cannot be here
    """
    with_originals = wish.original and context.site().broker is not None
    if with_originals and not may_wait:
        raise Conflict("Here a package with originals is given while it is made.")
    if with_originals or (may_wait and _is_small(wish)):
        return packing.given(wish)
    limits.spend("packages", limits.PACKAGES)
    return ask(packages.asked(wish))


def listing(
    query: Query,
    form: str,
    pairs: Pairs,
    confirmed: Taking | None = None,
    leave: str | None = None,
    *,
    may_wait: bool = True,
) -> Response | str:
    """The list of a search that finds little; of another the id of its export.

    `pairs` are the search as it can be asked for again; `leave` is the proposal by
    which it is done, and `confirmed` what was confirmed by it: no more is given.

    :raises QueryError: the search cannot be read
    :raises NeedsSecond: so many records take a second person
    :raises RefusedRequestError: nobody confirmed it, or not any more
    :raises Conflict: this account has enough of them
    """
    found = listexport.found(query, confirmed)
    wanted = Taking("descriptions", form, pairs, len(found.ids))
    if may_wait and len(found.ids) <= SMALL_LIST:
        return listexport.export(found, wanted, leave)
    with context.write_session() as s:
        made = ask_in(s, lists.asked(query, pairs, form, wanted.count))
        detail = {**listexport.told(wanted), "export": made}
        massexport.tell_in(s, "exporting", wanted, detail, leave)
    return made


def ask(asked: Asked) -> str:
    """Have it made by a job; the export's id.

    :raises Conflict: this account has enough of them
    """
    with context.write_session() as s:
        return ask_in(s, asked)


def ask_in(s: Session, asked: Asked) -> str:
    """The same, in the transaction that tells of it."""
    sealing, entrance = context.site().sealing, context.viewer().session_id
    return desk.ask(sealing, s, asked, own_id(), entrance, context.now()).id


def give(export_id: str) -> Response:
    """What was made, once the ledger has a line that tells of it.

    :raises NoSuchRecord: there is none of that id, or it is somebody else's
    :raises Gone: it is not ready, or over
    :raises Stale: something in it has changed since
    :raises RefusedError: its author may not have it any more
    """
    _require_leave(export_id)
    open_things = ExitStack()
    try:
        response = _streamed(export_id, open_things)
    except BaseException:
        open_things.close()
        raise
    response.call_on_close(open_things.close)
    return response


def end(export_id: str) -> Export:
    """Stop making it, or destroy what was made.

    :raises NoSuchRecord: there is none of that id, or it is somebody else's
    """
    return desk.end(context.site(), export_id, own_id())


def own_id() -> str:
    return context.viewer().account_id or ""


def _streamed(export_id: str, open_things: ExitStack) -> Response:
    slot = streams.of(current_app).take(own_id())
    open_things.callback(slot.give_back)
    given = giving.give(context.site(), export_id, context.viewer(), context.now())
    open_things.callback(given.close)
    pieces = given.read()
    # The first before the headers leave: damage found there is an error, not a cut.
    first = next(pieces, b"")
    whole = itertools.chain((first,), pieces)
    response = Response(whole, mimetype=given.row.media_type)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Length"] = str(given.size)
    name = f'attachment; filename="{given.row.filename}"'
    response.headers["Content-Disposition"] = name
    return response


def _require_leave(export_id: str) -> None:
    """Ask the policy what the button was asked: a fresh proof belongs to it."""
    with context.read_session() as s:
        row = desk.require(s, export_id, own_id())
        item = row.record_id and store.item_of(store.require(s, row.record_id))
    action = Action.EXPORT_METADATA if row.what is What.LIST else Action.PACKAGE
    guard.require(action, item or None)


def _is_small(wish: Wish) -> bool:
    if not wish.original:
        return True
    with context.read_session() as s:
        assets = store.assets_of(s, wish.record_id)
    return sum(each.size for each in assets) <= SMALL_PACKAGE
