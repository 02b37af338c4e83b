"""Requests for access in words: what is asked for, how it stands, what was said.

What a request is about is named as far as the viewer may know of it; whoever may not
any more reads that there was a record, and no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import format_date, gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from archive.records import store
from archive.records.tables import Collection
from archive.web.request import context
from archive.web.request.i18n import language
from archive.web.showing import tombstones
from archive.web.showing.recordpage import in_language
from archive.web.showing.titles import shown_text
from auth.access import requests, timeline, useconditions
from auth.access.purposes import Use
from auth.access.requests import Scope, State, Told
from auth.access.requesttables import AccessRequestRow
from auth.access.tables import GrantRow
from auth.access.timeline import What
from auth.access.useconditions import Condition, Fit, Mismatch, Parameter
from auth.policy import Action

STATES: Mapping[State, tuple[Any, str | None, str]] = {
    State.SUBMITTED: (_("submitted"), None, "inbox"),
    State.IN_REVIEW: (_("in review"), "accent", "scan-eye"),
    State.RETURNED: (_("returned for more information"), "attention", "undo-2"),
    State.GRANTED: (_("granted"), "accent", "circle-check"),
    State.DECLINED: (_("declined"), "attention", "circle-x"),
    State.WITHDRAWN: (_("withdrawn"), None, "ban"),
    State.EXPIRING: (_("ends soon"), "attention", "hourglass"),
    State.EXPIRED: (_("expired"), "attention", "hourglass"),
    State.REVOKED: (_("revoked"), "attention", "ban"),
}
WHATS: Mapping[What, Any] = {
    What.SUBMITTED: _("handed in"),
    What.RESUBMITTED: _("answered and handed in again"),
    What.COMMENT: _("wrote"),
    What.IN_REVIEW: _("took it up"),
    What.RETURNED: _("returned it for more information"),
    What.APPROVED: _("approved it; a second administrator must confirm"),
    What.GRANTED: _("granted it"),
    What.DECLINED: _("declined it"),
    What.WITHDRAWN: _("withdrew it"),
    What.CLOSED: _("closed"),
    What.REVOKED: _("took the grant back"),
}
USES: Mapping[Use, Any] = {
    Use.PUBLISH_FINDINGS: _("publish what I find, without the material"),
    Use.REPUBLISH: _("show the material, a still or a clip to others"),
    Use.TRAIN_MODELS: _("train or test machine learning models with it"),
    Use.IDENTIFY_PEOPLE: _("identify people who are shown"),
    Use.COMMERCIAL: _("use it for profit"),
    Use.COLLABORATE: _("work together with those who gave the material"),
    Use.RETURN_RESULTS: _("give what I make from it back to the archive"),
}
FITS: Mapping[Fit, Any] = {
    Fit.CONFLICT: _("What is stated does not meet this."),
    Fit.UNCLEAR: _("It is not clear that what is stated meets this."),
}


@dataclass(frozen=True)
class Subject:
    """What is asked for; no `url` where the viewer may not know of it (any more)."""

    title: str
    lang: str
    url: str | None
    is_record: bool


@dataclass(frozen=True)
class Line:
    """One line of the timeline, in words; `side` is `you`, `them` or `archive`."""

    at: datetime
    who: str
    side: str
    what: Any
    text: str
    note: str


@dataclass(frozen=True)
class Shown:
    """A request as a list or a page shows it."""

    id: str
    state: State
    subject: Subject
    submitted_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True)
class ShownCondition:
    """A condition of use in words; `fit` says where the purpose does not meet it."""

    code: str
    term: str
    name: str
    meaning: str
    values: Sequence[str]
    fit: Fit | None
    said: Any


def subject_of(s: Session, scope: Scope) -> Subject:
    """What is asked for, as far as the viewer may know of it."""
    if scope.record_id is not None:
        return _record(s, scope.record_id)
    shelf = s.get(Collection, scope.collection_id)
    if shelf is None:
        return _unknown(is_record=False)
    title, lang = in_language(shelf.titles)
    url = url_for("collections.show", slug=shelf.slug)
    return Subject(title, lang, url, is_record=False)


def shown(s: Session, rows: Sequence[AccessRequestRow]) -> list[Shown]:
    """Requests for a list."""
    grants, now = requests.grants_of(s, rows), context.now()
    return [_shown(s, row, grants.get(row.grant_id or ""), now) for row in rows]


def lines(
    s: Session, row: AccessRequestRow, names: Mapping[str, str] | None = None
) -> list[Line]:
    """The timeline in words; without `names` administrators are not named."""
    own, sealing = context.viewer().account_id, context.site().sealing
    return [
        Line(
            each.at,
            _who(each.by, row, own, names),
            "you" if each.by == own else ("archive" if ":" in each.by else "them"),
            WHATS[each.what],
            each.text,
            gettext("The vetting has ended, so the open request was closed.")
            if each.what is What.CLOSED
            else each.note,
        )
        for each in timeline.of(s, sealing, row.id)
    ]


def facts(told: Told) -> list[tuple[Any, Any]]:
    """What the applicant told, as terms and values."""
    purpose = told.purpose
    stated = [
        (gettext("What it is for"), purpose.text),
        (gettext("Project"), purpose.project),
        (gettext("Institution"), purpose.institution),
        (gettext("Country"), purpose.country),
        (gettext("Asked for until"), format_date(purpose.until, "long")),
        (gettext("Ethics approval"), purpose.ethics_approval),
        (gettext("Works for profit"), gettext("yes") if purpose.for_profit else ""),
        (gettext("Intends to"), [USES[use] for use in Use if use in purpose.uses]),
    ]
    asked = [
        (each.question.words(language()), each.said or gettext("not answered"))
        for each in told.answers
    ]
    return [*stated, *asked]


def conditions(
    given: Iterable[Condition],
    mismatches: Iterable[Mismatch] = (),
    people: Mapping[str, str] | None = None,
) -> list[ShownCondition]:
    """Conditions of use in words; `people` names accounts, else they are counted."""
    fits = {each.code: each.fit for each in mismatches}
    return [_condition(each, fits.get(each.code), people) for each in given]


def _condition(
    given: Condition, fit: Fit | None, people: Mapping[str, str] | None
) -> ShownCondition:
    term = useconditions.terms()[given.code]
    return ShownCondition(
        given.code,
        term.term,
        term.name(language()),
        term.meaning(language()),
        _values(term.parameter, given.values, people),
        fit,
        FITS[fit] if fit else "",
    )


def _values(
    parameter: Parameter, values: Sequence[str], people: Mapping[str, str] | None
) -> list[str]:
    if parameter is Parameter.ACCOUNTS:
        # Who the others are is nobody's to read who is not deciding.
        return [people.get(each, each) for each in values] if people else []
    if parameter is Parameter.MONTHS:
        return [gettext("%(months)s months", months=values[0])]
    return list(values)


def _shown(
    s: Session, row: AccessRequestRow, grant: GrantRow | None, now: datetime
) -> Shown:
    return Shown(
        row.id,
        requests.state_of(row, grant, now),
        subject_of(s, requests.scope_of(row)),
        row.submitted_at,
        grant.ends_at if grant else None,
    )


def _record(s: Session, record_id: str) -> Subject:
    record = store.get(s, record_id)
    if record is None or not context.may(Action.READ_RECORD, store.item_of(record)):
        return _unknown(is_record=True)
    document = tombstones.document_of(record)
    text = shown_text(document, store.item_of(record))
    url = url_for("records.show", record_id=record_id)
    return Subject(text.title, text.lang, url, is_record=True)


def _unknown(*, is_record: bool) -> Subject:
    words = (
        gettext("A record you may no longer know of")
        if is_record
        else gettext("A collection that is gone")
    )
    return Subject(words, language(), None, is_record=is_record)


def _who(
    by: str, row: AccessRequestRow, own: str | None, names: Mapping[str, str] | None
) -> str:
    if by == own:
        return str(gettext("You"))
    if ":" in by:
        return str(gettext("The archive"))
    if names is not None:
        return names.get(by, by)
    applicant = by == row.account_id
    return str(gettext("The applicant") if applicant else gettext("The archive"))
