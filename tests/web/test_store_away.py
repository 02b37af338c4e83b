"""The store of files is silent: pages stay up, files answer 503, nobody waits long."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from archive import config
from archive.app import create_app
from archive.records import store
from archive.site import Site
from archive.vault import stores
from archive.vault.objects import Vault
from archive.work import run_one
from tests.web.conftest import Desk, TokenOf, photo

TIMEOUT = 1


@pytest.fixture
def shelf(site: Site) -> tuple[str, str]:
    """A published record with a preview, and its file."""
    desk = Desk(site)
    deposit = desk.publish(desk.deposit(photo()), "dead.body")
    while run_one(site, site.clock()):
        pass
    return deposit.record.id, deposit.assets[0].id


@pytest.fixture
def silent_app(site: Site, shelf: tuple[str, str], tmp_path: Path) -> Iterator[Flask]:
    secret = tmp_path / "s3.key"
    secret.write_text("secret")
    secret.chmod(0o600)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(100)
        given = {
            "VIGIL_HOME": str(site.config.home),
            "VIGIL_OBJECT_STORE": "s3://archive/x",
            "VIGIL_S3_ENDPOINT": f"http://127.0.0.1:{listening.getsockname()[1]}",
            "VIGIL_S3_ACCESS_KEY_ID": "id",
            "VIGIL_S3_ACCESS_KEY_FILE": str(secret),
            "VIGIL_S3_TIMEOUT_SECONDS": str(TIMEOUT),
        }
        settings = config.load(given)
        blobs = stores.open_store(settings, settings.object_store)
        yield create_app(replace(site, vault=Vault(site.keyring, blobs)))


def test_pages_stay_up_without_their_pictures(
    silent_app: Flask, shelf: tuple[str, str]
) -> None:
    """Requirement 111."""
    visitor = silent_app.test_client()
    start = time.monotonic()
    for path in ("/", "/search", f"/records/{shelf[0]}", "/healthz", "/help/"):
        assert visitor.get(path).status_code == 200, path
    assert time.monotonic() - start < 2 * TIMEOUT + 4
    assert visitor.get("/readyz").status_code == 503


def test_files_answer_503_in_bounded_time(
    silent_app: Flask, shelf: tuple[str, str], token: TokenOf
) -> None:
    """Requirement 111."""
    record, asset = shelf
    researcher, headers = silent_app.test_client(), token("researcher")
    body = {"purpose": "research", "acknowledged": ["dead.body"]}
    target = f"/api/v1/records/{record}/consents"
    assert researcher.post(target, json=body, headers=headers).status_code == 201
    for path in (f"/media/{asset}/preview", f"/api/v1/assets/{asset}/original"):
        start = time.monotonic()
        answer = researcher.get(path, headers=headers)
        assert time.monotonic() - start < 2 * TIMEOUT + 3
        assert answer.status_code == 503, path
        assert answer.headers["Retry-After"]
        assert answer.get_json()["code"] == "store"
        assert "127.0.0.1" not in answer.get_data(as_text=True)


def test_a_deposit_is_refused_and_leaves_no_record(
    silent_app: Flask, site: Site, token: TokenOf
) -> None:
    with site.db.read() as s:
        before = store.count_all(s)
    answer = silent_app.test_client().post(
        "/api/v1/records",
        data={
            "record": '{"descriptions": {"en": {"title": "A yard"}}}',
            "files": (io.BytesIO(photo()), "yard.jpg"),
        },
        headers=token("moderator"),
    )
    assert answer.status_code == 503
    with site.db.read() as s:
        assert store.count_all(s) == before
