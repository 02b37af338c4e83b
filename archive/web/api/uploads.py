"""Resumable uploads by tus 1.0.0 (https://tus.io/protocols/resumable-upload).

| extension | here |
|---|---|
| creation, creation-with-upload | `POST /uploads`, with or without the first bytes |
| expiration | `Upload-Expires`; every byte puts it off |
| checksum | sha1, sha256; 460 and nothing kept when they disagree |
| termination | `DELETE /uploads/{id}` |

`OPTIONS` tells what this version can do, the same to everybody, and nothing else. An
upload is its account's own: to anybody else, whatever the method, it is not there. An
upload becomes a file by `uploads` of `POST /records`.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC
from email.utils import format_datetime
from typing import Any

from flask import jsonify, request, url_for
from werkzeug.exceptions import (
    BadRequest,
    ClientDisconnected,
    HTTPException,
    MethodNotAllowed,
    PreconditionFailed,
    UnsupportedMediaType,
)
from werkzeug.wrappers import Response

from archive.intake import Refused, uploads
from archive.intake.tables import Upload
from archive.intake.uploads import ALGORITHMS, Checksum, Details, Interrupted
from archive.web.api.operations import Answer
from archive.web.request import context, cursors

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,expiration,checksum,termination"
MEDIA_TYPE = "application/offset+octet-stream"
METADATA_LENGTH = 4096
OVERRIDE = "X-HTTP-Method-Override"
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_NAMES = ("filename", "name")


def options() -> Answer:
    """What this server's tus can do; the same to everybody."""
    told = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(context.site().upload_limits.bytes),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }
    return Response(status=204, headers=told)


def create() -> Answer:
    """Begin an upload; `Location` is its address. The first bytes may come along."""
    _check_version()
    length = _number("Upload-Length")
    metadata = request.headers.get("Upload-Metadata", "")
    details = Details(_filename(metadata), metadata)
    site, now = context.site(), context.now()
    begun = uploads.begin(site, _account(), length, details, now)
    headers = _where(begun.id)
    if request.mimetype == MEDIA_TYPE:
        try:
            offset = _append(begun, 0)
        except (uploads.UploadError, HTTPException):
            _forget(begun)
            raise
        headers["Upload-Offset"] = str(offset)
    return Response(status=201, headers={**headers, **_expiry(begun.id)})


def made_already(made: str) -> Answer:
    """The answer to whoever began it; `HEAD` says how far it is."""
    return Response(status=201, headers={**_where(made), **_expiry(made)})


def _where(upload_id: str) -> dict[str, str]:
    return {"Location": url_for("api.uploads_look", upload_id=upload_id)}


def listing() -> Answer:
    """Your uploads that go on, the oldest first; not part of tus."""
    with context.read_session() as s:
        rows = uploads.open_uploads(s, _account(), context.now())
    items, links = cursors.part([_told(row) for row in rows])
    return jsonify({"items": items}), 200, links


def look(upload_id: str) -> Answer:
    """How far an upload is, in headers."""
    _check_version()
    with context.read_session() as s:
        upload = uploads.find(s, upload_id, _account(), context.now())
    headers = {
        "Upload-Offset": str(upload.received),
        "Upload-Length": str(upload.length),
        "Upload-Expires": _http_date(upload),
        "Cache-Control": "no-store",
    }
    details = uploads.details_of(context.site().sealing, upload)
    if details.metadata:
        headers["Upload-Metadata"] = details.metadata
    return Response(status=200, headers=headers)


def append(upload_id: str) -> Answer:
    """Add bytes where the upload ends; they are sealed as they come."""
    _check_version()
    if request.mimetype != MEDIA_TYPE:
        raise UnsupportedMediaType(f"Send {MEDIA_TYPE}.")
    with context.read_session() as s:
        upload = uploads.find(s, upload_id, _account(), context.now())
    offset = _append(upload, _number("Upload-Offset"))
    headers = {"Upload-Offset": str(offset), **_expiry(upload_id)}
    return Response(status=204, headers=headers)


def terminate(upload_id: str) -> Answer:
    """End an upload; nothing of it stays."""
    _check_version()
    uploads.terminate(context.site(), upload_id, _account(), context.now())
    return Response(status=204)


def override(upload_id: str) -> Answer:
    """PATCH or DELETE, named by X-HTTP-Method-Override, for who can only POST."""
    method = request.headers.get(OVERRIDE, "").upper()
    if method == "PATCH":
        return append(upload_id)
    if method == "DELETE":
        return terminate(upload_id)
    raise MethodNotAllowed(["HEAD", "PATCH", "DELETE"])


def mark(response: Response) -> Response:
    """Put on every answer of these addresses what the protocol asks of it."""
    if (request.endpoint or "").startswith("api.uploads_"):
        if request.method != "OPTIONS":
            response.headers["Tus-Resumable"] = VERSION
        if response.status_code == 412:
            response.headers["Tus-Version"] = VERSION
        if response.status_code == 460:
            response.status = "460 Checksum Mismatch"
        response.headers["Cache-Control"] = "no-store"
    return response


class _Body:
    """The body of this request; says so when the sender goes away."""

    def read(self, size: int, /) -> bytes:
        try:
            return request.stream.read(size)
        except (ClientDisconnected, OSError) as error:
            raise Interrupted("The connection broke.") from error


def _append(upload: Upload, offset: int) -> int:
    announced = request.content_length or 0
    if offset == upload.received and offset + announced > upload.length:
        raise Refused("too_large", "These are more bytes than the upload has left.")
    return uploads.append(
        context.site(), upload, offset, _Body(), context.now(), _checksum()
    )


def _forget(upload: Upload) -> None:
    """Leave nothing of an upload whose address nobody was told."""
    uploads.terminate(context.site(), upload.id, _account(), context.now())


def _check_version() -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise PreconditionFailed(f"Send Tus-Resumable: {VERSION}.")


def _number(header: str) -> int:
    text = request.headers.get(header, "")
    if not _NUMBER.fullmatch(text):
        raise BadRequest(f"{header} must be a number of bytes.")
    return int(text)


def _checksum() -> Checksum | None:
    if "Upload-Checksum" not in request.headers:
        return None
    algorithm, _, digest = request.headers["Upload-Checksum"].strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise BadRequest(f"Upload-Checksum must be one of: {', '.join(ALGORITHMS)}.")
    return Checksum(algorithm, _base64(digest.strip(), "Upload-Checksum"))


def _filename(metadata: str) -> str:
    """The file's name out of `Upload-Metadata`: `key base64,key base64,key`."""
    if len(metadata) > METADATA_LENGTH:
        raise BadRequest("Upload-Metadata is too long.")
    told: dict[str, str] = {}
    for pair in metadata.split(",") if metadata.strip() else ():
        key, _, value = pair.strip().partition(" ")
        if not key or not key.isascii() or key in told:
            raise BadRequest("Upload-Metadata must be pairs of a key and base64.")
        text = _base64(value.strip(), "Upload-Metadata")
        told[key] = text.decode("utf-8", "replace")
    return next((told[name] for name in _NAMES if told.get(name)), "")


def _base64(text: str, header: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest(f"{header} is not well-formed base64.") from None


def _expiry(upload_id: str) -> dict[str, str]:
    with context.read_session() as s:
        upload = uploads.find(s, upload_id, _account(), context.now())
    return {"Upload-Expires": _http_date(upload)}


def _http_date(upload: Upload) -> str:
    return format_datetime(upload.expires_at.astimezone(UTC), usegmt=True)


def _told(upload: Upload) -> dict[str, Any]:
    details = uploads.details_of(context.site().sealing, upload)
    return {
        "id": upload.id,
        "url": url_for("api.uploads_look", upload_id=upload.id),
        "filename": details.filename,
        "metadata": details.metadata,
        "length": upload.length,
        "offset": upload.received,
        "expires_at": upload.expires_at.isoformat(),
    }


def _account() -> str:
    return context.viewer().account_id or ""
