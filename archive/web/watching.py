"""Who goes through the archive as no reader does, and who touches what nobody should.

    reveals   originals opened in an hour
    pages     records read, and further pages of lists, in an hour
    misses    ids of records and files that led nowhere, in an hour
    honey     any try to open, or to consent to, a record laid for that

The first three end the session: whoever goes on signs in again, and is counted anew. An
access token, or a reader who is not signed in, waits (429) until the hour is over. A
touch of honey changes nothing for whoever touches it, and is only told of. Pages and
misses are counted in this process and written down a few at a time, for all processes
together; what is written last can lag behind by a twentieth of the limit, which is
forgotten where more than `MOST_PENDING` came in meanwhile.
"""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime, timedelta

from flask import Flask, Response, current_app, g, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from archive.records import store
from archive.web.request import context, session
from auth import limits
from auth.access import alarms
from auth.access.alarms import Kind
from auth.access.tables import Reveal
from auth.errors import TooFast

HOUR = timedelta(hours=1)
READING = frozenset(
    {"records.show", "records.cite", "api.records_read", "iiif.manifest"}
)
LISTS = frozenset(
    {
        "search.results",
        "collections.show",
        "api.records_listing",
        "iiif.collection",
    }
)
OPENING = frozenset(
    {
        "media.original",
        "media.clean",
        "media.copy",
        "media.view",
        "api.assets_original",
        "records.view",
    }
)
TOUCHING = OPENING | {"records.consent", "api.consents_give", "consents.give_batch"}
PENDING = "vigil.watching"
SHARE = 20
MOST_PENDING = 10_000


class Pending:
    """What was counted in this process and not written down yet, by key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._counts)

    def add(self, key: str, at_least: int) -> int:
        """Count one; return how many are to be written down now, mostly none."""
        with self._lock:
            if key not in self._counts and len(self._counts) >= MOST_PENDING:
                # Addresses cost a stranger nothing, and must not fill the memory.
                self._counts.clear()
            self._counts[key] += 1
            if self._counts[key] < at_least:
                return 0
            return self._counts.pop(key)


def install(app: Flask) -> None:
    """Watch over every request of `app`."""
    app.extensions[PENDING] = Pending()
    app.before_request(watch)
    app.after_request(count_misses)


def watch() -> None:
    """Look at what is asked for, before it is answered.

    :raises TooFast: more was asked for than any reader does
    """
    if request.endpoint in TOUCHING:
        _look_for_honey()
    if request.endpoint in OPENING:
        _count_reveals()
    further = request.endpoint in LISTS and request.args.get("page", 1, int) > 1
    if request.endpoint in READING or further:
        _count(Kind.PAGES, context.site().config.alarm_pages)


def count_misses(answer: Response) -> Response:
    """Count an id that led nowhere; the answer is a refusal where it was too many."""
    named = {"record_id", "asset_id"} & set(request.view_args or {})
    if answer.status_code != 404 or not named:
        return answer
    try:
        _count(Kind.MISSES, context.site().config.alarm_misses)
    except TooFast as refused:
        answer.close()
        return current_app.make_response(current_app.handle_user_exception(refused))
    return answer


def _look_for_honey() -> None:
    laid = context.recall("honey records", _read_honey)
    if not laid:
        return
    for record_id in _records_asked_for() & laid:
        with context.write_session() as s:
            _sound(s, Kind.HONEY, context.viewer().account_id, record_id)


def _read_honey() -> frozenset[str]:
    with context.read_session() as s:
        return frozenset(row.record_id for row in alarms.laid(s))


def _records_asked_for() -> set[str]:
    path = request.view_args or {}
    if "asset_id" in path:
        with context.read_session() as s:
            asset = store.get_asset(s, path["asset_id"])
        return {asset.record_id} if asset else set()
    if "record_id" in path:
        return {path["record_id"]}
    return set(request.form.getlist("record"))


def _count_reveals() -> None:
    viewer, most = context.viewer(), context.site().config.alarm_reveals
    if viewer.account_id is None or len(viewer.revealed_hour) < most:
        return
    with context.read_session() as s:
        last = alarms.latest(s, Kind.REVEALS, viewer.account_id)
        opened = _opened_since(s, viewer.account_id, last)
    waits = last is not None and g.get("by_token") and last + HOUR > context.now()
    if opened < most and not waits:
        return
    with context.write_session() as s:
        _sound(s, Kind.REVEALS, viewer.account_id)
        _end_reveals(s)
    since = last if waits and last is not None else context.now()
    raise TooFast(_seconds(since + HOUR - context.now()))


def _opened_since(s: Session, account_id: str, last: datetime | None) -> int:
    hour_ago = context.now() - HOUR
    since = max(last, hour_ago) if last else hour_ago
    opened = select(func.count()).select_from(Reveal)
    own = opened.where(Reveal.account_id == account_id, Reveal.first_at > since)
    return s.scalar(own) or 0


def _count(kind: Kind, most: int) -> None:
    account_id = context.viewer().account_id
    key = f"watch:{kind}:{account_id or f'address:{request.remote_addr}'}"
    pending: Pending = current_app.extensions[PENDING]
    times = pending.add(key, max(1, most // SHARE))
    if not times:
        return
    with context.write_session() as s:
        wait = limits.hit(s, key, most, HOUR, context.now(), times=times)
        if wait is None:
            return
        told = limits.hit(s, f"told:{key}", 1, HOUR, context.now()) is not None
        if account_id is not None or not told:
            _sound(s, kind, account_id)
        if account_id is not None and not g.get("by_token"):
            _end_reveals(s)
            limits.forget(s, key)
    raise TooFast(wait)


def _sound(
    s: Session, kind: Kind, account_id: str | None, record_id: str | None = None
) -> None:
    row = alarms.sound(
        s, kind, context.now(), account_id=account_id, record_id=record_id
    )
    if row is not None:
        context.site().ledger.append(
            s,
            "alarm raised",
            actor="system:watching",
            account=account_id,
            now=context.now(),
            detail={"alarm": row.id, "kind": kind.value, "touched": record_id},
        )


def _end_reveals(s: Session) -> None:
    """End what this session or token may see; a browser has to sign in again."""
    viewer = context.viewer()
    if viewer.session_id is None:
        return
    session.end_watched(s, viewer.session_id)


def _seconds(span: timedelta) -> int:
    return max(1, int(span.total_seconds()))
