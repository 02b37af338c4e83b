"""The API's description of itself holds against the routes and the answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from archive.site import Site
from archive.web.api.operations import Operation
from archive.web.api.table import OPERATIONS
from archive.witness import attestation
from auth.policy import Action
from tests.web.conftest import Desk, TokenOf


def _document(client: FlaskClient) -> Any:
    return client.get("/api/v1/openapi.json").get_json()


def test_every_route_of_the_api_is_described_and_nothing_else(
    app: Flask, visitor: FlaskClient
) -> None:
    described = {
        (method.upper(), path)
        for path, methods in _document(visitor)["paths"].items()
        for method in methods
    }
    routes = {
        (method, re.sub(r"<(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in rule.methods or ()
        if method != "HEAD" or "GET" not in (rule.methods or ())
    }

    assert described == routes


def test_every_reference_leads_to_a_schema(visitor: FlaskClient) -> None:
    document = _document(visitor)
    schemas = document["components"]["schemas"]

    for reference in _references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas


def test_operations_have_names_of_their_own() -> None:
    names = [operation.name for operation in OPERATIONS]

    assert len(names) == len(set(names))
    for operation in OPERATIONS:
        assert operation.view.__doc__, operation.name


def test_what_is_answered_has_the_members_the_schema_demands(
    visitor: FlaskClient, token: TokenOf, desk: Desk, site: Site
) -> None:
    object.__setattr__(site.config, "label_feed", True)  # else that call is not there
    deposit = desk.publish(desk.deposit())
    signed = attestation.sign(site, actor="operator", now=site.clock())["size"]
    path = {"record_id": deposit.record.id, "asset_id": deposit.assets[0].id}
    path["seq"] = "1"
    document = _document(visitor)
    moderator, administrator = token("moderator"), token("administrator")

    for operation in OPERATIONS:
        if operation.method != "GET" or not (operation.gives or "").isidentifier():
            continue
        target = _fill(operation, path)
        if target is None:
            continue
        staff = {Action.READ_LEDGER, Action.DECIDE_REQUESTS, Action.READ_OPERATIONS}
        staff |= {Action.REVIEW_APPLICATIONS, Action.MANAGE_ACCOUNTS}
        theirs = staff & set(operation.needs)
        asked = f"?from={signed}" if target.endswith("/consistency") else ""
        answer = visitor.get(
            target + asked, headers=administrator if theirs else moderator
        )
        assert answer.status_code == 200, target
        _conforms(answer.get_json(), {"$ref": _ref(operation)}, document)


def test_the_page_to_read_names_every_call(visitor: FlaskClient) -> None:
    page = visitor.get("/api/v1/docs").get_data(as_text=True)

    for operation in OPERATIONS:
        assert f"{operation.method} /api/v1{operation.path}" in page


def test_what_is_made_later_is_described_and_answered_so(
    visitor: FlaskClient, token: TokenOf, desk: Desk
) -> None:
    record = desk.publish(desk.deposit()).record.id
    document = visitor.get("/api/v1/openapi.json").get_json()
    keys = token("researcher")
    for path in ("/exports", f"/records/{record}/package"):
        sent = {"wait": False}
        answer = visitor.post(f"/api/v1{path}", json=sent, headers=keys)
        assert answer.status_code == 202, path
        told = document["paths"]["/api/v1" + path.replace(record, "{record_id}")]
        schema = told["post"]["responses"]["202"]["content"]["application/json"]
        shapes = schema["schema"].get("anyOf", [schema["schema"]])
        assert "#/components/schemas/Export" in [each["$ref"] for each in shapes]
        _conforms(answer.get_json(), {"$ref": "#/components/schemas/Export"}, document)
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            for kind, body in call.get("requestBody", {}).get("content", {}).items():
                is_document = kind in ("application/json", "multipart/form-data")
                assert ("schema" in body) == is_document, (method, path)


def test_every_call_and_shape_is_folded_and_reached_by_what_it_is_about(
    visitor: FlaskClient,
) -> None:
    page = visitor.get("/api/v1/docs").get_data(as_text=True)
    described = visitor.get("/api/v1/openapi.json").get_json()
    folds = re.findall(r'<details class="fold">(.*?)</details>', page, flags=re.DOTALL)
    shapes = described["components"]["schemas"]
    assert len(folds) == len(OPERATIONS) + len(shapes)
    assert "<details open" not in page
    for operation in OPERATIONS:
        (fold,) = [each for each in folds if f'id="{operation.name}"' in each]
        head = fold.partition("</summary>")[0]
        assert f"{operation.method} /api/v1{operation.path}</code>" in head
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets <= set(re.findall(r' id="([^"]+)"', page))
    about = {operation.name.partition("_")[0] for operation in OPERATIONS}
    assert {f"about-{each}" for each in about} <= targets
    # What a link leads to is within its fold, which browsers open for it then.
    assert {f'<pre id="schema-{each}"' in page for each in shapes} == {True}


def _ref(operation: Operation) -> str:
    return f"#/components/schemas/{operation.gives}"


def _fill(operation: Operation, values: dict[str, str]) -> str | None:
    names = re.findall(r"\{(\w+)\}", operation.path)
    if not set(names) <= set(values):
        return None
    return "/api/v1" + operation.path.format(**values)


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _conforms(value: Any, schema: dict[str, Any], document: Any) -> None:
    """Check the parts of JSON Schema that our schemas use, and no member beside."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        schema = document["components"]["schemas"][name]
    if "enum" in schema:
        assert value in schema["enum"]
    if isinstance(value, dict) and "properties" in schema:
        assert set(schema.get("required", [])) <= set(value)
        assert set(value) <= set(schema["properties"])
        for name, member in value.items():
            _conforms(member, schema["properties"][name], document)
    if isinstance(value, list):
        for member in value:
            _conforms(member, schema.get("items", {}), document)
