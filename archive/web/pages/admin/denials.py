"""The deny list by page: rules made and lifted with reasons, and one question.

The list cannot be read: it holds keyed digests. Whether somebody is on it is asked by
typing the name or the address.
"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from archive.web import journal
from archive.web.pages.admin.blueprint import bp, names, own_id
from archive.web.request import context, fields
from archive.web.request.guard import needs
from auth.errors import AuthError, NotThere
from auth.policy import Action
from auth.vetting import applications
from auth.vetting import denials as kept
from auth.vetting.denials import Kind

UNPROCESSABLE = 422
SHORT = 254
KINDS = (
    (Kind.NAME, _("A person's name")),
    (Kind.EMAIL, _("An e-mail address")),
    (Kind.DOMAIN, _("A domain, and all below it")),
)


class DenialForm(fields.Form):
    """A rule, and why."""

    kind = fields.RadioField(
        _("What to refuse"), [fields.chosen()], choices=fields.choices_of(KINDS)
    )
    value = fields.StringField(
        _("Name, address or domain"),
        [fields.filled(), fields.at_most(SHORT)],
        filters=[fields.tidied],
        description=_("It is kept as a keyed digest and cannot be read again."),
    )
    reason = fields.TextAreaField(
        _("Reason"),
        [fields.filled(_("Please write down why.")), fields.at_most(2_000)],
        filters=[fields.tidied],
        description=_("Do not repeat the name here; administrators read it."),
    )


class AskForm(fields.Form):
    """Whether somebody is on the list."""

    asked = fields.StringField(
        _("Name or e-mail address"),
        [fields.filled(), fields.at_most(SHORT)],
        filters=[fields.tidied],
    )


class LiftForm(fields.Form):
    """Why a rule is lifted."""

    lift_reason = fields.StringField(
        _("Why it is lifted"),
        [fields.filled(_("Please write down why.")), fields.at_most(2_000)],
        filters=[fields.tidied],
    )


@bp.get("/denials")
@needs(Action.MANAGE_DENIALS)
def denials() -> str:
    """Every rule, without whom it names."""
    return _page()


@bp.post("/denials")
@needs(Action.MANAGE_DENIALS)
def add_denial() -> Response | tuple[str, int]:
    """Make a rule."""
    given, sealing = DenialForm(request.form), context.site().sealing
    if not given.validate():
        return _page(given), UNPROCESSABLE
    kind, now = Kind(given.kind.data), context.now()
    try:
        with context.write_session() as s:
            row = kept.add(
                s,
                sealing,
                kind,
                given.value.data,
                given.reason.data,
                own_id(),
                now,
            )
            journal.tell(s, "deny rule made", detail={"rule": row.id, "kind": row.kind})
    except AuthError as refused:
        fields.complain(given.value, refused)
        return _page(given), UNPROCESSABLE
    flash(gettext("The rule holds from now on."))
    return redirect(url_for("admin.denials"), 303)


@bp.post("/denials/ask")
@needs(Action.MANAGE_DENIALS)
def ask_denials() -> str | tuple[str, int]:
    """Say which rule, if any, a name or an address meets."""
    given = AskForm(request.form)
    if not given.validate():
        return _page(ask=given), UNPROCESSABLE
    typed, sealing = given.asked.data, context.site().sealing
    with context.read_session() as s:
        met = kept.find(s, sealing, typed, typed) if typed else None
    return _page(ask=given, answer=met.id if met else "")


@bp.post("/denials/<denial_id>/lift")
@needs(Action.MANAGE_DENIALS)
def lift_denial(denial_id: str) -> Response | tuple[str, int]:
    """Lift a rule; what it held back can be reviewed.

    :raises NotFound: there is no such rule
    """
    given = LiftForm(request.form, prefix=denial_id)
    if not given.validate():
        return _page(lift={denial_id: given}), UNPROCESSABLE
    try:
        with context.write_session() as s:
            kept.lift(s, denial_id)
            freed = applications.let_go(s, denial_id)
            journal.tell(
                s,
                "deny rule lifted",
                detail={
                    "rule": denial_id,
                    "reason": given.lift_reason.data,
                    "applications": len(freed),
                },
            )
    except NotThere:
        raise NotFound from None
    flash(gettext("The rule is lifted. What it held back can be reviewed now."))
    return redirect(url_for("admin.denials"), 303)


def _page(
    given: DenialForm | None = None,
    *,
    ask: AskForm | None = None,
    lift: dict[str, LiftForm] | None = None,
    answer: str | None = None,
) -> str:
    sealing = context.site().sealing
    with context.read_session() as s:
        rows = kept.listing(s)
        known = names(s, [row.made_by for row in rows])
    return render_template(
        "admin/denials.html",
        rules=[(row, kept.reason_of(sealing, row)) for row in rows],
        kinds=dict(KINDS),
        form=given or DenialForm(),
        ask=ask or AskForm(),
        lifting={row.id: LiftForm(prefix=row.id) for row in rows} | (lift or {}),
        answer=answer,
        names=known,
    )
