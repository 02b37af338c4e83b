"""Events, acts, people, organisations and places that records are linked through."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, jsonify, url_for

from archive.findings import entities
from archive.findings.entities import Entity
from archive.web.api.operations import Answer
from archive.web.request import body, context, cursors
from archive.web.request.body import BodyError, Fields
from archive.web.showing import findings, plainfindings
from auth.viewer import Visibility

DESCRIBING = frozenset({"kind", "names", "audience", "note", "date"})
CHANGING = DESCRIBING | {"version"}


def listing() -> Answer:
    """Every entry that this caller may know of, by kind and name."""
    with context.read_session() as s:
        found = entities.within(s, context.site().sealing, findings.reach())
        items = [plainfindings.entity(each) for each in found]
    shown, links = cursors.part(items)
    return jsonify(items=shown, total=len(items)), 200, links


def read(entity_id: str) -> Answer:
    """One entry and what it is linked with, as far as this caller knows it."""
    return _told(entity_id), 200


def create() -> Answer:
    """Add an entry; without `audience` it is for staff."""
    made = _described(body.fields(known=DESCRIBING), "")
    headers = {"Location": url_for("api.entities_read", entity_id=made)}
    return _told(made), 201, headers


def change(entity_id: str) -> Answer:
    """Say anew, and as a whole, what an entry is, over the version read."""
    with context.read_session() as s:
        sealing = context.site().sealing
        entities.require_within(s, sealing, entity_id, findings.reach())
    _described(body.fields(known=CHANGING), entity_id)
    return read(entity_id)


def _described(sent: Fields, entity_id: str) -> str:
    given = Entity(
        sent.text("kind"),
        _names(sent),
        sent.text("audience", Visibility.STAFF.value),
        sent.text("note"),
        sent.text("date"),
    )
    with context.write_session() as s:
        return entities.describe(
            context.site(),
            s,
            given,
            entity_id=entity_id,
            version=sent.number("version", 0),
            by=context.viewer().account_id or "",
            now=context.now(),
        )


def _names(sent: Fields) -> Mapping[str, str]:
    names = sent.table("names")
    if not all(isinstance(name, str) for name in names.values()):
        raise BodyError("names must be texts by language.", field="names")
    return names


def _told(entity_id: str) -> Response:
    with context.read_session() as s:
        sealing = context.site().sealing
        known = entities.require_within(s, sealing, entity_id, findings.reach())
        relations = plainfindings.links(s, entity_id)
        return jsonify({**plainfindings.entity(known), "relations": relations})
