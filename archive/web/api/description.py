"""The API describes itself: the OpenAPI document, and the same as a page to read."""

from __future__ import annotations

from flask import current_app, jsonify, make_response, render_template

from archive.web.api import openapi as made
from archive.web.api.operations import Answer

TABLE = "vigil.api.table"
"""Where the application keeps the rows that it serves."""


def openapi() -> Answer:
    """The OpenAPI 3.1 document."""
    return jsonify(_document()), 200


def page() -> Answer:
    """Every call with its parameters, bodies and answers."""
    return make_response(render_template("api/docs.html", api=_document())), 200


def _document() -> dict[str, object]:
    return made.document(current_app.extensions[TABLE])
