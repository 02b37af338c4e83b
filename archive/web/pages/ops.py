"""For whoever runs the archive: is it up, is it ready, how is it doing.

`/healthz` says that the process answers. `/readyz` asks the parts; which part is not
ready is told to loopback and to administrators' tokens only, as is `/metrics`.
"""

from __future__ import annotations

from ipaddress import ip_address

from flask import Blueprint, Response, jsonify, request

from archive.jobs import queue
from archive.web import context, proxies
from archive.web.guard import RefusedRequestError, public
from auth.policy import Action, Refusal, decide

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
    told = {"status": "ready" if ready else "not ready"}
    if _may_read_operations():
        told["parts"] = {name: "ok" if ok else "failed" for name, ok in parts.items()}
    return jsonify(told), 200 if ready else 503
