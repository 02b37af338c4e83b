"""The API, `/api/v1`: JSON for programs, under the same policy as the pages.

operations   what one call is        table        every call, one row each
records, assets, consents, me, jobs, vocabulary, description    the views
drafts       what was sent           represent    what is told
schemas, openapi                     the description made from the table
"""

from __future__ import annotations

from flask import Blueprint

from archive.web.api.openapi import PREFIX
from archive.web.api.table import OPERATIONS

bp = Blueprint("api", __name__, url_prefix=PREFIX)

for _operation in OPERATIONS:
    bp.add_url_rule(
        _operation.path.replace("{", "<").replace("}", ">"),
        endpoint=_operation.name,
        view_func=_operation.endpoint(),
        methods=[_operation.method],
    )
