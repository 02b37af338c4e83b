"""What others do by themselves, to compare with: applications for gunicorn, no suite.

`plain` gives out a file with Flask's `send_file`, and takes one as Werkzeug's form
parser hands it over: spooled to a temporary file in the clear, then hashed, then
sealed. `bare` is no more than gunicorn itself: it sends a MiB that lies ready.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from flask import Flask, Response, request, send_file

from archive.gate import FIRST_BYTES
from archive.vault.blobs import FolderStore
from archive.vault.container import STEP, Kind, Sealer
from archive.vault.keytable import draw

_PIECE, _PIECES = bytes(FIRST_BYTES), (1 << 20) // FIRST_BYTES
FILE = "BENCH_FILE"
FOLDER = "BENCH_FOLDER"


def plain() -> Flask:
    """The application that does it the usual way."""
    app = Flask("plain")
    app.add_url_rule("/file", view_func=_file)
    app.add_url_rule("/upload", view_func=_upload, methods=["POST"])
    return app


def bare(
    environ: dict[str, str], start: Callable[[str, list[tuple[str, str]]], object]
) -> list[bytes]:
    """Answer any range of a MiB with the same bytes, in pieces as Vigil sends them."""
    span = environ["HTTP_RANGE"].removeprefix("bytes=")
    headers = [
        ("Content-Type", "audio/wav"),
        ("Content-Length", str(len(_PIECE) * _PIECES)),
        ("Content-Range", f"bytes {span}/*"),
    ]
    start("206 PARTIAL CONTENT", headers)
    return [_PIECE] * _PIECES


def settings(plain_file: Path, folder: Path) -> dict[str, str]:
    """The environment of `plain`."""
    return {FILE: str(plain_file), FOLDER: str(folder)}


def _file() -> Response:
    return send_file(os.environ[FILE], conditional=True)


def _upload() -> Response:
    spooled = request.files["files"].stream
    digest = hashlib.file_digest(spooled, "sha256")  # type: ignore[arg-type]
    spooled.seek(0)
    header, data_key = draw(Kind.ORIGINAL)
    store = FolderStore(Path(os.environ[FOLDER]))
    blob = store.create(header.data_key_id.hex)
    sealer = Sealer(blob, header, data_key)
    while piece := spooled.read(STEP):
        sealer.write(piece)
    sealer.finish()
    blob.commit()
    store.delete(header.data_key_id.hex)  # or memory would fill
    return Response(digest.hexdigest(), status=201)
