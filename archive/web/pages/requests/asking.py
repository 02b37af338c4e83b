"""The form by which originals are asked for, of a record or of a collection.

Where what is stated does not meet a condition of use, the form comes back and says so;
sent once more as it is, it goes through. Nothing here decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.requests import asking, shelves
from archive.requests.asking import Statement, Terms, UnreadMismatch
from archive.web.pages.requests.blueprint import bp, own_request
from archive.web.request import context, fields, sentences
from archive.web.request.guard import needs
from archive.web.request.i18n import language
from archive.web.showing import asked
from auth.access import requests
from auth.access.purposes import StatedPurpose, Use
from auth.access.requests import Scope, State, Told
from auth.access.useconditions import Mismatch
from auth.errors import AuthError, FactsRefused, NotPossible
from auth.policy import Action
from auth.visas import accepting
from auth.visas.accepting import Standing

UNPROCESSABLE = 422
ANSWER = "answer-"
USUALLY = timedelta(days=365)


class WishForm(fields.Form):
    """What is asked of everybody; a collection's own questions stand beside it."""

    text = fields.TextAreaField(
        _("What it is for"),
        [fields.filled(), fields.at_most(5_000)],
        filters=[fields.tidied],
        description=_(
            "Your question, and why it cannot be answered from descriptions and"
            " blurred previews. Kept sealed; only those who decide read it."
        ),
    )
    project = fields.StringField(
        _("Project"), [fields.filled(), fields.at_most(300)], filters=[fields.tidied]
    )
    institution = fields.StringField(
        _("Institution"),
        [fields.filled(), fields.at_most(300)],
        filters=[fields.tidied],
    )
    country = fields.StringField(
        _("Country where you work with it"),
        [fields.filled(), fields.at_most(2)],
        filters=[fields.tidied],
        description=_("Two letters, such as AM, AZ, DE."),
    )
    until = fields.DateField(
        _("Until when"),
        [
            fields.filled(_("Please choose a day.")),
            fields.after(lambda: context.now().date()),
        ],
    )
    ethics_approval = fields.StringField(
        _("Reference of the ethics approval"),
        [fields.optional(), fields.at_most(300)],
        filters=[fields.tidied],
    )
    uses = fields.MultiCheckboxField(
        _("What you will do with it"),
        choices=fields.choices_of(
            (use.value, words) for use, words in asked.USES.items()
        ),
        description=_("Tick what applies; the conditions of use are compared with it."),
    )
    for_profit = fields.BooleanField(_("My organisation works for profit"))


@bp.get("/records/<record_id>/request")
@needs(Action.REQUEST_ACCESS)
def ask_record(record_id: str) -> str | Response:
    """The form for one record; or what became of the open request there is."""
    return _form(Scope(record_id=record_id))


@bp.post("/records/<record_id>/request")
@needs(Action.REQUEST_ACCESS)
def send_record(record_id: str) -> Response | tuple[str, int]:
    """Ask for one record."""
    return _send(Scope(record_id=record_id))


@bp.get("/collections/<slug>/request")
@needs(Action.REQUEST_COLLECTION)
def ask_collection(slug: str) -> str | Response:
    """The form for a collection.

    :raises NoSuchRecord: there is no such collection
    """
    return _form(_shelf(slug))


@bp.post("/collections/<slug>/request")
@needs(Action.REQUEST_COLLECTION)
def send_collection(slug: str) -> Response | tuple[str, int]:
    """Ask for a collection.

    :raises NoSuchRecord: there is no such collection
    """
    return _send(_shelf(slug))


@bp.get("/account/requests/<request_id>/answer")
@needs(Action.MANAGE_OWN_ACCOUNT)
def answer(request_id: str) -> str:
    """The form again, with what was told, for what was returned.

    :raises NotThere: there is no such request of one's own
    :raises NotPossible: it was not returned
    """
    with context.read_session() as s:
        row = own_request(s, request_id)
        if row.state != State.RETURNED:
            raise NotPossible("This request was not returned to you.")
        told = requests.told_of(context.site().sealing, row)
        return _page(s, requests.scope_of(row), _filled(told), _answers(told))


@bp.post("/account/requests/<request_id>/answer")
@needs(Action.MANAGE_OWN_ACCOUNT)
def send_answer(request_id: str) -> Response | tuple[str, int]:
    """Hand in again what was returned.

    :raises NotThere: there is no such request of one's own
    """
    site = context.site()
    with context.read_session() as s:
        scope = requests.scope_of(own_request(s, request_id))

    def act(s: Session, said: Statement) -> str:
        row = own_request(s, request_id)
        asking.hand_in_again(site, s, row, said, context.now())
        return row.id

    return _handed_in(scope, act)


def _shelf(slug: str) -> Scope:
    with context.read_session() as s:
        return Scope(collection_id=shelves.require(s, slug).id)


def _form(scope: Scope) -> str | Response:
    account_id, now = context.viewer().account_id or "", context.now()
    with context.read_session() as s:
        before = requests.latest(s, account_id, [scope])
        if before is not None and before.open_for:
            return redirect(url_for("requests.show", request_id=before.id), 303)
        if before is not None and request.args.get("renews") == before.id:
            # A renewal begins with what was told the last time.
            told = requests.told_of(context.site().sealing, before)
            given = _filled(told, (now + USUALLY).date())
            return _page(s, scope, given, _answers(told))
        until = (now + USUALLY).date()
        visa = _visa(s)
        if visa is not None and visa.extent is not None:
            until = min(until, visa.extent.ends.date())
        return _page(s, scope, WishForm(data={"until": until}), {})


def _send(scope: Scope) -> Response | tuple[str, int]:
    site, account_id = context.site(), context.viewer().account_id or ""

    def act(s: Session, said: Statement) -> str:
        row = asking.hand_in(site, s, account_id, scope, said, context.now())
        return row.id

    return _handed_in(scope, act)


def _handed_in(
    scope: Scope, act: Callable[[Session, Statement], str]
) -> Response | tuple[str, int]:
    given, said = WishForm(request.form), _said()
    errors: dict[str, str] = {}
    unmet: tuple[Mismatch, ...] = ()
    if given.validate():
        try:
            with context.write_session() as s:
                request_id = act(s, _statement(given, said))
        except UnreadMismatch as refused:
            unmet = refused.mismatches
        except FactsRefused as refused:
            errors = _complain(given, refused)
        except AuthError as refused:
            fields.complain(given.text, refused)
        else:
            flash(gettext("Your request is handed in. You follow it on this page."))
            return redirect(url_for("requests.show", request_id=request_id), 303)
    with context.read_session() as s:
        return _page(s, scope, given, said, errors, unmet), UNPROCESSABLE


def _statement(given: WishForm, said: Mapping[str, str]) -> Statement:
    purpose = StatedPurpose(
        text=given.text.data,
        project=given.project.data,
        institution=given.institution.data,
        country=given.country.data,
        until=given.until.data,
        ethics_approval=given.ethics_approval.data or "",
        for_profit=given.for_profit.data,
        uses=frozenset(Use(word) for word in given.uses.data or ()),
    )
    seen = frozenset(request.form.getlist("seen"))
    renews = request.form.get("renews") or None
    visa = request.form.get("visa") or None
    return Statement(purpose, said, seen, language(), renews, visa)


def _said() -> dict[str, str]:
    return {
        name.removeprefix(ANSWER): fields.tidied(value) or ""
        for name, value in request.form.items()
        if name.startswith(ANSWER)
    }


def _complain(given: WishForm, refused: FactsRefused) -> dict[str, str]:
    """Put each sentence beside its field; return those of the questions."""
    for name, sentence in refused.fields.items():
        if name in given:
            fields.complain(given[name], sentence)
    return {
        name: sentences.said(sentence)
        for name, sentence in refused.fields.items()
        if name not in given
    }


def _page(
    s: Session,
    scope: Scope,
    given: WishForm,
    said: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    unmet: tuple[Mismatch, ...] = (),
) -> str:
    terms: Terms = asking.terms_of(s, scope)
    return render_template(
        "requests/ask.html",
        subject=asked.subject_of(s, scope),
        form=given,
        questions=terms.questions,
        language=language(),
        said=said,
        errors=errors or {},
        conditions=asked.conditions(terms.conditions, unmet),
        unmet=[each.code for each in unmet],
        renews=request.form.get("renews") or request.args.get("renews", ""),
        visa=_visa(s),
    )


def _visa(s: Session) -> Standing | None:
    """One's own visa of a grant elsewhere that is shown with the request."""
    wanted = request.form.get("visa") or request.args.get("visa", "")
    own, now = context.viewer().account_id or "", context.now()
    found = accepting.grant_of(s, own, wanted, now) if wanted else None
    return accepting.standing(found, now) if found else None


def _filled(told: Told, until: date | None = None) -> WishForm:
    facts: dict[str, Any] = told.purpose.as_json()
    return WishForm(data={**facts, "until": until or told.purpose.until})


def _answers(told: Told) -> dict[str, str]:
    return {each.question.id: each.said for each in told.answers}
