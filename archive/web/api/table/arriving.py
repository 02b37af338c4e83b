"""Files that arrive in parts (tus 1.0)."""

from __future__ import annotations

from archive.intake.tables import Upload
from archive.web.api import (
    uploads,
)
from archive.web.api.operations import WALK, Operation, Parameter
from archive.web.request.once import Makes
from auth.policy import Action

_TUS = Parameter(
    "Tus-Resumable", "1.0.0", {"type": "string", "enum": ["1.0.0"]}, needed=True
)
_BYTES = {"type": "integer", "minimum": 0, "maximum": 10**15}
_LENGTH = Parameter("Upload-Length", "bytes of the whole file", _BYTES, needed=True)
_OFFSET = Parameter("Upload-Offset", "where these bytes begin", _BYTES, needed=True)
_METADATA = Parameter("Upload-Metadata", "key and base64, with commas: filename")
_CHECKSUM = Parameter("Upload-Checksum", "sha1 or sha256, and base64 of the bytes")
_OVERRIDE = Parameter(
    "X-HTTP-Method-Override",
    "which of the two",
    {"type": "string", "enum": ["PATCH", "DELETE"]},
    needed=True,
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "OPTIONS",
        "/uploads",
        uploads.options,
        "What resumable uploads (tus 1.0.0) can do here",
        status=204,
    ),
    Operation(
        "POST",
        "/uploads",
        uploads.create,
        "Begin a resumable upload",
        needs=(Action.DEPOSIT,),
        headers=(_TUS, _LENGTH, _METADATA, _CHECKSUM),
        body=uploads.MEDIA_TYPE,
        status=201,
        refuses=(400, 401, 403, 412, 413, 415, 422, 429, 460, 503),
        makes=Makes(Upload, uploads.made_already),
    ),
    Operation(
        "GET",
        "/uploads",
        uploads.listing,
        "Your uploads that go on",
        needs=(Action.DEPOSIT,),
        query=WALK,
        gives="UploadList",
        refuses=(401, 403),
    ),
    Operation(
        "HEAD",
        "/uploads/{upload_id}",
        uploads.look,
        "How far an upload is",
        needs=(Action.DEPOSIT,),
        headers=(_TUS,),
        refuses=(401, 403, 404, 410, 412),
    ),
    Operation(
        "PATCH",
        "/uploads/{upload_id}",
        uploads.append,
        "Add bytes to an upload",
        needs=(Action.DEPOSIT,),
        headers=(_TUS, _OFFSET, _CHECKSUM),
        body=uploads.MEDIA_TYPE,
        status=204,
        refuses=(400, 401, 403, 404, 409, 410, 412, 413, 415, 429, 460, 503),
    ),
    Operation(
        "DELETE",
        "/uploads/{upload_id}",
        uploads.terminate,
        "End an upload; nothing of it stays",
        needs=(Action.DEPOSIT,),
        headers=(_TUS,),
        status=204,
        refuses=(401, 403, 404, 410, 412),
    ),
    Operation(
        "POST",
        "/uploads/{upload_id}",
        uploads.override,
        "Add bytes to an upload, or end it, where only POST passes",
        needs=(Action.DEPOSIT,),
        headers=(_OVERRIDE, _TUS, _OFFSET, _CHECKSUM),
        body=uploads.MEDIA_TYPE,
        status=204,
        refuses=(400, 401, 403, 404, 405, 409, 410, 412, 413, 415, 429, 460, 503),
    ),
)
