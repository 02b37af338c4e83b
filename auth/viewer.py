"""Who asks, and what is asked about: the frozen facts that the policy decides on.

    Viewer   an account (or nobody, or the program itself) as it stands right now
    Item     one record, or one asset of it, as the policy needs to know it
    Rules    what this archive's settings ask for

All three are copies, made afresh for every decision; nothing here reads a database
or a clock. Words are those of the field: see docs/access.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum


class Role(StrEnum):
    """What somebody is here for. No role is above the gate."""

    VISITOR = "visitor"
    APPLICANT = "applicant"
    RESEARCHER = "researcher"
    MODERATOR = "moderator"
    ADMINISTRATOR = "administrator"


class AccountStatus(StrEnum):
    """Where an account stands in its life."""

    APPLIED = "applied"
    RETURNED = "returned"
    REJECTED = "rejected"
    APPROVED = "approved"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Tier(IntEnum):
    """How graphic something is; what nobody has labelled counts as G5."""

    G0 = 0
    G1 = 1
    G2 = 2
    G3 = 3
    G4 = 4
    G5 = 5
    X = 6

    def __str__(self) -> str:
        return self.name

    @classmethod
    def parse(cls, text: str) -> Tier:
        """Read `G0` to `G5` or `X`, in either case.

        :raises ValueError: no such tier
        """
        try:
            return cls[text.strip().upper()]
        except KeyError:
            raise ValueError(f"{text!r} is not a tier; use G0 to G5, or X") from None


UNLABELLED = Tier.G5


class Visibility(StrEnum):
    """Who may know of a published record."""

    PUBLIC = "public"
    VETTED = "vetted"
    STAFF = "staff"


class Access(StrEnum):
    """What it takes to be let near a record's originals."""

    VETTED = "vetted"
    REQUEST = "request"
    DUAL = "dual"
    CLOSED = "closed"


class RecordState(StrEnum):
    """Where a record stands in its life."""

    CONTRIBUTED = "contributed"
    """Handed in from outside, and not reviewed: for those who review alone."""
    DRAFT = "draft"
    SUBMITTED = "submitted"
    LABELLED = "labelled"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    SHREDDED = "shredded"


class TokenScope(StrEnum):
    """What a personal access token may be used for."""

    READ = "read"
    DEPOSIT = "deposit"
    LABEL = "label"
    WRITE = "write"  # deposit and label
    REVEAL = "reveal"
    ADMIN = "admin"


class PreviewTier(StrEnum):
    """How much of a picture its preview may tell, from nothing upwards."""

    SEALED = "sealed"
    TRACE = "trace"
    HAZE = "haze"
    COLOUR_HAZE = "colour-haze"


class Treatment(IntEnum):
    """How a person, a record or the archive wants something met; stricter is higher."""

    PREVIEW = 0
    """The blurred preview stands there."""
    WARN = 1
    """Words stand there; the blurred preview is a step further."""
    HIDE = 2
    """It is left out of lists, or a neutral card stands for it."""

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, text: str) -> Treatment:
        """Read `preview`, `warn` or `hide`.

        :raises ValueError: it is none of them
        """
        try:
            return cls[text.upper()]
        except KeyError:
            raise ValueError(f"{text!r} is not preview, warn or hide") from None


class ReasonCode(StrEnum):
    """The closed list of reasons for which a thing stays shut."""

    NOT_FOUND = "not_found"
    SIGN_IN = "sign_in"
    ACCOUNT_PENDING = "account_pending"
    ACCOUNT_SUSPENDED = "account_suspended"
    VETTING_EXPIRED = "vetting_expired"
    SECOND_FACTOR = "second_factor"
    ROLE = "role"
    ACCESS_REQUEST = "access_request"
    EMBARGO = "embargo"
    CLOSED = "closed"
    NOT_LABELLED = "not_labelled"
    CONSENT = "consent"
    CONSENT_STALE = "consent_stale"
    IDENTITY = "identity"
    EXPOSURE_LIMIT = "exposure_limit"
    MAINTENANCE = "maintenance"
    SECOND_PERSON = "second_person"


class Mode(StrEnum):
    """What the archive as a whole does at the moment; see `auth.modes`."""

    OPEN = "open"
    READ_ONLY = "read_only"
    NO_ACCESS = "no_access"


Span = tuple[datetime, datetime]
"""From, until."""
LABELLING = "labelling"
"""The purpose of a moderator's consent to see what nobody has labelled yet."""


@dataclass(frozen=True)
class Grant:
    """Leave to reach restricted originals; `approvals` counts administrators."""

    id: str
    record_id: str | None
    collection_id: str | None
    highest_tier: Tier
    starts: datetime
    ends: datetime
    approvals: int = 1
    excluded_labels: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Consent:
    """A person's recorded willingness to see one record, as labelled then.

    `identity` says why they need to see who it is; empty where they did not ask to.
    """

    id: str
    record_id: str
    labels_version: str
    purpose: str
    reason: str
    starts: datetime
    expires: datetime
    ended_at: datetime | None = None
    identity: str = ""

    def is_live(self, now: datetime) -> bool:
        return self.ended_at is None and self.starts <= now < self.expires


@dataclass(frozen=True)
class Viewer:
    """Somebody as they stand now.

    `scopes` is None for a person on the pages and a set for an access token.
    `passkey` says that the second factor of this session was one. `proved_at` is when
    they last showed, in this session, all that is asked of them to sign in.
    `revealed_today` holds (consent id, asset id) pairs since midnight UTC,
    `revealed_hour` those first opened in the last hour; `looking` the spans of today
    for which a consent stood open after something was opened under it.
    `seconded` says that a second person stands behind exactly the act asked about.
    `system` names a part of the program that acts by itself, or the operator's shell.
    """

    account_id: str | None = None
    role: Role = Role.VISITOR
    status: AccountStatus | None = None
    vetted_until: datetime | None = None
    terms_version: int = 0
    induction_until: datetime | None = None
    session_id: str | None = None
    second_factor: bool = False
    passkey: bool = False
    proved_at: datetime | None = None
    scopes: frozenset[TokenScope] | None = None
    grants: tuple[Grant, ...] = ()
    consents: tuple[Consent, ...] = ()
    revealed_today: frozenset[tuple[str, str]] = frozenset()
    revealed_hour: frozenset[tuple[str, str]] = frozenset()
    looking: tuple[Span, ...] = ()
    seconded: bool = False
    system: str | None = None

    @property
    def is_active(self) -> bool:
        return self.account_id is not None and self.status is AccountStatus.APPROVED

    @property
    def is_staff(self) -> bool:
        return self.is_active and self.role in STAFF

    def looked(self, now: datetime) -> timedelta:
        """For how long today, at most; moments under two consents count once."""
        return covered(self.looking, datetime.min.replace(tzinfo=now.tzinfo), now)

    def is_vetted(self, now: datetime) -> bool:
        until = self.vetted_until
        return self.is_active and until is not None and now < until

    def holds(self, *scopes: TokenScope) -> bool:
        """Whether a page session, or a token with any of these scopes, is asking."""
        return self.scopes is None or bool(self.scopes.intersection(scopes))


def covered(spans: Iterable[Span], since: datetime, now: datetime) -> timedelta:
    """For how long between two moments any span ran; what overlaps counts once."""
    total, until = timedelta(), since
    for start, end in sorted(spans):
        total += max(min(end, now) - max(start, until), timedelta())
        until = max(until, min(end, now))
    return total


STAFF = frozenset({Role.MODERATOR, Role.ADMINISTRATOR})
ANONYMOUS = Viewer()
OPERATOR = "operator"


def system_viewer(name: str) -> Viewer:
    """The program itself under a name, such as `worker`; it never sees originals."""
    return Viewer(system=name)


def operator_viewer() -> Viewer:
    """Whoever has the shell and the keys: deposits and labels, but opens nothing."""
    return Viewer(role=Role.MODERATOR, system=OPERATOR)


@dataclass(frozen=True)
class Item:
    """One record (or one asset of it, then `asset_id` is set) as the policy sees it.

    Of the redacted copies of a record `redacted_version` is set, and tier and labels
    are the copies': a consent to that version is a consent to the copies alone.
    """

    record_id: str
    state: RecordState = RecordState.DRAFT
    visibility: Visibility = Visibility.STAFF
    access: Access = Access.CLOSED
    tier: Tier = UNLABELLED
    labelled: bool = False
    codes: frozenset[str] = field(default_factory=frozenset)
    labels_version: str = ""
    embargo_until: datetime | None = None
    collection_id: str | None = None
    depositor_id: str | None = None
    asset_id: str | None = None
    redacted_version: str = ""

    @property
    def identifies(self) -> bool:
        """Whether somebody, or a place, can be recognised in it."""
        return bool(identifying(self.codes))

    @property
    def versions(self) -> frozenset[str]:
        """What a consent may have been given to, to open this."""
        redacted = {self.redacted_version} if self.redacted_version else set()
        return frozenset({self.labels_version} | redacted)


def identifying(codes: Iterable[str]) -> frozenset[str]:
    """Those of some labels that say that somebody, or a place, can be recognised."""
    return frozenset(code for code in codes if code.startswith("id."))


@dataclass(frozen=True)
class Wishes:
    """How somebody wants to meet labels and tiers; what is not named is previewed."""

    labels: Mapping[str, Treatment] = field(default_factory=dict)
    tiers: Mapping[Tier, Treatment] = field(default_factory=dict)

    @property
    def hidden_labels(self) -> tuple[str, ...]:
        """The labels whose records are left out of searches."""
        return tuple(c for c, t in self.labels.items() if t is Treatment.HIDE)


NO_WISHES = Wishes()


@dataclass(frozen=True)
class Rules:
    """What this archive's settings ask of everybody."""

    terms_version: int = 1
    second_factor_tier: Tier = Tier.G5
    second_factor_roles: frozenset[Role] = frozenset()
    passkey_roles: frozenset[Role] = frozenset()
    daily_reveals: int = 100
    hourly_reveals: int = 0
    """Originals that one person may open in an hour; 0: as many as in a day."""
    daily_minutes: int = 0
    """Minutes that one person may look in a day; 0: no limit."""
    consent_max_minutes: int = 60
    preview_ceiling: PreviewTier = PreviewTier.COLOUR_HAZE
    preview_k: int = 0
    """How many files share each tile that is shown; 0: each has its own."""
    maintenance: bool = False
    mode: Mode = Mode.OPEN
    contributions: bool = False
    """Whether people without an account may hand something in."""
    warn_tier: Tier = Tier.X
    """From here on previews wait behind words for everybody."""

    @property
    def settled(self) -> Rules:
        """The same without the mode of the moment: for what is decided for long."""
        return self if self.mode is Mode.OPEN else replace(self, mode=Mode.OPEN)

    @property
    def for_looking(self) -> Rules:
        """The same for a request that changes nothing, whatever it is about."""
        return self.settled if self.mode is Mode.READ_ONLY else self
