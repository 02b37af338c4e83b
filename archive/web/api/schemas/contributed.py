"""The shapes of what is handed in from outside."""

from __future__ import annotations

from archive.contributions.kinds import State, Wish
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

_STATE = words(*(state.value for state in State))
_WISH = words(*(wish.value for wish in Wish))
_FOLLOWED: dict[str, Schema] = {
    "state": _STATE,
    "received_at": MOMENT,
    "files": COUNT,
    "decided_at": or_null(MOMENT),
    "reason": or_null({**TEXT, "description": "written for the contributor"}),
    "destroyed_at": or_null(MOMENT),
    "lines": many(
        thing(("by", "words"), by=words("reviewer", "contributor"), words=TEXT)
    ),
}
_REVIEWED = {"id": TEXT, "title": TEXT, "held": TRUTH, **_FOLLOWED}
_NEEDED = ("state", "received_at", "files", "lines")

SCHEMAS: dict[str, Schema] = {
    "NewContribution": thing(
        ("title", "agreed", "files"),
        title=TEXT,
        body=TEXT,
        language=TEXT,
        event_date={**TEXT, "description": "EDTF"},
        place=TEXT,
        source_url=TEXT,
        source_note={**TEXT, "description": "how it came to you"},
        rights=TEXT,
        people={**TEXT, "description": "whether those shown agree"},
        danger={**TEXT, "description": "who could come to harm"},
        wish=_WISH,
        until={"type": "string", "format": "date"},
        about_wish=TEXT,
        contact={**TEXT, "description": "an e-mail address; better none"},
        agreed={
            **words("yes"),
            "description": "you may hand it in, and know the reference is told once",
        },
        files=many({"type": "string", "contentMediaType": "application/octet-stream"}),
    ),
    "ContributionCode": thing(("code",), code=TEXT),
    "Contribution": thing(_NEEDED, **_FOLLOWED),
    "ContributionGiven": thing(("code", *_NEEDED), code=TEXT, **_FOLLOWED),
    "ContributionReviewed": thing(("id", "title", "held", *_NEEDED), **_REVIEWED),
    "ContributionList": thing(("items",), items=many(ref("ContributionReviewed"))),
    "ContributionWhole": thing(
        ("id", "title", "held", *_NEEDED),
        **_REVIEWED,
        texts={"type": "object", "description": "by language"},
        event_date=TEXT,
        places=many(TEXT),
        source=thing(("url", "note"), url=TEXT, note=TEXT),
        rights=TEXT,
        people=TEXT,
        danger=TEXT,
        wish=_WISH,
        about_wish=TEXT,
        contact=TEXT,
        note=TEXT,
        assets=many(TEXT),
        record=or_null({**TEXT, "description": "its id, once it is accepted"}),
    ),
    "ContributionAct": thing(
        ("action",),
        action=words("take", "give_back", "ask", "accept", "decline"),
        words={**TEXT, "description": "the question"},
        reason={**TEXT, "description": "read by the contributor"},
        note={**TEXT, "description": "for the house"},
    ),
}
