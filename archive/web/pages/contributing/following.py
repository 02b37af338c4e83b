"""Following a contribution by its reference: questions, more files, withdrawal.

Whoever has the reference is taken for the contributor. One that there is not answers
404, and how often one may try is counted. Every page is the answer to a form.
"""

from __future__ import annotations

from flask import render_template, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from archive.contributions import desk, ending, finding, handing
from archive.intake import Refused
from archive.reports import codes
from archive.web.answer import errors
from archive.web.pages.contributing.blueprint import (
    UNPROCESSABLE,
    bp,
    complain,
    files,
)
from archive.web.request import context, fields, limits, sentences, uploads
from archive.web.request.guard import needs
from archive.web.showing import contributed
from auth.errors import AuthError, NotThere
from auth.policy import Action


class CodeForm(fields.Form):
    """The reference of a contribution."""

    code = fields.StringField(
        _("The reference you were given"),
        [fields.filled(), fields.at_most(60)],
        filters=[fields.tidied],
        description=_("Twenty letters and digits, such as 7k2m-9xq4-01hv-ntyb-e5rw."),
    )


class AnswerForm(fields.Form):
    """What the contributor says to those who review."""

    words = fields.TextAreaField(
        _("Your answer, or anything you want to add"),
        [
            fields.filled(_("Please write something.")),
            fields.at_most(handing.MOST_WORDS),
        ],
        filters=[fields.tidied],
    )


class WithdrawForm(fields.Form):
    """That it is meant."""

    is_meant = fields.BooleanField(
        _("Destroy the files and everything I wrote. This cannot be undone."),
        [fields.agreed()],
    )


@bp.get("/status")
@needs(Action.FOLLOW_CONTRIBUTION)
def ask() -> str:
    """Where to type the reference."""
    return render_template("contributing/code.html", form=CodeForm())


@bp.post("/status")
@needs(Action.FOLLOW_CONTRIBUTION)
def look() -> str | tuple[str, int]:
    """How the contribution of this reference stands.

    :raises TooFast: too many were tried from there
    """
    given = CodeForm(request.form)
    if given.validate():
        try:
            return _page()
        except NotThere:
            told = gettext(
                "There is no contribution with this reference. Look at it again."
            )
            fields.complain(given.code, told)
    return render_template("contributing/code.html", form=given), UNPROCESSABLE


@bp.post("/status/answer")
@needs(Action.FOLLOW_CONTRIBUTION, Action.ANSWER_CONTRIBUTION)
def answer() -> str | tuple[str, int]:
    """Say something to those who review.

    :raises NotThere: there is none of this reference
    :raises TooFast: too many were tried from there
    """
    given = AnswerForm(request.form)
    if given.validate():
        limits.spend_contribution_code()
        try:
            with context.write_session() as s:
                row = finding.by_code(s, _code())
                desk.answer(context.site(), s, row, given.words.data, context.now())
        except NotThere:
            raise
        except AuthError as refused:
            complain(given, refused, "words")
        else:
            return _page(done=gettext("Your words have arrived."))
    return _page(answering=given), UNPROCESSABLE


@bp.post("/status/files")
@needs(Action.FOLLOW_CONTRIBUTION, Action.ANSWER_CONTRIBUTION)
@uploads.takes_files
def add_files() -> str | tuple[str, int]:
    """Add files to what waits.

    :raises NotThere: there is none of this reference
    :raises TooFast: too many were tried or sent from there
    """
    limits.spend_contribution_code()
    limits.spend_contribution()
    wrong, status = "", UNPROCESSABLE
    try:
        handing.add_files(context.site(), _code(), files(), context.now())
    except NotThere:
        raise
    except Refused as error:
        wrong = errors.refused_file(error)
        status = errors.UPLOAD_STATUS.get(error.code, UNPROCESSABLE)
    except AuthError as refused:
        wrong = str(sentences.said(refused))
    if wrong:
        return _page(wrong=wrong), status
    return _page(done=gettext("Your files have arrived."))


@bp.post("/status/withdraw")
@needs(Action.FOLLOW_CONTRIBUTION, Action.ANSWER_CONTRIBUTION)
def withdraw() -> str | tuple[str, int]:
    """Take it back, for good.

    :raises NotThere: there is none of this reference
    :raises TooFast: too many were tried from there
    """
    limits.spend_contribution_code()
    given = WithdrawForm(request.form)
    if given.validate():
        try:
            ending.withdraw(context.site(), _code(), context.now())
        except NotThere:
            raise
        except AuthError as refused:
            complain(given, refused, "is_meant")
        else:
            return _page()
    return _page(withdrawing=given), UNPROCESSABLE


def _code() -> str:
    return request.form.get("code", "")


def _page(
    *,
    answering: AnswerForm | None = None,
    withdrawing: WithdrawForm | None = None,
    wrong: str = "",
    done: str = "",
) -> str:
    limits.spend_contribution_code()
    config = context.site().config
    with context.read_session() as s:
        found = contributed.shown(s, finding.by_code(s, _code()))
    return render_template(
        "contributing/status.html",
        found=found,
        code=codes.spaced(_code()),
        answering=answering or AnswerForm(),
        withdrawing=withdrawing or WithdrawForm(),
        wrong={"files": wrong} if wrong else {},
        done=done,
        declined_days=config.declined_days,
        legal_hold=config.legal_hold,
    )
