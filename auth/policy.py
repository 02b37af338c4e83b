"""The single decision: may this viewer do this, to this, now?

`RULES` is the whole policy, one row an action; each row reads like prose and each
rule is one condition with one reason. `decide` asks every rule of the row and gives
a `Permit`, or a `Refusal` that carries every reason which applies. The same facts
answer "which rows?" (`scope`), "how blurred?" (`preview_tier`) and "which title?"
(`may_read_title`), so that lists, pages, API and gate cannot disagree.

Nothing else in the program builds a `Permit`; an action that has no row is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from auth.viewer import (
    LABELLING,
    OPERATOR,
    Access,
    AccountStatus,
    Consent,
    Grant,
    Item,
    PreviewTier,
    ReasonCode,
    RecordState,
    Role,
    Rules,
    Tier,
    TokenScope,
    Viewer,
    Visibility,
)


class Action(StrEnum):
    """Everything that somebody may ask to do."""

    SEARCH = "search"
    SAVE_SEARCHES = "save_searches"
    EXPORT_METADATA = "export_metadata"
    READ_RECORD = "read_record"
    READ_PREVIEW = "read_preview"
    APPLY = "apply"
    MANAGE_OWN_ACCOUNT = "manage_own_account"
    GIVE_CONSENT = "give_consent"
    OPEN_ORIGINAL = "open_original"
    DERIVE = "derive"
    DEPOSIT = "deposit"
    DESCRIBE = "describe"
    LABEL = "label"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"
    REVIEW_APPLICATIONS = "review_applications"
    MANAGE_ACCOUNTS = "manage_accounts"
    MANAGE_COLLECTIONS = "manage_collections"
    MANAGE_GAZETTEER = "manage_gazetteer"
    READ_LEDGER = "read_ledger"
    READ_QUEUE = "read_queue"
    READ_JOBS = "read_jobs"
    MANAGE_JOBS = "manage_jobs"
    READ_OPERATIONS = "read_operations"
    SHRED = "shred"


class Condition(StrEnum):
    """What a rule looks at; the reveal panel shows one line for each."""

    KNOWN = "known"
    OPEN = "open"
    MAINTENANCE = "maintenance"
    SIGNED_IN = "signed_in"
    ACCOUNT = "account"
    ROLE = "role"
    VETTING = "vetting"
    TERMS = "terms"
    INDUCTION = "induction"
    SECOND_FACTOR = "second_factor"
    ACCESS = "access"
    EMBARGO = "embargo"
    LABELLED = "labelled"
    CONSENT = "consent"
    EXPOSURE = "exposure"


@dataclass(frozen=True)
class Question:
    viewer: Viewer
    item: Item | None
    rules: Rules
    now: datetime

    def about(self) -> Item:
        """The item asked about.

        :raises TypeError: the action needs one and none was given
        """
        if self.item is None:
            raise TypeError("this action is decided on an item")
        return self.item


@dataclass(frozen=True)
class Reason:
    """One condition that does not hold, with its public code."""

    condition: Condition
    code: ReasonCode


@dataclass(frozen=True)
class Permit:
    """Leave for one viewer to do one action to one item, as decided at `at`."""

    action: Action
    viewer: Viewer
    item: Item | None
    at: datetime
    consent: Consent | None = None
    grant: Grant | None = None


@dataclass(frozen=True)
class Refusal:
    """Why not: every reason that applies, in the order of the rules."""

    action: Action
    reasons: tuple[Reason, ...]

    @property
    def codes(self) -> tuple[ReasonCode, ...]:
        return tuple(dict.fromkeys(reason.code for reason in self.reasons))

    @property
    def is_hidden(self) -> bool:
        """Whether even the thing's existence is not this viewer's to know."""
        return ReasonCode.NOT_FOUND in self.codes


@dataclass(frozen=True)
class Check:
    """One line of the reveal panel; `code` is None where the condition holds."""

    condition: Condition
    code: ReasonCode | None


@dataclass(frozen=True)
class Rule:
    condition: Condition
    failing: Callable[[Question], ReasonCode | None]


# --- conditions, each one question ----------------------------------------------


def _known(q: Question) -> ReasonCode | None:
    item, viewer = q.about(), q.viewer
    if viewer.system is not None or _audience(item) in scope(viewer, q.now).audiences:
        return None
    if viewer.account_id is not None and viewer.account_id == item.depositor_id:
        return None if item.tier < Tier.X and viewer.is_active else ReasonCode.NOT_FOUND
    return ReasonCode.NOT_FOUND


def _open(q: Question) -> ReasonCode | None:
    item = q.about()
    gone = item.state in (RecordState.WITHDRAWN, RecordState.SHREDDED)
    if gone or item.tier >= Tier.X or item.access is Access.CLOSED:
        return ReasonCode.CLOSED
    return None


def _editable(q: Question) -> ReasonCode | None:
    gone = q.about().state in (RecordState.WITHDRAWN, RecordState.SHREDDED)
    return ReasonCode.CLOSED if gone else None


def _not_in_maintenance(q: Question) -> ReasonCode | None:
    return ReasonCode.MAINTENANCE if q.rules.maintenance else None


def _signed_in(q: Question) -> ReasonCode | None:
    return ReasonCode.SIGN_IN if q.viewer.account_id is None else None


def _signed_in_or_operator(q: Question) -> ReasonCode | None:
    return None if q.viewer.system == OPERATOR else _signed_in(q)


def _account_in_order(q: Question) -> ReasonCode | None:
    if q.viewer.account_id is None or q.viewer.is_active:
        return None
    if q.viewer.status in (AccountStatus.SUSPENDED, AccountStatus.CLOSED):
        return ReasonCode.ACCOUNT_SUSPENDED
    if q.viewer.status is AccountStatus.EXPIRED:
        return ReasonCode.VETTING_EXPIRED
    return ReasonCode.ACCOUNT_PENDING


def _may_reveal(q: Question) -> ReasonCode | None:
    if not q.viewer.is_active:
        return None  # said by the account's own line
    allowed = q.viewer.role in REVEALERS and q.viewer.holds(TokenScope.REVEAL)
    return None if allowed else ReasonCode.ROLE


def _vetted(q: Question) -> ReasonCode | None:
    if not q.viewer.is_active or q.viewer.is_vetted(q.now):
        return None
    return ReasonCode.VETTING_EXPIRED


def _terms_signed(q: Question) -> ReasonCode | None:
    if not q.viewer.is_active or q.viewer.terms_version >= q.rules.terms_version:
        return None
    return ReasonCode.ACCOUNT_PENDING


def _induction_passed(q: Question) -> ReasonCode | None:
    until = q.viewer.induction_until
    if not q.viewer.is_active or (until is not None and q.now < until):
        return None
    return ReasonCode.ACCOUNT_PENDING if until is None else ReasonCode.VETTING_EXPIRED


def _second_factor(q: Question) -> ReasonCode | None:
    item, viewer = q.about(), q.viewer
    if not viewer.is_active or viewer.second_factor:
        return None
    grave = item.labelled and item.tier >= q.rules.second_factor_tier
    asked = grave or viewer.role in q.rules.second_factor_roles
    return ReasonCode.SECOND_FACTOR if asked else None


def _role_second_factor(q: Question) -> ReasonCode | None:
    viewer = q.viewer
    asked = viewer.is_active and viewer.role in q.rules.second_factor_roles
    return ReasonCode.SECOND_FACTOR if asked and not viewer.second_factor else None


def _second_factor_proved(q: Question) -> ReasonCode | None:
    proved = q.viewer.second_factor or not q.viewer.is_active
    return None if proved else ReasonCode.SECOND_FACTOR


def _access_given(q: Question) -> ReasonCode | None:
    needed = _approvals_needed(q.about())
    if not q.viewer.is_active or needed == 0 or _grant(q) is not None:
        return None
    return ReasonCode.ACCESS_REQUEST


def _embargo_over(q: Question) -> ReasonCode | None:
    until = q.about().embargo_until
    return ReasonCode.EMBARGO if until is not None and q.now < until else None


def _labelled(q: Question) -> ReasonCode | None:
    item = q.about()
    if item.labelled or _is_labelling(q, item):
        return None
    return ReasonCode.NOT_LABELLED


def _labelled_or_moderator(q: Question) -> ReasonCode | None:
    allowed = q.about().labelled or _is_active_moderator(q.viewer)
    return None if allowed else ReasonCode.NOT_LABELLED


def _consented(q: Question) -> ReasonCode | None:
    if q.viewer.account_id is None or _consent(q) is not None:
        return None
    stale = any(
        consent.is_live(q.now) and consent.labels_version != q.about().labels_version
        for consent in q.viewer.consents
        if consent.record_id == q.about().record_id
    )
    return ReasonCode.CONSENT_STALE if stale else ReasonCode.CONSENT


def _within_exposure(q: Question) -> ReasonCode | None:
    seen, consent = q.viewer.revealed_today, _consent(q)
    again = consent is not None and (consent.id, q.about().asset_id) in seen
    full = len(seen) >= q.rules.daily_reveals and not again
    return ReasonCode.EXPOSURE_LIMIT if full and q.viewer.account_id else None


def _role_among(
    roles: frozenset[Role], *scopes: TokenScope
) -> Callable[[Question], ReasonCode | None]:
    def failing(q: Question) -> ReasonCode | None:
        viewer = q.viewer
        if viewer.system == OPERATOR:
            return None if viewer.role in roles else ReasonCode.ROLE
        if not viewer.is_active:
            return None
        held = viewer.role in roles and viewer.holds(*scopes)
        return None if held else ReasonCode.ROLE

    return failing


def _depositor_in_order(q: Question) -> ReasonCode | None:
    viewer = q.viewer
    lapsed = viewer.role is Role.RESEARCHER and not viewer.is_vetted(q.now)
    return ReasonCode.VETTING_EXPIRED if viewer.is_active and lapsed else None


def _own_or_moderator(q: Question) -> ReasonCode | None:
    item, viewer = q.about(), q.viewer
    if viewer.system == OPERATOR or viewer.is_staff or not viewer.is_active:
        return None
    own = viewer.account_id == item.depositor_id
    return None if own and item.state in UNREVIEWED else ReasonCode.ROLE


def _is_program(q: Question) -> ReasonCode | None:
    program = q.viewer.system is not None and q.viewer.system != OPERATOR
    return None if program else ReasonCode.ROLE


# --- the policy -------------------------------------------------------------------

REVEALERS = frozenset({Role.RESEARCHER, Role.MODERATOR, Role.ADMINISTRATOR})
DEPOSITORS = REVEALERS
RESEARCHERS = REVEALERS
MODERATORS = frozenset({Role.MODERATOR})
STAFF_ROLES = frozenset({Role.MODERATOR, Role.ADMINISTRATOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
UNREVIEWED = (RecordState.DRAFT, RecordState.SUBMITTED)

_IDENTITY = (
    Rule(Condition.SIGNED_IN, _signed_in),
    Rule(Condition.ACCOUNT, _account_in_order),
)
_ACTOR = (
    Rule(Condition.SIGNED_IN, _signed_in_or_operator),
    Rule(Condition.ACCOUNT, _account_in_order),
)
_REACH = (
    Rule(Condition.KNOWN, _known),
    Rule(Condition.OPEN, _open),
    Rule(Condition.MAINTENANCE, _not_in_maintenance),
    *_IDENTITY,
    Rule(Condition.ROLE, _may_reveal),
    Rule(Condition.VETTING, _vetted),
    Rule(Condition.TERMS, _terms_signed),
    Rule(Condition.INDUCTION, _induction_passed),
    Rule(Condition.SECOND_FACTOR, _second_factor),
    Rule(Condition.ACCESS, _access_given),
    Rule(Condition.EMBARGO, _embargo_over),
)


def _staff_action(*role: Rule) -> tuple[Rule, ...]:
    return (*_ACTOR, *role, Rule(Condition.SECOND_FACTOR, _role_second_factor))


def _moderator(*scopes: TokenScope) -> Rule:
    return Rule(Condition.ROLE, _role_among(MODERATORS, *scopes))


_ADMINISTRATOR = Rule(Condition.ROLE, _role_among(ADMINISTRATORS, TokenScope.ADMIN))
_STAFF = Rule(
    Condition.ROLE,
    _role_among(STAFF_ROLES, TokenScope.ADMIN, TokenScope.LABEL, TokenScope.WRITE),
)
_DEPOSITOR = Rule(
    Condition.ROLE, _role_among(DEPOSITORS, TokenScope.DEPOSIT, TokenScope.WRITE)
)
_RESEARCHER = Rule(Condition.ROLE, _role_among(RESEARCHERS, TokenScope.READ))
_KNOWN = Rule(Condition.KNOWN, _known)
_EDITABLE = Rule(Condition.OPEN, _editable)
_LABEL_SCOPES = (TokenScope.LABEL, TokenScope.WRITE)

RULES: dict[Action, tuple[Rule, ...]] = {
    Action.SEARCH: (),
    Action.SAVE_SEARCHES: _staff_action(_RESEARCHER),
    Action.EXPORT_METADATA: _staff_action(_RESEARCHER),
    Action.READ_RECORD: (_KNOWN,),
    Action.READ_PREVIEW: (_KNOWN,),
    Action.APPLY: (),
    Action.MANAGE_OWN_ACCOUNT: (Rule(Condition.SIGNED_IN, _signed_in),),
    Action.GIVE_CONSENT: (
        *_REACH,
        Rule(Condition.LABELLED, _labelled_or_moderator),
    ),
    Action.OPEN_ORIGINAL: (
        *_REACH,
        Rule(Condition.LABELLED, _labelled),
        Rule(Condition.CONSENT, _consented),
        Rule(Condition.EXPOSURE, _within_exposure),
    ),
    Action.DERIVE: (Rule(Condition.ROLE, _is_program),),
    Action.DEPOSIT: (
        Rule(Condition.MAINTENANCE, _not_in_maintenance),
        *_staff_action(_DEPOSITOR),
        Rule(Condition.VETTING, _depositor_in_order),
    ),
    Action.DESCRIBE: (
        _KNOWN,
        _EDITABLE,
        *_staff_action(_DEPOSITOR),
        Rule(Condition.ROLE, _own_or_moderator),
    ),
    Action.LABEL: (_KNOWN, _EDITABLE, *_staff_action(_moderator(*_LABEL_SCOPES))),
    Action.PUBLISH: (_KNOWN, _EDITABLE, *_staff_action(_moderator(*_LABEL_SCOPES))),
    Action.WITHDRAW: (_KNOWN, _EDITABLE, *_staff_action(_moderator(*_LABEL_SCOPES))),
    Action.REVIEW_APPLICATIONS: _staff_action(_ADMINISTRATOR),
    Action.MANAGE_ACCOUNTS: _staff_action(_ADMINISTRATOR),
    Action.MANAGE_GAZETTEER: _staff_action(_ADMINISTRATOR),
    Action.MANAGE_COLLECTIONS: _staff_action(_ADMINISTRATOR),
    Action.READ_LEDGER: _staff_action(_ADMINISTRATOR),
    Action.READ_QUEUE: _staff_action(_STAFF),
    Action.READ_JOBS: _staff_action(_STAFF),
    Action.MANAGE_JOBS: _staff_action(_ADMINISTRATOR),
    Action.READ_OPERATIONS: _staff_action(_ADMINISTRATOR),
    Action.SHRED: (
        *_IDENTITY,
        _ADMINISTRATOR,
        Rule(Condition.SECOND_FACTOR, _second_factor_proved),
    ),
}


def decide(
    action: Action, viewer: Viewer, item: Item | None, rules: Rules, now: datetime
) -> Permit | Refusal:
    """Whether `viewer` may do `action` to `item` at `now`, on the facts given.

    :raises TypeError: the action is decided on an item and none was given
    """
    question = Question(viewer, item, rules, now)
    row = RULES.get(action)
    if row is None:
        return Refusal(action, (Reason(Condition.ROLE, ReasonCode.ROLE),))
    reasons = tuple(
        Reason(rule.condition, code)
        for rule in row
        if (code := rule.failing(question)) is not None
    )
    if any(reason.code is ReasonCode.NOT_FOUND for reason in reasons):
        return Refusal(action, (Reason(Condition.KNOWN, ReasonCode.NOT_FOUND),))
    if reasons:
        return Refusal(action, reasons)
    if item is None:
        return Permit(action, viewer, item, now)
    return Permit(action, viewer, item, now, _consent(question), _grant(question))


def checks(
    action: Action, viewer: Viewer, item: Item, rules: Rules, now: datetime
) -> tuple[Check, ...]:
    """Every condition of the action in order, with the reason where it fails."""
    question = Question(viewer, item, rules, now)
    return tuple(
        Check(rule.condition, rule.failing(question)) for rule in RULES[action]
    )


@dataclass(frozen=True)
class Scope:
    """Which records somebody may know of.

    `audiences` are the visibilities in reach. `guarded` says whether the true titles
    of records at G4 and above may be read, searched and shown.
    """

    audiences: frozenset[str]
    guarded: bool


def scope(viewer: Viewer, now: datetime) -> Scope:
    """The filter for every list and every search this viewer makes."""
    reach = {Visibility.PUBLIC.value}
    trusted = viewer.holds(TokenScope.READ)
    inner = trusted and (viewer.is_staff or viewer.is_vetted(now))
    if inner or viewer.system == OPERATOR:
        reach.add(Visibility.VETTED.value)
    if (viewer.is_staff and trusted) or viewer.system == OPERATOR:
        reach.add(Visibility.STAFF.value)
    return Scope(frozenset(reach), guarded=Visibility.VETTED.value in reach)


def may_read_title(viewer: Viewer, item: Item, now: datetime) -> bool:
    """Whether the true title is shown, rather than a neutral one (G4 and above)."""
    return item.tier < Tier.G4 or scope(viewer, now).guarded or _is_own(viewer, item)


def preview_tier(
    viewer: Viewer, item: Item, rules: Rules, now: datetime
) -> PreviewTier:
    """How much the preview may tell this viewer; the lowest of all answers wins.

    A moderator meets what nobody has labelled as haze: those few cells are the least
    that can be looked at before a label is found or the original is asked for.
    """
    if item.state in (RecordState.WITHDRAWN, RecordState.SHREDDED):
        return PreviewTier.SEALED
    if not item.labelled and item.tier < Tier.X and _is_active_moderator(viewer):
        return min(PreviewTier.HAZE, rules.preview_ceiling, key=_CLARITY.index)
    if not item.labelled or item.tier >= Tier.G5 or item.codes & IDENTIFIED:
        return PreviewTier.SEALED
    tier = PreviewTier.COLOUR_HAZE
    if item.tier >= Tier.G4:
        inner = scope(viewer, now).guarded
        tier = PreviewTier.HAZE if inner else PreviewTier.TRACE
    return min(tier, rules.preview_ceiling, key=_CLARITY.index)


def may_see_clip(viewer: Viewer, item: Item, rules: Rules, now: datetime) -> bool:
    """Whether the moving preview is shown: never to the public at G4 and above.

    Nor where files share their tiles, since it would tell them apart.
    """
    if rules.preview_k:
        return False
    clear = preview_tier(viewer, item, rules, now)
    return _CLARITY.index(clear) >= _CLARITY.index(PreviewTier.HAZE)


def consent_minutes(tier: Tier, rules: Rules) -> int:
    """The longest a consent may last for material of this tier, in minutes."""
    return min(_MINUTES[tier], rules.consent_max_minutes)


def needs_typed_reason(tier: Tier) -> bool:
    """Whether a consent must carry a reason in the person's own words."""
    return tier >= Tier.G4


IDENTIFIED = frozenset({"id.victim", "id.minor"})
_CLARITY = tuple(PreviewTier)
_MINUTES = {
    Tier.G0: 120,
    Tier.G1: 120,
    Tier.G2: 60,
    Tier.G3: 30,
    Tier.G4: 15,
    Tier.G5: 10,
    Tier.X: 0,
}


# --- what the rules share ---------------------------------------------------------


def _audience(item: Item) -> str:
    """Who may know of the item as it stands: work not yet published is for staff."""
    listed = (RecordState.PUBLISHED, RecordState.WITHDRAWN, RecordState.SHREDDED)
    if item.state not in listed or item.tier >= Tier.X:
        return Visibility.STAFF.value
    return item.visibility.value


def _is_own(viewer: Viewer, item: Item) -> bool:
    return viewer.account_id is not None and viewer.account_id == item.depositor_id


def _is_active_moderator(viewer: Viewer) -> bool:
    return viewer.is_active and viewer.role is Role.MODERATOR


def _is_labelling(q: Question, item: Item) -> bool:
    return _is_active_moderator(q.viewer) and any(
        consent.purpose == LABELLING and consent.is_live(q.now)
        for consent in q.viewer.consents
        if consent.record_id == item.record_id
    )


def _approvals_needed(item: Item) -> int:
    """How many administrators must stand behind a grant; 0 where none is needed."""
    if item.access is Access.DUAL or (item.labelled and item.tier >= Tier.G5):
        return 2
    return 1 if item.access is Access.REQUEST else 0


def _grant(q: Question) -> Grant | None:
    """The grant that covers this item now, if any."""
    item = q.about()
    needed = _approvals_needed(item)
    covering = (
        grant
        for grant in q.viewer.grants
        if grant.starts <= q.now < grant.ends
        and grant.approvals >= needed
        and item.tier <= grant.highest_tier
        and not (item.codes & grant.excluded_labels)
        and _covers(grant, item)
    )
    return next(covering, None)


def _covers(grant: Grant, item: Item) -> bool:
    if grant.record_id is not None:
        return grant.record_id == item.record_id
    return grant.collection_id is not None and (
        grant.collection_id == item.collection_id
    )


def _consent(q: Question) -> Consent | None:
    """The live consent for exactly the labels this record has now, if any."""
    item = q.about()
    fitting = (
        consent
        for consent in q.viewer.consents
        if consent.record_id == item.record_id
        and consent.labels_version == item.labels_version
        and consent.is_live(q.now)
        and (consent.reason.strip() or not needs_typed_reason(item.tier))
    )
    return next(fitting, None)
