"""Records: searched, read, described, let out and withdrawn."""

from __future__ import annotations

from archive.exports.tables import Export
from archive.records.tables import Record
from archive.web.api import (
    exports,
    records,
    suggestions,
)
from archive.web.api.operations import WALK, Operation, Parameter
from archive.web.api.schemas.shapes import words
from archive.web.request.once import Makes
from auth.policy import Action
from search.engine import FACETS
from search.query import MOST_PER_PAGE, SORTS

_SEARCH = (
    Parameter("q", 'words, "phrases", AND OR NOT, title:word, prefix*'),
    Parameter("page", "from 1", {"type": "integer", "minimum": 1}, own=True),
    Parameter(
        "per_page",
        "results on a page",
        {"type": "integer", "minimum": 1, "maximum": MOST_PER_PAGE},
        own=True,
    ),
    Parameter("sort", "the order", words(*SORTS), own=True),
    *(
        Parameter(
            f"facet.{name}",
            f"only results with this {name}; repeat for alternatives",
            {"type": "array", "items": {"type": "string"}},
        )
        for name in FACETS
    ),
    Parameter(
        "exclude",
        "leave out and do not count what has this label or family; repeat for more",
        {"type": "array", "items": {"type": "string"}},
    ),
    Parameter("from", "the event ends on or after this day"),
    Parameter("to", "the event begins on or before this day"),
    Parameter("bbox", "west,south,east,north in degrees"),
    Parameter("near", "latitude,longitude: what lies at most `km` around it"),
    Parameter("km", "kilometres around `near`; 50 where it is left out"),
    Parameter(
        "map", "true: where it lies, in at most 60 spots", words("true", "false")
    ),
    Parameter(
        "histogram",
        "true: how the events lie in time, in at most 40 bars",
        words("true", "false"),
        own=True,
    ),
    WALK[0],
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/records",
        records.listing,
        "Search records",
        needs=(Action.SEARCH,),
        query=_SEARCH,
        gives="RecordPage",
        refuses=(400,),
    ),
    Operation(
        "POST",
        "/records",
        records.create,
        "Add a record, with or without files",
        needs=(Action.DEPOSIT,),
        body="NewRecord",
        form="NewRecordForm",
        status=201,
        gives="Record",
        refuses=(401, 403, 413, 415, 422, 503),
        makes=Makes(Record, records.made_already),
    ),
    Operation(
        "GET",
        "/records/{record_id}",
        records.read,
        "Read a record",
        needs=(Action.READ_RECORD,),
        gives="Record",
        refuses=(404,),
    ),
    Operation(
        "GET",
        "/records/{record_id}/related",
        records.related,
        "Records near one in place, time or words",
        needs=(Action.READ_RECORD, Action.SEARCH),
        gives="RelatedPage",
        refuses=(404,),
    ),
    Operation(
        "GET",
        "/suggestions",
        suggestions.listing,
        "Complete the last word of a query",
        needs=(Action.SEARCH,),
        query=(Parameter("q", "what was typed so far"),),
        gives="Suggestions",
    ),
    Operation(
        "PATCH",
        "/records/{record_id}",
        records.change,
        "Change or publish a record",
        # Somebody, of something known; what is changed decides what else is asked.
        needs=(Action.READ_RECORD, Action.MANAGE_OWN_ACCOUNT),
        body="RecordChange",
        gives="Record",
        refuses=(401, 403, 404, 409, 422),
    ),
    Operation(
        "DELETE",
        "/records/{record_id}",
        records.withdraw,
        "Withdraw a record; its tombstone stays",
        needs=(Action.WITHDRAW,),
        body="Withdrawal",
        body_needed=False,
        gives="Record",
        refuses=(401, 403, 404, 409, 422),
    ),
    Operation(
        "POST",
        "/exports",
        exports.create,
        "Take the descriptions of a search's results away",
        needs=(Action.EXPORT_METADATA,),
        body="ListExport",
        gives="*/*",
        later=("Export", "ExportWaiting"),
        refuses=(400, 401, 403, 422, 429),
        makes=Makes(Export, exports.accepted),
    ),
)
