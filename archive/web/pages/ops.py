"""For whoever runs the archive: is it up, is it ready, how is it doing.

`/healthz` says that the process answers. `/readyz` asks the parts; which part is not
ready is told to loopback and to administrators' tokens only, as is `/metrics`.
"""

from __future__ import annotations

from ipaddress import ip_address

from flask import Blueprint, Response, jsonify, request

from archive.web.request import context, proxies
from archive.web.request.guard import public, require
from archive.web.showing.metrics import exposition
from auth.policy import Action

bp = Blueprint("ops", __name__)


@bp.get("/healthz")
@public
def healthz() -> Response:
    """The process is up."""
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def readyz() -> tuple[Response, int]:
    """Database, store, index, key and queue answer; 503 when one does not."""
    parts = context.site().readiness()
    ready = all(parts.values())
    told: dict[str, object] = {"status": "ready" if ready else "not ready"}
    if _is_told_details():
        told["parts"] = {name: "ok" if ok else "failed" for name, ok in parts.items()}
    return jsonify(told), 200 if ready else 503


@bp.get("/metrics")
@public
def metrics() -> Response:
    """Counts for Prometheus; from loopback, or with an administrator's token.

    :raises RefusedRequestError: neither
    """
    if not _is_told_details():
        require(Action.READ_OPERATIONS)
    text = exposition(context.site())
    return Response(text, mimetype="text/plain; version=0.0.4")


def _is_told_details() -> bool:
    if context.may(Action.READ_OPERATIONS):
        return True
    address = request.remote_addr or ""
    came_straight = not request.environ.get(proxies.WAS_FORWARDED, False)
    return came_straight and bool(address) and ip_address(address).is_loopback
