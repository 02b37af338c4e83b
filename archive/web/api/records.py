"""Records: search, read, add, change, withdraw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import jsonify, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest

from archive import intake, moderation
from archive.intake import uploads as resumable
from archive.intake import words
from archive.records import labels, opinions, store, vocabulary
from archive.records.document import VERIFICATIONS
from archive.records.labels import LabelInput
from archive.records.tables import Asset, Record
from archive.web.answer import remarks
from archive.web.api.operations import Answer
from archive.web.request import body, context, cursors, drafts, guard, uploads
from archive.web.request.body import BodyError, Fields
from archive.web.request.drafts import Wanted
from archive.web.request.i18n import language
from archive.web.showing import asking, claims, represent, timeline
from archive.web.showing.asking import Found
from auth import scope
from auth.policy import Action
from auth.viewer import Item, RecordState, Tier
from search.engine import Results
from search.query import MOST_PER_PAGE, Query

WITHDRAWING = frozenset({"reason", "note", "category"})
MOST_RELATED = 12
NOT_REVIEWED = VERIFICATIONS[0]
PUBLISHED = RecordState.PUBLISHED.value
MOST_WALKED = 1_000_000
BESIDE_A_WALK = frozenset({"page", "sort", "map", "histogram"})
NO_HIT = {"snippet_html": "", "segment": None, "score": 0.0}


def listing() -> Answer:
    """Search the records this caller may know of."""
    query, walk = asking.query_of(request.args), cursors.asked(MOST_PER_PAGE)
    if walk is not None:
        return _walked(query, walk)
    with context.read_session() as s:
        found = asking.find(s, query)
        answer = {
            "total": found.results.total,
            "page": query.page,
            "per_page": query.per_page,
            "items": _items(s, found),
            "facets": _facets(s, found.results),
            "histogram": _histogram(found.results),
            "map": _map(found.results),
            "suggestion": found.results.suggestion,
            "warnings": [remarks.said(each) for each in found.results.warnings],
        }
    return jsonify(answer), 200, {"Link": _links(query, found.results.total)}


def _walked(query: Query, walk: cursors.Walk) -> Answer:
    """What is found, one after another by id: scores change with what is written."""
    if asked := BESIDE_A_WALK & request.args.keys():
        raise BadRequest(f"`{min(asked)}` does not go with `cursor`.")
    found = asking.ids(query, MOST_WALKED)
    ids, links = cursors.page(walk, found, lambda each: (each,))
    with context.read_session() as s:
        rows = asking.known(s, ids)
        assets = store.assets_of_many(s, [record.id for record in rows])
        items = [_summary(s, record, assets[record.id]) for record in rows]
    answer: dict[str, Any] = {
        "total": len(found),
        "page": None,
        "per_page": walk.per_page,
        "items": [{**item, **NO_HIT} for item in items],
        "facets": {},
        "suggestion": None,
        "warnings": [],
    }
    return jsonify(answer), 200, links


def read(record_id: str) -> Answer:
    """One record, as this caller may see it."""
    with context.read_session() as s:
        return jsonify(_told(s, store.require(s, record_id))), 200


def related(record_id: str) -> Answer:
    """Records near this one in place, time, words or labels, the nearest first."""
    with context.read_session() as s:
        found = asking.related(s, record_id, MOST_RELATED)
        assets = store.assets_of_many(s, [record.id for record, _ in found])
        items = [
            {**_summary(s, record, assets[record.id]), "ties": list(each.ties)}
            for record, each in found
        ]
    return jsonify({"items": items}), 200


def create() -> Answer:
    """Add a record: JSON with finished `uploads` or none, or multipart with `files`."""
    if request.mimetype == "multipart/form-data":
        made, duplicates = _from_form()
    else:
        made, duplicates = _from_json()
    return made_already(made, duplicates)


def made_already(made: str, duplicates: Sequence[intake.Duplicate] = ()) -> Answer:
    """The answer to whoever added it."""
    with context.read_session() as s:
        told = _told(s, store.require(s, made))
        told["duplicates"] = _known_duplicates(s, duplicates)
    headers = {"Location": url_for("api.records_read", record_id=made)}
    return jsonify(told), 201, headers


def change(record_id: str) -> Answer:
    """Change a description, how the record is kept, or publish it."""
    sent = body.fields(known=drafts.CHANGING)
    with context.write_session() as s:
        _describe(s, record_id, sent)
        _move(s, record_id, sent)
    return read(record_id)


def withdraw(record_id: str) -> Answer:
    """Withdraw a record for good; a tombstone stays."""
    sent = body.fields(known=WITHDRAWING, needed=False)
    reason = sent.text("reason") or sent.text("note") or request.args.get("reason", "")
    with context.write_session() as s:
        moderation.withdraw(
            context.site(),
            s,
            record_id,
            category=sent.text("category") or "withdrawn",
            note=reason,
            by=_account(),
            now=context.now(),
        )
    return read(record_id)


def _told(s: Session, found: Record) -> dict[str, Any]:
    """The record, with what is claimed of it."""
    told = represent.record(s, found)
    return {**told, "qualifications": claims.as_json(s, found)}


def _from_form() -> tuple[str, Sequence[intake.Duplicate]]:
    incoming = uploads.submission()
    with intake.begin(context.site()) as arrival:
        for file in incoming.files():
            arrival.take(file, file.filename)
        return _deposit(arrival, _wanted(drafts.from_form(incoming.fields)))


def _from_json() -> tuple[str, Sequence[intake.Duplicate]]:
    wanted = _wanted(body.fields(known=drafts.CREATING))
    if wanted.uploads:
        with intake.begin(context.site()) as arrival:
            return _deposit(arrival, wanted)
    if wanted.labels or wanted.publish:
        raise BodyError("A record without files cannot be labelled.", field="labels")
    return _without_files(wanted), ()


def _deposit(
    arrival: intake.Arrival, wanted: Wanted
) -> tuple[str, Sequence[intake.Duplicate]]:
    site, by, now = context.site(), _account(), context.now()
    for upload_id in wanted.uploads:
        resumable.take(site, arrival, upload_id, by, now)
    deposit = arrival.deposit(wanted.draft, by, now)
    _finish(deposit.record.id, wanted)
    return deposit.record.id, deposit.duplicates


def _without_files(wanted: Wanted) -> str:
    with context.write_session() as s:
        made = words.without_files(
            context.site(), s, wanted.draft, _account(), context.now()
        )
        return made.id


def _wanted(sent: Fields) -> Wanted:
    """Read it, and refuse now whatever would be refused after the record is made."""
    with context.read_session() as s:
        wanted = drafts.wanted(s, sent)
        labels.checked(wanted.labels, vocabulary.of(s))
    if wanted.draft.document.verification != NOT_REVIEWED:
        guard.require(Action.VERIFY, _as_it_will_be())
    if wanted.labels:
        guard.require(Action.LABEL, _as_it_will_be())
    if wanted.publish:
        guard.require(Action.PUBLISH, _as_it_will_be())
        if not wanted.labels or _asks_others(wanted):
            raise BodyError("Label it before publishing it.", field="publish")
    return wanted


def _asks_others(wanted: Wanted) -> bool:
    floor, shelf = context.site().label_opinions, wanted.draft.collection_id
    with context.read_session() as s:
        return opinions.needed_in(s, floor, shelf) > 1


def _finish(record_id: str, wanted: Wanted) -> None:
    if not wanted.labels:
        return
    with context.write_session() as s:
        for asset in store.assets_of(s, record_id):
            _label(s, asset, wanted.labels)
        if wanted.publish:
            moderation.publish(context.site(), s, record_id, _account(), context.now())


def _label(s: Session, asset: Asset, given: Iterable[LabelInput]) -> None:
    moderation.label(context.site(), s, asset.id, given, _account(), context.now())


def _as_it_will_be() -> Item:
    return Item(
        record_id="",
        state=RecordState.SUBMITTED,
        depositor_id=context.viewer().account_id,
        tier=Tier.G5,
    )


def _describe(s: Session, record_id: str, sent: Fields) -> None:
    if not drafts.CHANGING - {"state", "revision"} & sent.keys():
        return
    record = store.require(s, record_id)
    guard.require(Action.DESCRIBE, store.item_of(record))
    found = store.document_of(context.site().sealing, record).verification
    if sent.text("verification", found) != found:
        hint = f"Write it down with PUT /records/{record_id}/assessment."
        raise BodyError(hint, field="verification")
    if "embargo_until" in sent:
        # Longer is as much a decision as shorter: both are an administrator's.
        guard.require(Action.SET_EMBARGO, store.item_of(record))
    moderation.describe(
        context.site(),
        s,
        record_id,
        drafts.changed(s, drafts.of_record(record), sent),
        revision=sent.number("revision", record.revision),
        by=_account(),
        now=context.now(),
    )


def _move(s: Session, record_id: str, sent: Fields) -> None:
    """Bring the record into the state asked for; only publishing is a step here."""
    record = store.require(s, record_id)
    asked = sent.text("state", record.state.value)
    if asked == PUBLISHED and "state" in sent:
        guard.require(Action.PUBLISH, store.item_of(record))
    if asked == record.state.value:
        return
    if asked != PUBLISHED:
        hint = "state can become published; to withdraw, send DELETE with a reason."
        raise BodyError(hint, field="state")
    moderation.publish(context.site(), s, record_id, _account(), context.now())


def _items(s: Session, found: Found) -> list[dict[str, Any]]:
    assets = store.assets_of_many(s, [record.id for _, record in found.hits])
    shown = [(record, hit.snippet_html) for hit, record in found.hits]
    moments = timeline.found(s, shown)
    return [
        {
            **_summary(s, record, assets[record.id]),
            "snippet_html": hit.snippet_html,
            "segment": _part(moments.get(record.id)),
            "score": hit.score,
        }
        for hit, record in found.hits
    ]


def _part(moment: timeline.Moment | None) -> dict[str, Any] | None:
    """The part of a file whose words were found."""
    if moment is None:
        return None
    address = {"asset": moment.asset_id, "url": moment.url}
    return {**address, "start_ms": moment.start_ms}


def _summary(s: Session, record: Record, assets: Sequence[Asset]) -> dict[str, Any]:
    document = store.document_of(context.site().sealing, record)
    rows = labels.said_of(s, record.id)
    return represent.summary(record, document, assets, rows)


def _histogram(results: Results) -> dict[str, Any] | None:
    """How the events lie in time, where the caller asked for it."""
    found = results.histogram
    if found is None:
        return None
    bars = [
        {"from": str(bar.since), "to": str(bar.until), "count": bar.count}
        for bar in found.bars
    ]
    return {"unit": found.unit.value, "bars": bars, "undated": found.undated}


def _map(results: Results) -> dict[str, Any] | None:
    """Where what was found lies, where the caller asked for it."""
    found = results.map
    if found is None:
        return None
    spots = [
        {
            "lat": spot.latitude,
            "lon": spot.longitude,
            "bbox": list(spot.box),
            "count": spot.count,
        }
        for spot in found.spots
    ]
    return {"spots": spots, "unplaced": found.unplaced}


def _facets(s: Session, results: Results) -> dict[str, list[dict[str, Any]]]:
    shelves = {shelf.slug: shelf.titles for shelf in store.collections(s)}
    shelves |= {shelf.id: shelf.titles for shelf in store.collections(s)}
    return {
        name: [
            {
                "value": each.value,
                "label": _facet_label(name, each.value, shelves),
                "count": each.count,
            }
            for each in values
        ]
        for name, values in results.facets.items()
    }


def _facet_label(name: str, value: str, shelves: Mapping[str, Any]) -> str:
    if name == "label" and value in context.vocabulary().terms:
        return context.vocabulary().term(value).name(language())
    if name == "collection" and value in shelves:
        titles = shelves[value]
        return str(titles.get(language()) or next(iter(titles.values()), value))
    if name == "tier":
        number = int(value.removeprefix("G")) if value != "X" else int(Tier.X)
        return represent.severity(Tier(number))["name"]
    return value


def _links(query: Query, total: int) -> str:
    """The pages around this one, as RFC 8288 links."""
    last = max(1, -(-total // query.per_page))
    pages = {"first": 1, "last": last}
    if query.page > 1:
        pages["prev"] = min(query.page - 1, last)
    if query.page < last:
        pages["next"] = query.page + 1
    return ", ".join(f'<{_page(number)}>; rel="{rel}"' for rel, number in pages.items())


def _page(number: int) -> str:
    args = [(k, v) for k, v in request.args.items(multi=True) if k != "page"]
    return f"{url_for('api.records_listing')}?{urlencode([*args, ('page', number)])}"


def _known_duplicates(
    s: Session, duplicates: Sequence[intake.Duplicate]
) -> list[dict[str, str]]:
    """The twins of what was handed in, as far as this caller may know of them."""
    reach = scope.scope(context.viewer(), context.now())
    ids = [duplicate.record_id for duplicate in duplicates]
    known = {record.id for record in store.list_by_ids(s, ids, reach)}
    return [
        {
            "filename": duplicate.filename,
            "record": duplicate.record_id,
            "asset": duplicate.asset_id,
        }
        for duplicate in duplicates
        if duplicate.record_id in known
    ]


def _account() -> str:
    return context.viewer().account_id or ""
