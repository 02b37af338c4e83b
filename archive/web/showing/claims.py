"""Legal qualifications as pages and API show them: claims, each with who makes it.

The address of a source may lead to the original elsewhere, so the public reads its name
alone; notes are for staff.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from archive.findings import qualifications
from archive.findings.qualifications import Claim
from archive.records.tables import Record
from archive.web.request import context
from archive.web.showing.dates import event_words
from archive.web.showing.represent import Reach, iso

STANCES: dict[str, Any] = {
    "asserts": _("holds that it falls under this"),
    "examines": _("looks into whether it falls under this"),
    "rejects": _("holds that it does not fall under this"),
}


@dataclass(frozen=True)
class ClaimView:
    """One claim as this viewer reads it."""

    id: str
    article: str
    instrument: str
    jurisdiction: str
    stance: Any
    code: str
    who: str
    date: str
    source: str
    url: str
    note: str
    at: datetime


def of_record(s: Session, record: Record) -> Sequence[ClaimView]:
    """Every claim that stands, in order of their own dates."""
    reach = Reach.of_viewer()
    return [
        _view(each, reach)
        for each in qualifications.of_record(s, context.site().sealing, record)
    ]


def as_json(s: Session, record: Record) -> list[dict[str, Any]]:
    """The same for programs; `date` is EDTF."""
    reach = Reach.of_viewer()
    found = qualifications.of_record(s, context.site().sealing, record)
    return [_json(each, reach) for each in found]


def _view(each: Claim, reach: Reach) -> ClaimView:
    said = each.qualification
    return ClaimView(
        id=each.id,
        article=said.article,
        instrument=said.instrument,
        jurisdiction=said.jurisdiction,
        stance=STANCES[said.stance],
        code=said.stance,
        who=said.who,
        date=str(event_words(said.date)) if said.date else "",
        source=said.source,
        url=said.url if reach.is_inner else "",
        note=said.note if reach.is_staff else "",
        at=each.version.at,
    )


def _json(each: Claim, reach: Reach) -> dict[str, Any]:
    said = each.qualification
    return {
        "id": each.id,
        "article": said.article,
        "instrument": said.instrument,
        "jurisdiction": said.jurisdiction or None,
        "stance": said.stance,
        "who": said.who,
        "date": said.date or None,
        "source": said.source,
        "url": (said.url or None) if reach.is_inner else None,
        "note": (said.note or None) if reach.is_staff else None,
        "written_at": iso(each.version.at),
        "is_claim": True,
    }
