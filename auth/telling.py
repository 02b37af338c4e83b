"""The policy as a page to read: docs/access.md, written from the rules themselves.

    python -m auth.telling > docs/access.md        or: make access

Nothing on the page is typed twice: who may is found by asking `decide` for a viewer of
each role who has everything, and what each condition costs by taking it away.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from auth.policy import RULES, Action, Permit, Refusal, Rule, decide
from auth.viewer import (
    Access,
    AccountStatus,
    Consent,
    Grant,
    Item,
    Mode,
    ReasonCode,
    RecordState,
    Role,
    Rules,
    Tier,
    TokenScope,
    Viewer,
    Visibility,
)

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
_LATER: Final = NOW + timedelta(hours=1)
_ASKS: Final = Rules()

CONDITIONS: Final = {
    "known": "the record may be known to this person at all; otherwise it is not there",
    "open": "it is neither withdrawn nor shredded, not of tier X, and not closed",
    "maintenance": "the archive is not under maintenance",
    "showing": "the archive shows its collection at the moment (mode `no_access`)",
    "changes": "the archive takes changes at the moment (mode `open`)",
    "signed_in": "somebody is signed in, by a session or a token",
    "account": "the account is approved: not waiting, suspended, expired or closed",
    "role": "the role includes it and, for a token, one of its scopes does",
    "vetting": "the vetting is current",
    "terms": "the current version of the terms is signed",
    "induction": "the induction was passed and still holds",
    "second_factor": "a second factor was given, where tier or role ask for it",
    "proved": "the person proved who they are a moment ago",
    "access": "a grant covers this record, tier and time, where one is needed",
    "embargo": "no embargo is running",
    "labelled": "moderators agreed on what can be seen in it",
    "consent": "a live consent was given to exactly the labels it has now",
    "identity": "where somebody can be recognised, the consent says why that is needed",
    "exposure": "the limits of what may be seen are not reached",
    "seconded": "a second person stands behind exactly this, and it is not done yet",
}
"""What each condition asks, by its word; a test holds it complete."""

REASONS: Final = {
    "not_found": "there is nothing there, or nothing that this person may know of",
    "sign_in": "nobody is signed in",
    "account_pending": "the account is not complete: application, terms or induction",
    "account_suspended": "the account is suspended or closed",
    "vetting_expired": "vetting or induction has run out",
    "second_factor": "a second factor, or a fresh proof, is missing",
    "role": "neither role nor scope includes it",
    "access_request": "a grant is needed and there is none that covers it",
    "embargo": "an embargo is running",
    "closed": "withdrawn, shredded, or closed to everybody",
    "not_labelled": "nobody has agreed yet on what it shows",
    "consent": "no live consent",
    "consent_stale": "the labels or the words have changed since the consent",
    "identity": "somebody can be recognised, and the consent does not say why that is "
    "needed; a redacted copy opens without it",
    "exposure_limit": "a limit of what may be seen is reached",
    "maintenance": "the archive is under maintenance",
    "second_person": "another administrator has to confirm it first",
}
"""What each reason says, by its public code; a test holds it complete."""


def page() -> str:
    """The whole page, as Markdown."""
    parts = (_HEAD, _table(), _OWN, _REVEAL, _reveal(), _tokens(), _words())
    return "\n\n".join(parts) + "\n"


def people() -> dict[str, Viewer]:
    """One of each kind, who has everything that the kind can have."""
    full = {
        role.value: _full(role)
        for role in (Role.RESEARCHER, Role.MODERATOR, Role.ADMINISTRATOR)
    }
    applicant = replace(
        _full(Role.APPLICANT),
        status=AccountStatus.APPLIED,
        vetted_until=None,
        terms_version=0,
        induction_until=None,
    )
    return {"visitor": Viewer(), "applicant": applicant, **full}


def item() -> Item:
    """A published record of tier G3, open to everybody who is vetted."""
    return Item(
        record_id="r",
        state=RecordState.PUBLISHED,
        visibility=Visibility.PUBLIC,
        access=Access.VETTED,
        tier=Tier.G3,
        labelled=True,
        codes=frozenset({"dead.body"}),
        labels_version="v",
        asset_id="f",
    )


_HEAD: Final = (
    "# Who may do what, and why\n\n"
    "Written from the rules of the program (`make access`); a test fails where it is "
    "not current. One function decides, `auth.policy.decide`, for pages, API, search "
    "and the gate alike; no role stands above it. ✓ means: somebody of this kind who "
    "has everything that the kind can have. Beside it stands what is asked of them."
)
_OWN: Final = (
    "The record is a published one of tier G3, handed in by somebody else: a "
    "researcher describes only what they handed in themselves, until it is reviewed. "
    "What acts on people or requests is besides never for oneself."
)
_REVEAL: Final = (
    "## What opens an original\n\n"
    "An original is opened for a researcher, moderator or administrator when all of "
    "this holds, asked anew for each request and while bytes flow. Take one away, and "
    "the answer is the reason beside it:"
)


def _full(role: Role) -> Viewer:
    consent = Consent("c", "r", "v", "research", "why", NOW, _LATER)
    grant = Grant("g", "r", None, Tier.G5, NOW, _LATER, approvals=2)
    return Viewer(
        account_id="a",
        role=role,
        status=AccountStatus.APPROVED,
        vetted_until=_LATER,
        terms_version=_ASKS.terms_version,
        induction_until=_LATER,
        session_id="s",
        second_factor=True,
        grants=(grant,),
        consents=(consent,),
        proved_at=NOW,
        seconded=True,
    )


def _table() -> str:
    kinds = people()
    head = "| act | " + " | ".join(kinds) + " | asked, in this order |"
    rows = [head, "|---" * (len(kinds) + 2) + "|"]
    for action, rules in RULES.items():
        marks = " | ".join("✓" if _may(action, who) else "" for who in kinds.values())
        asked = ", ".join(dict.fromkeys(f"`{each.condition}`" for each in rules))
        rows.append(f"| {_told(action)} | {marks} | {asked or 'nothing'} |")
    return "\n".join(rows)


def _may(action: Action, viewer: Viewer) -> bool:
    return isinstance(decide(action, viewer, item(), _ASKS, NOW), Permit)


def _told(action: Action) -> str:
    return f"{action.value.replace('_', ' ')} (`{action.value}`)"


def _reveal() -> str:
    rows = ["| lacking | answer |", "|---|---|"]
    for lacking, viewer, thing, asks in _lacks():
        outcome = decide(Action.OPEN_ORIGINAL, viewer, thing, asks, NOW)
        codes = outcome.codes if isinstance(outcome, Refusal) else ()
        rows.append(f"| {lacking} | {', '.join(f'`{code}`' for code in codes)} |")
    return "\n".join(rows)


def _lacks() -> Iterator[tuple[str, Viewer, Item, Rules]]:
    """A researcher who has everything, less one thing."""
    who, thing = _full(Role.RESEARCHER), item()
    grave = replace(thing, tier=Tier.G5)
    gone = AccountStatus.SUSPENDED
    for words, changes in (
        ("a session", None),
        ("an account in good standing", {"status": gone}),
        ("current vetting", {"vetted_until": NOW}),
        ("the current terms", {"terms_version": 0}),
        ("the induction", {"induction_until": None}),
        ("a consent", {"consents": ()}),
        ("scope `reveal`, by a token", {"scopes": frozenset({TokenScope.READ})}),
    ):
        lesser = Viewer() if changes is None else replace(who, **changes)
        yield words, lesser, thing, _ASKS
    for words, state in (
        ("publication", {"state": RecordState.DRAFT}),
        ("labels", {"labelled": False, "tier": Tier.G5}),
        ("the labels that were consented to", {"labels_version": "w"}),
        (
            "a purpose of its own, where somebody can be recognised",
            {"codes": frozenset({"dead.body", "id.victim"})},
        ),
        ("the end of an embargo", {"embargo_until": _LATER}),
        ("openness: access `closed`", {"access": Access.CLOSED}),
        ("existence: withdrawn", {"state": RecordState.WITHDRAWN}),
        ("a tier below X", {"tier": Tier.X}),
    ):
        yield words, who, replace(thing, **state), _ASKS
    for words, access in (("request", Access.REQUEST), ("dual", Access.DUAL)):
        asked = replace(thing, access=access)
        yield f"a grant, access `{words}`", replace(who, grants=()), asked, _ASKS
    alone = replace(who, grants=(replace(who.grants[0], approvals=1),))
    yield "a second administrator's approval, tier G5", alone, grave, _ASKS
    yield "a second factor, tier G5", replace(who, second_factor=False), grave, _ASKS
    yield "room within the day's limit", who, thing, replace(_ASKS, daily_reveals=0)
    yield "an archive at work", who, thing, replace(_ASKS, maintenance=True)
    yield "a mode that opens originals", who, thing, replace(_ASKS, mode=Mode.NO_ACCESS)


def _tokens() -> str:
    holder = {role: _full(role) for role in (Role.MODERATOR, Role.ADMINISTRATOR)}
    rows = [
        "## What a token may do",
        "A token acts for its account, within its scopes. What needs no scope is left "
        "out. `reveal` opens an original only with a live consent besides.",
        "| act | scopes, any of them |\n|---|---|",
    ]
    for action, rules in RULES.items():
        if scopes := list(_scopes(action, rules, holder)):
            told = ", ".join(f"`{scope}`" for scope in scopes)
            rows[-1] += f"\n| {_told(action)} | {told} |"
    return "\n\n".join(rows)


def _scopes(
    action: Action, rules: tuple[Rule, ...], holders: dict[Role, Viewer]
) -> Iterator[TokenScope]:
    if not rules:
        return

    def may(*scopes: TokenScope) -> bool:
        held = frozenset(scopes)
        # A token proves nobody: what asks for a fresh proof stays with people.
        bearers = [
            replace(viewer, scopes=held, proved_at=None) for viewer in holders.values()
        ]
        return any(_may(action, bearer) for bearer in bearers)

    if not may():
        yield from (scope for scope in TokenScope if may(scope))


def _words() -> str:
    return "\n\n".join(
        (
            "## The conditions",
            _listed("condition", CONDITIONS, str),
            "## The reasons",
            "One closed list, in the API's problem documents and on the pages.",
            _listed("reason", REASONS, lambda code: ReasonCode(code).value),
        )
    )


def _listed(head: str, words: dict[str, str], check: Callable[[str], str]) -> str:
    rows = [f"| {head} | meaning |", "|---|---|"]
    return "\n".join(
        [*rows, *(f"| `{check(w)}` | {said} |" for w, said in words.items())]
    )


if __name__ == "__main__":
    sys.stdout.write(page())
