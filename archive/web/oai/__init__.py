"""OAI-PMH 2.0 at `/oai`: what anybody may read, for those who harvest it.

asked      a verb and its arguments, or what is wrong with them
tokens     where a long list goes on
answers    what each verb is answered with
envelope   the XML around it

Who asks makes no difference: a member of staff gets what a visitor gets. What
harvesters may rely on is in docs/harvest.md.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, request
from werkzeug.exceptions import UnsupportedMediaType

from archive.exchange.harvest.xmltext import element
from archive.web.oai import answers, asked, envelope
from archive.web.oai.asked import WrongError
from archive.web.request import context, forms, guard, limits
from archive.web.request.guard import needs
from auth.limits import Allowance
from auth.policy import Action

bp = Blueprint("oai", __name__)

FORM = "application/x-www-form-urlencoded"
LARGEST = 16 * 1024
QUESTIONS = Allowance(120, timedelta(minutes=1))


@bp.get(answers.PATH)
@needs(Action.SEARCH)
def ask() -> Response:
    """Answer one question.

    :raises TooFast: too many came from there within a minute
    """
    return _answered(list(request.args.items(multi=True)))


@bp.post(answers.PATH)
@forms.rides_on_nothing
@needs(Action.SEARCH)
def send() -> Response:
    """Answer one question that was sent as a form, as the protocol allows.

    :raises UnsupportedMediaType: it is no form
    :raises TooFast: too many came from there within a minute
    """
    if request.mimetype != FORM:
        raise UnsupportedMediaType
    request.max_content_length = LARGEST
    sent = [*request.args.items(multi=True), *request.form.items(multi=True)]
    return _answered(sent)


def _answered(pairs: list[tuple[str, str]]) -> Response:
    context.as_anybody()
    guard.require(Action.SEARCH)  # while the archive is closed, of whoever asks
    limits.spend("oai", QUESTIONS)
    told: dict[str, str] = {}
    try:
        question = asked.read(pairs)
        told = {"verb": question.verb, **question.told}
        with context.read_session() as s:
            content = answers.answer(s, question)
    except WrongError as error:
        if error.code in ("badVerb", "badArgument"):
            told = {}
        content = element("error", str(error), code=error.code)
    body = envelope.answer(answers.base_url(), told, context.now(), content)
    return Response(body, content_type="text/xml; charset=utf-8")
