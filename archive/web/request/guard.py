"""The door of every route: each view says what it needs, or the program won't start.

    @bp.get("/<record_id>")        @bp.get("/help/")
    @needs(Action.READ_RECORD)     @public
    def show(record_id): ...       def index(): ...

Before any view runs, for every method, `auth.policy.decide` is asked for each action
declared. An action on an item finds it through the path: variables are named
`record_id` and `asset_id`, everywhere. What may not be known of answers 404.
HEAD is judged like GET. Nothing is answered to OPTIONS, but for a view that is nothing
else than an answer to it and says so with `@tells_options`: what it tells must be the
same for everybody and for every address.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request
from werkzeug.routing import Rule

from archive.records import store
from archive.web.request import context
from auth.policy import Action, Refusal, decide
from auth.viewer import Item, Rules

View = TypeVar("View", bound=Callable[..., Any])
_DECLARED = "vigil_needs"
SAFE_METHODS = frozenset({"GET", "HEAD"})
_TELLS_OPTIONS = "vigil_tells_options"


class UndeclaredRouteError(RuntimeError):
    """Some route does not say what it needs."""


class RefusedRequestError(Exception):
    """The policy says no to the request as a whole."""

    def __init__(self, refusal: Refusal, item: Item | None) -> None:
        super().__init__(f"{refusal.action} refused")
        self.refusal = refusal
        self.item = item


def needs(*actions: Action) -> Callable[[View], View]:
    """Declare that a view may run only for a viewer permitted all of `actions`."""

    def declare(view: View) -> View:
        setattr(view, _DECLARED, actions)
        return view

    return declare


def public(view: View) -> View:
    """Declare that anybody may run this view."""
    setattr(view, _DECLARED, ())
    return view


def tells_options(view: View) -> View:
    """Declare that a view answers OPTIONS and no other method, the same to all."""
    setattr(view, _TELLS_OPTIONS, True)
    return public(view)


def declared(app: Flask, endpoint: str) -> tuple[Action, ...] | None:
    """What the view behind `endpoint` needs, or None where it does not say."""
    found: tuple[Action, ...] | None = getattr(
        app.view_functions[endpoint], _DECLARED, None
    )
    return found


def install(app: Flask) -> None:
    """Judge every request of `app` before its view runs."""
    app.before_request(admit)


def check_routes(app: Flask) -> None:
    """Refuse to go on with a route that nobody has thought about.

    :raises UndeclaredRouteError: naming every such route
    """
    rules = app.url_map.iter_rules()
    silent = [str(rule) for rule in rules if declared(app, rule.endpoint) is None]
    open_options = [
        str(rule)
        for rule in app.url_map.iter_rules()
        if "OPTIONS" in (rule.methods or ()) and not _only_options(app, rule)
    ]
    if silent or open_options:
        raise UndeclaredRouteError(
            f"routes without @needs or @public: {silent}; with OPTIONS: {open_options}"
        )


def _only_options(app: Flask, rule: Rule) -> bool:
    view = app.view_functions[rule.endpoint]
    fixed = not rule.arguments and rule.methods == {"OPTIONS"}
    return fixed and getattr(view, _TELLS_OPTIONS, False)


def admit() -> None:
    """Decide whether the view may run; the last line of every path is a refusal.

    :raises NoSuchRecord: the record or asset is not there
    :raises RefusedRequestError: with every reason that applies
    """
    if request.url_rule is None:
        return  # Flask answers 404 or 405 by itself
    actions = declared(current_app, request.url_rule.endpoint)
    if actions is None:
        raise UndeclaredRouteError(str(request.url_rule))
    if not actions:
        return
    item = item_of_path(request.view_args or {})
    # What changes nothing goes on while the archive is read-only, also a page about
    # something that can be changed at other times.
    looking = request.method in SAFE_METHODS
    rules = context.rules().for_looking if looking else context.rules()
    for action in actions:
        require(action, item, rules)


def require(
    action: Action, item: Item | None = None, rules: Rules | None = None
) -> None:
    """Ask the policy once more, where only the view knows what is asked for.

    :raises RefusedRequestError: with every reason that applies
    """
    asked = rules or context.rules()
    outcome = decide(action, context.viewer(), item, asked, context.now())
    if isinstance(outcome, Refusal):
        raise RefusedRequestError(outcome, item)


def item_of_path(path: dict[str, Any]) -> Item | None:
    """The item that the path's variables name, or None when they name none.

    :raises NoSuchRecord: there is no such record or asset
    """
    if "asset_id" in path:
        return _item_of_asset(path["asset_id"])
    if "record_id" in path:
        return _item_of_record(path["record_id"])
    return None


def _item_of_record(record_id: str) -> Item:
    with context.read_session() as session:
        return store.item_of(store.require(session, record_id))


def _item_of_asset(asset_id: str) -> Item:
    def read() -> Item:
        with context.read_session() as session:
            return store.item_of(*store.require_with_record(session, asset_id))

    return context.recall(("item of asset", asset_id), read)
