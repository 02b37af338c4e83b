"""Official statements: listed; what makes one; its stages; its stance on records."""

from __future__ import annotations

from flask import jsonify

from archive.findings import stances, statements
from archive.findings.stances import Stance
from archive.findings.statements import Facts, Official, Stage
from archive.web.api import findings as reading
from archive.web.api.operations import Answer
from archive.web.request import body, context, cursors
from archive.web.request.body import BodyError, Fields
from archive.web.showing import findings, plainfindings

DESCRIBING = frozenset(
    {"authority", "date", "officials", "published_in", "url", "articles", "version"}
)
STAGING = frozenset({"stage", "date", "note", "version"})
STANDING = frozenset({"record", "stance", "date", "note", "version"})
OFFICIAL = frozenset({"name", "role"})


def listing() -> Answer:
    """Every official statement that this caller may know of, the newest first."""
    with context.read_session() as s:
        found = statements.within(s, context.site().sealing, findings.reach())
        items = [plainfindings.listed(*each) for each in found]
    shown, links = cursors.part(items)
    return jsonify(items=shown, total=len(items)), 200, links


def describe(record_id: str) -> Answer:
    """Say what makes a record an official statement, over the version read."""
    sent = body.fields(known=DESCRIBING)
    given = Facts(
        authority=sent.text("authority"),
        date=sent.text("date"),
        officials=_officials(sent),
        published_in=sent.text("published_in"),
        url=sent.text("url"),
        articles=tuple(sent.texts("articles")),
    )
    with context.write_session() as s:
        statements.describe(
            context.site(),
            s,
            record_id,
            given,
            version=sent.number("version", 0),
            by=context.viewer().account_id or "",
            now=context.now(),
        )
    return reading.read(record_id)


def add_stage(record_id: str) -> Answer:
    """Say that the proceedings came to a stage, over the version read."""
    sent = body.fields(known=STAGING)
    given = Stage(sent.text("stage"), sent.text("date"), sent.text("note"))
    with context.write_session() as s:
        statements.add_stage(
            context.site(),
            s,
            record_id,
            given,
            version=sent.number("version", 0),
            by=context.viewer().account_id or "",
            now=context.now(),
        )
    return reading.read(record_id)


def take_stance(record_id: str) -> Answer:
    """Say what a statement says of a record, over the version read (0: the first)."""
    sent = body.fields(known=STANDING)
    given = Stance(sent.text("stance"), sent.text("date"), sent.text("note"))
    with context.write_session() as s:
        stances.take(
            context.site(),
            s,
            record_id,
            sent.text("record"),
            given,
            scope=findings.reach(),
            version=sent.number("version", 0),
            by=context.viewer().account_id or "",
            now=context.now(),
        )
    return reading.read(record_id)


def _officials(sent: Fields) -> tuple[Official, ...]:
    rows = [Fields(each) for each in sent.rows("officials")]
    for each in rows:
        body.check_known(each, OFFICIAL)
        if not each.text("name"):
            raise BodyError("name must be a text.", field="officials")
    return tuple(Official(each.text("name"), each.text("role")) for each in rows)
