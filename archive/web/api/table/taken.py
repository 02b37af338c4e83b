"""Tables of many records."""

from __future__ import annotations

from archive.exchange.imports.entries import Fate
from archive.exchange.imports.tables import Import
from archive.web.api import imports
from archive.web.api.operations import WALK, Operation, Parameter
from archive.web.api.schemas.shapes import words
from archive.web.request.once import Makes
from auth.policy import Action

_FROM_ONE = {"type": "integer", "minimum": 1}
_REPORT = (
    Parameter("page", "of the report, from 1", _FROM_ONE),
    WALK[1],
    Parameter("result", "only rows with this", words(*(fate.value for fate in Fate))),
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/imports",
        imports.listing,
        "What you have handed in to be imported",
        needs=(Action.IMPORT,),
        query=WALK,
        gives="ImportList",
        refuses=(400, 401, 403),
    ),
    Operation(
        "POST",
        "/imports",
        imports.hand_in,
        "Hand a table of records in and have it checked; nothing is taken in",
        needs=(Action.IMPORT,),
        form="NewImport",
        status=201,
        gives="Import",
        refuses=(400, 401, 403, 413, 415, 422, 503),
        makes=Makes(Import, imports.made_already),
    ),
    Operation(
        "GET",
        "/imports/{import_id}",
        imports.read,
        "What would become of each row of a table, or became",
        needs=(Action.IMPORT,),
        query=_REPORT,
        gives="Import",
        refuses=(400, 401, 403, 404),
    ),
    Operation(
        "PATCH",
        "/imports/{import_id}",
        imports.change,
        "Read the columns of a table anew, or start, cancel or resume its import",
        needs=(Action.IMPORT,),
        query=_REPORT,
        body="ImportAct",
        gives="Import",
        refuses=(400, 401, 403, 404, 409, 422),
    ),
    Operation(
        "GET",
        "/imports/{import_id}/report",
        imports.report,
        "The whole report on an import, as CSV",
        needs=(Action.IMPORT,),
        gives="text/csv",
        refuses=(401, 403, 404),
    ),
)
