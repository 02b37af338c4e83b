"""A bucket that is away, slow, locked or lying: a sentence soon, and no lie kept.

The services here are small ones that misbehave on purpose.
"""

import os
import signal
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from archive import config
from archive.config import ConfigError
from archive.vault import keytable, opening, s3, stores
from archive.vault.container import Kind
from archive.vault.errors import (
    IntegrityError,
    KeyUnavailable,
    NoSuchObject,
    StoreUnavailable,
)
from archive.vault.objects import Vault
from archive.vault.s3 import PART_BYTES

NAME = "3f" + "a0" * 15
SECONDS = 2


def store_at(endpoint, tmp_path, **others):
    secret = tmp_path / "s3.key"
    if not secret.exists():
        secret.write_text("secret\n")
        secret.chmod(0o600)
    given = {
        "VIGIL_HOME": str(tmp_path / "home"),
        "VIGIL_OBJECT_STORE": "s3://archive/x",
        "VIGIL_S3_ENDPOINT": endpoint,
        "VIGIL_S3_ACCESS_KEY_ID": "id",
        "VIGIL_S3_ACCESS_KEY_FILE": str(secret),
        "VIGIL_S3_TIMEOUT_SECONDS": str(SECONDS),
    }
    settings = config.load({**given, **others})
    return stores.open_store(settings, settings.object_store)


@contextmanager
def service(answer):
    """A service that answers every request by calling `answer(handler)`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self):
            length = int(self.headers.get("Content-Length") or 0)
            self.body = self.rfile.read(length)
            answer(self)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = handle_any

        def tell(self, status, body=b"", **headers):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            if "Content_Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@contextmanager
def silent():
    """A service that takes connections and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(100)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


USES = {
    "open": lambda store: store.open(NAME),
    "delete": lambda store: store.delete(NAME),
    "list": lambda store: list(store.stored()),
    "check": lambda store: store.check(),
}


@pytest.mark.parametrize("use", USES)
def test_a_service_that_is_away_is_told_soon(use, tmp_path):
    store = store_at("http://127.0.0.1:1", tmp_path)
    start = time.monotonic()
    with pytest.raises(StoreUnavailable, match="does not answer"):
        USES[use](store)
    assert time.monotonic() - start < SECONDS


@pytest.mark.parametrize("use", USES)
def test_a_service_that_is_silent_is_told_in_bounded_time(use, tmp_path):
    with silent() as endpoint:
        store = store_at(endpoint, tmp_path)
        start = time.monotonic()
        with pytest.raises(StoreUnavailable):
            USES[use](store)
        assert time.monotonic() - start < 2 * SECONDS + 1.5


def test_nobody_queues_behind_a_service_that_is_silent(tmp_path):
    with silent() as endpoint:
        store = store_at(endpoint, tmp_path)
        with pytest.raises(StoreUnavailable):
            store.check()
        start = time.monotonic()
        for _ in range(100):
            with pytest.raises(StoreUnavailable):
                store.open(NAME)
        assert time.monotonic() - start < 0.5


def test_a_service_that_is_back_is_used_again(tmp_path, monkeypatch):
    monkeypatch.setattr(s3, "DOWN_SECONDS", 0.2)
    is_up = threading.Event()

    def answer(handler):
        handler.tell(404 if is_up.is_set() else 500)

    with service(answer) as endpoint:
        store = store_at(endpoint, tmp_path)
        with pytest.raises(StoreUnavailable):
            store.open(NAME)
        is_up.set()
        time.sleep(0.3)
        with pytest.raises(NoSuchObject):
            store.open(NAME)


@pytest.mark.parametrize("size", [10, PART_BYTES + 10])
@pytest.mark.parametrize("status", [500, 503, 403, 400])
def test_a_write_that_the_service_refuses_leaves_nothing(size, status, tmp_path):
    with service(lambda handler: handler.tell(status)) as endpoint:
        writer = store_at(endpoint, tmp_path).create(NAME)
        with pytest.raises(StoreUnavailable):
            writer.write(bytes(size))
            writer.commit()
        writer.abort()


def test_a_service_that_says_yes_and_keeps_nothing_is_found_out(tmp_path):
    def answer(handler):
        handler.tell(200 if handler.command == "PUT" else 404, ETag='"e"')

    with service(answer) as endpoint:
        writer = store_at(endpoint, tmp_path).create(NAME)
        writer.write(b"sealed")
        with pytest.raises((StoreUnavailable, NoSuchObject)):
            writer.commit()


def test_a_service_that_keeps_less_than_it_was_given_is_found_out(tmp_path):
    def answer(handler):
        if handler.command == "PUT":
            return handler.tell(200, ETag='"e"')
        when = "Sun, 22 Nov 2026 12:00:00 GMT"
        return handler.tell(200, Content_Length="3", Last_Modified=when, ETag='"e"')

    with service(answer) as endpoint:
        writer = store_at(endpoint, tmp_path).create(NAME)
        writer.write(b"sealed")
        with pytest.raises(StoreUnavailable, match="did not keep"):
            writer.commit()


def kept(content):
    """An answer that serves these bytes whole or in ranges."""

    def answer(handler):
        when = "Sun, 22 Nov 2026 12:00:00 GMT"
        asked = handler.headers.get("Range", "").removeprefix("bytes=")
        if not asked:
            return handler.tell(200, content, Last_Modified=when, ETag='"e"')
        first, last = (int(place) for place in asked.split("-"))
        part = content[first : last + 1]
        span = f"bytes {first}-{first + len(part) - 1}/{len(content)}"
        return handler.tell(
            206, part, Content_Range=span, Last_Modified=when, ETag='"e"'
        )

    return answer


@pytest.mark.parametrize("damage", ["changed", "cut", "lengthened", "exchanged"])
def test_bytes_that_the_service_changed_never_open(
    damage, keyring, store, s, now, tmp_path
):
    data = os.urandom(300_000)
    with Vault(keyring, store).new_object(Kind.ORIGINAL) as incoming:
        incoming.write(data)
        ref = incoming.finish(s, now)
    s.commit()
    (blob,) = store.stored()
    sealed = (tmp_path / "objects" / blob.name[:2] / blob.name).read_bytes()
    changed = {
        "changed": sealed[:200_000] + bytes([sealed[200_000] ^ 1]) + sealed[200_001:],
        "cut": sealed[:-100],
        "lengthened": sealed + b"x",
        "exchanged": sealed[:120] + sealed[16_520:] + sealed[120:16_520],
    }[damage]
    with service(kept(changed)) as endpoint:
        bucket = store_at(endpoint, tmp_path)
        opened = keytable.unwrap(keyring, keytable.newest(s, ref.object_id, ref.kind))
        with (
            pytest.raises(IntegrityError),
            opening.open_row(bucket, opened) as reader,
        ):
            reader.read_range(0, reader.size)


def test_a_service_that_gives_everything_for_a_range_is_refused(tmp_path):
    when = "Sun, 22 Nov 2026 12:00:00 GMT"

    def answer(handler):
        handler.tell(200, bytes(300_000), Last_Modified=when, ETag='"e"')

    with service(answer) as endpoint, pytest.raises(StoreUnavailable):
        store_at(endpoint, tmp_path).open(NAME)


def test_a_wrong_key_is_told_as_such(s3_environ, tmp_path):
    wrong = {**s3_environ, "VIGIL_S3_ACCESS_KEY_ID": "nobody"}
    with pytest.raises(StoreUnavailable, match="refuses the access key"):
        store_at("", tmp_path, **wrong).check()


def test_a_bucket_that_is_not_there_is_not_taken_for_an_empty_one(s3_environ, tmp_path):
    missing = {**s3_environ, "VIGIL_OBJECT_STORE": "s3://no-such-bucket/x"}
    for use in USES.values():
        with pytest.raises(StoreUnavailable):
            use(store_at("", tmp_path, **missing))


def test_a_forked_child_is_refused_instead_of_waiting_for_ever(s3_environ, tmp_path):
    store = store_at("", tmp_path, **s3_environ)
    store.check()
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        try:
            store.check()
        except StoreUnavailable as error:
            os._exit(7 if "forked" in str(error) else 1)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_the_secret_of_the_access_key_shows_nowhere(tmp_path):
    store = store_at("http://127.0.0.1:1", tmp_path)
    assert "secret" not in repr(store._bucket)
    with pytest.raises(StoreUnavailable) as caught:
        store.check()
    assert "secret" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)


def test_an_access_key_that_others_can_read_is_refused(tmp_path):
    (tmp_path / "s3.key").write_text("secret")
    (tmp_path / "s3.key").chmod(0o644)
    with pytest.raises(KeyUnavailable, match="chmod 600"):
        store_at("http://127.0.0.1:1", tmp_path)


@pytest.mark.parametrize(
    "left_out", ["VIGIL_S3_ACCESS_KEY_ID", "VIGIL_S3_ACCESS_KEY_FILE"]
)
def test_a_bucket_without_an_access_key_is_refused(left_out, tmp_path):
    with pytest.raises(KeyUnavailable, match="VIGIL_S3_ACCESS_KEY"):
        store_at("http://127.0.0.1:1", tmp_path, **{left_out: ""})


def test_plain_http_to_another_machine_is_refused(tmp_path):
    given = {
        "VIGIL_HOME": str(tmp_path / "home"),
        "VIGIL_OBJECT_STORE": "s3://archive/x",
        "VIGIL_S3_ENDPOINT": "http://s3.example.org",
    }
    with pytest.raises(ConfigError, match="VIGIL_S3_ENDPOINT"):
        config.check_safe(config.load(given))


@pytest.mark.parametrize("text", ["ftp://somewhere/x", "s3:///x", "https://s3/x"])
def test_a_place_that_is_neither_folder_nor_bucket_is_refused(text, tmp_path):
    with pytest.raises(ConfigError, match="must be a folder or s3"):
        config.load({"VIGIL_HOME": str(tmp_path / "home"), "VIGIL_OBJECT_STORE": text})
