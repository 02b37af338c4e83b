"""One request: what was told, where it does not meet the conditions, the decision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.requests import asking, deciding
from archive.web.pages.admin.blueprint import bp, names, own_id
from archive.web.pages.admin.changes import end_of, start_of
from archive.web.request import context, fields
from archive.web.request.guard import needs
from archive.web.request.i18n import language
from archive.web.showing import asked, words
from auth import accounts
from auth.access import deciding as decisions
from auth.access import requests, timeline
from auth.access.deciding import Offer
from auth.access.requests import OPEN, WAITING, State
from auth.access.requesttables import AccessRequestRow
from auth.errors import AuthError
from auth.policy import Action
from auth.viewer import Tier
from auth.visas import accepting
from auth.visas.accepting import Standing

UNPROCESSABLE = 422
USUALLY = timedelta(days=180)
HELD = (State.GRANTED, State.EXPIRING)


class WhyForm(fields.Form):
    """Something to the applicant: a reason, a question, a comment."""

    why = fields.TextAreaField(
        _("Reason"),
        [fields.filled(_("Please write down why.")), fields.at_most(2_000)],
        filters=[fields.tidied],
        description=_("The applicant reads this."),
    )


class OfferForm(WhyForm):
    """What is granted: how grave, from when, until when, without what."""

    tier = fields.SelectField(
        _("Up to which severity"),
        [fields.chosen()],
        choices=[],
    )
    starts = fields.DateField(_("From"), [fields.optional()])
    ends = fields.DateField(
        _("Until"),
        [
            fields.filled(_("Please choose a day.")),
            fields.after(lambda: context.now().date()),
        ],
    )
    excluded = fields.MultiCheckboxField(
        _("Without material of these labels"), [fields.optional()], choices=[]
    )


@bp.get("/requests/<request_id>")
@needs(Action.DECIDE_REQUESTS)
def access_request(request_id: str) -> str:
    """One request.

    :raises NotThere: there is none of that id
    """
    return _page(request_id, None, WhyForm())


@bp.post("/requests/<request_id>/take-up")
@needs(Action.DECIDE_REQUESTS)
def take_up_request(request_id: str) -> Response | tuple[str, int]:
    """Let others see that somebody looks at it."""

    def act(s: Session, row: AccessRequestRow) -> None:
        deciding.take_up(context.site(), s, row, own_id(), context.now())

    return _done(request_id, act, gettext("You have taken it up."))


@bp.post("/requests/<request_id>/comment")
@needs(Action.DECIDE_REQUESTS)
def comment_request(request_id: str) -> Response | tuple[str, int]:
    """Write to the applicant."""

    def act(s: Session, row: AccessRequestRow, why: str) -> None:
        sealing = context.site().sealing
        requests.comment(s, sealing, row, own_id(), why, context.now())

    return _with_reason(request_id, act, gettext("Sent."))


@bp.post("/requests/<request_id>/return")
@needs(Action.DECIDE_REQUESTS)
def return_request(request_id: str) -> Response | tuple[str, int]:
    """Ask the applicant for more."""

    def act(s: Session, row: AccessRequestRow, why: str) -> None:
        deciding.send_back(context.site(), s, row, own_id(), why, context.now())

    return _with_reason(request_id, act, gettext("Returned to the applicant."))


@bp.post("/requests/<request_id>/decline")
@needs(Action.DECIDE_REQUESTS)
def decline_request(request_id: str) -> Response | tuple[str, int]:
    """Say no."""

    def act(s: Session, row: AccessRequestRow, why: str) -> None:
        deciding.decline(context.site(), s, row, own_id(), why, context.now())

    return _with_reason(request_id, act, gettext("Declined."))


@bp.post("/requests/<request_id>/confirm")
@needs(Action.DECIDE_REQUESTS)
def confirm_request(request_id: str) -> Response | tuple[str, int]:
    """Confirm what another administrator approved."""

    def act(s: Session, row: AccessRequestRow, why: str) -> None:
        deciding.confirm(context.site(), s, row, own_id(), why, context.now())

    return _with_reason(request_id, act, gettext("Two have agreed: it is granted."))


@bp.post("/requests/<request_id>/revoke")
@needs(Action.DECIDE_REQUESTS)
def revoke_request(request_id: str) -> Response | tuple[str, int]:
    """Take the grant back, at once."""

    def act(s: Session, row: AccessRequestRow, why: str) -> None:
        deciding.revoke(context.site(), s, row, own_id(), why, context.now())

    return _with_reason(request_id, act, gettext("The grant is over."))


@bp.post("/requests/<request_id>/approve")
@needs(Action.DECIDE_REQUESTS)
def approve_request(request_id: str) -> Response | tuple[str, int]:
    """Grant it; or, where two must, approve it for a second to confirm."""
    given = _offer_form(request.form)
    if not given.validate():
        return _page(request_id, given, WhyForm()), UNPROCESSABLE

    def act(s: Session, row: AccessRequestRow) -> None:
        now = context.now()
        offer = Offer(
            highest_tier=Tier.parse(given.tier.data),
            starts=max(now, start_of(given.starts.data) or now),
            ends=end_of(given.ends.data) or now,
            reason=given.why.data,
            excluded_labels=frozenset(given.excluded.data or ()),
        )
        deciding.approve(context.site(), s, row, offer, own_id(), now)

    return _done(request_id, act, gettext("Noted."), given)


def _offer_form(
    sent: object = None, until: date | None = None, visa: Standing | None = None
) -> OfferForm:
    """The form as it was sent, or a fresh one: as was asked for, as a visa reaches."""
    now = context.now()
    usual = (now + USUALLY).date()
    ends = until if until is not None and until > now.date() else usual
    filled: dict[str, object] = {"ends": ends, "tier": Tier.G3.name}
    if visa is not None and visa.stands and visa.extent is not None:
        reach = visa.extent
        # Nothing is known of it after the visa's own end.
        filled["ends"] = min(ends, reach.ends.date(), visa.visa.expires_at.date())
        filled["tier"] = reach.highest_tier.name
        filled["excluded"] = sorted(reach.without)
    given = OfferForm(sent, data=filled)
    given.tier.choices = fields.choices_of(
        (tier.name, f"{tier.name} {words.TIERS[tier.name]}")
        for tier in Tier
        if tier < Tier.X
    )
    given.excluded.choices = fields.choices_of(
        (code, term.name(language()))
        for code, term in context.vocabulary().terms.items()
    )
    return given


def _with_reason(
    request_id: str,
    act: Callable[[Session, AccessRequestRow, str], None],
    sentence: str,
) -> Response | tuple[str, int]:
    given = WhyForm(request.form)
    if not given.validate():
        return _page(request_id, None, given), UNPROCESSABLE
    return _done(
        request_id, lambda s, row: act(s, row, given.why.data), sentence, given
    )


def _done(
    request_id: str,
    act: Callable[[Session, AccessRequestRow], None],
    sentence: str,
    given: WhyForm | None = None,
) -> Response | tuple[str, int]:
    try:
        with context.write_session() as s:
            act(s, requests.get(s, request_id))
    except AuthError as refused:
        if given is None:
            raise
        fields.complain(given.why, refused)
        offer = given if isinstance(given, OfferForm) else None
        why = WhyForm() if offer else given
        return _page(request_id, offer, why), UNPROCESSABLE
    flash(sentence)
    return redirect(url_for("admin.access_request", request_id=request_id), 303)


def _page(request_id: str, offer: OfferForm | None, why: WhyForm) -> str:
    site, now = context.site(), context.now()
    with context.read_session() as s:
        row = requests.get(s, request_id)
        grant = requests.grants_of(s, [row]).get(row.grant_id or "")
        state = requests.state_of(row, grant, now)
        scope = requests.scope_of(row)
        unmet = asking.mismatches_now(site, s, row, now)
        told = requests.told_of(site.sealing, row)
        shown = accepting.get(s, row.visa_id) if row.visa_id else None
        visa = accepting.standing(shown, now) if shown else None
        terms = asking.terms_of(s, scope)
        actors = [each.by for each in timeline.of(s, site.sealing, row.id)]
        named = [value for each in terms.conditions for value in each.values]
        known = names(s, [row.account_id, row.approved_by, *actors, *named])
        return render_template(
            "admin/access/request.html",
            row=row,
            account=accounts.get(s, row.account_id),
            state=state,
            subject=asked.subject_of(s, scope),
            facts=asked.facts(told),
            conditions=asked.conditions(terms.conditions, unmet, known),
            has_unmet=bool(unmet),
            lines=asked.lines(s, row, known),
            names=known,
            needed=deciding.approvals_for(s, scope),
            offered=decisions.offered(row) if row.approved_by else None,
            grant=grant,
            tier=Tier(grant.highest_tier) if grant else None,
            visa=visa,
            offer=offer or _offer_form(until=told.purpose.until, visa=visa),
            why=why,
            is_own=row.account_id == own_id(),
            is_first=row.approved_by == own_id(),
            is_waiting=state in WAITING,
            is_open=state in OPEN,
            is_held=state in HELD,
        )
