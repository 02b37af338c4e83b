"""The blueprint that the pages of asking hang on, and whose request it is."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy.orm import Session

from archive.web.request import context
from archive.web.showing import asked
from auth.access import requests
from auth.access.requesttables import AccessRequestRow
from auth.errors import NotThere

bp = Blueprint("requests", __name__)


@bp.app_context_processor
def words() -> dict[str, object]:
    """The names of a request's states, for every page that shows one."""
    return {"request_states": asked.STATES}


def own_request(s: Session, request_id: str) -> AccessRequestRow:
    """One's own request.

    :raises NotThere: there is none of that id, or it is somebody else's
    """
    row = requests.get(s, request_id)
    if row.account_id != context.viewer().account_id:
        raise NotThere("There is no such request.")
    return row
