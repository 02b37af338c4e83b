"""What is handed in from outside."""

from __future__ import annotations

from archive.web.api import contributions
from archive.web.api.operations import WALK, Operation
from auth.policy import Action
from auth.viewer import TokenScope

_REVIEW = (TokenScope.LABEL, TokenScope.WRITE)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "POST",
        "/contributions",
        contributions.hand_in,
        "Hand something in without an account, for review",
        needs=(Action.CONTRIBUTE,),
        form="NewContribution",
        status=201,
        gives="ContributionGiven",
        refuses=(400, 404, 413, 415, 422, 429, 503),
    ),
    Operation(
        "POST",
        "/contributions/status",
        contributions.follow,
        "How a contribution stands, by its reference",
        needs=(Action.FOLLOW_CONTRIBUTION,),
        body="ContributionCode",
        gives="Contribution",
        refuses=(400, 404, 429),
    ),
    Operation(
        "GET",
        "/contributions",
        contributions.listing,
        "What waits for review, the oldest first",
        needs=(Action.READ_CONTRIBUTIONS,),
        scopes=_REVIEW,
        query=WALK,
        gives="ContributionList",
        refuses=(401, 403, 503),
    ),
    Operation(
        "GET",
        "/contributions/{contribution_id}",
        contributions.read,
        "One contribution with all that was written, for reviewers",
        needs=(Action.READ_CONTRIBUTIONS,),
        scopes=_REVIEW,
        gives="ContributionWhole",
        refuses=(401, 403, 404, 503),
    ),
    Operation(
        "PATCH",
        "/contributions/{contribution_id}",
        contributions.change,
        "Take up, ask about, accept or decline a contribution",
        needs=(Action.REVIEW_CONTRIBUTIONS,),
        scopes=_REVIEW,
        body="ContributionAct",
        gives="ContributionWhole",
        refuses=(400, 401, 403, 404, 409, 422, 503),
    ),
)
