"""What the server writes down: one JSON object a line, of known fields only.

A line says when, how grave, which logger, its fixed sentence, and the fields of
`FIELDS` that it was given. An error adds its type and where it was raised, never its
message: messages can hold what somebody typed. Search words and addresses of records
are not logged; a request is told by its route.
"""

from __future__ import annotations

import json
import logging
import time
import traceback
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, request

FIELDS = (
    "reference",
    "status",
    "code",
    "method",
    "route",
    "milliseconds",
    "directive",
    "blocked",
    "enforced",
)
DEEPEST = 12
requests = logging.getLogger("vigil.requests")


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON; nothing in it can begin another line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": str(record.msg),
        }
        line |= {
            name: getattr(record, name) for name in FIELDS if hasattr(record, name)
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= _error(record.exc_info[1])
        return json.dumps(line)


def configure(level: int = logging.INFO) -> None:
    """Send the program's log lines to standard error, as JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("vigil").setLevel(level)


def install(app: Flask) -> None:
    """Write one line for each request of `app`."""

    @app.before_request
    def start() -> None:
        g.started = time.monotonic()

    @app.after_request
    def tell(response: Response) -> Response:
        note_request(
            request.method,
            str(request.url_rule) if request.url_rule else None,
            response.status_code,
            g.get("started", time.monotonic()),
            g.get("reference"),
        )
        return response


def note_request(
    method: str,
    route: str | None,
    status: int,
    started: float,
    reference: str | None = None,
) -> None:
    """Write the line of one request; `started` is of the monotonic clock."""
    if not requests.isEnabledFor(logging.INFO):
        return
    requests.info(
        "request",
        extra={
            "reference": reference,
            "method": method,
            "route": route,
            "status": status,
            "milliseconds": round((time.monotonic() - started) * 1000),
        },
    )


def _error(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[-DEEPEST:]
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    causes: list[str] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and len(causes) < DEEPEST:
        causes.append(type(cause).__qualname__)
        cause = cause.__cause__ or cause.__context__
    return {"error": type(error).__qualname__, "where": where, "causes": causes}
