"""Reports in words, for whoever made them and for whoever decides.

What a report is about is named as far as the viewer may know of it now; whoever may not
any more reads that there was a record, and no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from archive.reports import appealing, finding
from archive.reports.kinds import Kind, Remedy, State
from archive.reports.tables import Report
from archive.web.request import context
from archive.web.showing import asked
from archive.web.showing.asked import Subject
from auth.access.requests import Scope

KINDS: Mapping[Kind, Any] = {
    Kind.WRONG_LABEL: _("A label is wrong, or one is missing"),
    Kind.TOO_OPEN: _("It is too open: more should be hidden"),
    Kind.TOO_DARK: _("It is too dark: more could be shown"),
    Kind.DESCRIPTION: _("The description, the place or the date is wrong"),
    Kind.SHOWS_ME: _("It shows me or my relative: take it down, or make us unseen"),
    Kind.AT_RISK: _("It is at risk elsewhere, or should be preserved"),
    Kind.LEGAL: _("A legal demand"),
    Kind.RESTORE: _("A withdrawn record is asked back"),
}
STATES: Mapping[State, tuple[Any, str | None, str]] = {
    State.RECEIVED: (_("received"), None, "inbox"),
    State.TAKEN: (_("being looked at"), "accent", "scan-eye"),
    State.UPHELD: (_("upheld"), "accent", "circle-check"),
    State.PARTLY: (_("upheld in part"), "accent", "circle-check"),
    State.DECLINED: (_("declined"), "attention", "circle-x"),
}
REMEDIES: Mapping[Remedy, Any] = {
    Remedy.NONE: _("nothing is changed"),
    Remedy.RELABEL: _("its labels are looked at again, before all others"),
    Remedy.REDACT: _("people are made unseen in a redacted copy"),
    Remedy.EMBARGO: _("the originals are shut for a time"),
    Remedy.WITHDRAW: _("it is withdrawn; a tombstone stands in its place"),
    Remedy.SHRED: _("it is withdrawn, and its files are to be destroyed"),
    Remedy.RESTORE: _("it is there again"),
}


@dataclass(frozen=True)
class Shown:
    """A report as its reporter reads it; the appeal, where there is one, likewise."""

    id: str
    code: str
    kind: Any
    state: State
    made_at: datetime
    subject: Subject
    words: str
    decided_at: datetime | None
    reason: str
    remedy: Any
    follows: str | None
    may_appeal: bool
    appeal: Shown | None


def shown(s: Session, row: Report) -> Shown:
    """A report in words."""
    sealing, now = context.site().sealing, context.now()
    against = finding.appeal_of(s, row)
    is_told = row.remedy is not None and row.remedy is not Remedy.NONE
    return Shown(
        id=row.id,
        code=row.kind.value,
        kind=KINDS[row.kind],
        state=row.state,
        made_at=row.made_at,
        subject=asked.subject_of(s, Scope(record_id=row.record_id)),
        words=finding.opened(sealing, row, "words"),
        decided_at=row.decided_at,
        reason=finding.opened(sealing, row, "reason"),
        remedy=REMEDIES[row.remedy] if row.remedy and is_told else "",
        follows=row.remedy.value if row.remedy else None,
        may_appeal=appealing.may_appeal(s, row, now),
        appeal=shown(s, against) if against else None,
    )


def all_shown(s: Session, rows: Sequence[Report]) -> list[Shown]:
    """Several, for a list."""
    return [shown(s, row) for row in rows]
