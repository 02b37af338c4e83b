"""The single decision: may this viewer do this, to this, now?

`RULES` is the whole policy, one row an action; each row reads like prose and each
rule is one condition (`auth.conditions`) with one reason. `decide` asks every rule of
the row and gives a `Permit`, or a `Refusal` that carries every reason which applies.
The same facts answer "which rows?", "how blurred?" and "which title?" in `auth.scope`,
so that lists, pages, API and gate cannot disagree.

Nothing else in the program builds a `Permit`; an action that has no row is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from auth import conditions
from auth.conditions import (
    ADMINISTRATORS,
    DEPOSITORS,
    MODERATORS,
    RESEARCHERS,
    STAFF_ROLES,
    Condition,
    Question,
)
from auth.viewer import Consent, Grant, Item, ReasonCode, Rules, TokenScope, Viewer


class Action(StrEnum):
    """Everything that somebody may ask to do."""

    SEARCH = "search"
    SAVE_SEARCHES = "save_searches"
    EXPORT_METADATA = "export_metadata"
    EXPORT_IN_MASS = "export_in_mass"
    PACKAGE = "package"
    READ_RECORD = "read_record"
    READ_PREVIEW = "read_preview"
    REPORT = "report"
    FOLLOW_REPORT = "follow_report"
    APPEAL = "appeal"
    ASK_BACK = "ask_back"
    CONTRIBUTE = "contribute"
    FOLLOW_CONTRIBUTION = "follow_contribution"
    ANSWER_CONTRIBUTION = "answer_contribution"
    APPLY = "apply"
    CONFIRM_ADDRESS = "confirm_address"
    ANSWER_REFERENCE = "answer_reference"
    AMEND_APPLICATION = "amend_application"
    MANAGE_OWN_ACCOUNT = "manage_own_account"
    CHANGE_CREDENTIALS = "change_credentials"
    EXPORT_OWN_DATA = "export_own_data"
    ISSUE_VISA = "issue_visa"
    GIVE_CONSENT = "give_consent"
    CHOOSE_BATCH = "choose_batch"
    REQUEST_ACCESS = "request_access"
    REQUEST_COLLECTION = "request_collection"
    OPEN_ORIGINAL = "open_original"
    OPEN_REDACTED = "open_redacted"
    DERIVE = "derive"
    DEPOSIT = "deposit"
    IMPORT = "import"
    DESCRIBE = "describe"
    LABEL = "label"
    LABEL_IN_BULK = "label_in_bulk"
    REDACT = "redact"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"
    TAKE_DOWN = "take_down"
    RESTORE = "restore"
    READ_REPORTS = "read_reports"
    READ_TAKEDOWNS = "read_takedowns"
    DECIDE_REPORTS = "decide_reports"
    DECIDE_TAKEDOWNS = "decide_takedowns"
    READ_CONTRIBUTIONS = "read_contributions"
    REVIEW_CONTRIBUTIONS = "review_contributions"
    VERIFY = "verify"
    RELATE = "relate"
    CATALOGUE = "catalogue"
    GIVE_ACCOUNT = "give_account"
    REVIEW_APPLICATIONS = "review_applications"
    READ_EVIDENCE = "read_evidence"
    MANAGE_DENIALS = "manage_denials"
    PUBLISH_TERMS = "publish_terms"
    MANAGE_ACCOUNTS = "manage_accounts"
    CHANGE_ACCOUNTS = "change_accounts"
    CONFIRM = "confirm"
    MAKE_ADMINISTRATOR = "make_administrator"
    MANAGE_COLLECTIONS = "manage_collections"
    DECIDE_REQUESTS = "decide_requests"
    SET_EMBARGO = "set_embargo"
    BREAK_GLASS = "break_glass"
    MANAGE_GAZETTEER = "manage_gazetteer"
    MANAGE_VOCABULARY = "manage_vocabulary"
    MANAGE_ALARMS = "manage_alarms"
    SET_MODE = "set_mode"
    READ_LEDGER = "read_ledger"
    EXPORT_LEDGER = "export_ledger"
    READ_QUEUE = "read_queue"
    MODERATE = "moderate"
    READ_JOBS = "read_jobs"
    MANAGE_JOBS = "manage_jobs"
    ROTATE_KEYS = "rotate_keys"
    READ_OPERATIONS = "read_operations"
    SHRED = "shred"


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
    def lacks_proof_alone(self) -> bool:
        """Whether proving again who one is would be enough."""
        return all(each.condition is Condition.PROVED for each in self.reasons)

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


_IDENTITY = (
    Rule(Condition.SIGNED_IN, conditions.signed_in),
    Rule(Condition.ACCOUNT, conditions.account_in_order),
)
_ACTOR = (
    Rule(Condition.SIGNED_IN, conditions.signed_in_or_operator),
    Rule(Condition.ACCOUNT, conditions.account_in_order),
)
_REACH = (
    Rule(Condition.KNOWN, conditions.known),
    Rule(Condition.OPEN, conditions.still_open),
    Rule(Condition.MAINTENANCE, conditions.not_in_maintenance),
    *_IDENTITY,
    Rule(Condition.ROLE, conditions.may_reveal),
    Rule(Condition.VETTING, conditions.vetted),
    Rule(Condition.TERMS, conditions.terms_signed),
    Rule(Condition.INDUCTION, conditions.induction_passed),
    Rule(Condition.SECOND_FACTOR, conditions.second_factor),
    Rule(Condition.ACCESS, conditions.access_given),
    Rule(Condition.EMBARGO, conditions.embargo_over),
)


def _staff_action(*role: Rule) -> tuple[Rule, ...]:
    return (
        *_ACTOR,
        *role,
        Rule(Condition.SECOND_FACTOR, conditions.role_second_factor),
    )


def _moderator(*scopes: TokenScope) -> Rule:
    return Rule(Condition.ROLE, conditions.role_among(MODERATORS, *scopes))


_ADMINISTRATOR = Rule(
    Condition.ROLE, conditions.role_among(ADMINISTRATORS, TokenScope.ADMIN)
)
_STAFF = Rule(
    Condition.ROLE,
    conditions.role_among(
        STAFF_ROLES, TokenScope.ADMIN, TokenScope.LABEL, TokenScope.WRITE
    ),
)
_DEPOSITOR = Rule(
    Condition.ROLE,
    conditions.role_among(DEPOSITORS, TokenScope.DEPOSIT, TokenScope.WRITE),
)
_IMPORTER = Rule(Condition.ROLE, conditions.role_among(STAFF_ROLES, TokenScope.WRITE))
_RESEARCHER = Rule(Condition.ROLE, conditions.role_among(RESEARCHERS, TokenScope.READ))
_SECONDED = Rule(Condition.SECONDED, conditions.seconded)
_PROVED = Rule(Condition.PROVED, conditions.proved_lately)
_APPLICANT_FOR_ACCESS = (
    *_IDENTITY,
    _RESEARCHER,
    Rule(Condition.VETTING, conditions.vetted),
    Rule(Condition.TERMS, conditions.terms_signed),
    Rule(Condition.INDUCTION, conditions.induction_passed),
)
_KNOWN = Rule(Condition.KNOWN, conditions.known)
_SHOWING = Rule(Condition.SHOWING, conditions.showing_anything)
_CHANGES = Rule(Condition.CHANGES, conditions.taking_changes)
_EDITABLE = Rule(Condition.OPEN, conditions.editable)
_LABEL_SCOPES = (TokenScope.LABEL, TokenScope.WRITE)

# The same is asked of a redacted copy; its item says how graphic *it* is, and for which
# consent. A copy in which somebody can still be recognised says so by its labels.
_OPENING = (
    *_REACH,
    Rule(Condition.PROVED, conditions.proved_for_the_gravest),
    Rule(Condition.LABELLED, conditions.labelled),
    Rule(Condition.CONSENT, conditions.consented),
    Rule(Condition.IDENTITY, conditions.identity_needed),
    Rule(Condition.EXPOSURE, conditions.within_exposure),
)

RULES: dict[Action, tuple[Rule, ...]] = {
    Action.SEARCH: (_SHOWING,),
    Action.SAVE_SEARCHES: (_SHOWING, *_staff_action(_RESEARCHER)),
    Action.EXPORT_METADATA: (
        _SHOWING,
        *_staff_action(_RESEARCHER),
        Rule(Condition.PROVED, conditions.proved_lately_or_token),
    ),
    # Asked besides what any export asks, from so many records or lines on.
    Action.EXPORT_IN_MASS: (
        *_staff_action(_RESEARCHER),
        Rule(Condition.PROVED, conditions.proved_lately_or_token),
        _SECONDED,
    ),
    Action.PACKAGE: (
        _KNOWN,
        _SHOWING,
        *_staff_action(_RESEARCHER),
        Rule(Condition.VETTING, conditions.depositor_in_order),
        Rule(Condition.PROVED, conditions.proved_lately_or_token),
    ),
    Action.READ_RECORD: (_KNOWN, _SHOWING),
    Action.READ_PREVIEW: (
        Rule(Condition.KNOWN, conditions.known_or_reviewed),
        _SHOWING,
    ),
    # A report needs no account: whoever may read of the record may say what is wrong.
    Action.REPORT: (_KNOWN, _SHOWING, _CHANGES),
    Action.FOLLOW_REPORT: (),
    Action.APPEAL: (_CHANGES,),
    Action.ASK_BACK: (
        _KNOWN,
        _SHOWING,
        _CHANGES,
        Rule(Condition.SIGNED_IN, conditions.signed_in),
        Rule(Condition.ROLE, conditions.own_withdrawn),
    ),
    # Whoever hands something in needs no account; the setting is off by itself.
    Action.CONTRIBUTE: (
        Rule(Condition.KNOWN, conditions.taking_contributions),
        _SHOWING,
        Rule(Condition.MAINTENANCE, conditions.not_in_maintenance),
        _CHANGES,
    ),
    Action.FOLLOW_CONTRIBUTION: (),
    Action.ANSWER_CONTRIBUTION: (_CHANGES,),
    Action.APPLY: (),
    Action.CONFIRM_ADDRESS: (),
    Action.ANSWER_REFERENCE: (),
    Action.AMEND_APPLICATION: (Rule(Condition.SIGNED_IN, conditions.signed_in),),
    Action.MANAGE_OWN_ACCOUNT: (Rule(Condition.SIGNED_IN, conditions.signed_in),),
    Action.CHANGE_CREDENTIALS: (
        Rule(Condition.SIGNED_IN, conditions.signed_in),
        _PROVED,
    ),
    Action.EXPORT_OWN_DATA: (
        Rule(Condition.SIGNED_IN, conditions.signed_in),
        _PROVED,
    ),
    Action.ISSUE_VISA: (
        *_IDENTITY,
        _PROVED,
        Rule(Condition.ROLE, conditions.role_among(RESEARCHERS)),
        Rule(Condition.VETTING, conditions.vetted),
        Rule(Condition.TERMS, conditions.terms_signed),
        Rule(Condition.SECOND_FACTOR, conditions.role_second_factor),
    ),
    Action.GIVE_CONSENT: (
        *_REACH,
        _CHANGES,
        Rule(Condition.PROVED, conditions.proved_for_the_gravest),
        Rule(Condition.LABELLED, conditions.labelled_or_moderator),
    ),
    Action.CHOOSE_BATCH: (
        _SHOWING,
        *_staff_action(Rule(Condition.ROLE, conditions.may_reveal)),
    ),
    Action.REQUEST_ACCESS: (
        _KNOWN,
        _SHOWING,
        Rule(Condition.OPEN, conditions.still_open),
        *_APPLICANT_FOR_ACCESS,
    ),
    Action.REQUEST_COLLECTION: (_SHOWING, *_APPLICANT_FOR_ACCESS),
    Action.OPEN_ORIGINAL: _OPENING,
    Action.OPEN_REDACTED: _OPENING,
    Action.DERIVE: (Rule(Condition.ROLE, conditions.is_program),),
    Action.DEPOSIT: (
        Rule(Condition.MAINTENANCE, conditions.not_in_maintenance),
        _CHANGES,
        *_staff_action(_DEPOSITOR),
        Rule(Condition.VETTING, conditions.depositor_in_order),
    ),
    Action.IMPORT: (
        Rule(Condition.MAINTENANCE, conditions.not_in_maintenance),
        _CHANGES,
        *_staff_action(_IMPORTER),
    ),
    Action.DESCRIBE: (
        _KNOWN,
        _EDITABLE,
        _CHANGES,
        *_staff_action(_DEPOSITOR),
        Rule(Condition.ROLE, conditions.own_or_moderator),
    ),
    Action.LABEL: (
        _KNOWN,
        _EDITABLE,
        _CHANGES,
        *_staff_action(_moderator(*_LABEL_SCOPES)),
    ),
    Action.LABEL_IN_BULK: (_CHANGES, *_staff_action(_moderator(*_LABEL_SCOPES))),
    Action.REDACT: (
        _KNOWN,
        _EDITABLE,
        _CHANGES,
        *_staff_action(_moderator(*_LABEL_SCOPES)),
    ),
    Action.PUBLISH: (
        _KNOWN,
        _EDITABLE,
        _CHANGES,
        *_staff_action(_moderator(*_LABEL_SCOPES)),
    ),
    Action.WITHDRAW: (
        _KNOWN,
        _EDITABLE,
        _CHANGES,
        *_staff_action(_moderator(*_LABEL_SCOPES)),
    ),
    Action.TAKE_DOWN: (_KNOWN, _EDITABLE, _CHANGES, *_staff_action(_ADMINISTRATOR)),
    Action.RESTORE: (_KNOWN, _CHANGES, *_staff_action(_ADMINISTRATOR)),
    Action.READ_REPORTS: (_SHOWING, *_staff_action(_STAFF)),
    Action.READ_TAKEDOWNS: (_SHOWING, *_staff_action(_ADMINISTRATOR)),
    Action.DECIDE_REPORTS: (_CHANGES, *_staff_action(_STAFF)),
    Action.DECIDE_TAKEDOWNS: (_CHANGES, *_staff_action(_ADMINISTRATOR)),
    Action.READ_CONTRIBUTIONS: (
        _SHOWING,
        *_staff_action(_moderator(*_LABEL_SCOPES)),
    ),
    Action.REVIEW_CONTRIBUTIONS: (
        _CHANGES,
        *_staff_action(_moderator(*_LABEL_SCOPES)),
    ),
    Action.VERIFY: (
        _KNOWN,
        _EDITABLE,
        _CHANGES,
        *_staff_action(_moderator(*_LABEL_SCOPES)),
    ),
    Action.RELATE: (
        _KNOWN,
        _EDITABLE,
        _CHANGES,
        *_staff_action(_moderator(*_LABEL_SCOPES)),
    ),
    Action.CATALOGUE: (_CHANGES, *_staff_action(_moderator(*_LABEL_SCOPES))),
    Action.GIVE_ACCOUNT: (
        _KNOWN,
        _EDITABLE,
        _CHANGES,
        *_staff_action(
            Rule(Condition.ROLE, conditions.role_among(RESEARCHERS, TokenScope.WRITE))
        ),
        Rule(Condition.VETTING, conditions.depositor_in_order),
    ),
    Action.REVIEW_APPLICATIONS: _staff_action(_ADMINISTRATOR),
    Action.READ_EVIDENCE: _staff_action(_ADMINISTRATOR),
    Action.MANAGE_DENIALS: _staff_action(_ADMINISTRATOR),
    Action.PUBLISH_TERMS: (_CHANGES, *_staff_action(_ADMINISTRATOR)),
    Action.MANAGE_ACCOUNTS: _staff_action(_ADMINISTRATOR),
    Action.CHANGE_ACCOUNTS: (*_staff_action(_ADMINISTRATOR), _PROVED),
    Action.CONFIRM: (
        *_IDENTITY,
        _ADMINISTRATOR,
        Rule(Condition.SECOND_FACTOR, conditions.second_factor_proved),
        _PROVED,
    ),
    # Asked of whoever says the last yes: the second one, or who founds alone.
    Action.MAKE_ADMINISTRATOR: (*_staff_action(_ADMINISTRATOR), _PROVED, _SECONDED),
    Action.MANAGE_GAZETTEER: (_CHANGES, *_staff_action(_ADMINISTRATOR)),
    Action.MANAGE_VOCABULARY: (_CHANGES, *_staff_action(_ADMINISTRATOR)),
    Action.MANAGE_ALARMS: _staff_action(_ADMINISTRATOR),
    Action.MANAGE_COLLECTIONS: (_CHANGES, *_staff_action(_ADMINISTRATOR)),
    Action.DECIDE_REQUESTS: _staff_action(_ADMINISTRATOR),
    Action.SET_EMBARGO: (_KNOWN, _EDITABLE, _CHANGES, *_staff_action(_ADMINISTRATOR)),
    Action.BREAK_GLASS: (
        *_IDENTITY,
        _ADMINISTRATOR,
        Rule(Condition.SECOND_FACTOR, conditions.second_factor_proved),
        _PROVED,
    ),
    Action.SET_MODE: (*_staff_action(_ADMINISTRATOR), _PROVED),
    Action.READ_LEDGER: _staff_action(_ADMINISTRATOR),
    Action.EXPORT_LEDGER: (*_staff_action(_ADMINISTRATOR), _PROVED),
    Action.READ_QUEUE: (_SHOWING, *_staff_action(_STAFF)),
    Action.MODERATE: (_CHANGES, *_staff_action(_moderator(*_LABEL_SCOPES))),
    Action.READ_JOBS: _staff_action(_STAFF),
    Action.MANAGE_JOBS: _staff_action(_ADMINISTRATOR),
    Action.ROTATE_KEYS: (*_staff_action(_ADMINISTRATOR), _PROVED),
    Action.READ_OPERATIONS: _staff_action(_ADMINISTRATOR),
    Action.SHRED: (
        *_IDENTITY,
        _ADMINISTRATOR,
        Rule(Condition.SECOND_FACTOR, conditions.second_factor_proved),
        _PROVED,
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
    return Permit(
        action,
        viewer,
        item,
        now,
        conditions.consent_for(question),
        conditions.grant_for(question),
    )


def checks(
    action: Action, viewer: Viewer, item: Item, rules: Rules, now: datetime
) -> tuple[Check, ...]:
    """Every condition of the action in order, with the reason where it fails."""
    question = Question(viewer, item, rules, now)
    return tuple(
        Check(rule.condition, rule.failing(question)) for rule in RULES[action]
    )
