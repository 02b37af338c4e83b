"""Where browsers say that a page's content security policy was broken.

Anybody can send anything here, and it is written to the log: so little of it is read,
seldom, and only words of a closed form; see `archive.web.showing.violations`.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from archive.web.request import forms, limits
from archive.web.request.guard import public
from archive.web.showing import violations
from auth.limits import Allowance

bp = Blueprint("reports", __name__)
log = logging.getLogger("vigil.policy")
LARGEST = 16 * 1024
ONE = Allowance(30, timedelta(minutes=1))
ALL = Allowance(600, timedelta(hours=1))
"""Of everybody together: many addresses must not fill the log either."""


@bp.post("/csp-reports")
@forms.rides_on_nothing
@public
def policy() -> Response:
    """Write down which directive refused which origin, and nothing about the reader.

    :raises UnsupportedMediaType: it is neither of the two forms of reports
    :raises BadRequest: it cannot be read as what it says it is
    :raises TooFast: too many came from there, or altogether
    """
    if request.mimetype not in (violations.LEGACY, violations.CURRENT):
        raise UnsupportedMediaType
    request.max_content_length = LARGEST
    limits.spend("csp", ONE)
    limits.spend_together("csp", ALL)
    try:
        found = violations.read(request.mimetype, request.get_data(cache=False))
    except violations.Unreadable:
        raise BadRequest from None
    for each in found:
        told = {
            "directive": each.directive,
            "blocked": each.blocked,
            "enforced": each.enforced,
        }
        log.warning("a page's content security policy was broken", extra=told)
    return Response(status=204)
