"""What the broker does when asked; every answer rests on what the database says now.

| asked to | it asks itself |
|---|---|
| open, resume | the gate, for whoever is behind that session or token; line first |
| wrap | whether this kind is sealed under a key that the asker lacks |
| unwrap | whether it is a segment of an upload that its owner may go on with |

An original's data key never leaves this process. Whatever does is told to the journal
first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import gate
from archive.broker.journal import Journal
from archive.broker.wire import Malformed
from archive.intake.tables import Upload
from archive.vault import keytable
from archive.vault.container import KEY_SIZE, Header, Kind
from archive.vault.errors import KeyUnavailable
from archive.vault.keys import Purpose
from archive.vault.tables import DataKey
from auth.entry import entrances
from auth.policy import Action, Permit, decide
from auth.viewer import ANONYMOUS, Viewer

MOST_WORD = 200


class Premises(gate.Premises, Protocol):
    """What the broker needs of a running archive: what the gate needs."""


Question = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """Tells the journal what is given to whom, before it is given."""

    premises: Premises
    journal: Journal
    user: int
    """The system's user whose program asks."""

    def of(self, did: str, question: Question) -> None:
        """Write that this question is answered with more than a no.

        :raises JournalError: it cannot be written; nothing may be answered then
        """
        names = ("account", "asset", "form", "object", "data_key_id")
        facts = {name: question[name] for name in names if question.get(name)}
        with self.premises.db.read() as session:
            end = self.premises.ledger.end(session)
        now = self.premises.clock()
        self.journal.append(did, now, user=self.user, ledger=end, **facts)


def opened(premises: Premises, told: Told, question: Question) -> gate.Release | None:
    """Open an original for whoever stands behind the session or token that is named.

    The journal has a line of each opening and refusal. A further range belongs to the
    opening of a moment ago, which this process has told of.

    :returns: None where a further range is asked for, and nothing is being shown
    :raises Malformed: the question is not one
    :raises RefusedError: the policy says no
    :raises NoSuchRecord: there is nothing of that id
    :raises VaultError: it is there, but cannot be opened
    :raises JournalError: the journal cannot be written
    """
    asset_id, asker, now = _word(question, "asset"), _asker(question), premises.clock()
    form = _word(question, "form")
    if question["do"] == "resume":
        return gate.resume(premises, asker, asset_id, now, form=form)
    try:
        release = gate.release(premises, asker, asset_id, now, form=form)
    except gate.RefusedError:
        if asker.account_id is not None:  # strangers must not be able to fill it
            told.of("refuse", question)
        raise
    try:
        told.of("open", question)
    except BaseException:
        release.close()
        raise
    return release


def facts_of(release: gate.Release) -> dict[str, Any]:
    """What the asker is told of an original that is open."""
    return {
        "record": release.record_id,
        "size": release.size,
        "media_type": release.media_type,
        "filename": release.filename,
        "format": release.format,
        "form": release.form,
        "tier": release.tier.value,
        "line": release.told.line,
        "seal": release.told.seal.hex(),
    }


def piece_of(release: gate.Release, question: Question) -> bytes:
    """The bytes that are asked for, at most one piece.

    :raises Malformed: not a piece of this original
    :raises RefusedError: the viewer may not see it any more
    :raises VaultError: the stored bytes are not those that were deposited
    """
    start, stop = _number(question, "start"), _number(question, "stop")
    is_piece = start < stop <= min(release.size, start + gate.PIECE_BYTES)
    if question.get("do") != "read" or not is_piece:
        raise Malformed("no piece of what is open")
    return b"".join(release.read(start, stop))


def wrap(premises: Premises, question: Question) -> dict[str, Any]:
    """Wrap the data key of a new blob under the originals' key.

    :raises Malformed: the question is not one
    :raises KeyUnavailable: blobs of this kind are sealed without the broker
    """
    header = _header(question)
    data_key = _hex(question, "data_key", KEY_SIZE)
    if keytable.PURPOSES.get(header.kind) is not Purpose.ORIGINAL:
        raise KeyUnavailable("the broker wraps for originals alone")
    keyring = premises.vault.keyring
    wrapping_key_id, wrapped = keytable.wrap_new(keyring, header, data_key)
    return {"wrapping_key_id": str(wrapping_key_id), "wrapped": wrapped.hex()}


def unwrap(premises: Premises, question: Question) -> dict[str, Any]:
    """The data key of one segment of an upload that goes on.

    :raises Malformed: the question is not one
    :raises KeyUnavailable: it is no such segment, or its owner may not go on
    """
    data_key_id = _uuid(question, "data_key_id")
    now = premises.clock()
    with premises.db.read() as session:
        row = session.get(DataKey, data_key_id)
        if row is None or Kind(row.kind) is not Kind.SEGMENT:
            raise KeyUnavailable("there is no such segment")
        if not _may_go_on(premises, session, row.object_id, now):
            raise KeyUnavailable("nobody may go on with this upload now")
        opened = keytable.unwrap(premises.vault.keyring, row)
    return {"data_key": opened.data_key.hex()}


def status(premises: Premises, connections: int) -> dict[str, Any]:
    """Which archive this is, and whether its originals can be opened here."""
    keyring = premises.vault.keyring
    return {
        "archive": keyring.archive_id,
        "opens_originals": keyring.holds(Purpose.ORIGINAL),
        "connections": connections,
    }


def _may_go_on(
    premises: Premises, session: Session, object_id: UUID, now: datetime
) -> bool:
    """Whether the upload lives, and its owner is here and may deposit."""
    upload = session.scalars(
        select(Upload).where(
            Upload.object_id == object_id,
            Upload.ended_at.is_(None),
            Upload.expires_at > now,
        )
    ).one_or_none()
    if upload is None:
        return False
    for viewer in entrances.through_any(session, upload.account_id, now):
        outcome = decide(Action.DEPOSIT, viewer, None, premises.rules, now)
        if isinstance(outcome, Permit):
            return True
    return False


OPENING = frozenset({"open", "resume"})
NOTHING = {"nothing": True}
ANSWERS: dict[str, Callable[[Premises, Question], dict[str, Any]]] = {
    "wrap": wrap,
    "unwrap": unwrap,
}


def _asker(question: Question) -> Viewer:
    """Somebody of whom nothing is known yet but where to look; the gate looks."""
    if question.get("account") is None:
        return ANONYMOUS
    account, entrance = _word(question, "account"), _word(question, "entrance")
    return Viewer(account_id=account, session_id=entrance)


def _header(question: Question) -> Header:
    revision = _number(question, "revision")
    if not 1 <= revision < 1 << 32:
        raise Malformed("no revision")
    try:
        kind = Kind(_number(question, "kind"))
    except ValueError:
        raise Malformed("no kind of blob") from None
    object_id = _uuid(question, "object")
    return Header(object_id, kind, revision, _uuid(question, "data_key_id"))


def _word(question: Question, name: str) -> str:
    value = question.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MOST_WORD:
        raise Malformed(f"no {name}")
    return value


def _number(question: Question, name: str) -> int:
    value = question.get(name)
    if type(value) is not int or value < 0:
        raise Malformed(f"no {name}")
    return value


def _uuid(question: Question, name: str) -> UUID:
    try:
        return UUID(_word(question, name))
    except ValueError:
        raise Malformed(f"no {name}") from None


def _hex(question: Question, name: str, size: int) -> bytes:
    try:
        value = bytes.fromhex(_word(question, name))
    except ValueError:
        raise Malformed(f"no {name}") from None
    if len(value) != size:
        raise Malformed(f"no {name}")
    return value
