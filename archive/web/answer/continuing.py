"""Further ranges of what is being shown, answered before the whole program is asked.

A player asks for one film in a thousand ranges, each with the same words but for its
numbers. The first passes the whole program: who asks, from where, may they. What came
of it holds for the next one as long as the whole program would come to the same:

| the whole program looks at | a range is continued only where |
|---|---|
| what the request says | every word is the same but for the numbers of the range |
| the database | nobody at all has committed since, as `archive.db.recalling` knows |
| the time | the whole program looked less than two seconds ago |
| streams of this viewer | there is room for one more, counted as ever |
| damage, keys, shredded things | the gate looks at them anew, and opens the file |

A file that somebody opened less than two seconds ago may be open still, as
`archive.vault.ajar` knows; whether it may be given is asked all the same.

Nothing is decided here. The gate is asked for every range; it asks the policy, under
a line of the ledger that was committed. Whatever is not plainly the same goes the whole
way, and so does whatever fails, to be refused there with its reasons.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, Request
from sqlalchemy.exc import SQLAlchemyError

from archive.gate import Opened, RefusedError
from archive.records.errors import NoSuchRecord
from archive.site import Site
from archive.vault.errors import VaultError
from archive.web import logs
from archive.web.answer import streams
from archive.web.answer.cleaning import Cleaned
from auth.viewer import Viewer
from blur.blanks import Blanks

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]
Span = tuple[int, int | None]

PARTIAL = "206 PARTIAL CONTENT"
OFFER = "vigil.continuing"
_RANGE = re.compile(r"bytes=([0-9]{1,15})-([0-9]{0,15})")
_OF_THIS_RANGE = frozenset({"HTTP_RANGE", "REMOTE_PORT"})
_NUMBERS = frozenset({"content-length", "content-range"})
GIVEN_OVER = (
    RefusedError,
    NoSuchRecord,
    VaultError,
    streams.TooManyStreamsError,
    SQLAlchemyError,
    OSError,
)
_UNUSUAL = ("CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "HTTP_EXPECT", "HTTP_UPGRADE")


@dataclass(frozen=True)
class Shown:
    """What is being shown to whom, as the whole program has just let it out."""

    who: Viewer
    asset_id: str
    form: str
    size: int
    blanks: Blanks | None
    route: str


@dataclass(frozen=True)
class Viewing:
    """That, and the headers of the answer, but for its numbers."""

    shown: Shown
    headers: Headers


class Offer:
    """What the whole program says of the answer that it is giving."""

    def __init__(self) -> None:
        self.shown: Shown | None = None
        self.headers: Headers | None = None

    def viewing(self) -> Viewing | None:
        """What may go on; nothing where the answer is more than a range."""
        if self.shown is None or self.headers is None:
            return None
        if any(name.lower() == "set-cookie" for name, _ in self.headers):
            return None
        kept = [each for each in self.headers if each[0].lower() not in _NUMBERS]
        return Viewing(self.shown, kept)


class Answer:
    """The bytes of one range; `close` gives back all that it holds."""

    def __init__(self, viewing: Viewing, start: int, stop: int) -> None:
        self._held = ExitStack()
        self._span = (start, stop)
        self._pieces: Iterator[bytes] = iter(())
        self.headers = [
            *viewing.headers,
            ("Content-Length", str(stop - start)),
            ("Content-Range", f"bytes {start}-{stop - 1}/{viewing.shown.size}"),
        ]

    def begin(self, opened: Opened, blanks: Blanks | None) -> None:
        """Read the first piece: damage found there is an error, not a cut.

        :raises RefusedError: the viewer may not see it any more
        :raises VaultError: it is damaged
        """
        source = opened if blanks is None else Cleaned(opened, blanks)
        pieces = source.read(*self._span)
        self._pieces = itertools.chain((next(pieces),), pieces)

    def hold(self, give_back: Callable[[], None]) -> None:
        """Have something given back with the answer."""
        self._held.callback(give_back)

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        self._held.close()


class Continuing:
    """Stands before the whole program, and answers what goes on by itself."""

    def __init__(self, app: WsgiApp, site: Site, counted: streams.Streams) -> None:
        self._app = app
        self._site = site
        self._streams = counted
        # Neither credentials are kept, nor anything by which they could be guessed.
        self._digest_key = secrets.token_bytes(32)

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        span = _one_range(environ)
        if span is None:
            return self._app(environ, start_response)
        started, now, key = time.monotonic(), self._site.clock(), self._key(environ)
        seen = self._site.db.glance(key, now)
        if isinstance(seen.fact, Viewing):
            answer = self._goes_on(seen.fact, span, now)
            if answer is not None:
                start_response(PARTIAL, answer.headers)
                logs.note_request("GET", seen.fact.shown.route, 206, started)
                return answer
        offer = environ[OFFER] = Offer()
        answered = self._app(environ, _listening(start_response, offer))
        if (viewing := offer.viewing()) is not None:
            self._site.db.keep(key, viewing, seen, now)
        return answered

    def _goes_on(self, viewing: Viewing, span: Span, now: datetime) -> Answer | None:
        """Open the range; None where the whole program is to answer."""
        shown, (start, last) = viewing.shown, span
        stop = shown.size if last is None else min(last + 1, shown.size)
        if start >= stop:
            return None
        answer = Answer(viewing, start, stop)
        try:
            if self._begins(answer, shown, now):
                return answer
        except GIVEN_OVER:
            answer.close()  # the whole program meets the same, and says what it is
            return None
        except BaseException:
            answer.close()
            raise
        answer.close()
        return None

    def _begins(self, answer: Answer, shown: Shown, now: datetime) -> bool:
        answer.hold(self._streams.take(shown.who.account_id or "").give_back)
        opened = self._site.resume(shown.who, shown.asset_id, now, form=shown.form)
        if opened is None:
            return False
        answer.hold(opened.close)
        if opened.size != shown.size:
            return False
        answer.begin(opened, shown.blanks)
        return True

    def _key(self, environ: Environ) -> tuple[str, bytes]:
        """All that a request says, but for the numbers of its range."""
        words = [
            (name, value)
            for name, value in environ.items()
            if isinstance(value, (str, bool)) and name not in _OF_THIS_RANGE
        ]
        said = repr(words).encode()
        digest = hashlib.blake2b(said, key=self._digest_key, digest_size=32)
        return ("viewing", digest.digest())


def install(app: Flask, site: Site) -> None:
    """Have further ranges answered before `app`, which they have passed once."""
    ahead = Continuing(app.wsgi_app, site, streams.of(app))
    app.wsgi_app = ahead  # type: ignore[method-assign]


def offer(request: Request, who: Viewer, opened: Opened, blanks: Blanks | None) -> None:
    """Say of the range that is being answered that others of it may go on."""
    held = request.environ.get(OFFER)
    if isinstance(held, Offer):
        route = str(request.url_rule)
        held.shown = Shown(
            who, opened.asset_id, opened.form, opened.size, blanks, route
        )


def _one_range(environ: Environ) -> Span | None:
    """First and last byte of an ordinary request for one range, by numbers."""
    asked = environ.get("HTTP_RANGE")
    if asked is None or environ.get("REQUEST_METHOD") != "GET":
        return None
    found = _RANGE.fullmatch(asked)
    if found is None or any(environ.get(name) for name in _UNUSUAL):
        return None
    start, last = int(found[1]), int(found[2]) if found[2] else None
    return None if last is not None and last < start else (start, last)


def _listening(start_response: StartResponse, offer: Offer) -> StartResponse:
    """The same, which also notes the headers of an answer that is a range."""

    def start(status: str, headers: Headers, *error: Any) -> Any:  # noqa: ANN401 - WSGI
        offer.headers = list(headers) if status == PARTIAL and not error else None
        return start_response(status, headers, *error)

    return start
