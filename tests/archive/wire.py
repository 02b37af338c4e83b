"""A wire between two programs that the test can cut, or leave hanging in the air.

with Wire(port) as wire:
    connect(wire.port)
    wire.hush()      connections stay, new ones are taken, and not a byte gets through
    wire.cut()       all are reset, new ones refused
    wire.mend()      what comes now gets through
    wire.listen(…)   at another number of this machine, too

`python -m tests.archive.wire ON/PORT/HOST…` leads a port of this machine's number `ON`
to the same one of a host.
"""

from __future__ import annotations

import socket
import struct
import sys
import threading
from contextlib import suppress
from enum import Enum
from types import TracebackType

LOOPBACK = "127.0.0.1"
RESET = struct.pack("ii", 1, 0)


class State(Enum):
    WHOLE = "whole"
    HUSHED = "hushed"
    CUT = "cut"


class Wire:
    """TCP to a port of this machine, by a new port; to another host, by the same."""

    def __init__(self, to: int, host: str = LOOPBACK, on: str = LOOPBACK) -> None:
        self._to, self._host = to, host
        self._state = State.WHOLE
        self._changed = threading.Condition()
        self._open: set[socket.socket] = set()
        self._listeners: list[socket.socket] = []
        self.port = 0 if host == on else to
        self.listen(on)

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cut()
        for each in self._listeners:
            each.close()

    def listen(self, host: str) -> None:
        """Take connections at this number of the machine, on the same port."""
        listener = socket.create_server((host, self.port), backlog=256)
        self.port = listener.getsockname()[1]
        self._listeners.append(listener)
        threading.Thread(target=self._listen, args=(listener,), daemon=True).start()

    def lead(self, to: int) -> None:
        self._to = to

    def hush(self) -> None:
        self._be(State.HUSHED)

    def mend(self) -> None:
        self._be(State.WHOLE)

    def cut(self) -> None:
        self._be(State.CUT)
        with self._changed:
            gone, self._open = self._open, set()
        for each in gone:
            _reset(each)

    def _be(self, state: State) -> None:
        with self._changed:
            self._state = state
            self._changed.notify_all()

    def _listen(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        if not self._may_pass():
            _reset(near)
            return
        try:
            far = socket.create_connection((self._host, self._to), 5)
        except OSError:
            _reset(near)
            return
        far.settimeout(None)
        with self._changed:
            self._open |= {near, far}
        back = threading.Thread(target=self._carry, args=(far, near), daemon=True)
        back.start()
        self._carry(near, far)
        back.join()
        with self._changed:
            self._open -= {near, far}
        near.close()
        far.close()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(1 << 16):
                if not self._may_pass():
                    break
                sink.sendall(piece)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def _may_pass(self) -> bool:
        """Wait while nothing gets through; False once the wire is cut."""
        with self._changed:
            self._changed.wait_for(lambda: self._state is not State.HUSHED)
            return self._state is State.WHOLE


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


if __name__ == "__main__":
    for each in sys.argv[1:]:
        on, port, host = each.split("/")
        Wire(int(port), host, on)
    sys.stdout.write("leading\n")
    sys.stdout.flush()
    threading.Event().wait()
