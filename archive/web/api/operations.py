"""What one call of the API is: the row that routes, guards and describes it at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from archive.web.request import context, cursors, guard, once, uploads
from archive.web.request.identity import MissingScopeError
from archive.web.request.once import Makes
from auth.policy import Action
from auth.viewer import TokenScope

Answer = Response | tuple[Any, int] | tuple[Any, int, Mapping[str, str]]
View = Callable[..., Answer]
MOST_DIGITS = 15


@dataclass(frozen=True)
class Parameter:
    """One parameter of the query string, or a header; `needed` is always sent.

    Where the view has a sentence of its `own` for what it cannot read, only what is
    empty is refused before.
    """

    name: str
    meaning: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    needed: bool = False
    own: bool = False

    def check(self, text: str) -> None:
        """Hold a word or a whole number to what the description says of it.

        :raises BadRequest: it is none of the words, or not such a number
        """
        words, kind = self.schema.get("enum"), self.schema.get("type")
        if self.own and text:
            return
        if words is not None and text not in words:
            known = ", ".join(words)
            raise BadRequest(f"`{self.name}` must be one of: {known}.")
        if kind == "integer" and not self._is_number(text):
            least, most = self.schema.get("minimum", 0), self.schema.get("maximum")
            to = f" to {most}" if most else " or more"
            raise BadRequest(f"`{self.name}` must be a whole number, {least}{to}.")

    def _is_number(self, text: str) -> bool:
        if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
            return False
        most = self.schema.get("maximum", 10**MOST_DIGITS)
        return bool(self.schema.get("minimum", 0) <= int(text) <= most)


WALK = (
    Parameter(
        "cursor",
        "walk through the list so that nothing is missed or comes twice: empty begins, "
        "and `Link` leads on",
    ),
    Parameter(
        "per_page",
        "how many at most on a page",
        {"type": "integer", "minimum": 1, "maximum": cursors.MOST},
    ),
)
"""What a list takes that can be walked through."""
KEY = Parameter(
    once.HEADER,
    "a new word for each call: sent again with the same, it is answered again and "
    "nothing is made twice",
    {"type": "string", "pattern": "^[!-~]{8,200}$"},
)


@dataclass(frozen=True)
class Operation:
    """One call: `needs` is asked of the policy, `scopes` (any of them) of a token.

    `body` and `gives` name schemas of `archive.web.api.schemas`; both may also be a
    media type, and a body that is one is read raw. `headers` are those of the request.
    `later` are those of the 202 that says what comes of it later. `refuses` are the
    statuses of problem documents a caller should expect. A call that
    `makes` something can be sent again with the same key.
    """

    method: str
    path: str
    view: View
    summary: str
    needs: tuple[Action, ...] = ()
    scopes: tuple[TokenScope, ...] = ()
    query: tuple[Parameter, ...] = ()
    headers: tuple[Parameter, ...] = ()
    body: str | None = None
    form: str | None = None
    body_needed: bool = True
    status: int = 200
    gives: str | None = None
    later: tuple[str, ...] = ()
    refuses: tuple[int, ...] = ()
    makes: Makes | None = None

    @property
    def name(self) -> str:
        """The operation's id, and the name of its endpoint."""
        return f"{self.view.__module__.rsplit('.', 1)[-1]}_{self.view.__name__}"

    @property
    def takes_bytes(self) -> bool:
        """Whether the body is a file and not a document."""
        return self.body is not None and "/" in self.body

    def endpoint(self) -> View:
        """The view as registered: declared, and shut to tokens of other scopes."""

        def run(**path: str) -> Answer:
            if self.scopes and not context.viewer().holds(*self.scopes):
                raise MissingScopeError
            for parameter in self.query:
                for text in request.args.getlist(parameter.name):
                    parameter.check(text)
            if self.makes is not None:
                return once.run(self.makes, lambda: self.view(**path))
            return self.view(**path)

        run.__name__ = self.name
        run.__doc__ = self.view.__doc__
        if self.method == "OPTIONS":
            return guard.tells_options(run)
        guarded = guard.needs(*self.needs)(run)
        if self.takes_bytes:
            return uploads.takes_bytes(guarded)
        return uploads.takes_files(guarded) if self.form else guarded
