"""What is taken away and takes longer than a moment: made, looked at, given, ended."""

from __future__ import annotations

from archive.web.api import exports
from archive.web.api.operations import Operation
from auth.policy import Action

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/exports",
        exports.listing,
        "The exports that you have asked for",
        needs=(Action.MANAGE_OWN_ACCOUNT,),
        gives="ExportList",
        refuses=(401, 403),
    ),
    Operation(
        "GET",
        "/exports/{export_id}",
        exports.read,
        "How far an export is, how it ended, and where its file is",
        needs=(Action.MANAGE_OWN_ACCOUNT,),
        gives="Export",
        refuses=(401, 403, 404),
    ),
    Operation(
        "GET",
        "/exports/{export_id}/file",
        exports.give,
        "The file of an export, once it is made and for a day",
        needs=(Action.MANAGE_OWN_ACCOUNT,),
        gives="*/*",
        refuses=(401, 403, 404, 409, 429),
    ),
    Operation(
        "DELETE",
        "/exports/{export_id}",
        exports.end,
        "Stop making an export, or destroy what was made",
        needs=(Action.MANAGE_OWN_ACCOUNT,),
        gives="Export",
        refuses=(401, 403, 404),
    ),
)
