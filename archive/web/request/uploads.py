"""Files on their way in: read from the socket part by part, never spooled.

    fields before the first file -> CSRF and the policy -> files, one at a time

A view that takes files says so with `@takes_files`. Before it runs, only the form
fields that stand ahead of the first file have been read; `submission()` then hands out
the files, each a stream that can be read once, and `fields` grows by whatever stands
after them. On every other route a file part is refused: Werkzeug's own parser would
write its plaintext to a temporary file. A view that takes one file as its raw body
says so with `@takes_bytes`.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from typing import IO, Any, TypeVar

from flask import Flask, Request, current_app, g, request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import (
    Data,
    Epilogue,
    Event,
    Field,
    File,
    MultipartDecoder,
    NeedData,
)

View = TypeVar("View", bound=Callable[..., Any])
FORM_BYTES = 512 * 1024
READ_BYTES = 256 * 1024
DRAIN_BYTES = 64 * 1024 * 1024
MAX_PARTS = 1000
SPOOLING = ("waitress",)
_TAKES_FILES = "vigil_takes_files"
_TAKES_BYTES = "vigil_takes_bytes"


class VigilRequest(Request):
    """A request whose form parser cannot put a file on disk."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        raise UnsupportedMediaType("This address takes no files.")


class IncomingFile(io.RawIOBase):
    """One file part, as its bytes arrive; `filename` is what the sender calls it.

    `field` is the name of the form's field that it was chosen in.
    """

    def __init__(
        self, parts: Submission, filename: str, media_type: str, field: str = ""
    ) -> None:
        self._parts = parts
        self._rest = b""
        self.field = field
        self.filename = filename
        self.media_type = media_type

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at most so many, as they came: few are copied once more."""
        if size < 0:
            return self.readall() or b""
        while size and not self._rest:
            chunk = self._parts.next_chunk(self)
            if chunk is None:
                return b""
            self._rest = chunk
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


class Submission:
    """A multipart body: its fields so far, and its files one after another."""

    def __init__(
        self, stream: IO[bytes], boundary: bytes, *, is_digested: bool = False
    ) -> None:
        """Read the fields that stand before the first file.

        Where it `is_digested`, what is read can be told from any other body.

        :raises BadRequest: the body is not well-formed multipart
        """
        self.fields: MultiDict[str, str] = MultiDict()
        self._stream = stream
        self._decoder = MultipartDecoder(
            boundary, max_form_memory_size=FORM_BYTES, max_parts=MAX_PARTS
        )
        self._field_bytes = 0
        self._digests: list[hashlib._Hash] | None = [] if is_digested else None
        self._open_file: IncomingFile | None = None
        self._waiting: File | None = self._read_fields()

    def files(self) -> Iterator[IncomingFile]:
        """The files in their order; the one before is skipped where it wasn't read.

        :raises BadRequest: the body is not well-formed multipart
        """
        while self._waiting is not None:
            part, self._waiting = self._waiting, None
            media_type = part.headers.get("Content-Type", "")
            file = IncomingFile(self, part.filename, media_type, part.name)
            self._open_file = file
            if part.filename:
                yield file
            while self.next_chunk(file) is not None:
                pass
            self._waiting = self._read_fields()

    def next_chunk(self, file: IncomingFile) -> bytes | None:
        """The next bytes of the file that is open; None at its end."""
        if self._open_file is not file:
            return None
        event = self._event()
        if not isinstance(event, Data):
            raise BadRequest("The form's parts are out of order.")
        if not event.more_data:
            self._open_file = None
        return event.data if event.data or event.more_data else None

    def _read_fields(self) -> File | None:
        while not isinstance(event := self._event(), Epilogue):
            if isinstance(event, File):
                return event
            if isinstance(event, Field):
                self.fields.add(event.name, self._value())
        return None

    def _value(self) -> str:
        value = bytearray()
        while isinstance(event := self._event(), Data):
            value += event.data
            self._field_bytes += len(event.data)
            if self._field_bytes > FORM_BYTES:
                raise BadRequest("The form's fields are too long.")
            if not event.more_data:
                return value.decode("utf-8", "replace")
        raise BadRequest("The form's parts are out of order.")

    def _event(self) -> Event:
        try:
            event = self._decoder.next_event()
            while isinstance(event, NeedData):
                chunk = self._stream.read(READ_BYTES)
                self._decoder.receive_data(chunk or None)
                event = self._decoder.next_event()
        except ValueError as error:
            raise BadRequest("The form's body is cut or not well-formed.") from error
        if self._digests is not None:
            _digest(self._digests, event)
        return event

    def digest(self) -> bytes:
        """Of the names and contents of all parts that were read, in their order."""
        whole = hashlib.sha256()
        for each in self._digests or ():
            whole.update(each.digest())
        return whole.digest()


def _digest(digests: list[hashlib._Hash], event: Event) -> None:
    if isinstance(event, Field | File):
        filename = event.filename if isinstance(event, File) else None
        told = json.dumps([event.name, filename])
        digests += [hashlib.sha256(told.encode()), hashlib.sha256()]
    elif isinstance(event, Data):
        digests[-1].update(event.data)


def takes_files(view: View) -> View:
    """Declare that a view reads files out of a multipart body by `submission()`."""
    setattr(view, _TAKES_FILES, True)
    return view


def takes_bytes(view: View) -> View:
    """Declare that a view reads its raw body, as long as an upload, from the socket."""
    setattr(view, _TAKES_BYTES, True)
    return view


def install(app: Flask, *, upload_bytes: int) -> None:
    """Limit every body, and open the bodies of views that take files."""
    app.request_class = VigilRequest
    app.config.update(
        MAX_CONTENT_LENGTH=FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=FORM_BYTES,
        MAX_FORM_PARTS=MAX_PARTS,
    )

    @app.before_request
    def open_body() -> None:
        _refuse_spooling(request.environ.get("SERVER_SOFTWARE", ""))
        if request.url_rule is not None:
            _open_body(upload_bytes)

    @app.teardown_request
    def drain(_error: BaseException | None) -> None:
        """Read on for a while, so that a refusal reaches who is still sending."""
        if not request.environ.get("wsgi.input_terminated"):
            return  # a server that does not know where the body ends
        body, left = request.environ["wsgi.input"], DRAIN_BYTES
        with contextlib.suppress(OSError):  # hung up: nobody is left to be polite to
            while left > 0 and (chunk := body.read(min(left, READ_BYTES))):
                left -= len(chunk)


def _open_body(upload_bytes: int) -> None:
    if _view_declares(_TAKES_BYTES):
        request.max_content_length = upload_bytes
    if not _view_declares(_TAKES_FILES):
        return
    if request.mimetype == "multipart/form-data" and request.method == "POST":
        request.max_content_length = upload_bytes + FORM_BYTES
        _begin()


class SpoolingServerError(RuntimeError):
    """The server in front of us writes bodies to disk in the clear."""


def _refuse_spooling(server: str) -> None:
    if server.lower().startswith(SPOOLING):
        raise SpoolingServerError("use `vigil serve`; this server keeps clear copies")


def submission() -> Submission:
    """The multipart body of this request.

    :raises UnsupportedMediaType: the body is of another type
    """
    opened: Submission | None = g.get("submission")
    if opened is None:
        raise UnsupportedMediaType("Send the files as multipart/form-data.")
    return opened


def _view_declares(what: str) -> bool:
    view = current_app.view_functions[request.endpoint or ""]
    return bool(getattr(view, what, False))


def _begin() -> None:
    _kind, options = parse_options_header(request.content_type)
    boundary = options.get("boundary", "").encode("ascii", "ignore")
    if not boundary:
        raise BadRequest("The form's body has no boundary.")
    is_digested = "Idempotency-Key" in request.headers
    g.submission = Submission(request.stream, boundary, is_digested=is_digested)
    # So that forms and the CSRF check read the fields, and nothing parses again.
    request.__dict__["form"] = ImmutableMultiDict(g.submission.fields)
    request.__dict__["files"] = ImmutableMultiDict()
