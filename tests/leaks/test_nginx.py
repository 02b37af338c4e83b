"""A real nginx in front, with the configuration that is shipped: it spills nothing.

nginx unlinks its temporary files before it writes to them, so its writes are watched.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.journeys.holdings import new_word
from tests.journeys.home import make_home
from tests.journeys.server import Server, serving
from tests.leaks.scene import Scene, add_moderator
from tests.leaks.tracing import Trace, tracer

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
EXAMPLE = EXAMPLES / "nginx.conf"
PROTECTING = (
    "proxy_request_buffering off;",
    "proxy_buffering off;",
    "proxy_max_temp_file_size 0;",
)
AROUND = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
{user}
events {{ }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {server}
}}
"""


@dataclass(frozen=True)
class Front:
    """A running nginx."""

    port: int
    trace: Trace


def program() -> str:
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        pytest.fail("install nginx: what it writes is not looked at without it")
    return found


def configuration(folder: Path, port: int, behind: int, *, protecting: bool) -> str:
    """The shipped server, on loopback, without TLS; or robbed of its protection."""
    server = EXAMPLE.read_text(encoding="utf-8")
    server = re.sub(r"^\s*ssl_\w+ .*$", "", server, flags=re.MULTILINE)
    server = server.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    server = server.replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
    if not protecting:
        for line in PROTECTING:
            assert line in server
            server = server.replace(line, "")
    user = "user root;" if os.geteuid() == 0 else ""
    return AROUND.format(folder=folder, user=user, server=server)


@contextmanager
def in_front(server: Server, folder: Path, *, protecting: bool) -> Iterator[Front]:
    """Run nginx before the server until the block ends."""
    folder.mkdir()
    port, path = free_port(), folder / "nginx.conf"
    trace = Trace(folder / "trace")
    path.write_text(configuration(folder, port, server.port, protecting=protecting))
    nginx = subprocess.Popen(
        [*tracer(trace.log), program(), "-p", str(folder), "-c", str(path)],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _wait_for(port, nginx)
        yield Front(port, trace)
    finally:
        nginx.terminate()
        nginx.wait(30)
        trace.finished(nginx.pid)
        assert nginx.stderr is not None
        nginx.stderr.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, nginx: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if nginx.poll() is not None:
            assert nginx.stderr is not None
            raise AssertionError(nginx.stderr.read())
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError("nginx does not answer")


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("behind") / "root"
    home = make_home(root, VIGIL_TRUSTED_PROXIES="1", VIGIL_LABEL_OPINIONS="1")
    with serving(home, threads=8) as server:
        yield server


@pytest.mark.parametrize("protecting", [True, False], ids=["as shipped", "robbed"])
def test_nginx_as_shipped_writes_no_byte_of_material(
    behind: Server, tmp_path: Path, protecting: bool
) -> None:
    """And robbed of three lines it does, both ways: so the test can see it."""
    person = add_moderator(behind.home)
    with in_front(behind, tmp_path / "nginx", protecting=protecting) as front:
        scene = Scene.of(front.port, person)
        sent = scene.picture(6 << 20)
        record, asset = scene.deposit([sent], new_word())
        scene.deposit_in_parts(scene.picture(2 << 20), part=1 << 20)
        scene.consent(record, asset)
        got = slowly(front.port, f"/media/{asset}/original", person.token or "")
        assert got == sent.content
    way_in = [front.trace.spilt(mark) for mark in scene.marks]
    if protecting:
        assert way_in == [[], []]
    else:
        text = "\n".join(way_in[0])
        assert "/body/" in text, "the way in was not seen"
        assert "/proxy/" in text, "the way out was not seen"
        assert way_in[1], "the way in by parts was not seen"


def slowly(port: int, path: str, token: str) -> bytes:
    """Fetch as somebody on a slow line does: a proxy would like to keep the rest."""
    with closing(socket.socket()) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
        line.settimeout(60)
        line.connect(("127.0.0.1", port))
        told = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        line.sendall(f"{told}Authorization: Bearer {token}\r\n\r\n".encode())
        time.sleep(1.5)
        answer = bytearray()
        while piece := line.recv(1 << 20):
            answer += piece
    head, _, body = bytes(answer).partition(b"\r\n\r\n")
    assert b" 200 " in head.splitlines()[0], head
    return body


@pytest.mark.parametrize("name", ["nginx.conf", "nginx-nodes.conf"])
def test_the_example_is_whole(tmp_path: Path, name: str) -> None:
    """As it is shipped, certificate and all, nginx takes it; neither spills to disk."""
    key, certificate = tmp_path / "key", tmp_path / "pem"
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
        f"-subj /CN=x -days 2 -keyout {key} -out {certificate}".split(),
        check=True,
        capture_output=True,
    )
    server = (EXAMPLES / name).read_text(encoding="utf-8")
    assert all(line in server for line in PROTECTING)
    server = server.replace("/etc/ssl/archive.key", str(key))
    server = server.replace("/etc/ssl/archive.pem", str(certificate))
    server = server.replace("listen 443", f"listen 127.0.0.1:{free_port()}")
    path = tmp_path / "nginx.conf"
    path.write_text(AROUND.format(folder=tmp_path, user="", server=server))
    told = subprocess.run(
        [program(), "-t", "-q", "-p", str(tmp_path), "-c", str(path)],
        capture_output=True,
        check=False,
        text=True,
    )
    assert told.returncode == 0, told.stderr
