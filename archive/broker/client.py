"""The web's side: originals are opened by asking, and new data keys wrapped by asking.

A connection is an original that is open, or one question. The program at the other end
must run as the user to whom the socket belongs: another that took its place is refused
before it is told anything.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from archive.broker import faults, wire
from archive.gate import ORIGINAL, PIECE_BYTES
from archive.ledger import Told
from archive.vault.container import Header
from archive.vault.errors import KeeperAway
from auth.viewer import Tier, Viewer

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0
OTHER = "the broker sent something else than was asked for"
AWAY = "the broker does not answer: is `vigil broker` running, and may this user ask it"


@dataclass(frozen=True)
class Status:
    """What the broker says of itself."""

    archive: str
    opens_originals: bool
    connections: int


class Broker:
    """The broker behind one socket; many threads may ask at once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __repr__(self) -> str:
        return f"Broker({str(self._path)!r})"

    def release(self, viewer: Viewer, asset_id: str, form: str = ORIGINAL) -> Brokered:
        """Open an original for a person, or refuse with every reason.

        :raises RefusedError: the policy says no, as the broker asks it
        :raises NoSuchRecord: there is nothing of that id
        :raises VaultError: it is there, but cannot be opened; or the broker is away
        """
        opened = self._open(viewer, asset_id, {"do": "open", "form": form})
        if opened is None:
            raise KeeperAway(OTHER)
        return opened

    def resume(
        self, viewer: Viewer, asset_id: str, form: str = ORIGINAL
    ) -> Brokered | None:
        """Open a further range of what this viewer is being shown already.

        :returns: None where `release` is to be asked
        :raises NoSuchRecord: there is nothing of that id
        :raises VaultError: it is there, but cannot be opened; or the broker is away
        """
        return self._open(viewer, asset_id, {"do": "resume", "form": form})

    def wrap(self, header: Header, data_key: bytes) -> tuple[UUID, bytes]:
        """Have the data key of a new blob wrapped; the wrapping key's id comes along.

        :raises KeyUnavailable: the broker does not wrap for this kind
        :raises KeeperAway: the broker does not answer
        """
        answer = self._ask(
            {
                "do": "wrap",
                "object": str(header.object_id),
                "kind": int(header.kind),
                "revision": header.revision,
                "data_key_id": str(header.data_key_id),
                "data_key": data_key.hex(),
            }
        )
        return UUID(answer["wrapping_key_id"]), bytes.fromhex(answer["wrapped"])

    def unwrap(self, header: Header) -> bytes:
        """Have the data key of an upload's segment.

        :raises KeyUnavailable: the broker says no
        :raises KeeperAway: the broker does not answer
        """
        answer = self._ask({"do": "unwrap", "data_key_id": str(header.data_key_id)})
        return bytes.fromhex(answer["data_key"])

    def status(self) -> Status:
        """Ask how it is.

        :raises KeeperAway: the broker does not answer
        """
        answer = self._ask({"do": "status"})
        return Status(
            str(answer["archive"]),
            bool(answer["opens_originals"]),
            int(answer["connections"]),
        )

    def _open(
        self, viewer: Viewer, asset_id: str, question: dict[str, Any]
    ) -> Brokered | None:
        """Open what is asked for; the connection stays, for its pieces."""
        who = {"account": viewer.account_id, "entrance": viewer.session_id}
        line = self._connect()
        try:
            facts = _answer(line, {**question, **who, "asset": asset_id})
            if facts.get("nothing"):
                line.close()
                return None
            return Brokered(
                asset_id=asset_id,
                account_id=viewer.account_id or "",
                size=int(facts["size"]),
                media_type=str(facts["media_type"]),
                filename=str(facts["filename"]),
                format=str(facts["format"]),
                form=str(facts["form"]),
                record_id=str(facts["record"]),
                tier=Tier(int(facts["tier"])),
                told=Told(int(facts["line"]), bytes.fromhex(facts["seal"])),
                _line=line,
            )
        except BaseException:
            line.close()
            raise

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        line = self._connect()
        try:
            return _answer(line, question)
        finally:
            line.close()

    def _connect(self) -> wire.Line:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(CONNECT_SECONDS)
            owner = self._path.stat().st_uid
            connection.connect(str(self._path))
            is_owner = wire.peer_user(connection) == owner
        except OSError as error:
            connection.close()
            raise KeeperAway(AWAY) from error
        if not is_owner:
            connection.close()
            raise KeeperAway(f"{self._path} is answered by another user's program")
        return wire.Line(connection)


@dataclass
class Brokered:
    """An original that the broker has open; close it, or it stays open there."""

    asset_id: str
    account_id: str
    size: int
    media_type: str
    filename: str
    format: str
    form: str
    record_id: str
    tier: Tier
    told: Told
    _line: wire.Line = field(repr=False)

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the bytes from `start` up to, not including, `stop`, in small pieces.

        :raises RefusedError: the viewer may not see it any more
        :raises VaultError: it is damaged, or the broker went away
        """
        for at in range(start, min(stop, self.size), PIECE_BYTES):
            yield self._piece(at, min(at + PIECE_BYTES, stop, self.size))

    def read_range(self, offset: int, length: int) -> bytes:
        """Return these bytes; fewer only at the end.

        :raises RefusedError: the viewer may not see it any more
        :raises VaultError: it is damaged, or the broker went away
        """
        return b"".join(self.read(offset, offset + length))

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def _piece(self, start: int, stop: int) -> bytes:
        question = {"do": "read", "start": start, "stop": stop}
        piece = _exchange(self._line, question)
        if not isinstance(piece, bytes) or len(piece) != stop - start:
            raise KeeperAway(OTHER)
        return piece


def _answer(line: wire.Line, question: dict[str, Any]) -> dict[str, Any]:
    answer = _exchange(line, question)
    if isinstance(answer, bytes):
        raise KeeperAway(OTHER)
    return answer


def _exchange(line: wire.Line, question: dict[str, Any]) -> dict[str, Any] | bytes:
    try:
        # A broker that has enough to do says so and hangs up without listening.
        with contextlib.suppress(ConnectionError):
            line.send(question, ANSWER_SECONDS)
        answer = line.receive_any(ANSWER_SECONDS)
    except (OSError, wire.Ended, wire.Malformed) as error:
        raise KeeperAway(AWAY) from error
    if isinstance(answer, dict) and faults.FAULT in answer:
        raise faults.raised(answer)
    return answer
