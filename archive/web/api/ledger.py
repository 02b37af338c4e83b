"""The ledger, for administrators: its lines, its checkpoints, and proofs of both."""

from __future__ import annotations

from flask import jsonify, request
from werkzeug.exceptions import BadRequest

from archive import witness
from archive.web.api.operations import Answer
from archive.web.request import context, cursors
from archive.web.showing.ledgerlines import plain
from archive.web.showing.represent import iso
from archive.witness import WitnessError, summaries

FILTERS = ("record", "asset", "account", "actor", "event")
PER_PAGE, MOST = 50, 500
MOST_DIGITS = 15


def listing() -> Answer:
    """Lines, newest first; `next` is what to give as `before` for the older ones."""
    wanted = {name: request.args.get(name) or None for name in FILTERS}
    before, limit = _number("before"), min(_number("per_page") or PER_PAGE, MOST)
    walk = cursors.asked()
    if walk is not None:
        before = int(walk.after[0]) if walk.after else None
    with context.read_session() as s:
        found = context.site().ledger.entries(
            s, before=before, limit=limit + 1, **wanted
        )
    shown = found[:limit]
    older = shown[-1].seq if len(found) > limit else None
    links = cursors.links((older,)) if older is not None else {}
    return (
        jsonify({"lines": [plain(line) for line in shown], "next": older}),
        200,
        links,
    )


def checkpoint() -> Answer:
    """The newest checkpoint, as it is kept and stamped elsewhere."""
    with context.read_session() as s:
        newest = witness.latest(s)
        if newest is None:
            raise WitnessError("There is no checkpoint yet; a worker makes one a day.")
        return jsonify({**newest.document, "stamped_at": iso(newest.stamped_at)}), 200


def forgotten() -> Answer:
    """Signed summaries of what was forgotten, with proofs, as of the checkpoint."""
    with context.read_session() as s:
        return jsonify(summaries.written(context.site(), s)), 200


def proof(seq: str) -> Answer:
    """What shows that a line is among those of a checkpoint."""
    with context.read_session() as s:
        return jsonify(witness.inclusion(s, _whole("seq", seq), _number("size"))), 200


def consistency() -> Answer:
    """What shows that a checkpoint goes on from an earlier one."""
    before = _number("from")
    if before is None:
        raise BadRequest("`from` must be the size of a checkpoint.")
    with context.read_session() as s:
        return jsonify(witness.consistency(s, before, _number("to"))), 200


def _number(name: str) -> int | None:
    text = request.args.get(name)
    return None if text is None else _whole(name, text)


def _whole(name: str, text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS and int(text):
        return int(text)
    raise BadRequest(f"`{name}` must be a whole number of 1 or more.")
