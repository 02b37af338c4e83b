"""Uploads that outlive their connection: kept segment by segment, then deposited.

    begin       a row, with an owner, a length and an end
    append      bytes at the offset kept so far -> one or more sealed segments
    find        how far it is; only its owner's, everybody else's is not there
    terminate   rows and segments go
    take        every segment into a deposit, through the same door as any file
    expire      what nobody went on with goes

The bytes of a request are cut into segments of 32 MiB at most; each is sealed as it
arrives, made durable, and only then acknowledged: its key row and the new offset are
one transaction. A broken connection keeps what came; a checksum holds everything of its
request back until it is proven. Two writers at one offset end with one loser.

Nothing is concatenated on disk: `take` reads the segments once, in order, and writes
one ordinary original. The record, the original's key row and the end of the upload are
one transaction, so a crash leaves either the upload, to be taken again, or the record.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from archive.intake import filenames
from archive.intake.arrival import (
    READ_BYTES,
    Arrival,
    Premises,
    Readable,
    human,
    telling,
)
from archive.intake.refusals import Refused
from archive.intake.tables import Outcome, Upload
from archive.records.tables import Record
from archive.vault import segments
from archive.vault.objects import SealingWriter
from auth.sealing import Sealing
from blur.kinds import HEAD_BYTES, sniff

SEGMENT_BYTES = 32 * 1024 * 1024
MOST_SEGMENTS = 100_000
REMEMBER = timedelta(days=7)
"""How long an upload that ended is answered with 410 and not 404."""
DEPOSITS_AHEAD = 2
"""How many full deposits one account may have lying here unfinished."""
ALGORITHMS = ("sha1", "sha256")
_BATCH = 100


class UploadError(Exception):
    """What can be wrong with an upload; the text is fit for who sends it."""

    code = "upload"


class NoSuchUpload(UploadError):
    """There is none, or it is somebody else's."""

    code = "not_found"


class UploadEnded(UploadError):
    """It was deposited, or its time ran out."""

    code = "upload_ended"


class WrongOffset(UploadError):
    """The bytes do not begin where the upload ends."""

    code = "wrong_offset"


class ChecksumMismatch(UploadError):
    """The bytes are not those that the checksum is of; none was kept."""

    code = "checksum"


class Interrupted(UploadError):
    """The sender went away; what had come was kept."""

    code = "interrupted"


@dataclass(frozen=True)
class Checksum:
    """What the bytes of one request must hash to; `algorithm` is of `ALGORITHMS`."""

    algorithm: str
    digest: bytes


@dataclass(frozen=True)
class Details:
    """What the sender says of a file; `metadata` is returned as it was sent."""

    filename: str
    metadata: str


def begin(
    premises: Premises, account_id: str, length: int, details: Details, now: datetime
) -> Upload:
    """Begin an upload of so many bytes.

    :raises Refused: too large, empty, too many open, or no file may come in at all
    """
    premises.require_sandbox()
    premises.require_recovery()
    name = filenames.clean(details.filename)
    if length > premises.upload_limits.bytes:
        raise _too_large(premises.upload_limits.bytes, name)
    if length == 0:
        with telling(name):
            sniff(b"")
    row = Upload(
        id=secrets.token_hex(16),
        account_id=account_id,
        object_id=uuid4(),
        length=length,
        received=0,
        segments=0,
        created_at=now,
        expires_at=now + premises.upload_limits.lifetime,
    )
    told = {"filename": name, "metadata": details.metadata}
    sealed = json.dumps(told, ensure_ascii=False).encode()
    row.details_sealed = premises.sealing.seal(sealed, _details_context(row.id))
    with premises.db.write() as s:
        _check_allowance(premises, s, account_id, length, now)
        s.add(row)
    return row


def find(s: Session, upload_id: str, account_id: str, now: datetime) -> Upload:
    """The upload of that id, if it is this account's and goes on.

    :raises NoSuchUpload: there is none of this account
    :raises UploadEnded: it was deposited, or its time ran out
    """
    row = s.get(Upload, upload_id)
    if row is None or row.account_id != account_id:
        raise NoSuchUpload("There is nothing here.")
    if row.outcome is Outcome.KEPT:
        raise UploadEnded("This upload has become part of a record.")
    if row.ended_at is not None or row.expires_at <= now:
        raise UploadEnded("The time of this upload ran out; begin it anew.")
    return row


def open_uploads(s: Session, account_id: str, now: datetime) -> Sequence[Upload]:
    """Every upload of the account that goes on, the oldest first."""
    query = (
        select(Upload)
        .where(
            Upload.account_id == account_id,
            Upload.ended_at.is_(None),
            Upload.expires_at > now,
        )
        .order_by(Upload.created_at, Upload.id)
    )
    return s.scalars(query).all()


def details_of(sealing: Sealing, upload: Upload) -> Details:
    """What the sender said of the file."""
    opened = sealing.open(upload.details_sealed, _details_context(upload.id))
    return Details(**json.loads(opened))


def append(
    premises: Premises,
    upload: Upload,
    offset: int,
    body: Readable,
    now: datetime,
    checksum: Checksum | None = None,
) -> int:
    """Seal the bytes of one request at the offset, which must be the upload's own.

    :returns: the offset that the next bytes begin at
    :raises WrongOffset: they do not begin where the upload ends
    :raises ChecksumMismatch: they are not what was meant; none was kept
    :raises Interrupted: the sender went away, from `body`; what came was kept
    :raises Refused: they are too many, or no file of a known kind begins like this
    """
    if offset != upload.received:
        raise WrongOffset(f"The upload stands at {upload.received} bytes.")
    tail = _Tail(premises, upload, now)
    try:
        if checksum is None:
            _append_as_it_comes(tail, body)
        else:
            _append_when_proven(tail, body, checksum)
    finally:
        tail.drop()
    return tail.offset


def receive(
    premises: Premises, account_id: str, body: Readable, filename: str, now: datetime
) -> Upload:
    """Keep a file of which nobody said how long it is, to be handed in later.

    :raises Refused: it cannot be taken; nothing of it is left
    """
    most = premises.upload_limits.bytes
    upload = begin(premises, account_id, most, Details(filename, ""), now)
    tail = _Tail(premises, upload, now)
    try:
        _append_as_it_comes(tail, body)
        tail.end()
    except BaseException:
        with contextlib.suppress(UploadError):
            terminate(premises, upload.id, account_id, now)
        raise
    finally:
        tail.drop()
    return upload


def terminate(
    premises: Premises, upload_id: str, account_id: str, now: datetime
) -> None:
    """Leave nothing of an upload.

    :raises NoSuchUpload: there is none of this account
    :raises UploadEnded: it had ended already
    """
    with premises.db.write() as s:
        row = find(s, upload_id, account_id, now)
        names = segments.forget_segments(s, row.object_id)
        s.delete(row)
    _delete(premises, names)


def take(
    premises: Premises,
    arrival: Arrival,
    upload_id: str,
    account_id: str,
    now: datetime,
) -> None:
    """Read a whole upload into a deposit; it ends when that becomes a record.

    :raises Refused: there is none of this account, it is not whole, or not taken
    """
    upload = _hold(premises, upload_id, account_id, now)
    name = details_of(premises.sealing, upload).filename
    if not upload.is_complete:
        raise Refused("unfinished_upload", "This upload is not finished.", name)
    with premises.db.read() as s:
        source = segments.open_segments(
            s, premises.vault, upload.object_id, upload.length
        )
    with contextlib.closing(source):
        arrival.take(source, name)
    names: list[str] = []

    def end(s: Session, record: Record) -> None:
        _end(s, upload, Outcome.KEPT, now, record.id)
        names.extend(segments.forget_segments(s, upload.object_id))

    arrival.together_with(end, lambda: _delete(premises, names))


def expire(premises: Premises, now: datetime) -> int:
    """End every upload whose time ran out, and forget those that ended long ago.

    :returns: how many were ended
    """
    ended = 0
    due = (
        select(Upload)
        .where(Upload.ended_at.is_(None), Upload.expires_at <= now)
        .limit(_BATCH)
    )
    while True:
        names: list[str] = []
        with premises.db.write() as s:
            rows = s.scalars(due).all()
            for row in rows:
                _end(s, row, Outcome.EXPIRED, now)
                names += segments.forget_segments(s, row.object_id)
        _delete(premises, names)
        ended += len(rows)
        if len(rows) < _BATCH:
            break
    with premises.db.write() as s:
        s.execute(delete(Upload).where(Upload.ended_at < now - REMEMBER))
    return ended


def _append_as_it_comes(tail: _Tail, body: Readable) -> None:
    try:
        while piece := body.read(READ_BYTES):
            tail.write(piece)
            if tail.pending >= SEGMENT_BYTES:
                tail.keep()
    except Interrupted:
        tail.keep()
        raise
    tail.keep()


def _append_when_proven(tail: _Tail, body: Readable, checksum: Checksum) -> None:
    digest = hashlib.new(checksum.algorithm, usedforsecurity=False)
    while piece := body.read(READ_BYTES):
        tail.write(piece)
        digest.update(piece)
    if digest.digest() != checksum.digest:
        raise ChecksumMismatch("The bytes were changed on the way.")
    tail.keep()


class _Tail:
    """The end of an upload, where the bytes of one request are added."""

    def __init__(self, premises: Premises, upload: Upload, now: datetime) -> None:
        self._premises = premises
        self._upload = upload
        self._now = now
        self._number = upload.segments
        self._writer: SealingWriter | None = None
        self.offset = upload.received

    @property
    def pending(self) -> int:
        """Bytes of the segment that is not kept yet."""
        return self._writer.size if self._writer else 0

    def write(self, piece: bytes) -> None:
        """:raises Refused: too many bytes, or the store cannot take them"""
        if self.offset + self.pending + len(piece) > self._upload.length:
            raise _too_large(self._upload.length)
        with telling(self._filename):
            if self._writer is None:
                self._writer = self._new_segment()
            self._writer.write(piece)

    def keep(self) -> None:
        """Make the segment durable and move the offset; without bytes, nothing.

        :raises WrongOffset: somebody else was faster
        """
        if self._writer is None:
            return
        start, size = self.offset, self._writer.size
        with telling(self._filename):
            self._writer.finish_bytes()
        try:
            with self._premises.db.write() as s:
                self._advance(s, start + size)
                segments.keep_segment(s, self._writer, self._now)
        except SQLAlchemyError:
            # The commit may have happened: the blob stays, or the sweep takes it.
            self._writer = None
            raise
        self._writer = None
        self.offset = start + size
        self._number += 1
        if start < HEAD_BYTES <= self.offset or (
            start < HEAD_BYTES and self.offset == self._upload.length
        ):
            self._look_at_head()

    def end(self) -> None:
        """What came is all there is: that is its length.

        :raises Refused: it is empty, or no file of a known kind begins like this
        """
        with telling(self._filename):
            sniff(b"" if self.offset == 0 else self._head())
        with self._premises.db.write() as s:
            s.execute(
                update(Upload)
                .where(Upload.id == self._upload.id, Upload.ended_at.is_(None))
                .values(length=self.offset)
            )

    def drop(self) -> None:
        """Leave nothing of what was not kept."""
        if self._writer is not None:
            self._writer.discard()
            self._writer = None

    def _new_segment(self) -> SealingWriter:
        if self._number >= MOST_SEGMENTS:
            raise Refused("too_many_files", "Send larger parts: these are too many.")
        object_id = self._upload.object_id
        return segments.new_segment(self._premises.vault, object_id, self._number + 1)

    def _advance(self, s: Session, received: int) -> None:
        moved = s.execute(
            update(Upload)
            .where(
                Upload.id == self._upload.id,
                Upload.received == self.offset,
                Upload.ended_at.is_(None),
            )
            .values(
                received=received,
                segments=self._number + 1,
                expires_at=self._now + self._premises.upload_limits.lifetime,
            )
        )
        if not _changed_one(moved):
            find(s, self._upload.id, self._upload.account_id, self._now)
            raise WrongOffset("Somebody else sent these bytes at the same time.")

    def _look_at_head(self) -> None:
        """Refuse a file that no deposit would take before the rest of it is sent."""
        try:
            with telling(self._filename):
                sniff(self._head())
        except Refused:
            terminate(
                self._premises, self._upload.id, self._upload.account_id, self._now
            )
            raise

    def _head(self) -> bytes:
        vault, object_id = self._premises.vault, self._upload.object_id
        with self._premises.db.read() as s:
            source = segments.open_segments(s, vault, object_id, self.offset)
        head = b""
        with contextlib.closing(source):
            while len(head) < HEAD_BYTES:
                piece = source.read(HEAD_BYTES - len(head))
                if not piece:
                    break
                head += piece
        return head

    @property
    def _filename(self) -> str:
        return details_of(self._premises.sealing, self._upload).filename


def _hold(premises: Premises, upload_id: str, account_id: str, now: datetime) -> Upload:
    """Find the upload, and put off its end while it is being read.

    :raises Refused: there is none of this account that goes on
    """
    try:
        with premises.db.write() as s:
            row = find(s, upload_id, account_id, now)
            row.expires_at = now + premises.upload_limits.lifetime
            return row
    except NoSuchUpload:
        message = "There is no such upload of yours."
        raise Refused("no_upload", message) from None
    except UploadEnded as error:
        raise Refused("upload_ended", str(error)) from None


def _end(
    s: Session,
    upload: Upload,
    outcome: Outcome,
    now: datetime,
    record_id: str | None = None,
) -> None:
    """:raises Refused: it has ended already"""
    ended = s.execute(
        update(Upload)
        .where(Upload.id == upload.id, Upload.ended_at.is_(None))
        .values(ended_at=now, outcome=outcome, record_id=record_id)
    )
    if not _changed_one(ended):
        raise Refused("upload_ended", "This upload has ended in the meantime.")


def _changed_one(result: object) -> bool:
    return isinstance(result, CursorResult) and result.rowcount == 1


def _check_allowance(
    premises: Premises, s: Session, account_id: str, length: int, now: datetime
) -> None:
    limits = premises.upload_limits
    count, lying = s.execute(
        select(func.count(), func.coalesce(func.sum(Upload.length), 0)).where(
            Upload.account_id == account_id,
            Upload.ended_at.is_(None),
            Upload.expires_at > now,
        )
    ).one()
    is_full = lying + length > DEPOSITS_AHEAD * limits.bytes
    if is_full or count >= DEPOSITS_AHEAD * limits.files:
        message = "Too many of your uploads are unfinished: hand them in, or end them."
        raise Refused("too_many_uploads", message)


def _delete(premises: Premises, names: Sequence[str]) -> None:
    # Without their rows they are noise already; the sweep takes what stays.
    with contextlib.suppress(OSError):
        segments.delete_blobs(premises.vault, names)


def _too_large(most: int, filename: str | None = None) -> Refused:
    return Refused("too_large", f"There is room for {human(most)} here.", filename)


def _details_context(upload_id: str) -> str:
    return f"uploads.details/v1:{upload_id}"
