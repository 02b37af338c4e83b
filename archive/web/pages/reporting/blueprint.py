"""The blueprint of reporting, and what its pages share."""

from __future__ import annotations

from flask import Blueprint
from flask_babel import lazy_gettext as _

from archive.reports.handing import MOST_WORDS
from archive.web.request import fields
from archive.web.showing import reported
from auth.errors import AuthError, FactsRefused

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


def complain(given: fields.Form, refused: AuthError) -> None:
    """Put each sentence beside its field, and what fits none beside the words."""
    told = refused.fields if isinstance(refused, FactsRefused) else {}
    for name, sentence in told.items():
        fields.complain(given[name if name in given else "words"], sentence)
    if not told:
        fields.complain(given["words"], refused)
