"""Whether every sealed file is still what was deposited, for administrators."""

from __future__ import annotations

from flask import jsonify

from archive.web.api.operations import Answer
from archive.web.request import context
from archive.web.showing import fixity as showing


def report() -> Answer:
    """Rounds, findings, what is set aside, and when the next round is due."""
    with context.read_session() as s:
        return jsonify(showing.plain(showing.standing(s))), 200


def read_now() -> Answer:
    """Read every file back now; gives the round under way where there is one."""
    with context.write_session() as s:
        showing.read_now(s, context.now())
        return jsonify(showing.plain(showing.standing(s))), 202
