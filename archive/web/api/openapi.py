"""The OpenAPI 3.1 document, made from the table of operations and the schemas."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from archive.web.api.operations import KEY, Operation, Parameter
from archive.web.api.schemas import SCHEMAS, ref
from auth.viewer import TokenScope

PREFIX = "/api/v1"
_VARIABLE = re.compile(r"\{(\w+)\}")
PROBLEMS = {
    400: "The request cannot be read; `detail` says where",
    401: "Sign in, or show a token that is valid",
    403: "Refused; `reasons` has every reason, from one closed list",
    404: "Unknown, or not yours to know of",
    405: "Not by this method",
    409: "Something changed: read it again",
    410: "It has ended",
    412: "Another version of the protocol",
    413: "Too much at once",
    415: "A kind that is not accepted",
    416: "No such part of the file",
    422: "A field needs mending; `errors` names it",
    428: "Say which version you have read",
    460: "The bytes are not those that the checksum is of",
    429: "Too fast; `Retry-After` says how long to wait",
    503: "Busy; `Retry-After` says how long to wait",
}


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """Describe these operations."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        at = paths.setdefault(PREFIX + operation.path, {})
        at[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vigil",
            "version": "1",
            "summary": "Testimony, blurred by default; originals through one gate",
        },
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Scopes: " + ", ".join(TokenScope),
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "vigil",
                    "description": "With X-CSRFToken on everything but GET and HEAD",
                },
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": (operation.view.__doc__ or "").strip(),
        "tags": [operation.name.split("_")[0]],
        "parameters": [
            *_variables(operation.path),
            *_parameters(operation.query, "query"),
            *_parameters(operation.headers, "header"),
            *_parameters([KEY] if operation.makes else [], "header"),
        ],
        "responses": {
            str(operation.status): _answer(operation),
            **({"202": _later(operation)} if operation.later else {}),
            **{str(status): _problem(status) for status in _refusals(operation)},
        },
        "security": [{}, {"token": []}, {"session": []}],
    }
    if 401 in operation.refuses:
        told["security"] = [{"token": []}, {"session": []}]
    if operation.scopes:
        told["x-token-scopes"] = [scope.value for scope in operation.scopes]
    if operation.body or operation.form:
        needed = operation.body_needed and not operation.takes_bytes
        told["requestBody"] = {"required": needed, "content": _content(operation)}
    return told


def _refusals(operation: Operation) -> list[int]:
    """What it refuses with: what its row says, and what every call of its kind may."""
    found = {400, 401, 503, *operation.refuses}
    if "{" in operation.path:
        found.add(404)
    if operation.needs:
        found.add(403)
    if operation.method not in ("GET", "HEAD", "OPTIONS"):
        found |= {413, 415, 429}
    if operation.body or operation.form:
        found |= {404, 409, 422}  # what a body names may be unknown, or changed
    return sorted(found)


def _variables(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _VARIABLE.findall(path)
    ]


def _parameters(given: Iterable[Parameter], where: str) -> list[dict[str, Any]]:
    return [
        {
            "name": parameter.name,
            "in": where,
            "description": parameter.meaning,
            "required": parameter.needed,
            "schema": dict(parameter.schema),
        }
        for parameter in given
    ]


def _content(operation: Operation) -> dict[str, Any]:
    if operation.takes_bytes:
        # Bytes as they are have no type of JSON's, and so no schema (OpenAPI 3.1).
        return {operation.body or "": {}}
    content: dict[str, Any] = {}
    if operation.body:
        content["application/json"] = {"schema": ref(operation.body)}
    if operation.form:
        content["multipart/form-data"] = {"schema": ref(operation.form)}
    return content


def _answer(operation: Operation) -> dict[str, Any]:
    if operation.gives is None:
        return {"description": "Done"}
    if "/" in operation.gives:
        return {"description": operation.summary, "content": {operation.gives: {}}}
    content = {"application/json": {"schema": ref(operation.gives)}}
    return {"description": operation.summary, "content": content}


def _later(operation: Operation) -> dict[str, Any]:
    """What says that it is being made, or waits for somebody."""
    shapes = [ref(name) for name in operation.later]
    schema = shapes[0] if len(shapes) == 1 else {"anyOf": shapes}
    content = {"application/json": {"schema": schema}}
    return {"description": "Later: `Location` or `id` says where", "content": content}


def _problem(status: int) -> dict[str, Any]:
    return {
        "description": PROBLEMS[status],
        "content": {"application/problem+json": {"schema": ref("Problem")}},
    }
