"""Who applies and who has an account."""

from __future__ import annotations

from archive.web.api import accounts, applications
from archive.web.api.applications import Group
from archive.web.api.operations import WALK, Operation, Parameter
from archive.web.api.schemas.shapes import words
from auth.policy import Action
from auth.viewer import AccountStatus, Role

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "GET",
        "/applications",
        applications.listing,
        "Applications for access",
        needs=(Action.REVIEW_APPLICATIONS,),
        query=(
            Parameter("group", "waiting (usual), or", words(*(g.value for g in Group))),
            *WALK,
        ),
        gives="ApplicationList",
        refuses=(400, 401, 403),
    ),
    Operation(
        "GET",
        "/applications/{application_id}",
        applications.read,
        "One application with what was said and decided",
        needs=(Action.REVIEW_APPLICATIONS,),
        gives="Application",
        refuses=(401, 403, 404),
    ),
    Operation(
        "PATCH",
        "/applications/{application_id}",
        applications.change,
        "Decide on a stage of an application",
        needs=(Action.REVIEW_APPLICATIONS,),
        body="ApplicationDecision",
        gives="Application",
        refuses=(401, 403, 404, 409, 422),
    ),
    Operation(
        "GET",
        "/accounts",
        accounts.listing,
        "Who has an account",
        needs=(Action.MANAGE_ACCOUNTS,),
        query=(
            Parameter("role", "of this role; repeat for more", words(*Role)),
            Parameter("status", "so it stands; repeat for more", words(*AccountStatus)),
            Parameter("email", "the one of this address"),
            *WALK,
        ),
        gives="AccountList",
        refuses=(400, 401, 403),
    ),
)
