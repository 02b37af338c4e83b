"""A call that makes something, sent again with the same key: made once, told again.

    Idempotency-Key: 7d1f2a9c-…           8 to 200 letters, new for each call

The key counts for one account and one address, for a day. The first answer is kept
sealed and told again to whoever sends the same; whoever sends something else with it is
refused. Where the first try died after making it, the thing is told of as it stands.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import g, make_response, request
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from archive.db import alongside
from archive.web.request import context
from archive.web.request.body import BodyError
from auth import repeats
from auth.repeats import Claim, Found, Overtaken

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT = ("Location", "Content-Type", "Upload-Offset", "Upload-Expires")
_KEY = re.compile(r"[!-~]{8,200}")
Given = TypeVar("Given")


@dataclass(frozen=True)
class Makes:
    """What a call makes: rows of this table, and how such a one is told of again."""

    table: type[Any]
    told: Callable[[str], Any]


def run(makes: Makes, view: Callable[[], Given]) -> Given | Response:
    """Answer the request by its view, or as it was answered before.

    :raises BadRequest: the key cannot be one, or nobody is signed in
    :raises Overtaken: another try with this key is still at it
    :raises BodyError: the key was used for something else
    """
    if HEADER not in request.headers:
        return view()
    key, early = _index(), _digest_of_body()
    try:
        with context.write_session() as s:
            found = repeats.claim(s, key, _account(), context.now())
    except IntegrityError:
        raise Overtaken from None
    if isinstance(found, Found):
        return _again(makes, key, found, early or _digest_of_parts())
    return _first(makes, view, found, early)


def _first(
    makes: Makes, view: Callable[[], Any], held: Claim, early: bytes | None
) -> Response:
    stamped: list[str] = []

    def note(s: Session, new: list[object]) -> None:
        for made in [each for each in new if isinstance(each, makes.table)][:1]:
            repeats.stamp(s, held, str(made.id), early)
            stamped.append(str(made.id))

    try:
        with alongside.every_commit(note):
            answer = make_response(view())
    except Exception:
        with context.write_session() as s:
            repeats.let_go(s, held)
        raise
    if not stamped:  # something was told, and nothing made
        with context.write_session() as s:
            repeats.let_go(s, held)
        return answer
    digest = early or _digest_of_parts()
    with context.write_session() as s:
        repeats.answer(s, held, digest, _sealed(answer, held.key))
    return answer


def _again(makes: Makes, key: bytes, found: Found, digest: bytes) -> Response:
    if found.digest is not None and found.digest != digest:
        raise BodyError(f"This {HEADER} was sent with something else before.")
    if found.answer is None:
        answer: Response = make_response(makes.told(found.made))
    else:
        answer = _opened(found.answer, key)
    answer.headers[REPLAYED] = "true"
    return answer


def _index() -> bytes:
    """Under what the key is kept: nobody can try out which keys there were."""
    text = request.headers[HEADER]
    if not _KEY.fullmatch(text):
        raise BadRequest(f"{HEADER} must be a word of 8 to 200 letters.")
    if not _account():
        raise BadRequest(f"{HEADER} is for calls with an account.")
    about = json.dumps([_account(), request.full_path, text])
    return context.site().sealing.blind(about, "repeats")


def _digest_of_body() -> bytes | None:
    """The digest of a body that is read whole; None of one that comes in parts.

    Of an upload it is that of its headers: its bytes are compared as they are added.
    """
    if "submission" in g:
        return None
    names = ("Content-Type", "Content-Length", "Upload-Length", "Upload-Metadata")
    told = json.dumps([request.headers.get(name) for name in names])
    content = b"" if "Upload-Length" in request.headers else request.get_data()
    return hashlib.sha256(told.encode() + content).digest()


def _digest_of_parts() -> bytes:
    """The digest of a body in parts, read to its end; no matter what divides them."""
    parts = g.submission
    for _file in parts.files():
        pass
    found: bytes = parts.digest()
    return found


def _sealed(answer: Response, key: bytes) -> bytes:
    told = {
        "status": answer.status_code,
        "headers": {n: answer.headers[n] for n in KEPT if n in answer.headers},
        "body": base64.b64encode(answer.get_data()).decode(),
    }
    return context.site().sealing.seal(json.dumps(told).encode(), _purpose(key))


def _opened(sealed: bytes, key: bytes) -> Response:
    told = json.loads(context.site().sealing.open(sealed, _purpose(key)))
    body = base64.b64decode(told["body"])
    return Response(body, status=told["status"], headers=told["headers"])


def _purpose(key: bytes) -> str:
    return f"repeats.answer/v1:{key.hex()}"


def _account() -> str:
    return context.viewer().account_id or ""
