"""What stands between somebody and a first original, as steps with their remedy.

    vetting → terms → induction → second factor → (consent, on each record's own page)

Whether a step is done is asked of the same policy that the gate asks, about a record
that is open to every vetted person; only the words are made here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import format_date
from flask_babel import lazy_gettext as _

from auth.conditions import Condition
from auth.policy import Action, checks
from auth.viewer import (
    Access,
    AccountStatus,
    Item,
    RecordState,
    Rules,
    Tier,
    Viewer,
    Visibility,
)

DONE, CURRENT, WAITING, FAILED = "done", "current", "waiting", "failed"

OPEN_TO_THE_VETTED = Item(
    record_id="",
    state=RecordState.PUBLISHED,
    visibility=Visibility.PUBLIC,
    access=Access.VETTED,
    tier=Tier.G0,
    labelled=True,
)
"""No record that exists: the least that the gate ever asks of a person."""


@dataclass(frozen=True)
class Step:
    """One link of the chain; `url` is where something can be done about it."""

    state: str
    title: Any
    words: Any
    url: str | None = None
    action: Any = None


def steps(
    viewer: Viewer, rules: Rules, now: datetime, *, enrolled: bool
) -> tuple[Step, ...]:
    """The chain for this viewer; `enrolled` says that an authenticator is set up."""
    chain = _chain(viewer, rules, now, enrolled=enrolled)
    done_before = True
    ordered = []
    for step in chain:
        waiting = step.state == CURRENT and not done_before
        ordered.append(
            Step(WAITING, step.title, step.words, step.url, step.action)
            if waiting
            else step
        )
        done_before = done_before and step.state == DONE
    return tuple(ordered)


def is_complete(chain: tuple[Step, ...]) -> bool:
    """Whether nothing is left to do before asking for an original."""
    return all(step.state == DONE for step in chain)


def next_step(chain: tuple[Step, ...]) -> Step | None:
    """The first step that is not done."""
    return next((step for step in chain if step.state != DONE), None)


def _chain(
    viewer: Viewer, rules: Rules, now: datetime, *, enrolled: bool
) -> Iterator[Step]:
    failing = {
        check.condition
        for check in checks(Action.GIVE_CONSENT, viewer, OPEN_TO_THE_VETTED, rules, now)
        if check.code is not None
    }
    active = viewer.is_active
    yield _vetting(viewer, done=active and Condition.VETTING not in failing)
    yield _terms(done=active and Condition.TERMS not in failing)
    yield _induction(viewer, done=active and Condition.INDUCTION not in failing)
    yield _second_factor(
        viewer, rules, enrolled=enrolled, done=Condition.SECOND_FACTOR not in failing
    )


def _vetting(viewer: Viewer, *, done: bool) -> Step:
    title = _("Vetting")
    if done and viewer.vetted_until is not None:
        until = format_date(viewer.vetted_until, "long")
        return Step(DONE, title, _("Approved until %(day)s.", day=until))
    state, words = _VETTING[viewer.status] if viewer.status else _NEVER_APPLIED
    if viewer.status is None or viewer.status in _MAY_APPLY_AGAIN:
        return Step(state, title, words, url_for("apply.form"), _("Apply"))
    return Step(state, title, words, url_for("apply.status"), _("See where it stands"))


def _terms(*, done: bool) -> Step:
    if done:
        return Step(DONE, _("Terms"), _("You have signed the current version."))
    return Step(
        CURRENT,
        _("Terms"),
        _("Read and sign the current version."),
        url_for("account.terms"),
        _("Read and sign"),
    )


def _induction(viewer: Viewer, *, done: bool) -> Step:
    title = _("Induction")
    if done and viewer.induction_until is not None:
        until = format_date(viewer.induction_until, "long")
        return Step(DONE, title, _("Passed; it holds until %(day)s.", day=until))
    return Step(
        CURRENT,
        title,
        _("A short set of questions on care, safety and the law."),
        url_for("account.induction"),
        _("Start"),
    )


def _second_factor(viewer: Viewer, rules: Rules, *, enrolled: bool, done: bool) -> Step:
    title = _("Second factor")
    if viewer.second_factor:
        return Step(DONE, title, _("Shown when you signed in."))
    if enrolled:
        return Step(
            CURRENT,
            title,
            _("Set up, but not shown in this session: sign in again with a code."),
        )
    words = _(
        "Asked for at %(tier)s and above; setting it up protects your account.",
        tier=str(rules.second_factor_tier),
    )
    if not done:
        words = _("Your role needs a code from an authenticator to sign in.")
    return Step(CURRENT, title, words, url_for("account.security"), _("Set it up"))


_NEVER_APPLIED = (CURRENT, _("Tell us who you are and what you need."))
_VETTING = {
    AccountStatus.APPLIED: (
        CURRENT,
        _("An administrator is reading your application."),
    ),
    AccountStatus.RETURNED: (
        CURRENT,
        _("Your application came back with a question for you."),
    ),
    AccountStatus.REJECTED: (FAILED, _("Your application was not accepted.")),
    AccountStatus.APPROVED: (FAILED, _("Your vetting has run out.")),
    AccountStatus.EXPIRED: (FAILED, _("Your vetting has run out.")),
    AccountStatus.SUSPENDED: (FAILED, _("Your account is suspended.")),
    AccountStatus.CLOSED: (FAILED, _("Your account is closed.")),
}
_MAY_APPLY_AGAIN = frozenset(
    {AccountStatus.RETURNED, AccountStatus.APPROVED, AccountStatus.EXPIRED}
)
