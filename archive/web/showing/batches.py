"""A batch of records to consent to on one page: their warnings, said once each.

Records with the same labels at the same tier stand in one group: its warnings are read
and ticked once, and hold for each of them. What this viewer may not consent to now (it
is asked of the policy) stands apart, with why, and is no part of the batch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from archive.records import store
from archive.records.tables import Record
from archive.web.answer import reasons
from archive.web.request import context
from archive.web.showing import cards, consentforms, panel, warnings
from archive.web.showing.cards import Card
from archive.web.showing.warnings import ShownLabel
from auth.conditions import needs_typed_reason
from auth.policy import Action, Refusal, decide
from auth.scope import scope
from auth.viewer import Tier

MOST = 20
"""Records in one batch: what a page can still be read through with attention."""


@dataclass(frozen=True)
class Group:
    """Records of one tier with the same labels, and the words shown for all of them."""

    key: str
    tier: Tier
    warning: str
    labels: Sequence[ShownLabel]
    minutes: int
    cards: Sequence[tuple[str, str, Card]]
    """(record id, SHA-256 of its words, card)."""

    def ticked(self, code: str) -> str:
        """What the box before one warning of this group sends."""
        return f"{self.key}:{code}"


@dataclass(frozen=True)
class Batch:
    """The page: what is asked, and what cannot be a part of it."""

    groups: Sequence[Group]
    apart: Sequence[tuple[Card, str]]
    form: str
    purposes: Sequence[tuple[str, str]]
    minutes: Sequence[tuple[int, str]]
    needs_reason: bool
    left_out: int

    @property
    def records(self) -> Sequence[str]:
        return [key for group in self.groups for key, _digest, _card in group.cards]


def batch_of(s: Session, asked: Sequence[str]) -> Batch:
    """The first `MOST` of these records that the viewer may know of, as of now."""
    chosen = list(dict.fromkeys(asked))
    reach = scope(context.viewer(), context.now())
    records = store.list_by_ids(s, chosen[:MOST], reach)
    by_record = {card.id: card for card in cards.cards(s, records)}
    refused = {record.id: why for record in records if (why := _why_not(record))}
    fitting = [record for record in records if record.id not in refused]
    words = {record.id: warnings.text_version(record) for record in fitting}
    groups = list(_groups(fitting, by_record, words))
    longest = max((group.minutes for group in groups), default=0)
    return Batch(
        groups=groups,
        apart=[(by_record[key], why) for key, why in refused.items()],
        form=consentforms.issue(words),
        purposes=[("", gettext("Choose one")), *warnings.purposes()],
        minutes=[
            (n, ngettext("%(num)d minute", "%(num)d minutes", n))
            for n in panel.LENGTHS
            if n <= longest
        ],
        needs_reason=any(needs_typed_reason(record.tier) for record in fitting),
        left_out=len(chosen) - len(records),
    )


def _groups(
    records: Sequence[Record], shown: Mapping[str, Card], words: Mapping[str, str]
) -> Iterable[Group]:
    alike: dict[tuple[Tier, str], list[Record]] = {}
    for record in records:
        alike.setdefault((record.tier, _key(record)), []).append(record)
    for (tier, key), group in sorted(alike.items(), key=lambda each: each[0]):
        yield Group(
            key=key,
            tier=tier,
            warning=warnings.warning(group[0]),
            labels=warnings.shown_labels(group[0]),
            minutes=warnings.longest(tier),
            cards=[(r.id, words[r.id], shown[r.id]) for r in group],
        )


def _key(record: Record) -> str:
    """The same for records about which the same is said."""
    told = [str(record.tier), str(record.labelled), *sorted(record.codes)]
    return hashlib.sha256("|".join(told).encode()).hexdigest()[:12]


def _why_not(record: Record) -> str | None:
    viewer, rules, now = context.viewer(), context.rules(), context.now()
    outcome = decide(Action.GIVE_CONSENT, viewer, store.item_of(record), rules, now)
    if not isinstance(outcome, Refusal):
        return None
    return str(reasons.describe(outcome.codes[:1], record.id)[0]["message"])
