"""What goes over the socket: frames, each of them short.

    frame = kind (1 byte: J or D), length (4 bytes, big-endian), body
    J     = a JSON object of at most 64 KiB
    D     = a piece of an original, at most 256 KiB

Whoever connects speaks first, and never more than one frame before the answer has come.

| request | answer |
|---|---|
| `{"do": "open", "account", "entrance", "asset", "form"}` | J, its facts |
| `{"do": "resume", and the same}` | J, or `{"nothing": true}` |
| then `{"do": "read", "start", "stop"}`, again and again | D, those bytes |
| `{"do": "wrap", "object", "kind", "revision", "data_key_id", "data_key"}` | J |
| `{"do": "unwrap", "data_key_id"}` | J, the data key of an upload's segment |
| `{"do": "status"}` | J |

Instead of any answer there may be `{"fault": ...}`, see `faults`. Anything else ends
the connection.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any

from archive.gate import PIECE_BYTES

_HEAD = struct.Struct(">cI")
_JSON, _DATA = b"J", b"D"
MOST_JSON = 64 * 1024
MOST = {_JSON: MOST_JSON, _DATA: PIECE_BYTES}


class Malformed(Exception):
    """What came is no frame, too long, or not what was to come now."""


class Ended(Exception):
    """The other side closed the connection."""


class Line:
    """One side of a connection; every frame has a time by which it must be through."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def send(self, message: dict[str, Any], seconds: float) -> None:
        """Send a J frame.

        :raises OSError: it is not through in time, or the other side went away
        """
        body = json.dumps(message, separators=(",", ":")).encode()
        self._send(_JSON, body, seconds)

    def send_bytes(self, piece: bytes, seconds: float) -> None:
        """Send a D frame.

        :raises OSError: it is not through in time, or the other side went away
        """
        self._send(_DATA, piece, seconds)

    def receive(self, seconds: float) -> dict[str, Any]:
        """Return the next frame, which must be J.

        :raises Malformed: it is something else
        :raises Ended: there is none, because the other side closed
        :raises OSError: it has not come in time
        """
        found = self.receive_any(seconds)
        if isinstance(found, bytes):
            raise Malformed("bytes where a message was due")
        return found

    def receive_any(self, seconds: float) -> dict[str, Any] | bytes:
        """Return the next frame: a message, or bytes.

        :raises Malformed: it is neither, or too long
        :raises Ended: there is none, because the other side closed
        :raises OSError: it has not come in time
        """
        deadline = time.monotonic() + seconds
        kind, length = _HEAD.unpack(self._exactly(_HEAD.size, deadline))
        if length > MOST.get(kind, -1):
            raise Malformed("a frame of an unknown kind, or too long")
        body = self._exactly(length, deadline)
        return body if kind == _DATA else _message(body)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _send(self, kind: bytes, body: bytes, seconds: float) -> None:
        if len(body) > MOST[kind]:
            raise Malformed("a frame too long to be sent")
        self._connection.settimeout(seconds)
        self._connection.sendall(_HEAD.pack(kind, len(body)) + body)

    def _exactly(self, size: int, deadline: float) -> bytes:
        found = bytearray(size)
        view, done = memoryview(found), 0
        while done < size:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the frame did not come in time")
            self._connection.settimeout(left)
            count = self._connection.recv_into(view[done:])
            if count == 0:
                raise Ended("the other side closed the connection")
            done += count
        return bytes(found)


def peer_user(connection: socket.socket) -> int:
    """The user id of the process at the other end, as the system has it."""
    size = struct.calcsize("3i")
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    _process, user, _group = struct.unpack("3i", raw)
    return int(user)


def _message(body: bytes) -> dict[str, Any]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("a message that is not JSON") from None
    if not isinstance(message, dict):
        raise Malformed("a message that is not an object")
    return message
