"""`vigil serve` and `vigil broker` as processes, and what is in the server's memory."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archive import keyplaces
from archive.records import store
from archive.site import Site
from archive.vault import keyfiles, keylines
from archive.vault.keys import Purpose
from auth.access import consents
from auth.credentials import tokens
from auth.entry import entrances
from auth.viewer import TokenScope

from .conftest import ROOT


@pytest.fixture
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="vb-"))
    yield folder
    shutil.rmtree(folder)


@contextmanager
def running(environ: dict[str, str], *command: str) -> Iterator[tuple[str, int]]:
    """A program of ours until the block ends: the address it listens on, its id."""
    process = subprocess.Popen(
        [sys.executable, "-m", "archive.cli", *command],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    try:
        assert line.startswith("Listening on "), line
        yield line.split()[-1], process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        process.stdout.close()


def get(address: str, secret: str) -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {secret}"}
    request = urllib.request.Request(address, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def memory(pid: int) -> Iterator[bytes]:
    """Every page that a process can write to, as root reads it."""
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as file:
        for line in maps:
            span = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if span is None:
                continue
            start, stop = int(span[1], 16), int(span[2], 16)
            try:
                file.seek(start)
                yield file.read(stop - start)
            except (OSError, OverflowError, ValueError):
                continue


def children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(each) for each in path.read_text(encoding="utf-8").split()]


def holds(pid: int, secret: bytes) -> bool:
    spelt = (secret, secret.hex().encode(), secret.hex().upper().encode())
    return any(each in page for page in memory(pid) for each in spelt)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root reads another's memory")
def test_originals_come_through_the_broker_and_the_server_never_has_the_key(
    site: Site, environ: dict[str, str], people: dict[str, str], desk, place: Path
) -> None:
    held = desk.publish(desk.deposit())
    asset = held.assets[0].id
    account, now = people["researcher"], site.clock()
    with site.db.write() as s:
        scopes = [TokenScope.READ, TokenScope.REVEAL]
        secret, token = tokens.add(s, account, scopes, 3, now)
        viewer = entrances.viewer_through(s, account, token.id, now)
        item = store.item_of(store.require(s, held.record.id))
        consents.give(
            s,
            viewer,
            item,
            sorted(item.codes),
            "0" * 64,
            "en",
            "research",
            "x",
            30,
            now,
        )
    unlock = keyplaces.unlock(site.config)
    working = keyfiles.working_secret(unlock)
    keylines.write_key_file(place / "preview.key", site.config.home, working)
    originals = site.keyring.active(Purpose.ORIGINAL).secret_bytes()
    web_key = site.keyring.active(Purpose.WEB).secret_bytes()
    site.close()
    environ["VIGIL_BROKER"] = str(place / "s")
    apart = {**environ, "VIGIL_KEY_FILE": str(place / "preview.key")}
    apart["VIGIL_SHRED_LIST"] = str(place / "shredded")
    with running(apart, "serve", "--port", "0", "--workers", "1") as (url, pid):
        address = f"{url}/api/v1/assets/{asset}/original"
        status, body = get(address, secret)
        assert status == 503, body
        assert b"opens originals does not answer" in body
        assert get(f"{url}/healthz", secret)[0] == 200
        with running(environ, "broker") as (_, broker):
            status, body = get(address, secret)
            assert (status, len(body)) == (200, held.assets[0].size)
            servers = [pid, *children(pid)]
            assert len(servers) == 2, "the worker must not run beside this server"
            assert holds(broker, originals), "the search finds nothing at all"
            assert any(holds(each, web_key) for each in servers)
            for each in servers:
                assert not holds(each, originals)
                assert not holds(each, unlock.secret_bytes())
            for process in servers:
                told = Path(f"/proc/{process}/environ").read_bytes()
                assert unlock.secret_bytes().hex().encode() not in told
        assert get(address, secret)[0] == 503


@pytest.mark.parametrize("own_key", [True, False])
def test_a_server_has_the_key_or_a_broker_never_both_or_neither(
    site: Site, environ: dict[str, str], place: Path, own_key: bool
) -> None:
    working = keyfiles.working_secret(keyplaces.unlock(site.config))
    keylines.write_key_file(place / "preview.key", site.config.home, working)
    site.close()
    if own_key:
        environ["VIGIL_BROKER"] = str(place / "s")
    else:
        environ["VIGIL_KEY_FILE"] = str(place / "preview.key")
        environ["VIGIL_SHRED_LIST"] = str(place / "shredded")
    done = subprocess.run(
        [sys.executable, "-m", "archive.cli", "serve", "--port", "0"],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "VIGIL_BROKER" in done.stderr
    assert "Traceback" not in done.stderr
