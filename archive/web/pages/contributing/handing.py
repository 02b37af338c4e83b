"""The page to hand something in, for anybody; off unless the setting says otherwise.

The words stand before the files in the form, so that they are read and checked before
the first byte of a file. Nothing is kept of who sent it: the count of tries from one
address knows it by a keyed digest, and forgets it.
"""

from __future__ import annotations

from flask import render_template, request

from archive.contributions import handing
from archive.intake import Refused
from archive.records.errors import FieldError
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
from auth.errors import AuthError
from auth.policy import Action


@bp.get("")
@needs(Action.CONTRIBUTE)
def form() -> str:
    """What happens with it, and the empty form."""
    return _page(ContributionForm(language=i18n.language()))


@bp.post("")
@needs(Action.CONTRIBUTE)
@uploads.takes_files
def hand_in() -> tuple[str, int]:
    """Take words and files, and show the reference: here, and never again.

    :raises TooFast: too many came from there, or altogether
    """
    given, wrong, status = ContributionForm(request.form), "", UNPROCESSABLE
    if not given.validate():
        return _page(given), UNPROCESSABLE
    limits.spend_contribution()
    site, now = context.site(), context.now()
    try:
        account_id = context.viewer().account_id
        row, code = handing.hand_in(site, given.given(), files(), account_id, now)
    except FieldError as error:
        fields.complain(given.control(error), error)
    except AuthError as refused:
        complain(given, refused, "title")
    except Refused as error:
        wrong = errors.refused_file(error)
        status = errors.UPLOAD_STATUS.get(error.code, UNPROCESSABLE)
    else:
        page = render_template("contributing/given.html", code=code, files=row.files)
        return page, 201
    return _page(given, wrong), status


def _page(given: ContributionForm, wrong: str = "") -> str:
    config = context.site().config
    return render_template(
        "contributing/form.html",
        form=given,
        wrong={"files": wrong} if wrong else {},
        most_files=config.contribution_files,
        most_bytes=config.contribution_bytes,
        declined_days=config.declined_days,
    )
