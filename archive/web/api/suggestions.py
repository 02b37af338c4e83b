"""Suggestions while somebody types: words of records that they may know of."""

from __future__ import annotations

from flask import jsonify, request

from archive.web.api.operations import Answer
from archive.web.showing import asking


def listing() -> Answer:
    """The text with its last word completed, the most frequent completions first."""
    found = asking.suggest(request.args.get("q", ""))
    return jsonify({"suggestions": found}), 200
