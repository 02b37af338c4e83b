"""The API describes itself: the OpenAPI document, and the same as a page to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app, jsonify, make_response, render_template

from archive.web.api import openapi as made
from archive.web.api.operations import Answer

Paths = Mapping[str, Mapping[str, Any]]
Call = tuple[str, str, Mapping[str, Any]]

TABLE = "vigil.api.table"
"""Where the application keeps the rows that it serves."""


def openapi() -> Answer:
    """The OpenAPI 3.1 document."""
    return jsonify(_document()), 200


def page() -> Answer:
    """Every call with its parameters, bodies and answers, by what it is about."""
    told = _document()
    page = render_template("api/docs.html", api=told, about=_by_subject(told["paths"]))
    return make_response(page), 200


def _by_subject(paths: Paths) -> list[tuple[str, list[Call]]]:
    """Method, path and description of every call; subjects in alphabetical order."""
    found: dict[str, list[Call]] = {}
    for path, methods in paths.items():
        for method, call in methods.items():
            found.setdefault(call["tags"][0], []).append((method.upper(), path, call))
    return sorted(found.items())


def _document() -> dict[str, Any]:
    return made.document(current_app.extensions[TABLE])
