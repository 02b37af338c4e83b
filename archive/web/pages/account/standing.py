"""The terms one signs and the induction one passes, before a first original."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from archive.web import journal
from archive.web.pages.account.blueprint import bp, own_account, own_id
from archive.web.pages.account.paragraphs import blocks
from archive.web.request import context, fields, i18n
from archive.web.request.guard import needs
from auth import induction as teaching
from auth import terms as texts
from auth.induction import Grade
from auth.policy import Action

UNPROCESSABLE = 422


class SignForm(fields.Form):
    """That one has read the terms and will keep to them."""

    agree = fields.BooleanField(
        _("I have read both texts, and I will keep to them"),
        [fields.agreed(_("Please tick this to sign."))],
    )


@bp.get("/terms")
@needs(Action.MANAGE_OWN_ACCOUNT)
def terms() -> str:
    """The current terms, and what one has signed before."""
    return _terms_page(SignForm())


@bp.post("/terms")
@needs(Action.MANAGE_OWN_ACCOUNT)
def sign_terms() -> Response | tuple[str, int]:
    """Sign the version that was shown.

    :raises NotPossible: another version is current by now
    """
    given = SignForm(request.form)
    if not given.validate():
        return _terms_page(given), UNPROCESSABLE
    version = request.form.get("version", type=int) or 0
    with context.write_session() as s:
        signature = texts.sign(
            s, own_account(s), version, context.now(), language=i18n.language()
        )
        detail = {"version": version, "text": signature.text_hash}
        journal.tell(s, "terms signed", detail=detail)
    flash(gettext("You have signed the terms."))
    return redirect(url_for("account.index"), 303)


@bp.get("/induction")
@needs(Action.MANAGE_OWN_ACCOUNT)
def induction() -> str:
    """The questions."""
    return _induction_page({}, None)


@bp.post("/induction")
@needs(Action.MANAGE_OWN_ACCOUNT)
def grade_induction() -> Response | tuple[str, int]:
    """Grade the answers; all must be right, and one may try again at once."""
    questions = teaching.questions(i18n.language())
    answers = {q.id: request.form.get(q.id, "") for q in questions}
    grade = teaching.grade(answers)
    with context.write_session() as s:
        if grade.passed:
            teaching.record_pass(s, own_account(s), context.now())
        event = "induction passed" if grade.passed else "induction failed"
        journal.tell(s, event, detail={"version": teaching.version()})
    if not grade.passed:
        return _induction_page(answers, grade), UNPROCESSABLE
    flash(gettext("You have passed the induction. It holds for a year."))
    return redirect(url_for("account.index"), 303)


def _terms_page(given: SignForm) -> str:
    with context.read_session() as s:
        signed = texts.history(s, own_id())
        shown = texts.current(s, i18n.language())
    return render_template(
        "account/terms.html",
        form=given,
        terms=shown,
        parts=[blocks(shown.conduct), blocks(shown.data_use)],
        signed=signed,
        is_signed=context.viewer().terms_version >= context.rules().terms_version,
    )


def _induction_page(answers: dict[str, str], grade: Grade | None) -> str:
    viewer = context.viewer()
    return render_template(
        "account/induction.html",
        questions=teaching.questions(i18n.language()),
        answers=answers,
        grade=grade,
        until=viewer.induction_until,
        is_passed=viewer.induction_until is not None
        and context.now() < viewer.induction_until,
    )
