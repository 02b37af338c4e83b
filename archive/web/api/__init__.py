"""The API, `/api/v1`: JSON for programs, under the same policy as the pages.

operations   what one call is        table        every call, one row each
records, assets, uploads, consents, me, jobs, vocabulary, description    the views
schemas      the shapes                   openapi      the description of it all
"""

from __future__ import annotations

from flask import Blueprint
from flask.blueprints import BlueprintSetupState

from archive.web.api import description, uploads
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

bp.after_request(uploads.mark)


@bp.record_once
def _keep_table(state: BlueprintSetupState) -> None:
    state.app.extensions[description.TABLE] = OPERATIONS
