"""Where staff decide on what readers say."""

from __future__ import annotations

from archive.reports.kinds import Kind, State
from archive.web.api import reportdesk
from archive.web.api.operations import WALK, Operation, Parameter
from archive.web.api.schemas.shapes import words
from auth.policy import Action

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/reports",
        reportdesk.listing,
        "What readers reported, gravest first",
        needs=(Action.READ_REPORTS,),
        query=(
            Parameter("kind", "of this kind", words(*(each.value for each in Kind))),
            Parameter(
                "state",
                "in this state; without it, those that are open",
                words(*(each.value for each in State)),
            ),
            Parameter("collection", "the address or id of one"),
            Parameter(
                "older_than",
                "handed in at least so many days ago",
                {"type": "integer", "minimum": 0},
            ),
            *WALK,
        ),
        gives="DeskReportList",
        refuses=(400, 401, 403),
    ),
    Operation(
        "GET",
        "/reports/desk/{report_id}",
        reportdesk.read,
        "One report, as those who decide read it",
        needs=(Action.READ_REPORTS,),
        gives="DeskReport",
        refuses=(401, 403, 404),
    ),
    Operation(
        "PATCH",
        "/reports/desk/{report_id}",
        reportdesk.change,
        "Take a report up for half an hour, or give it back",
        needs=(Action.READ_REPORTS,),  # the call asks for deciding itself
        body="DeskTaking",
        gives="DeskReport",
        refuses=(401, 403, 404, 409, 422),
    ),
    Operation(
        "POST",
        "/reports/desk/{report_id}/decision",
        reportdesk.decide,
        "Decide on a report or an appeal that you have taken up",
        needs=(Action.READ_REPORTS,),  # the call asks for deciding itself
        body="ReportDecision",
        gives="DeskReport",
        refuses=(401, 403, 404, 409, 422),
    ),
)
