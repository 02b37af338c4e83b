"""The API describes itself: the OpenAPI document, and the same as a page to read."""

from __future__ import annotations

from flask import jsonify, make_response, render_template

from archive.web.api import openapi as made
from archive.web.api.operations import Answer


def openapi() -> Answer:
    """The OpenAPI 3.1 document."""
    return jsonify(_document()), 200


def page() -> Answer:
    """Every call with its parameters, bodies and answers."""
    return make_response(render_template("api/docs.html", api=_document())), 200


def _document() -> dict[str, object]:
    # The table names these two views, so it can only be read once it is complete.
    from archive.web.api.table import OPERATIONS

    return made.document(OPERATIONS)
