"""The broker's own journal: what it gave out, in a file that its user alone can write.

    line   = seq (from 1, decimal) || space || mac (64 hexadecimal digits) || space ||
             sealed (base64) || LF
    sealed = the entry as JSON, under HMAC-SHA-256(key, "vigil.journal/v1 seal"),
             context "vigil.journal/v1" || 00 || seq (8 bytes)
    mac    = HMAC-SHA-256 under HMAC-SHA-256(key, "vigil.journal/v1 mac") of
             mac of the line before (32 bytes, zeros at first) || seq (8) || sealed
    head   = in `NAME.head`: seq and mac of the last line, and under the same key the
             HMAC-SHA-256 of "head" || mac || seq (8); one line like the others

The key `journal` lies in the keyring of the originals, which a web server does not
hold. Each entry also says where the archive's ledger ended: whoever wrote that anew,
with the key that a web server has, is found out by the journal. A line is on the disk
before what it tells of is given out; where it cannot be written nothing is.
"""

from __future__ import annotations

import base64
import fcntl
import hmac
import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from archive.vault import aead
from archive.vault.errors import IntegrityError
from archive.vault.files import PRIVATE_FILE, make_private_folder, write_all
from archive.vault.keys import Key

CONTEXT = b"vigil.journal/v1"
NOTHING_BEFORE = bytes(32)
_TAIL = 64 * 1024


class JournalError(Exception):
    """The journal cannot be written, or is not as it was left; the text says what."""


@dataclass(frozen=True)
class Entry:
    """One line with what is sealed in it."""

    seq: int
    told: Mapping[str, Any]


@dataclass(frozen=True)
class Fault:
    """What is wrong with the line of this number in the file."""

    line: int
    what: str


@dataclass(frozen=True)
class _Line:
    seq: int
    mac: bytes
    sealed: bytes

    def __str__(self) -> str:
        sealed = base64.b64encode(self.sealed).decode()
        return f"{self.seq} {self.mac.hex()} {sealed}\n"


class Journal:
    """The journal of one broker, open to be gone on with; one process at a time."""

    def __init__(self, path: Path, key: Key) -> None:
        """Go on with the journal there, or begin it.

        :raises JournalError: it cannot be written, another broker writes it, or it does
            not end as it was left
        """
        self._path, self._keys = path, _Keys(key)
        self._lock = threading.Lock()
        self._broken = False
        try:
            make_private_folder(path.parent)
            self._file = _open(path)
            self._head = _open(head_of(path))
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            raise JournalError(
                f"The journal {path} cannot be written ({reason}): give "
                "VIGIL_BROKER_JOURNAL a place in a folder of the broker's own user."
            ) from None
        try:
            self._take_hold()
            self._last, self._follows_torn = self._where_it_ended()
        except BaseException:
            self.close()
            raise

    def append(self, did: str, now: datetime, **facts: Any) -> None:  # noqa: ANN401 - JSON
        """Write a line and wait until the disk has it.

        :raises JournalError: it cannot be written; nothing may be given out then
        """
        told: dict[str, Any] = {"did": did, "at": now.isoformat(), **facts}
        with self._lock:
            if self._broken:
                raise JournalError(f"The journal {self._path} could not be written.")
            if self._follows_torn:
                told["follows_torn"] = True
            line = self._keys.line(self._last, told)
            try:
                write_all(self._file, str(line).encode())
                os.fsync(self._file)
                os.pwrite(self._head, self._keys.head(line), 0)
            except OSError as error:
                self._broken = True
                reason = os.strerror(error.errno or 0)
                raise JournalError(
                    f"The journal {self._path} could not be written ({reason})."
                ) from error
            self._last, self._follows_torn = line, False

    def close(self) -> None:
        """Let another broker go on with it."""
        os.close(self._file)
        os.close(self._head)

    def _take_hold(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise JournalError(
                f"Another broker writes the journal {self._path} already."
            ) from None

    def _where_it_ended(self) -> tuple[_Line | None, bool]:
        """The last whole line, and whether one that was torn stood behind it."""
        size = os.fstat(self._file).st_size
        tail = os.pread(self._file, _TAIL, max(0, size - _TAIL))
        is_torn = bool(tail) and not tail.endswith(b"\n")
        last = _last(tail)
        headed = self._keys.headed(os.pread(self._head, _TAIL, 0))
        if not _goes_on(last, headed):
            raise JournalError(
                f"The journal {self._path} does not end as the broker left it: see "
                "`vigil broker verify`, and move it away with its .head to begin anew."
            )
        if is_torn:
            write_all(self._file, b"\n")
        return last, is_torn


def head_of(path: Path) -> Path:
    """Where the head of this journal lies."""
    return path.with_name(f"{path.name}.head")


def verify(path: Path, key: Key) -> tuple[list[Entry], list[Fault]]:
    """Read the whole journal: every entry that holds, and every fault.

    :raises JournalError: it cannot be read
    """
    raw, head = _both(path)
    keys = _Keys(key)
    entries: list[Entry] = []
    faults = list(_walk(raw, keys, entries))
    if not _goes_on(_last(raw), keys.headed(head)):
        count = len(raw.splitlines())
        faults.append(Fault(count, "the file does not end where its head says"))
    return entries, faults


def _both(path: Path) -> tuple[bytes, bytes]:
    """Journal and head of one moment, though a broker may be writing.

    :raises JournalError: they cannot be read
    """
    try:
        head = head_of(path).read_bytes()
        while True:
            raw, before = path.read_bytes(), head
            head = head_of(path).read_bytes()
            if head == before:
                return raw, head
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise JournalError(f"The journal {path} cannot be read: {reason}.") from None


def _walk(raw: bytes, keys: _Keys, entries: list[Entry]) -> Iterator[Fault]:
    """The faults, line by line; what holds is added to `entries`."""
    last: _Line | None = None
    torn = 0
    for number, text in enumerate(raw.splitlines(keepends=True), 1):
        line = _parsed(text[:-1]) if text.endswith(b"\n") else None
        if line is None:
            if torn:
                yield Fault(torn, "this is no line of a journal")
            torn = number
            continue
        told = keys.opened(line, last)
        if told is None:
            yield Fault(number, "changed, moved, or a line before it is missing")
        elif torn and not told.get("follows_torn"):
            yield Fault(torn, "this is no line of a journal")
        if told is not None:
            entries.append(Entry(line.seq, told))
        torn, last = 0, line
    if torn and raw.endswith(b"\n"):
        yield Fault(torn, "this is no line of a journal")


class _Keys:
    """What seals and chains the lines."""

    def __init__(self, key: Key) -> None:
        secret = key.secret_bytes()
        self._seal = hmac.digest(secret, CONTEXT + b" seal", "sha256")
        self._mac = hmac.digest(secret, CONTEXT + b" mac", "sha256")

    def line(self, last: _Line | None, told: Mapping[str, Any]) -> _Line:
        seq = last.seq + 1 if last else 1
        plain = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
        sealed = aead.seal(self._seal, plain, _context(seq))
        return _Line(seq, self._chained(last, seq, sealed), sealed)

    def opened(self, line: _Line, last: _Line | None) -> dict[str, Any] | None:
        """What the line tells; None where it does not follow `last`."""
        if line.seq != (last.seq + 1 if last else 1):
            return None
        mac = self._chained(last, line.seq, line.sealed)
        if not hmac.compare_digest(mac, line.mac):
            return None
        try:
            plain = aead.open_sealed(self._seal, line.sealed, _context(line.seq))
        except IntegrityError:
            return None
        told: dict[str, Any] = json.loads(plain)
        return told

    def head(self, line: _Line) -> bytes:
        return str(
            _Line(line.seq, line.mac, self._of_head(line.seq, line.mac))
        ).encode()

    def headed(self, raw: bytes) -> tuple[int, bytes] | None:
        """Number and mac of the last line, as the head has it; 0 before the first."""
        if not raw:
            return 0, NOTHING_BEFORE
        line = _parsed(raw.splitlines()[0])
        if line is None:
            return None
        own = self._of_head(line.seq, line.mac)
        return (line.seq, line.mac) if hmac.compare_digest(own, line.sealed) else None

    def _chained(self, last: _Line | None, seq: int, sealed: bytes) -> bytes:
        before = last.mac if last else NOTHING_BEFORE
        return hmac.digest(self._mac, before + seq.to_bytes(8) + sealed, "sha256")

    def _of_head(self, seq: int, mac: bytes) -> bytes:
        return hmac.digest(self._mac, b"head" + mac + seq.to_bytes(8), "sha256")


def _last(raw: bytes) -> _Line | None:
    """The last line that is whole."""
    whole = raw[: raw.rfind(b"\n") + 1]
    found = (_parsed(each) for each in reversed(whole.splitlines()))
    return next((each for each in found if each is not None), None)


def _goes_on(last: _Line | None, headed: tuple[int, bytes] | None) -> bool:
    """Whether the file ends where the head says; a line later after a sudden end."""
    if headed is None:
        return False
    if last is None:
        return headed[0] == 0
    return last.seq == headed[0] + 1 or (last.seq, last.mac) == headed


def _open(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    # The head is written in its place; what is added to the journal goes to its end.
    appending = 0 if path.suffix == ".head" else os.O_APPEND
    return os.open(path, flags | appending, PRIVATE_FILE)


def _context(seq: int) -> bytes:
    return CONTEXT + b"\0" + seq.to_bytes(8)


def _parsed(text: bytes) -> _Line | None:
    try:
        seq, mac, sealed = text.decode("ascii").split(" ")
        line = _Line(int(seq), bytes.fromhex(mac), base64.b64decode(sealed))
    except ValueError:
        return None
    # Written in one way only: no other spelling of a line is one.
    same = str(line).encode() == text + b"\n"
    return line if same and 0 < line.seq < 1 << 63 else None
