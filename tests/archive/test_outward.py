"""Questions to servers elsewhere: whole and in time, or not at all."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from archive import outward
from archive.outward import Away, Bounds

QUICK = Bounds(seconds=0.6, most_bytes=1000)


@contextmanager
def telling(*parts: bytes, pause: float = 0.0, stays: bool = False):
    """A server that says these parts, one after another, and then ends or stays."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def tell() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(65536)
            for part in parts:
                try:
                    connection.sendall(part)
                except OSError:
                    return
                if over.wait(pause):
                    return
            if stays:
                over.wait(20)

    thread = threading.Thread(target=tell)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/a?b=c"
    finally:
        over.set()
        listening.close()
        thread.join()


def test_an_answer_is_given_whole_whatever_its_status():
    head = b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n"
    with telling(head, b"no") as address:
        answer = outward.ask(address, Bounds(10, 2))
    assert (answer.status, answer.body, answer.is_good) == (404, b"no", False)


@pytest.mark.parametrize(
    "parts",
    [
        [b"H"] + [b"T"] * 400,
        [b"HTTP/1.1 200 OK\r\n"] + [b"X-A: b\r\n"] * 90,
        [b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n"] + [b"x"] * 400,
        [b"HTTP/1.1 200 OK\r\n\r\n{}"] + [b" "] * 400,
    ],
    ids=["first line", "headers", "body", "body without a length"],
)
def test_whoever_sends_a_byte_now_and_then_does_not_hold_who_asks(parts):
    """Each byte comes long before a socket's own time-out."""
    begun = time.monotonic()
    with telling(*parts, pause=0.05) as address:
        with pytest.raises(Away):
            outward.ask(address, QUICK)
        # 400 bytes would take 20 seconds; far between, so that no load can matter.
        assert time.monotonic() - begun < 15


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001,
        b"SSH-2.0-OpenSSH\r\n",
    ],
    ids=["nothing", "cut short", "too long", "no HTTP"],
)
def test_what_is_no_whole_answer_is_none(said):
    with telling(said) as address, pytest.raises(Away):
        outward.ask(address, QUICK)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/", "http://[", "http://x:y/"])
def test_where_nobody_is_nobody_answers(address):
    with pytest.raises(Away):
        outward.ask(address, QUICK)


def test_a_silent_handshake_ends_in_time():
    with telling(b"\x16", b"\x03" * 3, stays=True) as address, pytest.raises(Away):
        outward.ask(address.replace("http:", "https:"), QUICK)
