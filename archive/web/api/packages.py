"""The court package of a record."""

from __future__ import annotations

from archive.exchange.court import Wish
from archive.web import exporting
from archive.web.api import exports
from archive.web.api.operations import Answer
from archive.web.request import body

ASKED = frozenset({"original", "people", "up_to_now", "wait"})


def give(record_id: str) -> Answer:
    """The record with its proofs as a ZIP; each member says what else is in it."""
    sent = body.fields(known=ASKED, needed=False)
    given = exporting.package(
        Wish(
            record_id,
            original=sent.flag("original"),
            people=sent.flag("people"),
            up_to_now=sent.flag("up_to_now"),
        ),
        may_wait="wait" not in sent or sent.flag("wait"),
    )
    return exports.accepted(given) if isinstance(given, str) else given
