"""One deposit: files arrive, are looked at, and become one record, or nothing stays.

    with intake.begin(premises) as arrival:
        arrival.take(stream, "clip.mp4")            # pulled from a readable stream, or
        file = arrival.begin_file("photo.jpg")      # pushed: write() ..., close()
        deposit = arrival.deposit(draft, by, now)

| when | what |
|---|---|
| each write | counted against the limit, hashed, sealed, stored; no clear byte stays |
| after 64 KiB, or at the end | the kind is told from the content, never from the name |
| at `close` | the blob is durable; a sandboxed child looks into the file |
| `deposit` | record, assets, key rows, ledger lines and jobs in one transaction |

Whatever goes wrong (refused, disconnected, disk full, limit reached, block left without
`deposit`), every blob of the arrival is deleted again. A killed process leaves at most
sealed blobs without a key, which the sweep removes.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from archive import jobs
from archive.db import Database
from archive.intake import filenames
from archive.intake.limits import UploadLimits
from archive.intake.refusals import Refused
from archive.ledger import Ledger
from archive.records import store
from archive.records.store import AssetFacts, RecordDraft
from archive.records.tables import Asset, Record
from archive.vault.container import Kind as ObjectKind
from archive.vault.errors import StoreUnavailable
from archive.vault.objects import ObjectRef, SealingWriter, Vault
from auth.sealing import Sealing
from auth.viewer import RecordState
from blur.derivation import probe
from blur.errors import BlurError
from blur.kinds import HEAD_BYTES, Kind, sniff
from blur.wire import Probe

READ_BYTES = 256 * 1024
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ENOENT)


class Premises(Protocol):
    """What taking a deposit needs of a running archive."""

    @property
    def db(self) -> Database: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def sealing(self) -> Sealing: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def upload_limits(self) -> UploadLimits: ...
    def require_sandbox(self) -> None: ...
    def require_recovery(self) -> None: ...


class Readable(Protocol):
    def read(self, size: int, /) -> bytes | None: ...


@dataclass(frozen=True)
class Incoming:
    """A file that somebody hands over, and what they call it."""

    stream: Readable
    filename: str


@dataclass(frozen=True)
class Duplicate:
    """A file whose exact bytes the archive already holds in another asset."""

    filename: str
    record_id: str
    asset_id: str


@dataclass(frozen=True)
class Deposit:
    """What came of an arrival."""

    record: Record
    assets: tuple[Asset, ...]
    duplicates: tuple[Duplicate, ...]


def begin(premises: Premises, limits: UploadLimits | None = None) -> Arrival:
    """Begin a deposit; use it as a block. `limits` are instead of the archive's own.

    :raises ConfigError: decoders cannot be confined here, and that was not allowed
    :raises Refused: nobody could recover the keys, and that was not waived
    """
    premises.require_sandbox()
    premises.require_recovery()
    return Arrival(premises, limits or premises.upload_limits)


class Arrival:
    """The files of one deposit, until they are a record or are given up."""

    def __init__(self, premises: Premises, limits: UploadLimits) -> None:
        self._premises = premises
        self._limits = limits
        self._files: list[IncomingFile] = []
        self._together: list[Callable[[Session, Record], None]] = []
        self._afterwards: list[Callable[[], None]] = []
        self._is_over = False

    @property
    def files(self) -> tuple[IncomingFile, ...]:
        return tuple(self._files)

    @property
    def size(self) -> int:
        """Bytes of all files so far."""
        return sum(file.size for file in self._files)

    def begin_file(self, filename: str | None) -> IncomingFile:
        """Begin one more file, to be written to and closed.

        :raises Refused: there are too many, or the store cannot take it
        """
        if len(self._files) >= self._limits.files:
            most = self._limits.files
            raise Refused("too_many_files", f"A deposit has at most {most} files.")
        name = filenames.clean(filename)
        with telling(name):
            writer = self._premises.vault.new_object(ObjectKind.ORIGINAL)
        file = IncomingFile(name, writer, self._limits, self._room)
        self._files.append(file)
        return file

    def take(self, stream: Readable, filename: str | None) -> IncomingFile:
        """Read one more file to its end.

        :raises Refused: it cannot be taken; nothing of it is left
        """
        file = self.begin_file(filename)
        while piece := stream.read(READ_BYTES):
            file.write(piece)
        file.close()
        return file

    def together_with(
        self,
        work: Callable[[Session, Record], None],
        afterwards: Callable[[], None],
    ) -> None:
        """Have something done in the record's transaction, and more once it is kept."""
        self._together.append(work)
        self._afterwards.append(afterwards)

    def deposit(self, draft: RecordDraft, by: str, now: datetime) -> Deposit:
        """Make one record of everything that arrived.

        :raises Refused: no file arrived, or one cannot be taken
        :raises FieldError: the description cannot be taken
        """
        self._close()
        made: list[str] = []
        try:
            with self._premises.db.write() as session:
                deposit = self._record(session, draft, by, now, made)
        except SQLAlchemyError:
            # A commit whose answer was lost may have happened: then the blobs stay.
            self._is_over = _may_be_kept(self._premises.db, made)
            raise
        self._end()
        return deposit

    def add_to(self, record_id: str, by: str, now: datetime) -> Deposit:
        """Make everything that arrived further files of a record that is there.

        :raises Refused: no file arrived, or one cannot be taken
        :raises NoSuchRecord: there is no such record
        """
        self._close()
        made: list[str] = []
        try:
            with self._premises.db.write() as session:
                record = store.require(session, record_id)
                deposit = self._kept(session, record, by, now, made)
        except SQLAlchemyError:
            self._is_over = _may_be_kept(self._premises.db, made)
            raise
        self._end()
        return deposit

    def abandon(self) -> None:
        """Leave nothing of what arrived, unless it has become a record."""
        if self._is_over:
            return
        self._is_over = True
        for file in self._files:
            file.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.abandon()

    def _room(self) -> int:
        return self._limits.bytes - self.size

    def _close(self) -> None:
        for file in self._files:
            file.close()
        if not self._files:
            raise Refused("no_files", "Add at least one file.")

    def _end(self) -> None:
        self._is_over = True
        for work in self._afterwards:
            work()

    def _record(
        self,
        session: Session,
        draft: RecordDraft,
        by: str,
        now: datetime,
        made: list[str],
    ) -> Deposit:
        premises = self._premises
        record = store.create(session, premises.sealing, draft, by, now)
        source = draft.document.source
        told = _Told(session, premises.ledger, by, now, record.id)
        # The ledger forgets nothing: what may be taken back is told once accepted.
        is_kept = draft.state is not RecordState.CONTRIBUTED
        if is_kept and (source.captured_at or source.url):
            told.line("capture", None, captured_at=source.captured_at, url=source.url)
        return self._kept(session, record, by, now, made)

    def _kept(
        self,
        session: Session,
        record: Record,
        by: str,
        now: datetime,
        made: list[str],
    ) -> Deposit:
        """Every file as an asset of the record; `made` are the assets' ids."""
        premises = self._premises
        told = _Told(session, premises.ledger, by, now, record.id)
        told.line("accession", None, files=len(self._files))
        assets: list[Asset] = []
        duplicates: list[Duplicate] = []
        for file in self._files:
            duplicates += _duplicates(session, premises.sealing, file)
            ref = file.keep(session, now)
            facts = file.facts(ref)
            asset = store.add_asset(session, premises.sealing, record, facts, now)
            assets.append(asset)
            made.append(asset.id)
            _tell(told, asset, facts)
            args = {"asset": asset.id}
            jobs.enqueue(session, "derive", args, subject=record.id, owner=by, now=now)
        for work in self._together:
            work(session, record)
        jobs.enqueue(
            session,
            "index",
            {"record": record.id},
            subject=record.id,
            owner=by,
            now=now,
        )
        return Deposit(record, tuple(assets), tuple(duplicates))


class IncomingFile(io.RawIOBase):
    """One file on its way in; a writable stream that seals what it is given."""

    def __init__(
        self,
        filename: str,
        writer: SealingWriter,
        limits: UploadLimits,
        room: Callable[[], int],
    ) -> None:
        super().__init__()
        self.filename = filename
        self._writer = writer
        self._limits = limits
        self._room = room
        self._head = bytearray()
        self._kind: Kind | None = None
        self._probe: Probe | None = None
        self._is_discarded = False

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._writer.size

    @property
    def kind(self) -> Kind | None:
        """What it is, once enough of it is here."""
        return self._kind

    @property
    def sha256(self) -> str:
        """Digest of what came so far, in hexadecimal."""
        return self._writer.sha256.hex()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        """Seal some more of the file.

        :raises Refused: it cannot be taken; nothing of it is left
        """
        piece = memoryview(data).cast("B")
        with self._or_discard():
            if len(piece) > self._room():
                most = human(self._limits.bytes)
                raise Refused("too_large", f"A deposit may hold at most {most}.")
            self._writer.write(piece)
            if self._kind is None:
                self._head += piece[: HEAD_BYTES - len(self._head)]
                if len(self._head) >= HEAD_BYTES:
                    self._look_at_head()
        return len(piece)

    def close(self) -> None:
        """End the file: make it durable and look into it; again does nothing.

        :raises Refused: it cannot be taken; nothing of it is left
        """
        if self.closed:
            return
        super().close()
        if self._is_discarded:
            return
        with self._or_discard():
            self._look_at_head()
            self._writer.finish_bytes()
            self._look_inside()

    def discard(self) -> None:
        """Leave nothing of it; again does nothing."""
        if not self._is_discarded:
            self._is_discarded = True
            self._writer.discard()
        if not self.closed:
            super().close()

    def keep(self, session: Session, now: datetime) -> ObjectRef:
        """Add the file's key row in the caller's transaction."""
        return self._writer.finish(session, now)

    def facts(self, ref: ObjectRef) -> AssetFacts:
        """What the record remembers of it.

        :raises ValueError: it is not closed yet
        """
        if self._kind is None or self._probe is None:
            raise ValueError("the file is not closed yet")
        return AssetFacts(
            # A film container with sound only is a recording.
            kind=self._probe.family.value,
            format=self._kind.name,
            media_type=self._kind.media_type,
            size=ref.size,
            object_id=ref.object_id,
            filename=self.filename,
            sha256=ref.sha256.hex(),
            width=self._probe.width,
            height=self._probe.height,
            duration=self._probe.duration,
            pages=self._probe.pages,
            rate=self._probe.rate,
        )

    def _look_at_head(self) -> None:
        if self._kind is None:
            self._kind = sniff(bytes(self._head))
            self._head.clear()

    def _look_inside(self) -> None:
        if self._kind is not None and self._probe is None:
            with self._writer.reader() as reader:
                self._probe = probe(reader, self._kind, self._limits.media)

    def _or_discard(self) -> telling:
        return telling(self.filename, self.discard)


class telling:
    """Turn what goes wrong with a file into `Refused`, after cleaning up."""

    def __init__(
        self, filename: str, clean_up: Callable[[], None] | None = None
    ) -> None:
        self._filename = filename
        self._clean_up = clean_up

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            return
        if self._clean_up is not None:
            self._clean_up()
        if refused := _as_refusal(error, self._filename):
            raise refused from error
        if isinstance(error, OSError) and error.errno in _CLOSED:
            raise StoreUnavailable("the store of files cannot be written") from error


def _as_refusal(error: BaseException, filename: str) -> Refused | None:
    if isinstance(error, BlurError):
        return Refused(error.code, str(error), filename)
    if isinstance(error, Refused) and error.filename is None:
        return Refused(error.code, error.message, filename)
    if isinstance(error, OSError) and error.errno in _FULL:
        message = "The archive has no room for this just now."
        return Refused("storage_full", message, filename)
    return None


@dataclass(frozen=True)
class _Told:
    """Writes the ledger lines of one deposit."""

    session: Session
    ledger: Ledger
    by: str
    now: datetime
    record_id: str

    def line(self, event: str, asset_id: str | None, **detail: object) -> None:
        self.ledger.append(
            self.session,
            event,
            actor=self.by,
            record=self.record_id,
            asset=asset_id,
            now=self.now,
            detail=detail,
        )


def _tell(told: _Told, asset: Asset, facts: AssetFacts) -> None:
    told.line("ingestion", asset.id, size=facts.size, format=facts.format)
    told.line("message digest calculation", asset.id, sha256=facts.sha256)
    told.line(
        "encryption", asset.id, suite="Cobblestone-256", object=str(facts.object_id)
    )


def _duplicates(
    session: Session, sealing: Sealing, file: IncomingFile
) -> Iterable[Duplicate]:
    return [
        Duplicate(file.filename, twin.record_id, twin.id)
        for twin in store.same_file(session, sealing, file.sha256)
        if store.require(session, twin.record_id).state is not RecordState.CONTRIBUTED
    ]


def _may_be_kept(db: Database, made: Sequence[str]) -> bool:
    """Whether these assets may be there; only certainly not is no."""
    try:
        with db.read() as session:
            return any(store.get_asset(session, each) is not None for each in made)
    except SQLAlchemyError:
        return bool(made)


def human(size: int) -> str:
    for unit, factor in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} bytes"
