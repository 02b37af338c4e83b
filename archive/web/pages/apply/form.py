"""The application itself, for strangers and for whoever has an account.

The answer is the same whether or not the address is already known, and whether or not
the deny list names the person.
"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.mail import Mail, vetting
from archive.mail.queueing import queue
from archive.web import journal
from archive.web.pages.apply.blueprint import (
    UNPROCESSABLE,
    ask_to_confirm,
    bp,
    is_waiting,
    latest,
    opened,
    own_account,
)
from archive.web.pages.apply.confirming import begin_review
from archive.web.request import context, fields, i18n
from archive.web.request.guard import needs
from auth import accounts
from auth.errors import FactsRefused, PasswordRefused
from auth.policy import Action
from auth.tables import Account
from auth.vetting import applications
from auth.vetting.facts import ApplicationFacts
from auth.vetting.tables import Application, Decision

SHORT = 200
LONG = 4_000
PASSWORD_HINT = _(
    "At least 15 characters, any characters. A few unrelated words make a good one."
)


class EvidenceForm(fields.Form):
    """What an administrator needs in order to decide."""

    legal_name = fields.StringField(
        _("Legal name"),
        [fields.filled(), fields.at_most(SHORT)],
        filters=[fields.tidied],
        description=_("As in your passport or on your institution's page about you."),
    )
    institution = fields.StringField(
        _("Institution"),
        [fields.filled(), fields.at_most(SHORT)],
        filters=[fields.tidied],
    )
    role = fields.StringField(
        _("Your role there"),
        [fields.filled(), fields.at_most(SHORT)],
        filters=[fields.tidied],
        description=_("For example: doctoral researcher, investigator, editor."),
    )
    country = fields.StringField(
        _("Country"),
        [fields.filled(), fields.at_most(SHORT)],
        filters=[fields.tidied],
    )
    project = fields.StringField(
        _("Project"),
        [fields.filled(), fields.at_most(SHORT)],
        filters=[fields.tidied],
    )
    purpose = fields.TextAreaField(
        _("What you need the material for"),
        [fields.filled(), fields.at_most(LONG)],
        filters=[fields.tidied],
        description=_(
            "Which questions you want to answer, and why descriptions and blurred "
            "previews are not enough."
        ),
    )
    ethics_approval = fields.StringField(
        _("Ethics approval number"),
        [fields.optional(), fields.at_most(SHORT)],
        filters=[fields.tidied],
        description=_("If your institution gave one, with the name of the board."),
    )
    referee_name = fields.StringField(
        _("Referee's name"),
        [fields.filled(), fields.at_most(SHORT)],
        filters=[fields.tidied],
        description=_("Somebody who knows your work and may be asked about you."),
    )
    referee_email = fields.EmailField(
        _("Referee's e-mail"),
        [fields.filled(), fields.email_address()],
        filters=[fields.tidied],
    )
    statement = fields.TextAreaField(
        _("How you will treat the material and the people in it"),
        [fields.filled(), fields.at_most(LONG)],
        filters=[fields.tidied],
        description=_(
            "In your own words: how you keep it safe, whom you show it to, and how "
            "you look after those who work with it."
        ),
    )
    conduct = fields.BooleanField(
        _(
            "I will not copy, publish or pass on originals, will not try to identify "
            "anybody for harm, and will report it when something goes wrong"
        ),
        [fields.agreed(_("Please agree to the code of conduct to apply."))],
    )


class ApplicationForm(EvidenceForm):
    """The evidence, and the account it is for."""

    email = fields.EmailField(
        _("E-mail"),
        [fields.filled(), fields.email_address()],
        filters=[fields.tidied],
        description=_("An address of your institution is easiest to check."),
    )
    password = fields.PasswordField(
        _("Password"), [fields.filled()], description=PASSWORD_HINT
    )
    password_again = fields.PasswordField(
        _("The same password again"), [fields.filled(), fields.same_as("password")]
    )


@bp.get("/apply")
@needs(Action.APPLY)
def form() -> Response | str:
    """The empty form; for somebody signed in, the one they sent, to be sent anew."""
    if context.viewer().account_id is None:
        return _page(ApplicationForm())
    with context.read_session() as s:
        earlier = latest(s)
        if is_waiting(earlier):
            return redirect(url_for("apply.status"), 303)
        facts = opened(earlier) if earlier else None
    return _page(EvidenceForm(obj=facts), earlier)


@bp.post("/apply")
@needs(Action.APPLY)
def send() -> Response | tuple[str, int]:
    """Hand the application in."""
    stranger = context.viewer().account_id is None
    given = (ApplicationForm if stranger else EvidenceForm)(request.form)
    if not given.validate():
        return _page(given), UNPROCESSABLE
    try:
        hand_in(given)
    except FactsRefused as refused:
        for name, sentence in refused.fields.items():
            fields.complain(given[name if name in given else "statement"], sentence)
        return _page(given), UNPROCESSABLE
    except PasswordRefused as refused:
        fields.complain(given["password"], refused)
        return _page(given), UNPROCESSABLE
    return redirect(url_for("apply.status"), 303)


@bp.post("/apply/renew")
@needs(Action.AMEND_APPLICATION)
def renew() -> Response:
    """Ask for a renewal on the facts given before.

    :raises NotPossible: there is nothing to renew now
    """
    with context.write_session() as s:
        account = accounts.get(s, context.viewer().account_id or "")
        application = applications.renew(
            s, context.site().sealing, account, context.now()
        )
        _tell(s, application, is_new=False)
    flash(gettext("You have asked for a renewal. An administrator decides on it."))
    return redirect(url_for("apply.status"), 303)


def hand_in(given: EvidenceForm) -> None:
    """Make the application, and for a stranger the account; a known address is quiet.

    :raises FactsRefused: an answer will not do
    :raises PasswordRefused: the password breaks a rule
    """
    site, now = context.site(), context.now()
    with context.write_session() as s:
        account = own_account(s)
        application = applications.submit(
            s,
            site.sealing,
            _facts_given(given, account),
            now,
            account=account,
            password=None if account else given["password"].data,
        )
        if application is None:
            _tell_the_holder(s, given["email"].data)
        else:
            _tell(s, application, is_new=account is None)
            accounts.get(s, application.account_id).locale = i18n.language()
            _go_on(s, application)


def evidence(facts: ApplicationFacts) -> list[tuple[object, str]]:
    """What somebody told, as (what was asked, what they wrote)."""
    asked = ApplicationForm()
    names = [*ApplicationFacts.__dataclass_fields__]
    return [(asked[name].label.text, getattr(facts, name)) for name in names]


def _tell(s: Session, application: Application, *, is_new: bool) -> None:
    by = application.account_id
    if is_new:
        journal.tell(
            s, "account created", account=by, by=by, detail={"role": "applicant"}
        )
    detail = {"application": application.id}
    journal.tell(s, "application submitted", account=by, by=by, detail=detail)
    if application.held_by is not None:
        held = {**detail, "rule": application.held_by}
        journal.tell(
            s, "application held back", account=by, by="deny list", detail=held
        )


def _go_on(s: Session, application: Application) -> None:
    """Ask for the proof of the address, or begin where that was proved before."""
    if application.confirmed_at is None:
        ask_to_confirm(s, application)
    else:
        begin_review(s, application)


def _tell_the_holder(s: Session, email: str) -> None:
    """Mail the holder of a known address, so that time and post tell nobody."""
    site, now = context.site(), context.now()
    words = vetting.words(
        vetting.KNOWN, i18n.language(), link=f"{site.config.base_url}/login"
    )
    queue(s, site.sealing, Mail(email, *words, now.isoformat()), now)


def _facts_given(given: EvidenceForm, account: Account | None) -> ApplicationFacts:
    if account is None:
        email = given["email"].data
    else:
        email = accounts.email_of(context.site().sealing, account)
    names = [name for name in ApplicationFacts.__dataclass_fields__ if name != "email"]
    answers = {name: given[name].data or "" for name in names}
    return ApplicationFacts(email=email, **answers)


def _page(given: EvidenceForm, earlier: Application | None = None) -> str:
    question: Decision | None = None
    if earlier is not None:
        with context.read_session() as s:
            made = applications.decisions_on(s, earlier.id)
        question = made[-1] if made and made[-1].outcome == "return" else None
    return render_template("apply/form.html", form=given, question=question)
