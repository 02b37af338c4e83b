"""The reveal panel: what decides whether somebody may open a record's originals.

Each condition is a line of the policy's own `checks`, never a second opinion:

    met       it holds
    missing   it does not; says why, and where to mend it
    later     it cannot be known before an earlier one holds (signing in, the account)

When nothing but the consent is missing, the panel asks for it (`asks`). Where redacted
copies are given, they come first, with a consent of their own (`redacted`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from archive.records import redactions, store
from archive.records.tables import Record
from archive.web.answer import reasons
from archive.web.request import context
from archive.web.showing import consentforms, warnings, words
from archive.web.showing.warnings import ShownLabel
from auth.conditions import Condition, needs_typed_reason
from auth.policy import Action, Check, Permit, checks, decide
from auth.viewer import Consent, Item, Tier, Viewer

LENGTHS = (5, 10, 15, 30, 60, 120)
"""For how many minutes one may consent, as far as the tier allows."""
PERSONAL = frozenset(
    {
        Condition.ACCOUNT,
        Condition.ROLE,
        Condition.VETTING,
        Condition.TERMS,
        Condition.INDUCTION,
        Condition.SECOND_FACTOR,
        Condition.PROVED,
        Condition.ACCESS,
        Condition.CONSENT,
        Condition.IDENTITY,
        Condition.EXPOSURE,
    }
)
"""What cannot be told of somebody not signed in, or whose account is not active."""


@dataclass(frozen=True)
class Line:
    """One condition as the panel shows it."""

    state: str
    name: Any
    message: str | None = None
    remedy_url: str | None = None
    remedy_label: str | None = None


@dataclass(frozen=True)
class Asking:
    """What the consent form shows; `minutes` and `purposes` are (value, words).

    `form` is the mark of the form as it is shown now; it counts once.
    """

    warning: str
    labels: Sequence[ShownLabel]
    text_version: str
    labels_version: str
    form: str
    purposes: Sequence[tuple[str, str]]
    minutes: Sequence[tuple[int, str]]
    needs_reason: bool
    needs_identity: bool = False
    """Whether somebody can be recognised, so that the clear asks for why."""


@dataclass(frozen=True)
class Redacted:
    """The redacted copies of a record, and what opens them."""

    tier: Tier
    files: int
    asks: Asking | None
    until: datetime | None
    summary: str


@dataclass(frozen=True)
class Panel:
    """The whole panel; `until` is set while a consent lives and opens the viewer.

    `stays_redacted` says that this consent shows nobody who could be recognised.
    """

    checks: Sequence[Line]
    missing: int
    summary: str
    asks: Asking | None
    until: datetime | None
    redacted: Redacted | None = None
    stays_redacted: bool = False


def panel_of(s: Session, record: Record) -> Panel:
    """The panel for this viewer, as things stand now."""
    item, viewer = store.item_of(record), context.viewer()
    now, rules = context.now(), context.rules()
    found = checks(Action.OPEN_ORIGINAL, viewer, item, rules, now)
    consent = live_consent(viewer, item, now)
    lines = tuple(_lines(found, viewer, item, consent))
    missing = [check.condition for check in found if check.code is not None]
    ready = isinstance(decide(Action.GIVE_CONSENT, viewer, item, rules, now), Permit)
    unnamed = item.identifies and not (consent and consent.identity.strip())
    holds = consent is not None and set(missing) <= {Condition.IDENTITY}
    return Panel(
        checks=lines,
        missing=len(missing),
        summary=_summary(lines),
        asks=_asking(item) if ready and (consent is None or unnamed) else None,
        until=consent.expires if consent is not None and holds else None,
        redacted=_redacted(s, record),
        stays_redacted=unnamed,
    )


def _redacted(s: Session, record: Record) -> Redacted | None:
    given = redactions.given(s, record)
    if not given:
        return None
    item, viewer = redactions.item_of(record, given), context.viewer()
    now, rules = context.now(), context.rules()
    consent = live_consent(viewer, item, now)
    found = checks(Action.OPEN_REDACTED, viewer, item, rules, now)
    lines = tuple(_lines(found, viewer, item, consent))
    ready = isinstance(decide(Action.GIVE_CONSENT, viewer, item, rules, now), Permit)
    holds = all(check.code is None for check in found)
    return Redacted(
        tier=item.tier,
        files=len(given),
        asks=_asking(item) if ready and consent is None else None,
        until=consent.expires if consent is not None and holds else None,
        summary=_summary(lines),
    )


def live_consent(viewer: Viewer, item: Item, now: datetime) -> Consent | None:
    """This session's consent to the record's labels as they are now, if it lives."""
    return next(
        (
            consent
            for consent in viewer.consents
            if consent.record_id == item.record_id
            and consent.labels_version in item.versions
            and consent.is_live(now)
        ),
        None,
    )


def _lines(
    found: Sequence[Check], viewer: Viewer, item: Item, consent: Consent | None
) -> Iterator[Line]:
    for check in found:
        name = words.CONDITIONS[check.condition]
        if check.condition is Condition.KNOWN:
            continue  # whoever reads this page knows of it
        if check.condition is Condition.IDENTITY and not item.identifies:
            continue
        if check.condition is Condition.IDENTITY and consent is None:
            yield Line("later", name)
        elif check.code is not None:
            told = reasons.describe([check.code], item.record_id, [check.condition])[0]
            remedy = (told["remedy_url"], told["remedy_label"])
            if check.condition in (Condition.CONSENT, Condition.IDENTITY):
                remedy = (None, None)  # it is asked for right below
            yield Line("missing", name, told["message"], *remedy)
        elif check.condition in PERSONAL and not _is_known(check.condition, viewer):
            yield Line("later", name)
        else:
            yield Line("met", name)


def _is_known(condition: Condition, viewer: Viewer) -> bool:
    if condition is Condition.ACCOUNT:
        return viewer.account_id is not None
    return viewer.is_active


def _summary(lines: Sequence[Line]) -> str:
    missing = [line for line in lines if line.state == "missing"]
    if not missing:
        return str(gettext("Every condition holds."))
    first = missing[0]
    if any(line.state == "later" for line in lines):
        return str(first.message)  # how many more is not known yet
    told = ngettext(
        "%(num)d condition is missing: %(first)s",
        "%(num)d conditions are missing; the first: %(first)s",
        len(missing),
        first=first.message,
    )
    return str(told)


def _asking(item: Item) -> Asking:
    longest = warnings.longest(item.tier)
    lengths = [length for length in LENGTHS if length <= longest] or [longest]
    return Asking(
        warning=warnings.warning(item),
        labels=warnings.shown_labels(item),
        text_version=warnings.text_version(item),
        labels_version=warnings.version_of(item),
        form=consentforms.issue({item.record_id: warnings.text_version(item)}),
        purposes=[("", gettext("Choose one")), *warnings.purposes()],
        minutes=[
            (n, ngettext("%(num)d minute", "%(num)d minutes", n)) for n in lengths
        ],
        needs_reason=needs_typed_reason(item.tier),
        needs_identity=item.identifies,
    )
