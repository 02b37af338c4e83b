"""Every error as HTTP: one table, from what went wrong to status, words and form.

Programs (`/api/`, media, or whoever asks for JSON) get an RFC 9457 problem document,
people a page of `templates/errors/`. Nobody gets a trace: each answer carries a
reference, and the log has the details under it. What is not in the table is 500.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, g, json, render_template, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoneFree
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from archive.exchange.court import NotForCourt
from archive.exchange.imports.entries import SourceError
from archive.gate import RefusedError
from archive.intake import Refused as UploadRefused
from archive.intake import uploads
from archive.records import errors as records
from archive.requests.asking import UnreadMismatch
from archive.vault.errors import (
    KeeperAway,
    Quarantined,
    Shredded,
    StoreUnavailable,
    VaultError,
)
from archive.web.answer import proving, reasons, remarks
from archive.web.answer.streams import TooManyStreamsError
from archive.web.request import sentences
from archive.web.request.body import BodyError
from archive.web.request.guard import RefusedRequestError
from archive.web.request.identity import BadTokenError, MissingScopeError
from archive.witness import WitnessError
from auth import errors as auth
from auth.conditions import Condition
from auth.policy import Refusal
from auth.viewer import ReasonCode
from blur.errors import BlurError, SandboxFailed
from search.engine import SearchError
from search.query import QueryError

log = logging.getLogger("vigil.web")
PROGRAM_PATHS = ("/api/", "/media/")
NO_STORE = "no-store"
LATER = 300
"""Seconds after which to look whether the archive is open again."""


@dataclass(frozen=True)
class Problem:
    """One error, ready to be told; `fields` maps a form field to its sentence."""

    status: int
    code: str
    detail: str
    reasons: tuple[ReasonCode, ...] = ()
    record_id: str | None = None
    conditions: tuple[Condition, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return str(TITLES.get(self.status, TITLES[500]))


TITLES = {
    400: _("This request cannot be read"),
    401: _("Please sign in"),
    403: _("This stays closed for now"),
    404: _("There is nothing here"),
    405: _("This cannot be done here"),
    406: _("This cannot be given in that form"),
    408: _("The request took too long"),
    409: _("Something changed in the meantime"),
    410: _("This is gone for good"),
    411: _("The length is missing"),
    412: _("Something changed in the meantime"),
    413: _("This is too much at once"),
    414: _("The address is too long"),
    415: _("This kind of file is not accepted"),
    416: _("There is no such part of the file"),
    422: _("Something in this needs mending"),
    428: _("Something in this needs mending"),
    429: _("Too fast"),
    431: _("This is too much at once"),
    460: _("The bytes were changed on the way"),
    500: _("Something went wrong on our side"),
    503: _("The archive is busy or under maintenance"),
}
UPLOAD_STATUS = {
    "too_large": 413,
    "too_many_files": 413,
    "too_many_uploads": 413,
    "unfinished_upload": 409,
    "upload_ended": 409,
    "unsupported_kind": 415,
    "no_recovery": 503,
    "storage_full": 503,
    "sandbox": 503,
}


def _refused(error: RefusedRequestError | RefusedError) -> Problem:
    refusal = error.refusal
    record_id = error.item.record_id if error.item else None
    return of_refusal(refusal, record_id)


def of_refusal(refusal: Refusal, record_id: str | None) -> Problem:
    """404 for what may not be known of, 401 where signing in comes first, else 403."""
    codes = refusal.codes
    if refusal.is_hidden:
        return Problem(404, "not_found", str(gettext("There is nothing here.")))
    first = reasons.REMEDIES[codes[0]].message
    if ReasonCode.SIGN_IN in codes:
        return Problem(401, "sign_in", str(first), codes, record_id, headers=CHALLENGE)
    failing = tuple(reason.condition for reason in refusal.reasons)
    if set(failing) <= {Condition.SHOWING, Condition.CHANGES, Condition.MAINTENANCE}:
        return _for_the_moment(failing, str(first), codes, record_id)
    return Problem(403, codes[0].value, str(first), codes, record_id, failing)


def _for_the_moment(
    failing: tuple[Condition, ...],
    first: str,
    codes: tuple[ReasonCode, ...],
    record_id: str | None,
) -> Problem:
    """503 where the archive's mode alone closes it; 403 for originals, as ever."""
    told = reasons.OF_MODES.get(failing[-1])
    if told is None:
        return Problem(403, codes[0].value, first, codes, record_id, failing)
    later = {"Retry-After": str(LATER)}
    return Problem(
        503, codes[0].value, str(told), codes, record_id, failing, headers=later
    )


def _bad_token(_error: BadTokenError) -> Problem:
    detail = gettext("This access token is unknown, expired or revoked.")
    challenge = {"WWW-Authenticate": 'Bearer realm="vigil", error="invalid_token"'}
    return Problem(401, "sign_in", detail, (ReasonCode.SIGN_IN,), headers=challenge)


def _upload(error: UploadRefused) -> Problem:
    status = UPLOAD_STATUS.get(error.code, 422)
    told = refused_file(error)
    return Problem(status, error.code, told, fields={"files": told})


def refused_file(error: UploadRefused) -> str:
    """Why a file was not taken, after its name where it has one."""
    told = sentences.said(error.message)
    return f"{error.filename}: {told}" if error.filename else told


def _query(error: QueryError) -> Problem:
    return Problem(400, "query", remarks.why(error))


def _field(error: records.FieldError) -> Problem:
    told = sentences.said(error)
    return Problem(422, error.code, told, fields={error.field: told})


def _sentence(status: int) -> Callable[[Any], Problem]:
    def problem(error: Any) -> Problem:  # noqa: ANN401 - any error of our families
        return Problem(status, error.code, sentences.said(error))

    return problem


def _too_fast(error: auth.TooFast) -> Problem:
    wait = {"Retry-After": str(error.retry_after)}
    return Problem(429, error.code, sentences.said(error), headers=wait)


def _too_many_streams(_error: TooManyStreamsError) -> Problem:
    detail = gettext("You have many files open at once. Close one and try again.")
    return Problem(429, "too_many_streams", detail, headers={"Retry-After": "10"})


def _facts(error: auth.FactsRefused) -> Problem:
    told = {name: sentences.said(wrong) for name, wrong in error.fields.items()}
    return Problem(422, error.code, sentences.said(error), fields=told)


def _body(error: BodyError) -> Problem:
    told = sentences.said(error)
    fields = {error.field: told} if error.field else {}
    return Problem(error.status, "body", told, fields=fields)


def _source(error: SourceError) -> Problem:
    told = sentences.said(error)
    return Problem(422, error.code, told, fields={"table": told})


def _unread(error: UnreadMismatch) -> Problem:
    """The codes of the conditions that are not met, each with how it is not."""
    fields = {each.code: each.fit.value for each in error.mismatches}
    return Problem(409, error.code, sentences.said(error), fields=fields)


def _scope(_error: MissingScopeError) -> Problem:
    detail = gettext("The scope of your access token does not include this.")
    return Problem(403, "role", detail, (ReasonCode.ROLE,))


def _missing(_error: Exception) -> Problem:
    return Problem(404, "not_found", gettext("There is nothing here."))


def _unnamed(error: DataError) -> Problem:
    """PostgreSQL's text has no NUL, nor its numbers any size: nothing is called so."""
    # Without what was sent, which may be somebody's; but told, should it be our fault.
    log.warning("the database cannot look this up: %s", type(error.orig).__name__)
    return _missing(error)


def _shredded(_error: Shredded) -> Problem:
    detail = gettext("The file was shredded. Nobody can open it any more.")
    return Problem(410, "closed", detail, (ReasonCode.CLOSED,))


def _aside(_error: Quarantined) -> Problem:
    detail = gettext(
        "This file was found damaged and is set aside, so nothing of it is opened. The "
        "administrators see it in their list, and can put a good copy back."
    )
    return Problem(500, "damaged", detail)


def _damaged(_error: VaultError) -> Problem:
    detail = gettext("What is stored here could not be opened. Nothing was shown.")
    return Problem(500, "damaged", detail)


def _store_away(_error: StoreUnavailable) -> Problem:
    detail = gettext("The store of files does not answer. Please try again later.")
    return Problem(503, "store", detail, headers={"Retry-After": "10"})


def _keeper_away(_error: KeeperAway) -> Problem:
    detail = gettext(
        "The part of the archive that opens originals does not answer. Nothing was "
        "shown and nothing was lost. Please try again in a few minutes."
    )
    return Problem(503, "broker", detail, headers={"Retry-After": "30"})


def _busy(_error: Exception) -> Problem:
    detail = gettext("The archive is busy. Please try again in a moment.")
    return Problem(503, "busy", detail, headers={"Retry-After": "5"})


def _http(error: HTTPException) -> Problem:
    status = error.code or 500
    word = HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_")
    kept = {
        name: value
        for name, value in error.get_headers(request.environ)
        if name in ("Allow", "Content-Range", "Retry-After", "WWW-Authenticate")
    }
    if isinstance(error, MethodNotAllowed):
        kept["Allow"] = ", ".join(_allowed(error))
    is_plain = error.description == type(error).description
    told = TITLES.get(status, TITLES[500]) if is_plain else error.description or ""
    return Problem(status, word, sentences.said(told), headers=kept)


def _allowed(error: MethodNotAllowed) -> list[str]:
    """The methods of this very address.

    Another address may fit as well, by a variable that would take its last word.
    """
    methods = sorted(error.valid_methods or ())
    known = current_app.create_url_adapter(request)
    if known is None or request.url_rule is not None:
        return methods
    rules = {m: known.match(method=m, return_rule=True)[0] for m in methods}
    nearest = min((len(rule.arguments) for rule in rules.values()), default=0)
    return [m for m, rule in rules.items() if len(rule.arguments) == nearest]


CHALLENGE = {"WWW-Authenticate": 'Bearer realm="vigil"'}
HANDLED: tuple[tuple[type[Exception], Callable[[Any], Problem]], ...] = (
    (RefusedRequestError, _refused),
    (RefusedError, _refused),
    (BadTokenError, _bad_token),
    (UploadRefused, _upload),
    (uploads.NoSuchUpload, _missing),
    (uploads.UploadEnded, _sentence(410)),
    (uploads.WrongOffset, _sentence(409)),
    (uploads.ChecksumMismatch, _sentence(460)),
    (uploads.UploadError, _sentence(400)),
    (QueryError, _query),
    (NotForCourt, _sentence(409)),
    (SourceError, _source),
    (records.FieldError, _field),
    (records.NoSuchRecord, _missing),
    (records.Conflict, _sentence(409)),
    (records.Gone, _sentence(409)),
    (records.NotLabelled, _sentence(409)),
    (records.RecordsError, _sentence(422)),
    (auth.NotThere, _missing),
    (auth.TooFast, _too_fast),
    (auth.LabelsChanged, _sentence(409)),
    (UnreadMismatch, _unread),
    (auth.NotPossible, _sentence(409)),
    (auth.LastAdministrator, _sentence(409)),
    (auth.OwnAccount, _sentence(403)),
    (auth.FactsRefused, _facts),
    (auth.AuthError, _sentence(422)),
    (TooManyStreamsError, _too_many_streams),
    (BodyError, _body),
    (MissingScopeError, _scope),
    (SandboxFailed, _busy),
    (BlurError, _sentence(422)),
    (Shredded, _shredded),
    (Quarantined, _aside),
    (StoreUnavailable, _store_away),
    (KeeperAway, _keeper_away),
    (WitnessError, _sentence(404)),
    (VaultError, _damaged),
    (DataError, _unnamed),
    (OperationalError, _busy),
    (InterfaceError, _busy),
    (NoneFree, _busy),
    (SearchError, _busy),
    (HTTPException, _http),
)


def install(app: Flask) -> None:
    """Answer every error of `app` from the table."""
    app.register_error_handler(Exception, answer)


def answer(error: Exception) -> Response:
    """Tell of an error in the form the asker can read."""
    problem = problem_of(error)
    reference = new_reference()
    _log(error, problem, reference)
    response = (
        _document(problem, reference) if for_program() else _page(problem, reference)
    )
    response.status_code = problem.status
    response.headers.update(problem.headers)
    response.headers["Cache-Control"] = NO_STORE
    return response


def problem_of(error: Exception) -> Problem:
    """Look the error up; whatever nobody foresaw is 500 and tells nothing."""
    for family, tell in HANDLED:
        if isinstance(error, family):
            return tell(error)
    detail = gettext("What you sent has not been lost by you doing anything wrong.")
    return Problem(500, "internal_server_error", detail)


def new_reference() -> str:
    """A short word by which this answer is found in the log."""
    if "reference" not in g:
        g.reference = secrets.token_hex(6)
    reference: str = g.reference
    return reference


def for_program() -> bool:
    """Whether the asker wants a problem document rather than a page."""
    accepted = request.accept_mimetypes
    html = accepted["text/html"] if "text/html" in accepted.values() else 0
    if request.path.startswith(("/api/", "/iiif/")) or request.path == "/oai":
        return True
    if request.path.startswith("/media/"):
        return html == 0
    return accepted.best in ("application/json", "application/problem+json")


def document(problem: Problem, reference: str) -> dict[str, Any]:
    """The problem as RFC 9457 has it, with our own members after."""
    told: dict[str, Any] = {
        "type": f"urn:vigil:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": f"urn:vigil:log:{reference}",
        "code": problem.code,
    }
    if problem.reasons:
        told["reasons"] = [code.value for code in problem.reasons]
        told["remedies"] = _remedies(problem)
    if problem.fields:
        told["errors"] = dict(problem.fields)
    return told


def _document(problem: Problem, reference: str) -> Response:
    body = json.dumps(document(problem, reference))
    return Response(body, mimetype="application/problem+json")


def _page(problem: Problem, reference: str) -> Response:
    try:
        body = render_template(
            [f"errors/{problem.status}.html", "errors/error.html"],
            problem=problem,
            title=problem.title,
            reference=reference,
            reasons=_remedies(problem),
            asked=proving.asked_here(problem.conditions),
        )
    except Exception:
        # The page that tells of an error must not raise one of its own.
        log.exception("error page failed", extra={"reference": reference})
        return Response(f"{problem.title}. {reference}\n", mimetype="text/plain")
    return Response(body, mimetype="text/html")


def _remedies(problem: Problem) -> list[dict[str, str | None]]:
    return reasons.describe(problem.reasons, problem.record_id, problem.conditions)


def _log(error: Exception, problem: Problem, reference: str) -> None:
    facts = {"reference": reference, "status": problem.status, "code": problem.code}
    expected = isinstance(error, RefusedRequestError)
    if problem.status >= 500 and not expected:
        log.error("request failed", exc_info=error, extra=facts)
    else:
        log.info("request refused", extra=facts)
