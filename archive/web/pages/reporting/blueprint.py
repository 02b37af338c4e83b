"""The blueprint of reporting, and what its pages share."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from archive.reports import appealing
from archive.reports.handing import MOST_WORDS
from archive.reports.tables import Report
from archive.web.request import context, fields
from archive.web.showing import reported
from auth.errors import AuthError, FactsRefused, NotThere

bp = Blueprint("reporting", __name__)
UNPROCESSABLE = 422


class AppealForm(fields.Form):
    """Why somebody else should look at it again."""

    words = fields.TextAreaField(
        _("Why you do not agree"),
        [fields.filled(_("Please write something.")), fields.at_most(MOST_WORDS)],
        filters=[fields.tidied],
    )


@bp.app_context_processor
def words() -> dict[str, object]:
    """The names of a report's states, for every page that shows one."""
    return {"report_states": reported.STATES}


def has_appealed(given: AppealForm, find: Callable[[Session], Report]) -> bool:
    """Appeal against the report that is found; if not, the form says why.

    :raises NotThere: it is not found
    """
    if not given.validate():
        return False
    try:
        with context.write_session() as s:
            site, words = context.site(), given.words.data
            appealing.appeal(site, s, find(s), words, context.now())
    except NotThere:
        raise
    except AuthError as refused:
        complain(given, refused)
        return False
    flash(gettext("Your appeal has arrived. Somebody else decides on it."))
    return True


def complain(given: fields.Form, refused: AuthError) -> None:
    """Put each sentence beside its field, and what fits none beside the words."""
    told = refused.fields if isinstance(refused, FactsRefused) else {}
    for name, sentence in told.items():
        fields.complain(given[name if name in given else "words"], sentence)
    if not told:
        fields.complain(given["words"], refused)
