"""What one call of the API is: the row that routes, guards and describes it at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Response

from archive.web.request import context, cursors, guard, uploads
from archive.web.request.identity import MissingScopeError
from auth.policy import Action
from auth.viewer import TokenScope

Answer = Response | tuple[Any, int] | tuple[Any, int, Mapping[str, str]]
View = Callable[..., Answer]


@dataclass(frozen=True)
class Parameter:
    """One parameter of the query string."""

    name: str
    meaning: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})


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


@dataclass(frozen=True)
class Operation:
    """One call: `needs` is asked of the policy, `scopes` (any of them) of a token.

    `body` and `gives` name schemas of `archive.web.api.schemas`; both may also be a
    media type, and a body that is one is read raw. `headers` are those of the request.
    `refuses` are the statuses of problem documents a caller should expect.
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
    status: int = 200
    gives: str | None = None
    refuses: tuple[int, ...] = ()

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
            return self.view(**path)

        run.__name__ = self.name
        run.__doc__ = self.view.__doc__
        if self.method == "OPTIONS":
            return guard.tells_options(run)
        guarded = guard.needs(*self.needs)(run)
        if self.takes_bytes:
            return uploads.takes_bytes(guarded)
        return uploads.takes_files(guarded) if self.form else guarded
