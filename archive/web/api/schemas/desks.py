"""The shapes of what readers reported, as those who decide on it read them."""

from __future__ import annotations

from archive.reports.kinds import OUTCOMES, Kind, Remedy, State
from archive.web.api.schemas.shapes import (
    COUNT,
    MOMENT,
    TEXT,
    TRUTH,
    Schema,
    many,
    or_null,
    ref,
    thing,
    words,
)

_REMEDY = words(*(each.value for each in Remedy))
_STATE = words(*(each.value for each in State))
_SAID: dict[str, Schema] = {
    "words": or_null(TEXT),
    "reason": or_null({**TEXT, "description": "written for the reporter"}),
    "note": or_null({**TEXT, "description": "written for the house"}),
}
_NEEDED = ("id", "kind", "is_grave", "is_appeal", "state", "record", "received_at")
_LINE: dict[str, Schema] = {
    "id": TEXT,
    "kind": words(*(each.value for each in Kind)),
    "is_grave": {**TRUTH, "description": "read and decided by administrators alone"},
    "is_appeal": TRUTH,
    "state": _STATE,
    "record": TEXT,
    "title": TEXT,
    "file": {**COUNT, "description": "counted from 1; 0 is the record as a whole"},
    "language": TEXT,
    "received_at": MOMENT,
    "decided_at": or_null(MOMENT),
    "is_taken": {**TRUTH, "description": "somebody is at it at this moment"},
    "is_mine": TRUTH,
    "remedy": or_null(_REMEDY),
}

SCHEMAS: dict[str, Schema] = {
    "DeskReportLine": thing(_NEEDED, **_LINE),
    "DeskReportList": thing(
        ("items", "total"), items=many(ref("DeskReportLine")), total=COUNT
    ),
    "DeskReport": thing(
        (*_NEEDED, "can_follow"),
        **_LINE,
        **_SAID,
        contact=or_null({**TEXT, "description": "of what is grave alone"}),
        too_near=or_null({**TEXT, "description": "why you may not decide on it"}),
        can_follow=many(_REMEDY),
        appeal=or_null({**TEXT, "description": "the id of the appeal against it"}),
        first=or_null(
            thing(("id", "state"), id=TEXT, state=_STATE, **_SAID),
        ),
    ),
    "DeskTaking": thing(("action",), action=words("take", "give_back")),
    "ReportDecision": thing(
        ("outcome", "reason"),
        outcome=words(*(each.value for each in OUTCOMES)),
        reason=TEXT,
        note=TEXT,
        remedy=_REMEDY,
        category={**TEXT, "description": "of the tombstone, where it is withdrawn"},
        tombstone={**TEXT, "description": "public; stays for ever"},
        until={**MOMENT, "description": "where it is embargoed"},
    ),
}
