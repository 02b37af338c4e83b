"""Web archives: WARC files, and WACZ, which hold them with their digests.

Every answer of a server that is a picture, a film, a sound or a document becomes a
record, with its address and the moment of capture. What the capture wrote down as
digest is compared while the answer is read; so are the digests of a WACZ, before
anything is taken in. A signature with a time-stamp in a WACZ is kept, not judged.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast
from urllib.parse import urlsplit

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord

from archive.exchange.imports import material
from archive.exchange.imports.digests import Hashed
from archive.exchange.imports.entries import Entry, EntryFile, SourceError, Unfit
from archive.exchange.imports.rows import Wish
from archive.exchange.imports.trees import Folder, Tree, TreeFile, opened
from archive.intake import Arrival
from archive.records.document import RecordDocument, Source
from archive.records.provenance import FileOrigin, Provenance, Stamp, is_token
from blur.errors import BlurError
from blur.kinds import HEAD_BYTES, sniff

FORM = "warc"
ENDINGS = (".warc", ".warc.gz")
PACKED = ".wacz"
LISTED, SIGNED = "datapackage.json", "datapackage-digest.json"
GOOD = "200"
DIGESTS = ("payload-digest", "block-digest")
DIFFERS = (
    "{url}: the capture claims {claimed}, its bytes have another; capture it again."
)


def entries(source: Path, wish: Wish, open_here: ExitStack) -> Iterator[Entry]:
    """Every medium of every web archive at a path; WACZ stay open until the end.

    :raises SourceError: there is none, or one does not hold
    """
    found = 0
    for path in [source] if source.is_file() else sorted(source.rglob("*")):
        for file, stamps in _files(path, open_here):
            found += 1
            yield from _of_file(file, stamps, wish)
    if not found:
        raise SourceError(f"There is no .warc, .warc.gz or .wacz in {source.name}.")


def _files(
    path: Path, open_here: ExitStack
) -> Iterator[tuple[TreeFile, tuple[Stamp, ...]]]:
    if path.name.endswith(ENDINGS):
        yield _fit(Folder(path.parent), path.name), ()
    elif path.name.endswith(PACKED):
        tree = open_here.enter_context(opened(path))
        stamps = _checked(tree)
        for name in tree.names():
            if name.endswith(ENDINGS):
                yield tree.file(name), stamps


def _checked(tree: Tree) -> tuple[Stamp, ...]:
    """Hold the digests of a WACZ against its files; gives its time-stamp.

    :raises SourceError: one is missing or another
    """
    told = material.json_of(_fit(tree, LISTED))
    listed = list(
        material.things(told.get("resources") if isinstance(told, dict) else 0)
    )
    for each in listed:
        path, claimed = (
            material.words(each.get("path")),
            material.words(each.get("hash")),
        )
        algorithm, _colon, digest = claimed.partition(":")
        if algorithm not in ("sha256", "md5"):
            raise SourceError(f"{LISTED}: {path} has no sha256 or md5.")
        with _fit(tree, path).open() as stream:
            found = Hashed(stream, frozenset({algorithm})).exhaust()[algorithm]
        if found != digest.lower():
            raise SourceError(f"{path} has {algorithm} {found}, not {digest}.")
    names = {material.words(each.get("path")) for each in listed}
    for name in tree.names():
        if name.endswith(ENDINGS) and name not in names:
            raise SourceError(f"{LISTED} does not list {name}.")
    return _stamps(tree)


def _stamps(tree: Tree) -> tuple[Stamp, ...]:
    if SIGNED not in set(tree.names()):
        return ()
    told = material.json_of(tree.file(SIGNED))
    signed = told.get("signedData") if isinstance(told, dict) else None
    token = (
        material.words(signed.get("timeSignature")) if isinstance(signed, dict) else ""
    )
    if not is_token(token):
        return ()
    return (Stamp(token, over=f"the signature of {LISTED} in {SIGNED}"),)


def _fit(tree: Tree, name: str) -> TreeFile:
    try:
        return tree.file(name)
    except Unfit as unfit:
        raise SourceError(str(unfit)) from None


def _of_file(file: TreeFile, stamps: tuple[Stamp, ...], wish: Wish) -> Iterator[Entry]:
    is_empty = True
    with file.open() as stream, _loading(file.path):
        archive = ArchiveIterator(stream)
        for record in archive:
            is_empty = False
            if record.format != "warc":
                # Whatever is no WARC is read as an ARC, which came before it.
                raise SourceError(
                    f"{file.path} is no WARC; convert it, or take it out."
                )
            if record.rec_type != "response" or record.http_headers is None:
                continue
            status = record.http_headers.get_statuscode()
            head = record.content_stream().read(HEAD_BYTES)
            # Only now: asking where a record begins reads it to its end.
            capture = Capture(file, archive.get_record_offset(), _header(record))
            yield _entry(capture, _passed(capture, status, head), stamps, wish)
    if is_empty:
        raise SourceError(f"{file.path} cannot be read as a WARC: it has no records.")


def _passed(capture: Capture, status: str, head: bytes) -> str:
    """Why an answer is nothing to be taken in; empty where it is."""
    if status != GOOD:
        return f"The server answered {status}."
    try:
        sniff(head)
    except BlurError:
        return f"The archive takes no such kind of file: {capture.media_type}."
    return ""


def _entry(
    capture: Capture, passed: str, stamps: tuple[Stamp, ...], wish: Wish
) -> Entry:
    told, url = capture.header, capture.url
    claimed = {name: told[name] for name in DIGESTS if name in told}
    document = RecordDocument(
        {wish.language: material.described("", url)},
        source=Source(url, urlsplit(url).netloc, told.get("date", "")),
        provenance=Provenance(
            form=FORM,
            identifier=told.get("record-id", ""),
            tool=told.get("software", ""),
            files=(FileOrigin(capture.name, url, told.get("date", ""), claimed),),
            stamps=stamps,
        ),
    )
    return Entry(
        at=f"{capture.file.path}, byte {capture.offset}",
        identifier=told.get("record-id", ""),
        digest=material.digest_of(told),
        draft=wish.draft(document),
        files=(EntryFile(capture, {}),),
        labels=wish.labels,
        publish=wish.publish,
        passed=passed,
    )


@dataclass(frozen=True)
class Capture:
    """An answer within a WARC; `header` has the WARC's fields, small, without WARC-."""

    file: TreeFile
    offset: int
    header: Mapping[str, str]

    @property
    def url(self) -> str:
        return self.header.get("target-uri", "").strip("<>")

    @property
    def media_type(self) -> str:
        return self.header.get("identified-payload-type", "unknown")

    @property
    def name(self) -> str:
        """The last part of its address."""
        return PurePosixPath(urlsplit(self.url).path).name or "unnamed"

    @property
    def size(self) -> int:
        """Bytes of the answer as it was sent, with its headers."""
        told = self.header.get("content-length", "")
        return int(told) if told.isdigit() else 0

    def open(self) -> BinaryIO:
        """The body as a browser would have it.

        :raises Unfit: it cannot be read
        """
        return cast("BinaryIO", _Body(self))

    def look(self, algorithms: frozenset[str]) -> Mapping[str, str]:
        """See to its kind and its own digests.

        :raises Unfit: its digest is another, or it cannot be read
        :raises BlurError: the archive has no such kind
        """
        self.verify()
        with self.open() as stream:
            return Hashed(stream, algorithms).look()

    def bring(self, arrival: Arrival, algorithms: frozenset[str]) -> Mapping[str, str]:
        """Take it into the archive, once its own digests hold.

        :raises Refused: it cannot be taken
        :raises Unfit: its digest is another, or it cannot be read
        """
        self.verify()
        with self.open() as stream:
            hashed = Hashed(stream, algorithms)
            arrival.take(hashed, self.name)
        return hashed.digests()

    def verify(self) -> None:
        """Read it once as it was sent, and compare what the capture wrote down.

        :raises Unfit: it is another
        """
        with self.file.open() as stream:
            record = self.record(stream, is_checked=True)
            while record.raw_stream.read(HEAD_BYTES):
                pass
            claimed = [n for n in DIGESTS if n in self.header]
            # Of a record that is cut off nothing is said: it never came to its end.
            if claimed and record.digest_checker.passed is not True:
                told = DIFFERS.format(url=self.url, claimed=self.header[claimed[0]])
                raise Unfit("files", told, "digest")

    def record(self, stream: BinaryIO, *, is_checked: bool = False) -> ArcWarcRecord:
        """The WARC's record, from the WARC as a stream.

        :raises Unfit: it is not there any more, or cannot be read
        """
        try:
            stream.seek(self.offset)
            return next(ArchiveIterator(stream, check_digests=is_checked))
        except (ArchiveLoadFailed, StopIteration, OSError, EOFError) as error:
            told = f"{self.file.path} cannot be read at byte {self.offset}."
            raise Unfit("files", told) from error


class _Body(io.RawIOBase):
    """The body of a captured answer; closing it closes the WARC."""

    def __init__(self, capture: Capture) -> None:
        super().__init__()
        self._stream = capture.file.open()
        self._content = capture.record(self._stream).content_stream()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        content: bytes = self._content.read(size)
        return content

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


def _header(record: ArcWarcRecord) -> dict[str, str]:
    fields = record.rec_headers.headers
    return {name.lower().removeprefix("warc-"): value for name, value in fields}


@contextmanager
def _loading(path: str) -> Iterator[None]:
    try:
        yield
    except (ArchiveLoadFailed, OSError, EOFError, ValueError) as error:
        raise SourceError(f"{path} cannot be read as a WARC: {error}.") from None
