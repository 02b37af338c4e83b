"""A child that has been taken over can do nothing but answer, and is not believed.

The hostile children here are real ones: started, bound and locked in as always, but
running other code after that.
"""

from __future__ import annotations

import io
import json
import os
import socket
import time
import tracemalloc
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import blur
from blur import sandbox
from blur.errors import (
    BlurError,
    SandboxFailed,
    TooLarge,
    TooSlow,
    Unreadable,
)
from blur.kinds import KINDS, Family
from blur.likeness import form
from blur.limits import LIMITS, Limits
from blur.noise import stream
from blur.preview import Malformed
from blur.sandbox import Order, Strength
from blur.wire import Garbled

_START = """
import sys; sys.path += sys.argv[1:]
import json, os, socket, struct, time
from blur import child, wire
NAN = float("nan")
channel = socket.socket(fileno=0)
order = json.loads(wire.receive(channel, *wire.U32.unpack(wire.receive(channel, 4))))
child._confine(channel, order)
def done(payload):
    channel.sendall(wire.DONE + wire.U32.pack(len(payload)) + payload)
    time.sleep(30)
"""

ALIKE = form.Likeness(
    Family.IMAGE, seen=(form.Seen(50, *[bytes(form.HASH_BYTES)] * 4),)
).to_bytes()
STRENGTHS = [
    pytest.param(
        each,
        marks=pytest.mark.skipif(
            sandbox.strength() < each, reason=f"{each.name} does not work here"
        ),
        id=each.name,
    )
    for each in (Strength.LANDLOCK, Strength.NAMESPACES)
]


@pytest.fixture
def hostile(monkeypatch):
    """Run this code in the child from here on."""

    def take_over(code: str) -> None:
        monkeypatch.setattr(sandbox, "_BOOT", _START + code)

    return take_over


def order(**changes: object) -> Order:
    plain = {"task": "probe", "cpu": 10, "wall": 20.0, "answer_bytes": 1 << 16}
    return Order(**{**plain, **changes})


def children() -> set[str]:
    return {
        pid
        for task in Path("/proc/self/task").iterdir()
        for pid in (task / "children").read_text().split()
    }


@pytest.fixture
def before() -> set[str]:
    """Who was started already, by fixtures that other tests share with these."""
    return children()


ATTEMPTS = """
def attempt(work):
    try: work()
    except BaseException as error: return type(error).__name__
    return "DONE"
import ctypes, subprocess
parent, secret, folder, port = FACTS
def connect():
    with socket.create_connection(("127.0.0.1", port), 2): pass
def fork():
    if os.fork() == 0: os._exit(0)
done(json.dumps({
    "secret": attempt(lambda: open(secret).read()),
    "passwd": attempt(lambda: open("/etc/passwd").read()),
    "neighbour": attempt(lambda: open(f"/proc/{parent}/environ").read()),
    "folder": attempt(lambda: os.listdir(folder)),
    "home": attempt(lambda: os.listdir("/root")),
    "write": attempt(lambda: open(folder + "/left-behind", "w").write("x")),
    "connect": attempt(connect),
    "unix": attempt(lambda: socket.socket(socket.AF_UNIX)),
    "program": attempt(lambda: os.execv(sys.executable, ["python", "-c", ""])),
    "fork": attempt(fork),
    "kill": attempt(lambda: os.kill(parent, 0)),
    "limits": attempt(lambda: __import__("resource").setrlimit(9, (-1, -1))),
    "environment": sorted(os.environ),
}).encode())
"""


@pytest.mark.parametrize("chosen", STRENGTHS)
def test_a_child_reaches_no_file_network_program_or_process(chosen, hostile, tmp_path):
    secret = tmp_path / "key"
    secret.write_text("secret")

    with socket.create_server(("127.0.0.1", 0)) as server:
        facts = (os.getpid(), str(secret), str(tmp_path), server.getsockname()[1])
        hostile(ATTEMPTS.replace("FACTS", repr(facts)))
        found = json.loads(sandbox.run(order(), None, least=chosen))
    environment = found.pop("environment")
    assert "DONE" not in found.values(), found
    assert list(tmp_path.iterdir()) == [secret]
    allowed = set(sandbox._ENVIRONMENT) | {"PWD", "LC_CTYPE"}
    assert set(environment) <= allowed


def test_without_a_lock_the_same_attempts_succeed(hostile, tmp_path):
    """The control: were the locks idle, the test above would notice."""
    secret = tmp_path / "key"
    secret.write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        facts = (os.getpid(), str(secret), str(tmp_path), server.getsockname()[1])
        code = (_START + ATTEMPTS.replace("FACTS", repr(facts))).replace(
            "child._confine(channel, order)",
            "channel.sendall(wire.READY + bytes([1]))",
        )
        hostile("")
        sandbox._BOOT = code.replace('"program"', '"_p": 0, "program_"').replace(
            'attempt(lambda: os.execv(sys.executable, ["python", "-c", ""]))', '"skip"'
        )
        found = json.loads(sandbox.run(order(), None, least=Strength.RLIMITS))
    for name in ("secret", "passwd", "folder", "connect", "unix", "fork", "kill"):
        assert found[name] == "DONE", name


def test_a_child_that_could_not_lock_itself_in_is_not_used(hostile):
    hostile("")
    sandbox._BOOT = sandbox._BOOT.replace(
        "child._confine(channel, order)", "channel.sendall(wire.READY + bytes([1]))"
    )
    with pytest.raises(SandboxFailed) as failure:
        sandbox.run(order(), None, least=Strength.LANDLOCK)
    assert failure.value.detail == "layers 1"


def test_the_child_is_given_noise_and_never_the_key(noise_key):
    told = order(noise=stream(noise_key, b"item", 4)).to_json(1)
    assert noise_key.hex().encode() not in told
    assert noise_key not in told
    assert b'"noise"' in told


@pytest.mark.parametrize(
    ("code", "detail"),
    [
        ("channel.sendall(b'X'); time.sleep(30)", "tag"),
        (
            "channel.sendall(wire.READ + wire.READ_AT.pack(0, 1 << 21)); done(b'')",
            "range",
        ),
        (
            "channel.sendall(wire.READ + wire.READ_AT.pack(90, 20)); time.sleep(30)",
            "range",
        ),
        (
            "channel.sendall(wire.DONE + wire.U32.pack(1 << 30)); time.sleep(30)",
            "length",
        ),
        (
            "channel.sendall(wire.ERROR + wire.U16.pack(2) + b'[['); time.sleep(30)",
            "error",
        ),
        ("done(b'')", "facts length"),
        ("done(struct.pack('>BIIdId', 9, 1, 1, 0, 0, NAN))", "facts range"),
        ("done(struct.pack('>BIIdId', 0, 1 << 31, 1, 0, 0, NAN))", "facts range"),
        ("done(struct.pack('>BIIdId', 0, 1, 1, float('inf'), 0, NAN))", "facts range"),
        ("done(struct.pack('>BIIdId', 3, 1, 1, 0, 0, NAN))", "family"),
    ],
)
def test_answers_that_are_not_understood_are_not_believed(
    code, detail, hostile, before
):
    hostile(code)
    with pytest.raises(Garbled) as failure:
        blur.probe(io.BytesIO(bytes(100)), KINDS["png"])
    assert failure.value.detail == detail
    assert not children() - before


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"\x08" + bytes(55) + ALIKE, Malformed),
        (bytes(48) + b"\3" * 8 + ALIKE, Malformed),
        (bytes(47 + 8) + ALIKE, form.Malformed),
        (bytes(48 + 8) + ALIKE[:-1], form.Malformed),
    ],
)
def test_cells_and_fingerprints_out_of_range_are_not_believed(
    answer, why, hostile, noise_key
):
    hostile(f"done(struct.pack('>BIIdId', 0, 9, 9, 0, 0, NAN) + {answer!r})")
    with pytest.raises(Garbled) as failure:
        blur.make_preview(io.BytesIO(b"x"), KINDS["png"], noise_key, b"item")
    assert isinstance(failure.value.__cause__, why)


def test_a_refusal_carries_our_sentence_and_no_words_of_the_child(hostile):
    hostile(
        "m = json.dumps(['unreadable', 'the man in the picture is']).encode();"
        "channel.sendall(wire.ERROR + wire.U16.pack(len(m)) + m); time.sleep(30)"
    )
    with pytest.raises(Unreadable) as refusal:
        blur.probe(io.BytesIO(b"x"), KINDS["png"])
    assert str(refusal.value) == Unreadable.sentence
    assert refusal.value.detail == "unnamed"


TRICKLE = """
channel.sendall(wire.DONE + wire.U32.pack(9999))
while True: channel.sendall(b'x'); time.sleep(.1)
"""


@pytest.mark.parametrize(
    ("code", "meaning", "detail"),
    [
        ("time.sleep(60)", TooSlow, "wall"),
        (TRICKLE, TooSlow, "wall"),
        ("while True: pass", TooSlow, "cpu"),
        ("import ctypes; ctypes.string_at(0)", Unreadable, "exit"),
        ("os._exit(3)", Unreadable, "exit"),
    ],
    ids=["sleeps", "trickles", "spins", "crashes", "leaves"],
)
@pytest.mark.parametrize("chosen", STRENGTHS)
def test_a_child_that_hangs_spins_or_dies_ends_in_time(
    code, meaning, detail, chosen, hostile, before
):
    hostile(code)
    started = time.monotonic()
    with pytest.raises(meaning) as refusal:
        sandbox.run(
            order(cpu=1, wall=8.0 if detail == "cpu" else 2.0), None, least=chosen
        )
    assert refusal.value.detail.startswith(detail)
    assert time.monotonic() - started < 15
    assert not children() - before


def test_a_child_that_floods_its_outputs_does_not_block(hostile):
    hostile(
        "for _ in range(200): os.write(2, b'x' * 65536); os.write(1, b'x' * 65536)\n"
        "done(b'fine')"
    )
    assert sandbox.run(order(), None) == b"fine"


def test_a_picture_that_needs_more_memory_than_allowed_is_refused(encoded):
    data = encoded(Image.new("1", (9000, 9000)))
    tight = Limits(memory_bytes=260 << 20)
    with pytest.raises(TooLarge) as refusal:
        blur.probe(io.BytesIO(data), KINDS["png"], tight)
    assert refusal.value.code == "too_large"
    assert blur.probe(io.BytesIO(data), KINDS["png"]).width == 9000


def test_a_reader_that_fails_is_not_taken_for_a_bad_file(noise_key, before):
    class Damaged(Exception): ...

    class Failing(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise Damaged

    with pytest.raises(Damaged):
        blur.make_preview(Failing(b"x" * 99), KINDS["png"], noise_key, b"item")
    assert not children() - before


class Holed:
    """A source with a great many zeros in it, none of them in memory."""

    def __init__(self, start: bytes, zeros: int, end: bytes) -> None:
        self._start, self._zeros, self._end = start, zeros, end
        self.size = len(start) + zeros + len(end)
        self.served = 0

    def read_range(self, offset: int, length: int) -> bytes:
        self.served += length
        after = len(self._start) + self._zeros
        return b"".join(
            self._start[offset : offset + length]
            if at < len(self._start)
            else self._end[max(0, offset - after) : max(0, offset + length - after)]
            if at >= after
            else b"\0" * (min(offset + length, after) - max(offset, len(self._start)))
            for at in self._parts(offset, length)
        )

    def _parts(self, offset: int, length: int) -> list[int]:
        bounds = (0, len(self._start), len(self._start) + self._zeros, self.size)
        return [
            low
            for low, high in pairwise(bounds)
            if offset < high and offset + length > low
        ]


@pytest.mark.parametrize("chosen", STRENGTHS)
def test_two_gibibytes_of_film_take_constant_memory_on_both_sides(
    chosen, film, noise_key, monkeypatch
):
    frames = [np.full((90, 160, 3), 20 * n, np.uint8) for n in range(12)]
    whole = film(frames)
    cut = whole.index(b"moov") - 4
    hole = 2 << 30
    box = b"\0\0\0\x01free" + (hole + 16).to_bytes(8, "big")
    source = Holed(whole[:cut] + box, hole, whole[cut:])
    monkeypatch.setattr(sandbox, "strength", lambda: chosen)
    tracemalloc.start()
    try:
        preview = blur.make_preview(
            source, KINDS["mp4"], noise_key, b"item", Limits(memory_bytes=600 << 20)
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert not preview.sealed
    assert preview.clip
    assert peak < 8 << 20
    assert source.served < 8 << 20


def test_the_machine_says_how_strong_its_sandbox_is():
    assert sandbox.strength() in Strength
    assert Strength.RLIMITS < Strength.LANDLOCK < Strength.NAMESPACES


def test_a_missing_bubblewrap_is_made_up_for_and_said(monkeypatch, caplog):
    monkeypatch.setattr(sandbox, "_bubblewrap", lambda: "")
    assert sandbox.strength.__wrapped__() in (Strength.LANDLOCK, Strength.RLIMITS)


def test_with_resource_limits_only_the_log_says_so(monkeypatch, caplog, hostile):
    hostile("")
    sandbox._BOOT = "raise SystemExit(1)"
    assert sandbox.strength.__wrapped__() is Strength.RLIMITS
    assert "resource limits only" in caplog.text


def test_limits_reach_the_child(probe_of, encoded):
    data = encoded(Image.new("L", (300, 200)))
    with pytest.raises(BlurError) as refusal:
        blur.probe(io.BytesIO(data), KINDS["png"], Limits(pixels=59_999))
    assert refusal.value.code == "too_many_pixels"
    assert blur.probe(io.BytesIO(data), KINDS["png"], LIMITS).width == 300


@pytest.mark.parametrize("chosen", STRENGTHS)
@pytest.mark.parametrize("made", ["JPEG", "PNG", "WEBP", "AVIF", "PDF", "mp4", "wav"])
def test_every_family_is_opened_under_either_lock(
    made, chosen, encoded, film, wave, monkeypatch, noise_key
):
    monkeypatch.setattr(sandbox, "strength", lambda: chosen)
    picture = Image.new("RGB", (64, 48), "white")
    data = {
        "mp4": lambda: film([np.full((48, 64, 3), 99, np.uint8)] * 4),
        "wav": lambda: wave(np.arange(4000)),
    }.get(made, lambda: encoded(picture, made))()
    kind = blur.sniff(data)
    assert not blur.make_preview(io.BytesIO(data), kind, noise_key, b"item").sealed
