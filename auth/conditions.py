"""The conditions of the policy: each one question, with one reason where it fails.

A condition is a function of the facts alone. Which action asks which of them, and in
which order, is said in `auth.policy`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from auth.scope import audience, is_active_moderator, scope
from auth.viewer import (
    LABELLING,
    OPERATOR,
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
)

REVEALERS = frozenset({Role.RESEARCHER, Role.MODERATOR, Role.ADMINISTRATOR})
DEPOSITORS = REVEALERS
RESEARCHERS = REVEALERS
MODERATORS = frozenset({Role.MODERATOR})
STAFF_ROLES = frozenset({Role.MODERATOR, Role.ADMINISTRATOR})
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
FRESH = timedelta(minutes=5)
"""For how long after somebody proved themselves a grave act may follow."""
PROVED_TIER = Tier.G5
_SHUT = (RecordState.CONTRIBUTED, RecordState.WITHDRAWN, RecordState.SHREDDED)
UNREVIEWED = (RecordState.DRAFT, RecordState.SUBMITTED)


class Condition(StrEnum):
    """What a rule looks at; the reveal panel shows one line for each."""

    KNOWN = "known"
    OPEN = "open"
    MAINTENANCE = "maintenance"
    SHOWING = "showing"
    CHANGES = "changes"
    SIGNED_IN = "signed_in"
    ACCOUNT = "account"
    ROLE = "role"
    VETTING = "vetting"
    TERMS = "terms"
    INDUCTION = "induction"
    SECOND_FACTOR = "second_factor"
    PROVED = "proved"
    ACCESS = "access"
    EMBARGO = "embargo"
    LABELLED = "labelled"
    CONSENT = "consent"
    IDENTITY = "identity"
    EXPOSURE = "exposure"
    SECONDED = "seconded"


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


def known(q: Question) -> ReasonCode | None:
    item, viewer = q.about(), q.viewer
    if item.state is RecordState.CONTRIBUTED and viewer.system is None:
        return ReasonCode.NOT_FOUND
    if viewer.system is not None or audience(item) in scope(viewer, q.now).audiences:
        return None
    if viewer.account_id is not None and viewer.account_id == item.depositor_id:
        return None if item.tier < Tier.X and viewer.is_active else ReasonCode.NOT_FOUND
    return ReasonCode.NOT_FOUND


def known_or_reviewed(q: Question) -> ReasonCode | None:
    """As `known`; what was handed in from outside is known to who may review it."""
    reviewing = q.viewer.holds(TokenScope.LABEL, TokenScope.WRITE)
    if q.about().state is RecordState.CONTRIBUTED and is_active_moderator(q.viewer):
        return None if reviewing else ReasonCode.NOT_FOUND
    return known(q)


def taking_contributions(q: Question) -> ReasonCode | None:
    return None if q.rules.contributions else ReasonCode.NOT_FOUND


def still_open(q: Question) -> ReasonCode | None:
    item = q.about()
    gone = item.state in _SHUT
    if gone or item.tier >= Tier.X or item.access is Access.CLOSED:
        return ReasonCode.CLOSED
    return None


def editable(q: Question) -> ReasonCode | None:
    return ReasonCode.CLOSED if q.about().state in _SHUT else None


def not_in_maintenance(q: Question) -> ReasonCode | None:
    shut = q.rules.maintenance or q.rules.mode is Mode.NO_ACCESS
    return ReasonCode.MAINTENANCE if shut else None


def showing_anything(q: Question) -> ReasonCode | None:
    shut = q.rules.mode is Mode.NO_ACCESS and q.viewer.system is None
    return ReasonCode.MAINTENANCE if shut else None


def taking_changes(q: Question) -> ReasonCode | None:
    return None if q.rules.mode is Mode.OPEN else ReasonCode.MAINTENANCE


def signed_in(q: Question) -> ReasonCode | None:
    return ReasonCode.SIGN_IN if q.viewer.account_id is None else None


def signed_in_or_operator(q: Question) -> ReasonCode | None:
    return None if q.viewer.system == OPERATOR else signed_in(q)


def account_in_order(q: Question) -> ReasonCode | None:
    if q.viewer.account_id is None or q.viewer.is_active:
        return None
    if q.viewer.status in (AccountStatus.SUSPENDED, AccountStatus.CLOSED):
        return ReasonCode.ACCOUNT_SUSPENDED
    if q.viewer.status is AccountStatus.EXPIRED:
        return ReasonCode.VETTING_EXPIRED
    return ReasonCode.ACCOUNT_PENDING


def may_reveal(q: Question) -> ReasonCode | None:
    if not q.viewer.is_active:
        return None  # said by the account's own line
    allowed = q.viewer.role in REVEALERS and q.viewer.holds(TokenScope.REVEAL)
    return None if allowed else ReasonCode.ROLE


def vetted(q: Question) -> ReasonCode | None:
    if not q.viewer.is_active or q.viewer.is_vetted(q.now):
        return None
    return ReasonCode.VETTING_EXPIRED


def terms_signed(q: Question) -> ReasonCode | None:
    if not q.viewer.is_active or q.viewer.terms_version >= q.rules.terms_version:
        return None
    return ReasonCode.ACCOUNT_PENDING


def induction_passed(q: Question) -> ReasonCode | None:
    until = q.viewer.induction_until
    if not q.viewer.is_active or (until is not None and q.now < until):
        return None
    return ReasonCode.ACCOUNT_PENDING if until is None else ReasonCode.VETTING_EXPIRED


def second_factor(q: Question) -> ReasonCode | None:
    item, viewer = q.about(), q.viewer
    grave = item.labelled and item.tier >= q.rules.second_factor_tier
    if viewer.is_active and grave and not viewer.second_factor:
        return ReasonCode.SECOND_FACTOR
    return role_second_factor(q)


def role_second_factor(q: Question) -> ReasonCode | None:
    viewer, rules = q.viewer, q.rules
    if not viewer.is_active or viewer.passkey:
        return None
    if viewer.role in rules.passkey_roles:
        return ReasonCode.SECOND_FACTOR
    lacking = viewer.role in rules.second_factor_roles and not viewer.second_factor
    return ReasonCode.SECOND_FACTOR if lacking else None


def second_factor_proved(q: Question) -> ReasonCode | None:
    if q.viewer.is_active and not q.viewer.second_factor:
        return ReasonCode.SECOND_FACTOR
    return role_second_factor(q)


def proved_lately(q: Question) -> ReasonCode | None:
    if q.viewer.account_id is None:
        return None  # said by the line about being signed in
    return None if _is_fresh(q) else ReasonCode.SECOND_FACTOR


def proved_lately_or_token(q: Question) -> ReasonCode | None:
    # A token was made by somebody who had just proved themselves, for acts like this.
    return None if q.viewer.scopes is not None else proved_lately(q)


def proved_for_the_gravest(q: Question) -> ReasonCode | None:
    item = q.about()
    grave = item.labelled and item.tier >= PROVED_TIER
    if not grave or not q.viewer.is_active or _is_fresh(q) or _is_showing(q):
        return None
    return ReasonCode.SECOND_FACTOR


def access_given(q: Question) -> ReasonCode | None:
    needed = approvals_needed(q.about())
    if not q.viewer.is_active or needed == 0 or grant_for(q) is not None:
        return None
    return ReasonCode.ACCESS_REQUEST


def embargo_over(q: Question) -> ReasonCode | None:
    until = q.about().embargo_until
    return ReasonCode.EMBARGO if until is not None and q.now < until else None


def labelled(q: Question) -> ReasonCode | None:
    item = q.about()
    if item.labelled or _is_labelling(q, item):
        return None
    return ReasonCode.NOT_LABELLED


def labelled_or_moderator(q: Question) -> ReasonCode | None:
    allowed = q.about().labelled or is_active_moderator(q.viewer)
    return None if allowed else ReasonCode.NOT_LABELLED


def consented(q: Question) -> ReasonCode | None:
    if q.viewer.account_id is None or consent_for(q) is not None:
        return None
    stale = any(
        consent.is_live(q.now) and consent.labels_version not in q.about().versions
        for consent in q.viewer.consents
        if consent.record_id == q.about().record_id
    )
    return ReasonCode.CONSENT_STALE if stale else ReasonCode.CONSENT


def identity_needed(q: Question) -> ReasonCode | None:
    """Who it is, is shown only to whoever said in their own words why they must know.

    What nobody has labelled yet opens for labelling alone, which is to find that out.
    """
    item, consent = q.about(), consent_for(q)
    if not item.identifies or not item.labelled or consent is None:
        return None  # without a consent nothing opens: said by its own line
    return None if consent.identity.strip() else ReasonCode.IDENTITY


def within_exposure(q: Question) -> ReasonCode | None:
    """The limits of day and hour; what stands open already is no further opening."""
    viewer, rules, consent = q.viewer, q.rules, consent_for(q)
    if viewer.account_id is None:
        return None
    pair = (consent.id if consent else "", q.about().asset_id or "")
    day = len(viewer.revealed_today) >= rules.daily_reveals
    hour = 0 < rules.hourly_reveals <= len(viewer.revealed_hour)
    many = pair not in viewer.revealed_today and (day or hour)
    minutes = timedelta(minutes=rules.daily_minutes)
    long = rules.daily_minutes > 0 and viewer.looked(q.now) >= minutes
    return ReasonCode.EXPOSURE_LIMIT if many or long else None


def role_among(
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


def depositor_in_order(q: Question) -> ReasonCode | None:
    viewer = q.viewer
    lapsed = viewer.role is Role.RESEARCHER and not viewer.is_vetted(q.now)
    return ReasonCode.VETTING_EXPIRED if viewer.is_active and lapsed else None


def own_or_moderator(q: Question) -> ReasonCode | None:
    item, viewer = q.about(), q.viewer
    if viewer.system == OPERATOR or viewer.is_staff or not viewer.is_active:
        return None
    own = viewer.account_id == item.depositor_id
    return None if own and item.state in UNREVIEWED else ReasonCode.ROLE


def seconded(q: Question) -> ReasonCode | None:
    return None if q.viewer.seconded else ReasonCode.SECOND_PERSON


def own_withdrawn(q: Question) -> ReasonCode | None:
    item, viewer = q.about(), q.viewer
    own = viewer.account_id is not None and viewer.account_id == item.depositor_id
    return None if own and item.state is RecordState.WITHDRAWN else ReasonCode.ROLE


def is_program(q: Question) -> ReasonCode | None:
    program = q.viewer.system is not None and q.viewer.system != OPERATOR
    return None if program else ReasonCode.ROLE


# --- what they share


def _is_fresh(q: Question) -> bool:
    proved = q.viewer.proved_at
    return proved is not None and -FRESH < q.now - proved < FRESH


def _is_showing(q: Question) -> bool:
    """Whether it was opened under this consent already; that ends with the consent."""
    consent, asset = consent_for(q), q.about().asset_id
    seen = q.viewer.revealed_today
    return consent is not None and (consent.id, asset) in seen


def needs_typed_reason(tier: Tier) -> bool:
    """Whether a consent must carry a reason in the person's own words."""
    return tier >= Tier.G4


def consent_minutes(tier: Tier, rules: Rules) -> int:
    """The longest a consent may last for material of this tier, in minutes."""
    return min(_MINUTES[tier], rules.consent_max_minutes)


_MINUTES = {
    Tier.G0: 120,
    Tier.G1: 120,
    Tier.G2: 60,
    Tier.G3: 30,
    Tier.G4: 15,
    Tier.G5: 10,
    Tier.X: 0,
}


def _is_labelling(q: Question, item: Item) -> bool:
    return is_active_moderator(q.viewer) and any(
        consent.purpose == LABELLING and consent.is_live(q.now)
        for consent in q.viewer.consents
        if consent.record_id == item.record_id
    )


def approvals_needed(item: Item) -> int:
    """How many administrators must stand behind a grant; 0 where none is needed."""
    if item.access is Access.DUAL or (item.labelled and item.tier >= Tier.G5):
        return 2
    return 1 if item.access is Access.REQUEST else 0


def grant_for(q: Question) -> Grant | None:
    """The grant that covers this item now, if any."""
    item = q.about()
    needed = approvals_needed(item)
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


def consent_for(q: Question) -> Consent | None:
    """The live consent for exactly the labels this record has now, if any."""
    item = q.about()
    fitting = (
        consent
        for consent in q.viewer.consents
        if consent.record_id == item.record_id
        and consent.labels_version in item.versions
        and consent.is_live(q.now)
        and (consent.reason.strip() or not needs_typed_reason(item.tier))
    )
    return next(fitting, None)
