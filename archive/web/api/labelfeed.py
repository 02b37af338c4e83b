"""The feed of labels, the same for everybody: docs/formats/label-feed-v1.md."""

from __future__ import annotations

import json
from datetime import timedelta

from flask import Response, request
from werkzeug.exceptions import NotFound

from archive import feeds
from archive.web.api.operations import Answer
from archive.web.request import context, guard, limits
from archive.web.request.body import BodyError
from auth.limits import Allowance
from auth.policy import Action

READINGS = Allowance(600, timedelta(minutes=1))
_MOST_DIGITS = 15


def read() -> Answer:
    """Entries behind a number, oldest first.

    :raises NotFound: the archive offers none
    :raises BodyError: `after` is no number
    """
    context.as_anybody()
    guard.require(Action.SEARCH)
    limits.spend("label-feed", READINGS)
    if not context.site().config.label_feed:
        raise NotFound
    after = _after()
    with context.read_session() as s:
        told = feeds.page(context.site(), s, after)
    response = Response(json.dumps(told), content_type="application/json")
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = "public, max-age=60"
    response.add_etag()
    response.make_conditional(request)
    return response


def _after() -> int:
    text = request.args.get("after", "0")
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise BodyError(
            "after is the number of the last entry you have.", field="after"
        )
    return int(text)
