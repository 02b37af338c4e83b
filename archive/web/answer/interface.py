"""The interface's own files: sheets, scripts, letters and signs; never material.

All style sheets go out as one, `css/site.css`, so that a page asks once for them. What
is text goes out packed where the browser can unpack it: these files are the same for
everybody and hold nothing of anybody. Pages are never packed: they hold a form's token
beside words that a stranger may choose, and the length would tell the token.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from functools import cache
from pathlib import Path

from flask import Response, request, send_from_directory
from werkzeug.exceptions import NotFound

STATIC = Path(__file__).parents[3] / "static"
SHEET = "css/site.css"
SHEETS = ("tokens", "fonts", "base", "layout", "components", "pages", "work", "print")
FOREVER = "max-age=31536000, immutable"
_PACKED = {".css", ".js", ".mjs", ".svg"}
_COMMENT = re.compile(r"/\*.*?\*/\s*", re.DOTALL)


def answer(filename: str) -> Response:
    """One file, packed where it can be.

    :raises NotFound: there is none of that name
    """
    # What is kept below is kept by name: only names that there are may come so far.
    if filename != SHEET and filename not in _names():
        raise NotFound
    content = (
        _packed(filename) if request.accept_encodings["gzip"] else _plain(filename)
    )
    if content is None:
        response = send_from_directory(STATIC, filename)
    else:
        kind = mimetypes.guess_type(filename)[0] or "text/javascript"
        response = Response(content, content_type=f"{kind}; charset=utf-8")
        if request.accept_encodings["gzip"]:
            response.content_encoding = "gzip"
        response.set_etag(f"{version(filename)}-{response.content_encoding or 'plain'}")
        response.vary.add("Accept-Encoding")
        response.make_conditional(request)
    current = request.args.get("v") == version(filename)
    # Letters are asked for by the sheet, without a version: another drawing of them is
    # another file.
    lasting = current or filename.startswith("fonts/")
    response.headers["Cache-Control"] = FOREVER if lasting else "no-cache"
    return response


@cache
def address(filename: str) -> str:
    """Where a file is, under its version: asked for a hundred times on a page."""
    return f"/static/{filename}?v={version(filename)}"


@cache
def version(filename: str) -> str | None:
    """What changes with the content; None where there is no such file."""
    if filename == SHEET:
        return hashlib.sha256(_sheet()).hexdigest()[:12]
    path = STATIC / filename
    if not path.is_file():
        return None
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


@cache
def _sheet() -> bytes:
    """Every sheet in its order, without what is said to those who write them."""
    texts = [
        _COMMENT.sub("", (STATIC / "css" / f"{name}.css").read_text(encoding="utf-8"))
        for name in SHEETS
    ]
    printed = f"@media print {{\n{texts.pop()}}}\n"
    return "".join([*texts, printed]).encode()


def _plain(filename: str) -> bytes | None:
    return _sheet() if filename == SHEET else None


@cache
def _packed(filename: str) -> bytes | None:
    """The file packed; None where it is no text."""
    if filename == SHEET:
        return gzip.compress(_sheet(), mtime=0)
    if Path(filename).suffix not in _PACKED:
        return None
    return gzip.compress((STATIC / filename).read_bytes(), mtime=0)


@cache
def _names() -> frozenset[str]:
    """Every file there is: a name is looked up, and never becomes a path."""
    found = (path for path in STATIC.rglob("*") if path.is_file())
    return frozenset(path.relative_to(STATIC).as_posix() for path in found)
