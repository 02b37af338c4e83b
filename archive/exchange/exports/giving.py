"""Giving what was made: decided anew, held against what is now, told, then opened.

    row its author's and ready → policy → premises as they were → line → bytes

With originals the gate decides on each and writes its line, as at any opening. While
bytes flow the same is asked again every two seconds; when the answer has changed,
reading raises, and the connection must be broken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from archive import gate
from archive.exchange.court import FORM
from archive.exchange.exports import leave
from archive.exchange.exports import premises as facts
from archive.exports import desk
from archive.exports.tables import Export, ExportState
from archive.gate import ASK_AGAIN_AFTER, PIECE_BYTES
from archive.ledger.actors import actor_of
from archive.records.errors import Gone
from archive.vault import listings
from archive.vault.reader import SealedReader
from auth.viewer import Viewer

EVENT = "export given"
NOT_READY = "This export is not ready, or its day is over."


class Premises(gate.Premises, Protocol):
    """What giving needs of a running archive."""


class Opened(Protocol):
    """A sealed export that is open: in the vault, or through the gate."""

    @property
    def size(self) -> int: ...
    def read(self, start: int, stop: int) -> Iterator[bytes]: ...
    def close(self) -> None: ...


@dataclass
class Given:
    """An export that is open for its author; close it."""

    row: Export
    _question: _Question = field(repr=False)
    _opened: Opened = field(repr=False)
    _asked: datetime = field(repr=False)

    @property
    def size(self) -> int:
        return self._opened.size

    def read(self) -> Iterator[bytes]:
        """All of it, in small pieces.

        :raises RefusedError: they may not have it any more
        :raises Stale: something in it has changed
        :raises VaultError: the stored bytes are not those that were made
        """
        for at in range(0, self.size, PIECE_BYTES):
            now = self._question.premises.clock()
            if now - self._asked >= ASK_AGAIN_AFTER:
                self._question.ask_again(now)
                self._asked = now
            yield from self._opened.read(at, at + PIECE_BYTES)

    def close(self) -> None:
        self._opened.close()


def give(premises: Premises, export_id: str, viewer: Viewer, now: datetime) -> Given:
    """Open an export for its author, once the ledger has a line that tells of it.

    :raises NoSuchRecord: there is none of that id, or it is somebody else's
    :raises Gone: it is not ready, or over
    :raises RefusedError: the policy says no, or the gate does to one of the originals
    :raises Stale: it is not what would be made now
    :raises VaultError: it cannot be opened
    """
    with premises.db.read() as s:
        row = desk.require(s, export_id, viewer.account_id or "")
    if not is_given(row, now):
        raise Gone(NOT_READY)
    wish = desk.wish_of(premises.sealing, row)
    told = desk.premises_of(premises.sealing, row)
    question = _Question(premises, viewer, row, wish, told)
    question.ask(now)
    with premises.db.write() as s:
        _tell(premises, s, question, now)
    return Given(row, question, _opened(question, now), now)


def is_given(row: Export, now: datetime) -> bool:
    """Whether it lies ready, and its day is not over."""
    is_living = row.expires_at is not None and now < row.expires_at
    return row.state is ExportState.READY and is_living


@dataclass(frozen=True)
class _Question:
    """What is asked before the first byte, and while they flow."""

    premises: Premises
    viewer: Viewer
    row: Export
    wish: dict[str, Any]
    told: dict[str, Any]

    def ask(self, now: datetime) -> None:
        with self.premises.db.read() as s:
            leave.require(self.premises, s, self.row, self.wish, self.viewer, now)
            facts.require_same(self.premises, s, self.told, self.viewer, now)

    def ask_again(self, now: datetime) -> None:
        """The same of who they are by now; that they proved it once is enough."""
        with self.premises.db.read() as s:
            row = desk.require(s, self.row.id, self.row.author)
            if not is_given(row, now):
                raise Gone(NOT_READY)
            viewer = leave.afresh(s, self.viewer, now)
            leave.require(self.premises, s, self.row, self.wish, viewer, now)
            facts.require_same(self.premises, s, self.told, viewer, now)


def _tell(premises: Premises, s: Session, question: _Question, now: datetime) -> None:
    row, told = question.row, question.told
    is_package = row.record_id is not None
    premises.ledger.append(
        s,
        EVENT,
        actor=actor_of(question.viewer),
        account=question.viewer.account_id,
        record=row.record_id,
        now=now,
        detail={
            "export": row.id,
            "what": row.what.value,
            "records": row.records,
            **({"form": FORM, "package": told["package"]} if is_package else {}),
        },
    )


def _opened(question: _Question, now: datetime) -> Opened:
    premises, row = question.premises, question.row
    if row.object_id is None:
        raise Gone(NOT_READY)
    if row.with_originals:
        held = question.told["assets"]
        return gate.release_package(
            premises, question.viewer, held, row.object_id, now, form=FORM
        )
    with premises.db.read() as s:
        return _Listing(listings.open_listing(s, premises.vault, row.object_id))


@dataclass(frozen=True)
class _Listing:
    """What holds no original, read from the vault."""

    reader: SealedReader

    @property
    def size(self) -> int:
        return self.reader.size

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        yield self.reader.read_range(start, min(stop, self.size) - start)

    def close(self) -> None:
        self.reader.close()
