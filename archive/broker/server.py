"""The broker's socket: who may connect, how many at once, and for how long.

Each connection has a thread. One too many is told to come again; one of a user who may
not ask is closed without a word. A frame that is malformed, or does not come in time,
ends its connection and nothing else.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import stat
import threading
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import OperationalError

from archive.broker import faults, service, wire
from archive.broker.journal import Journal
from archive.broker.service import Premises, Question

log = logging.getLogger("vigil.broker")
MOST_CONNECTIONS = 128
QUESTION_SECONDS = 5.0
PAUSE_SECONDS = 120.0
SEND_SECONDS = 10.0
_SOCKET_MODE = 0o660


class CannotListen(Exception):
    """The socket cannot be made; the text says what to mend."""


@dataclass(frozen=True)
class Limits:
    """How many connections at once, and how long each part of one may take."""

    connections: int = MOST_CONNECTIONS
    question_seconds: float = QUESTION_SECONDS
    pause_seconds: float = PAUSE_SECONDS
    send_seconds: float = SEND_SECONDS


class Server:
    """Listens on one socket and serves whoever may ask, until `stop`."""

    def __init__(
        self,
        premises: Premises,
        path: Path,
        askers: frozenset[int],
        journal: Journal,
        limits: Limits | None = None,
    ) -> None:
        """Make the socket; `askers` are the user ids that may connect.

        What is given out stands in the journal before.

        :raises CannotListen: there is no place for it, or another broker listens there
        """
        self._premises = premises
        self._path = path
        self._askers = askers
        self._journal = journal
        self._limits = limits or Limits()
        self._free = threading.BoundedSemaphore(self._limits.connections)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._listening = _listen(path)

    def run(self) -> None:
        """Accept until `stop` is called, from another thread or a signal's handler."""
        while not self._stopped.is_set():
            try:
                connection, _ = self._listening.accept()
            except TimeoutError:
                continue
            except OSError:
                if self._stopped.is_set():
                    return
                log.exception("a connection could not be accepted")
                self._stopped.wait(0.5)
                continue
            self._welcome(connection)

    def stop(self) -> None:
        """Listen no more and hang up on everybody."""
        self._stopped.set()
        self._listening.close()
        self._path.unlink(missing_ok=True)
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _welcome(self, connection: socket.socket) -> None:
        user = wire.peer_user(connection)
        if user not in self._askers:
            log.warning("refused a connection of user %d", user)
            connection.close()
            return
        if not self._free.acquire(blocking=False):
            line = wire.Line(connection)
            with contextlib.suppress(OSError):
                line.send(faults.named(faults.BUSY), 0.1)
            line.close()
            return
        with self._lock:
            self._open.add(connection)
        threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        line = wire.Line(connection)
        told = service.Told(self._premises, self._journal, wire.peer_user(connection))
        try:
            self._answer(line, told, line.receive(self._limits.question_seconds))
        except wire.Malformed as error:
            log.warning("a malformed question: %s", error)
        except (OSError, wire.Ended):
            log.debug("a connection ended")
        finally:
            with self._lock:
                self._open.discard(connection)
            line.close()
            self._free.release()

    def _answer(self, line: wire.Line, told: service.Told, question: Question) -> None:
        """Answer one question, or serve an original until the asker hangs up."""
        try:
            if str(question.get("do")) in service.OPENING:
                self._serve_original(line, told, question)
            else:
                answer = self._found(told, question)
                line.send(answer, self._limits.send_seconds)
        except (wire.Malformed, wire.Ended, TimeoutError, ConnectionError):
            raise
        except OperationalError:
            log.exception("the database did not answer")
            line.send(faults.named(faults.BUSY), self._limits.send_seconds)
        except Exception as error:
            fault = faults.told(error)
            if fault is None:
                log.exception("a question could not be answered")
            line.send(fault or faults.named("failed"), self._limits.send_seconds)

    def _found(self, told: service.Told, question: Question) -> Question:
        if question.get("do") == "status":
            with self._lock:
                return service.status(self._premises, len(self._open))
        answer = service.ANSWERS.get(str(question.get("do")))
        if answer is None:
            raise wire.Malformed("nobody knows this question")
        found = answer(self._premises, question)
        told.of(str(question["do"]), question)
        return found

    def _serve_original(
        self, line: wire.Line, told: service.Told, question: Question
    ) -> None:
        opened = service.opened(self._premises, told, question)
        if opened is None:
            line.send(service.NOTHING, self._limits.send_seconds)
            return
        with opened as release:
            line.send(service.facts_of(release), self._limits.send_seconds)
            while True:
                asked = line.receive(self._limits.pause_seconds)
                piece = service.piece_of(release, asked)
                line.send_bytes(piece, self._limits.send_seconds)


def _listen(path: Path) -> socket.socket:
    _make_room(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777 ^ _SOCKET_MODE)
    try:
        listening.bind(str(path))
    except OSError as error:
        listening.close()
        reason = os.strerror(error.errno or 0)
        raise CannotListen(
            f"The socket {path} cannot be made ({reason}): give VIGIL_BROKER a place "
            "in a folder of the broker's own user."
        ) from None
    finally:
        os.umask(before)
    listening.listen(MOST_CONNECTIONS)
    listening.settimeout(1.0)
    return listening


def _make_room(path: Path) -> None:
    """Take away the socket of a broker that is no more.

    :raises CannotListen: another one listens there, or it is no socket
    """
    try:
        status = path.lstat()
    except OSError:
        return
    if not stat.S_ISSOCK(status.st_mode):
        raise CannotListen(f"{path} is there already, and is no socket.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            path.unlink(missing_ok=True)
            return
    raise CannotListen(f"Another broker listens on {path} already.")
