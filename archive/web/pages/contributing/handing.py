"""The page to hand something in, for anybody; off unless the setting says otherwise.

The words stand before the files in the form, so that they are read and checked before
the first byte of a file. Nothing is kept of who sent it: the count of tries from one
address knows it by a keyed digest, and forgets it.
"""

from __future__ import annotations

import hmac
import re
from datetime import timedelta

from flask import render_template, request
from sqlalchemy.exc import IntegrityError

from archive.contributions import finding, handing
from archive.contributions.kinds import OPEN
from archive.intake import Refused
from archive.records.errors import FieldError
from archive.reports import codes
from archive.web.answer import errors
from archive.web.pages.contributing.blueprint import (
    UNPROCESSABLE,
    bp,
    complain,
    files,
)
from archive.web.pages.contributing.describing import ContributionForm
from archive.web.request import context, fields, i18n, limits, uploads
from archive.web.request.guard import needs
from auth.errors import AuthError, NotThere
from auth.identifiers import new_id
from auth.policy import Action

REPEATED = timedelta(minutes=10)
"""So long a form that is sent again shows its reference again, and no longer."""
_MARK = re.compile("[0-9a-z]{32}")


@bp.get("")
@needs(Action.CONTRIBUTE)
def form() -> str:
    """What happens with it, and the empty form."""
    return _page(ContributionForm(language=i18n.language()))


@bp.post("")
@needs(Action.CONTRIBUTE)
@uploads.takes_files
def hand_in() -> tuple[str, int]:
    """Take words and files, and show the reference: here, and to this form alone.

    :raises TooFast: too many came from there, or altogether
    """
    given, wrong, status = ContributionForm(request.form), "", UNPROCESSABLE
    if not given.validate():
        return _page(given), UNPROCESSABLE
    code = _reference(request.form.get("mark", ""))
    if (again := _taken(code)) is not None:
        return again
    limits.spend_contribution()
    try:
        return _handed_in(given, code)
    except FieldError as error:
        fields.complain(given.control(error), error)
    except AuthError as refused:
        complain(given, refused, "title")
    except Refused as error:
        wrong = errors.refused_file(error)
        status = errors.UPLOAD_STATUS.get(error.code, UNPROCESSABLE)
    return _page(given, wrong), status


def _handed_in(given: ContributionForm, code: str) -> tuple[str, int]:
    site, now, account_id = context.site(), context.now(), context.viewer().account_id
    try:
        row, _code = handing.hand_in(
            site, given.given(), files(), account_id, now, code=code
        )
    except IntegrityError:
        if (again := _taken(code)) is None:
            raise
        return again
    return _given(code, row.files)


def _reference(mark: str) -> str:
    """What a form's mark gives: whoever sends it twice reads the same reference twice.

    Without a mark as it was given out, one that is drawn.
    """
    if not _MARK.fullmatch(mark):
        return codes.draw()
    said = f"contribution-reference/v1|{mark}".encode()
    return codes.of(hmac.digest(context.site().web_key, said, "sha256"))


def _taken(code: str) -> tuple[str, int] | None:
    """The answer to a form that was taken just now: clicked twice, or reloaded."""
    with context.read_session() as s:
        try:
            row = finding.by_code(s, code)
        except NotThere:
            return None
        if context.now() - row.made_at > REPEATED or row.state not in OPEN:
            raise NotThere(finding.MISSING)
        return _given(code, row.files)


def _given(code: str, count: int) -> tuple[str, int]:
    return render_template("contributing/given.html", code=code, files=count), 201


def _page(given: ContributionForm, wrong: str = "") -> str:
    config = context.site().config
    return render_template(
        "contributing/form.html",
        form=given,
        mark=new_id() + new_id(),
        wrong={"files": wrong} if wrong else {},
        most_files=config.contribution_files,
        most_bytes=config.contribution_bytes,
        declined_days=config.declined_days,
    )
