"""A shredded original over HTTP: closed or gone, in plain words, never an error."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from archive import shredding
from archive.intake import Deposit
from archive.shredding import Approved
from archive.site import Site
from archive.vault.shredlist import Shredding

APPROVED = Approved(("a" * 16, "b" * 16))


@pytest.fixture
def environ(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A list of its own: the key's folder is shared by the tests of a run."""
    return {**environ, "VIGIL_SHRED_LIST": str(tmp_path / "list")}


@pytest.fixture
def held(desk) -> Deposit:
    return desk.publish(desk.deposit())


@pytest.fixture
def reader(app: Flask, held: Deposit, token) -> FlaskClient:
    """A researcher with a consent, who has opened it already."""
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = token("researcher")["Authorization"]
    body = {"purpose": "research", "acknowledged": ["dead.body"]}
    given = client.post(f"/api/v1/records/{held.record.id}/consents", json=body)
    assert given.status_code == 201
    assert client.get(original(held)).status_code == 200
    return client


def original(held: Deposit) -> str:
    return f"/api/v1/assets/{held.assets[0].id}/original"


def test_after_shredding_the_original_is_closed(
    site: Site, reader: FlaskClient, held: Deposit
) -> None:
    shredding.shred(site, held.record.id, "order 12", APPROVED)
    for method in ("GET", "HEAD"):
        answer = reader.open(original(held), method=method)
        assert answer.status_code == 403
    problem = reader.get(original(held)).get_json()
    assert "closed" in problem["reasons"]
    shown = reader.get(f"/records/{held.record.id}").get_data(as_text=True)
    assert "shredded" in shown
    assert "order 12" not in shown


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-99"}])
def test_where_only_the_list_knows_it_is_gone_and_no_error(
    site: Site, reader: FlaskClient, held: Deposit, headers: dict[str, str]
) -> None:
    """As in the moment after a backup was put back under a running server."""
    entry = Shredding(
        held.assets[0].object_id,
        held.record.id,
        site.clock(),
        "receipt",
        APPROVED.accounts,
        "order 12",
    )
    site.keyring.shredded.add([entry])
    answer = reader.get(original(held), headers=headers)
    assert answer.status_code == 410
    assert answer.get_json()["code"] == "closed"
    assert answer.get_json()["reasons"] == ["closed"]
    assert answer.headers["Cache-Control"] == "no-store"
