"""The words of labels, the work, the files' health, the ledger, this description."""

from __future__ import annotations

from archive.web.api import (
    description,
    fixity,
    jobs,
    labelfeed,
    ledger,
    vocabulary,
)
from archive.web.api.ledger import FILTERS
from archive.web.api.operations import WALK, Operation, Parameter
from archive.web.api.schemas.shapes import words
from auth.policy import Action

_FROM_ONE = {"type": "integer", "minimum": 1}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/labels",
        vocabulary.listing,
        "The vocabulary of labels, in four languages",
        gives="Vocabulary",
    ),
    Operation(
        "PUT",
        "/labels/{code}",
        vocabulary.change,
        "Change the words of a label or tier, or add a label",
        needs=(Action.MANAGE_VOCABULARY,),
        body="LabelEdit",
        gives="LabelEdited",
        refuses=(400, 401, 403, 409, 415, 422),
    ),
    Operation(
        "GET",
        "/labels/{code}/versions",
        vocabulary.versions,
        "Every version of a label's or tier's words",
        needs=(Action.MANAGE_VOCABULARY,),
        gives="LabelVersions",
        refuses=(401, 403, 404),
    ),
    Operation(
        "GET",
        "/jobs",
        jobs.listing,
        "Your background jobs, or everybody's",
        needs=(Action.MANAGE_OWN_ACCOUNT,),  # the call asks for everybody's itself
        query=(Parameter("of", "of whom", words("everybody", "me")), *WALK),
        gives="JobList",
        refuses=(400, 401, 403),
    ),
    Operation(
        "GET",
        "/label-feed",
        labelfeed.read,
        "Signed labels of files, for other archives and platforms",
        needs=(Action.SEARCH,),
        query=(
            Parameter(
                "after",
                "the number of the last entry you have",
                {"type": "integer", "minimum": 0},
            ),
        ),
        gives="LabelFeed",
        refuses=(404, 422, 429, 503),
    ),
    Operation(
        "GET",
        "/jobs/{job_id}",
        jobs.read,
        "How far a background job is",
        needs=(Action.MANAGE_OWN_ACCOUNT,),
        gives="Job",
        refuses=(401, 404),
    ),
    Operation(
        "GET",
        "/fixity",
        fixity.report,
        "Whether every sealed file is what was deposited",
        needs=(Action.READ_OPERATIONS,),
        gives="FixityReport",
        refuses=(401, 403),
    ),
    Operation(
        "POST",
        "/fixity",
        fixity.read_now,
        "Read every sealed file back now",
        needs=(Action.MANAGE_JOBS,),
        status=202,
        gives="FixityReport",
        refuses=(401, 403),
    ),
    Operation(
        "GET",
        "/ledger",
        ledger.listing,
        "What happened to material and to access, newest first",
        needs=(Action.READ_LEDGER,),
        query=(
            *(Parameter(name, f"only lines with this {name}") for name in FILTERS),
            Parameter("before", "only lines before this one", _FROM_ONE),
            *WALK,
        ),
        gives="LedgerLines",
        refuses=(400, 401, 403),
    ),
    Operation(
        "GET",
        "/ledger/checkpoint",
        ledger.checkpoint,
        "The newest signed root over the ledger's lines",
        needs=(Action.READ_LEDGER,),
        gives="Checkpoint",
        refuses=(401, 403, 404),
    ),
    Operation(
        "GET",
        "/ledger/forgotten",
        ledger.forgotten,
        "Signed summaries of what was forgotten, with proofs",
        needs=(Action.READ_LEDGER,),
        gives="RetentionSummaries",
        refuses=(401, 403, 404),
    ),
    Operation(
        "GET",
        "/ledger/lines/{seq}/proof",
        ledger.proof,
        "What shows that a line is among those of a checkpoint",
        needs=(Action.READ_LEDGER,),
        query=(Parameter("size", "of which checkpoint; else the newest", _FROM_ONE),),
        gives="InclusionProof",
        refuses=(400, 401, 403, 404),
    ),
    Operation(
        "GET",
        "/ledger/consistency",
        ledger.consistency,
        "What shows that a checkpoint goes on from an earlier one",
        needs=(Action.READ_LEDGER,),
        query=(
            Parameter("from", "the size of the earlier checkpoint", _FROM_ONE),
            Parameter("to", "the size of the later one; else the newest", _FROM_ONE),
        ),
        gives="ConsistencyProof",
        refuses=(400, 401, 403, 404),
    ),
    Operation(
        "GET",
        "/openapi.json",
        description.openapi,
        "This description",
        gives="application/json",
    ),
    Operation(
        "GET",
        "/docs",
        description.page,
        "This description, to read",
        gives="text/html",
    ),
)
