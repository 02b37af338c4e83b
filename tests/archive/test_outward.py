"""Questions to servers elsewhere: whole and in time, or not at all."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from ipaddress import ip_address, ip_network

import pytest

from archive import config, outward
from archive.config import ConfigError
from archive.outward import SETTLED, Away, Bounds, Inside

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
        answer = outward.ask(address, Bounds(10, 2), reach=SETTLED)
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
            outward.ask(address, QUICK, reach=SETTLED)
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
        outward.ask(address, QUICK, reach=SETTLED)


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:9/", "http://[", "http://x:y/", "ftp://127.0.0.1/", "/"],
)
def test_where_nobody_is_nobody_answers(address):
    with pytest.raises(Away):
        outward.ask(address, QUICK, reach=SETTLED)


def test_a_silent_handshake_ends_in_time():
    silent = telling(b"\x16", b"\x03" * 3, stays=True)
    with silent as address, pytest.raises(Away):
        address = address.replace("http:", "https:")
        outward.ask(address, QUICK, reach=SETTLED)


# --- where a question may go ----------------------------------------------------------

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
STRANGERS = outward.named(())
CLOSED = (
    "127.0.0.1",
    "127.8.9.1",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "192.0.0.8",
    "198.18.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "0.0.0.0",
    "169.254.169.254",
    "224.0.0.1",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fd12::1",
    "ff02::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "2002:a00:1::",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",
)


@pytest.fixture
def names(monkeypatch):
    """What the name server says: a dict of names and their numbers, to be changed."""
    said = {}
    ask = socket.getaddrinfo

    def resolve(host, port, *args, **kwargs):
        found = said.get(host)
        if found is None:
            return ask(host, port, *args, **kwargs)
        return [row for each in found for row in ask(each, port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return said


@pytest.mark.parametrize("number", CLOSED)
def test_no_number_of_a_closed_network_is_in_reach_of_strangers(number):
    assert not STRANGERS.has(ip_address(number))


@pytest.mark.parametrize(
    "number", ["93.184.216.34", "2606:2800::1", "::ffff:93.184.216.34", "2002:5db8:1::"]
)
def test_numbers_out_in_the_world_are(number):
    assert STRANGERS.has(ip_address(number))


def test_an_opened_network_is_in_reach_and_no_other():
    opened = outward.named((ip_network("10.20.0.0/16"), ip_network("fd12::/16")))
    assert opened.has(ip_address("10.20.3.4"))
    assert opened.has(ip_address("::ffff:10.20.3.4"))
    assert opened.has(ip_address("fd12::7"))
    assert not opened.has(ip_address("10.21.0.1"))
    assert not opened.has(ip_address("127.0.0.1"))


@pytest.mark.parametrize("number", ["169.254.169.254", "fe80::1", "224.0.0.1", "::"])
def test_not_even_the_settings_lead_to_a_link_to_all_or_nowhere(number):
    assert not SETTLED.has(ip_address(number))
    assert SETTLED.has(ip_address("10.0.0.1"))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "inside.example"],
)
def test_whatever_the_name_what_it_leads_to_decides(names, host):
    names["inside.example"] = ["127.0.0.1"]
    with telling(OK) as address:
        address = address.replace("127.0.0.1", host)
        with pytest.raises(Inside):
            outward.ask(address, QUICK, reach=STRANGERS)
        # The same is answered where the settings say it: it was not simply away.
        assert outward.ask(address, Bounds(10, 9), reach=SETTLED).body == b"ok"


def test_one_closed_number_among_open_ones_refuses_the_name(names):
    names["both.example"] = ["93.184.216.34", "127.0.0.1"]
    with telling(OK) as address:
        address = address.replace("127.0.0.1", "both.example")
        with pytest.raises(Inside):
            outward.ask(address, QUICK, reach=STRANGERS)
        outward.ask(address.replace("both.example", "127.0.0.1"), QUICK, reach=SETTLED)


def test_a_name_is_resolved_once_and_what_was_looked_at_is_connected_to(
    names, monkeypatch
):
    """A name server that answers otherwise the second time wins nothing."""
    asked = []
    ask = socket.getaddrinfo

    def resolve(host, port, *args, **kwargs):
        asked.append(host)
        number = "127.0.0.1" if len(asked) == 1 else "93.184.216.34"
        return ask(number, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    opened = outward.named((ip_network("127.0.0.0/8"),))
    with telling(OK) as address:
        address = address.replace("127.0.0.1", "turning.example")
        assert outward.ask(address, Bounds(10, 9), reach=opened).body == b"ok"
    assert asked == ["turning.example"]


def test_a_redirect_is_an_answer_and_is_not_followed(names):
    with telling(OK) as inner:
        head = f"HTTP/1.1 302 Found\r\nLocation: {inner}\r\nContent-Length: 0\r\n\r\n"
        with telling(head.encode()) as address:
            answer = outward.ask(address, Bounds(10, 9), reach=SETTLED)
        assert (answer.status, answer.is_good) == (302, False)
        assert outward.ask(inner, Bounds(10, 9), reach=SETTLED).is_good  # unasked yet


@pytest.mark.parametrize(
    ("address", "is_settled"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000", True),
        ("https://10.0.0.7/", True),
        ("https://[fd12::7]/", True),
        ("https://archive.example.org", False),
        ("https://2130706433/", False),
    ],
)
def test_what_was_typed_as_a_number_is_meant_and_a_name_is_its_owners_word(
    address, is_settled
):
    assert outward.typed(address, ()).is_settled is is_settled


def test_the_setting_is_a_list_of_networks(tmp_path):
    home = {"VIGIL_HOME": str(tmp_path / "home")}
    assert config.load(home).inner_networks == ()
    given = {**home, "VIGIL_INNER_NETWORKS": "10.20.0.0/16, fd12::/16"}
    assert [str(each) for each in config.load(given).inner_networks] == [
        "10.20.0.0/16",
        "fd12::/16",
    ]
    for wrong in ("10.20.0.1/16", "here", "10.20.0.0/16;fd12::/16"):
        with pytest.raises(ConfigError, match="VIGIL_INNER_NETWORKS"):
            config.load({**home, "VIGIL_INNER_NETWORKS": wrong})
