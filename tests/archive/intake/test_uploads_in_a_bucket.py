"""Uploads in parts where the store is a bucket: kept, resumed, killed, given up."""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from archive import config, gate, intake, verification
from archive.founding import create_home
from archive.intake import uploads
from archive.intake.tables import Upload
from archive.intake.uploads import Details, Interrupted, WrongOffset
from archive.site import Site, open_site
from archive.vault.s3 import PART_BYTES
from archive.vault.tables import DataKey
from auth.viewer import system_viewer
from tests.archive.conftest import Desk, photo

WORKER = system_viewer("worker")


@pytest.fixture
def given(environ, s3_environ) -> dict[str, str]:
    return {**environ, **s3_environ, "VIGIL_S3_TIMEOUT_SECONDS": "10"}


@pytest.fixture
def site(given, clock) -> Iterator[Site]:
    made = create_home(config.load(given), clock)
    yield made
    made.close()


@pytest.fixture
def account(site) -> str:
    return Desk(site).researcher().account_id or ""


def begin(site: Site, account: str, length: int) -> str:
    details = Details("a.jpg", "")
    return uploads.begin(site, account, length, details, site.clock()).id


def standing(site: Site, account: str, upload_id: str) -> Upload:
    with site.db.read() as s:
        return uploads.find(s, upload_id, account, site.clock())


def add(site: Site, account: str, upload_id: str, content: bytes) -> int:
    upload = standing(site, account, upload_id)
    body = io.BytesIO(content)
    return uploads.append(site, upload, upload.received, body, site.clock())


def blobs(site: Site) -> int:
    return sum(1 for _ in site.vault.blobs.stored())


def deposit(site: Site, account: str, upload_id: str) -> intake.Deposit:
    with intake.begin(site) as arrival:
        uploads.take(site, arrival, upload_id, account, site.clock())
        return arrival.deposit(Desk(site).draft(), account, site.clock())


def test_parts_small_and_large_become_one_original(site, account, given, clock) -> None:
    content = photo() + secrets.token_bytes(2 * PART_BYTES + 77)
    upload_id = begin(site, account, len(content))
    cuts = (0, 10, 70_000, PART_BYTES + 100_000, len(content))
    for start, stop in pairwise(cuts):
        assert add(site, account, upload_id, content[start:stop]) == stop
        site.close()  # another process goes on with it
        site = open_site(config.load(given), clock)
    assert blobs(site) == 4
    asset = deposit(site, account, upload_id).assets[0]
    assert blobs(site) == 1
    with gate.derive(site, WORKER, asset.id, clock()) as reader:
        read = b"".join(reader.pieces(0, reader.size))
    assert hashlib.sha256(read).digest() == hashlib.sha256(content).digest()
    assert verification.verify(site, actor="operator", now=clock()).ok


def test_what_came_before_the_line_broke_is_kept(site, account) -> None:
    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            piece = super().read(size)
            if not piece:
                raise Interrupted("The connection broke.")
            return piece

    content = photo() + bytes(300_000)
    upload_id = begin(site, account, len(content))
    upload = standing(site, account, upload_id)
    with pytest.raises(Interrupted):
        body = Breaking(content[:200_000])
        uploads.append(site, upload, 0, body, site.clock())
    assert standing(site, account, upload_id).received == 200_000
    with pytest.raises(WrongOffset):
        body = io.BytesIO(content)
        uploads.append(site, upload, 0, body, site.clock())
    assert add(site, account, upload_id, content[200_000:]) == len(content)


def test_given_up_or_run_out_nothing_stays_in_the_bucket(site, account, clock) -> None:
    one, other = (begin(site, account, 900_000) for _ in range(2))
    for upload_id in (one, other):
        add(site, account, upload_id, photo() + bytes(50_000))
    uploads.terminate(site, one, account, clock())
    assert blobs(site) == 1
    assert uploads.expire(site, clock() + timedelta(days=9)) == 1
    assert blobs(site) == 0


SENDS = """
import io, os, sys
from archive import config
from archive.intake import uploads
from archive.site import open_site
site = open_site(config.load(os.environ))
account, upload_id = sys.argv[1:]
while True:
    with site.db.read() as s:
        upload = uploads.find(s, upload_id, account, site.clock())
    body = io.BytesIO(os.urandom(120_000))
    print(uploads.append(site, upload, upload.received, body, site.clock()), flush=True)
"""


def test_killed_in_the_middle_nothing_acknowledged_is_lost(
    given, environ, tmp_path
) -> None:
    site = create_home(config.load(given))
    account = Desk(site).researcher().account_id or ""
    upload_id = begin(site, account, 1 << 30)
    assert add(site, account, upload_id, photo()) > 0
    kept = 0
    for count in (1, 3, 4):
        sending = subprocess.Popen(
            [sys.executable, "-c", SENDS, account, upload_id],
            env={**os.environ, **given},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert sending.stdout is not None
        for _ in range(count):
            kept = int(sending.stdout.readline())
        sending.send_signal(signal.SIGKILL)
        sending.wait()
        told = sending.stdout.read().split()
        sending.stdout.close()
        kept = max([kept, *map(int, told)])
        assert standing(site, account, upload_id).received >= kept
        assert verification.verify(site, actor="operator", now=site.clock()).ok
    with site.db.read() as s:
        known = {row.hex for row in s.scalars(select(DataKey.id))}
        site.vault.sweep(s, site.clock() + timedelta(hours=1))
    assert {blob.name for blob in site.vault.blobs.stored()} == known
    site.close()
