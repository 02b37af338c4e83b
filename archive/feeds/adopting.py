"""What other archives say of a file that is here, too: its labels, never milder.

    settle          a file's labels follow what is said elsewhere now
    settle_record   the same for each file of a record
    standing        which labels of a file came from where
    dismiss         a moderator takes one off, with a reason; it does not come back

It is as with twins (`archive.twins.inheriting`): a file nobody has labelled inherits,
stays G5 and waits for a moderator, who finds the labels ticked; one that is labelled
becomes as strict at once. Where a label ends elsewhere it goes here, unless a moderator
saved the file's labels with it since: then it is the archive's own.

A label without a word here makes a file as careful as one nobody has labelled: it
stands as `context.unread`, G5. Its first id has a mark behind it, so that the same
label said in words, once the vocabulary has them, is another one and takes its place.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from archive import jobs, twins
from archive.feeds.errors import FeedError
from archive.feeds.tables import FeedSubscription, ForeignLabel
from archive.ledger import Ledger
from archive.records import inherited, labels, store, vocabulary
from archive.records.document import tidy
from archive.records.inherited import Said
from archive.records.opinions import needed
from archive.records.store import UNLISTED
from archive.records.tables import Asset, LabelRow
from archive.records.vocabulary import NOTHING_GRAPHIC, UNREAD
from auth.sealing import Sealing
from auth.viewer import UNLABELLED, Tier

REASON_LIMIT = 500
_UNREAD_MARK = "?"


class Premises(Protocol):
    """What it needs of a running archive."""

    @property
    def ledger(self) -> Ledger: ...
    @property
    def sealing(self) -> Sealing: ...
    @property
    def label_opinions(self) -> int: ...


@dataclass(frozen=True)
class Standing:
    """A label that came from elsewhere: its row, and what its archive is called."""

    row: LabelRow
    feed: str


def settle_record(
    premises: Premises, session: Session, record_id: str, *, by: str, now: datetime
) -> int:
    """Let each file of a record follow what is said elsewhere; how many changed."""
    assets = store.assets_of(session, record_id)
    return sum(settle(premises, session, each, by=by, now=now) for each in assets)


def settle(
    premises: Premises, session: Session, asset: Asset, *, by: str, now: datetime
) -> bool:
    """Let a file's labels follow what is said elsewhere now; whether any changed."""
    if store.require(session, asset.record_id).state in UNLISTED:
        return False
    said = _said(premises.sealing, session, asset, now)
    came = [row for row in labels.current(session, asset.id) if _came(row)]
    if not said and not came:
        return False
    live = _live(session, {row.inherited_from or "" for row in came}, now)
    gone = {row.inherited_from or "" for row in came} - live
    before = asset.tier
    # Whoever runs the command is no moderator here: nothing becomes milder by one.
    opinions = needed(session, premises.label_opinions, asset)
    taken = inherited.take_back(session, asset, gone, by, now, opinions=opinions)
    added = inherited.take_over(session, asset, said, by, now, opinions=opinions)
    telling = _Telling(premises, session, asset, before, by, now)
    if taken:
        telling.line("label withdrawn", negated=taken)
    if added:
        telling.line("label adopted", added=added, feeds=_feeds(session, said, added))
        twins.follow(premises, session, asset, by=by, now=now)
    if taken or added:
        args = {"record": asset.record_id}
        jobs.enqueue(session, "index", args, subject=asset.record_id, now=now)
    return bool(taken or added)


def settle_files(
    premises: Premises,
    session: Session,
    indexes: Collection[bytes],
    ended: Collection[str],
    *,
    by: str,
    now: datetime,
) -> int:
    """The same for the files of these digests, and for those that had what ended."""
    held: set[str] = set()
    for index in indexes:
        held |= set(
            session.scalars(select(Asset.id).where(Asset.sha256_index == index))
        )
    for first in ended:
        came = select(LabelRow.asset_id).where(LabelRow.inherited_from == first)
        held |= set(session.scalars(came))
    assets = (store.require_asset(session, each) for each in sorted(held))
    return sum(settle(premises, session, each, by=by, now=now) for each in assets)


def forget(
    premises: Premises,
    session: Session,
    subscription: FeedSubscription,
    *,
    by: str,
    now: datetime,
) -> int:
    """Take back all that came from an archive; from how many files."""
    mine = ForeignLabel.subscription_id == subscription.id
    session.execute(delete(ForeignLabel).where(mine))
    firsts = inherited.firsts(session, inherited.foreign(subscription.id))
    return settle_files(premises, session, (), firsts, by=by, now=now)


def standing(session: Session, asset_id: str) -> Sequence[Standing]:
    """The labels of a file that came from elsewhere, each with where from.

    Not those that a moderator saved since: these are the archive's own by now.
    """
    looked = labels.last_looked(session, asset_id)
    names = {row.id: row.name for row in session.scalars(select(FeedSubscription))}
    return [
        Standing(row, names.get(_subscription(row.inherited_from), ""))
        for row in labels.current(session, asset_id)
        if _came(row) and not (looked and row.created_at < looked)
    ]


def dismiss(
    premises: Premises,
    session: Session,
    label_id: str,
    *,
    reason: str,
    by: str,
    now: datetime,
) -> Asset:
    """Take a foreign label off a file, for good: what is the archive's own stays.

    One moderator does, since the file only goes back to what moderators agreed on.

    :raises FeedError: there is no such label now, or no reason
    """
    row = session.get(LabelRow, label_id)
    if row is None or not _came(row):
        raise FeedError("This label did not come from another archive.")
    if row.id not in {each.row.id for each in standing(session, row.asset_id)}:
        raise FeedError("This label does not stand any more.")
    why = " ".join(tidy("reason", reason, REASON_LIMIT).split())
    if not why:
        raise FeedError("Say why the label is dismissed; it is kept.")
    asset = store.require_asset(session, row.asset_id)
    before = asset.tier
    off = labels.negation(row, by, now)
    off.reason = why
    session.add(off)
    session.flush()
    opinions = needed(session, premises.label_opinions, asset, by)
    labels.rerate(session, asset, now, opinions=opinions)
    telling = _Telling(premises, session, asset, before, by, now)
    telling.line("adopted label dismissed", negated=[row.code], reason=why)
    args = {"record": asset.record_id}
    jobs.enqueue(session, "index", args, subject=asset.record_id, now=now)
    return asset


@dataclass(frozen=True)
class _Telling:
    """Writes what happened to one file's labels into the ledger."""

    premises: Premises
    session: Session
    asset: Asset
    before: Tier
    by: str
    now: datetime

    def line(self, event: str, **detail: object) -> None:
        tiers = [str(self.before), str(self.asset.tier)]
        self.premises.ledger.append(
            self.session,
            event,
            actor=self.by,
            record=self.asset.record_id,
            asset=self.asset.id,
            now=self.now,
            detail={**detail, "tier": tiers},
        )


def _said(
    sealing: Sealing, session: Session, asset: Asset, now: datetime
) -> list[Said]:
    """What is said of a file elsewhere now, in words that this archive has."""
    rows = session.scalars(
        select(ForeignLabel)
        .where(ForeignLabel.file_index == asset.sha256_index)
        .order_by(ForeignLabel.subscription_id, ForeignLabel.seq)
    ).all()
    known = vocabulary.of(session).terms if rows else {}
    found = []
    for row in rows:
        ended = row.expires_at is not None and row.expires_at <= now
        if ended or row.code == NOTHING_GRAPHIC:
            continue
        if row.code not in known:
            found.append(Said(first_of(row) + _UNREAD_MARK, UNREAD, UNLABELLED))
            continue
        tier = opened(sealing, row)["tier"]
        # A label that has severities here but came without counts at its highest.
        severity = known[row.code].highest if tier is None else Tier.parse(tier)
        found.append(Said(first_of(row), row.code, severity))
    return found


def _live(session: Session, firsts: Iterable[str], now: datetime) -> set[str]:
    """Those of these labels that their archive still says, understood as they were."""
    found = set()
    known = vocabulary.of(session).terms
    for first in firsts:
        said = first.removesuffix(_UNREAD_MARK)
        subscription, _, seq = said.rpartition(":")
        query = select(ForeignLabel).where(
            ForeignLabel.subscription_id == _subscription(subscription + ":"),
            ForeignLabel.seq == int(seq),
        )
        row = session.scalar(query)
        if row is None or (row.expires_at is not None and row.expires_at <= now):
            continue
        if (row.code in known) == (said == first):
            found.add(first)
    return found


def _feeds(session: Session, said: Iterable[Said], added: Collection[str]) -> list[str]:
    names = {row.id: row.name for row in session.scalars(select(FeedSubscription))}
    return sorted({names[_subscription(e.first)] for e in said if e.code in added})


def unread(session: Session, codes: Iterable[str]) -> list[str]:
    """Those of these codes that have no word here, in order."""
    return sorted(set(codes) - set(vocabulary.of(session).terms))


def relearn(premises: Premises, session: Session, *, by: str, now: datetime) -> int:
    """Follow what the vocabulary has a word for by now; how many files changed."""
    every = inherited.firsts(session, inherited.FEED)
    marked = {first for first in every if first.endswith(_UNREAD_MARK)}
    learnt = marked - _live(session, marked, now)
    return settle_files(premises, session, (), learnt, by=by, now=now)


def firsts_of(row: ForeignLabel) -> list[str]:
    """Under which ids it may have been inherited: in words, or not understood."""
    return [first_of(row), first_of(row) + _UNREAD_MARK]


def first_of(row: ForeignLabel) -> str:
    """Under which id a label that was inherited from there was said first."""
    return f"{inherited.foreign(row.subscription_id)}{row.seq}"


def opened(sealing: Sealing, row: ForeignLabel) -> Mapping[str, Any]:
    """The entry as its archive signed it."""
    context = sealed_for(row.subscription_id, row.seq)
    found: dict[str, Any] = json.loads(sealing.open(row.entry_sealed, context))
    return found


def sealed_for(subscription_id: str, seq: int) -> str:
    """What an entry from elsewhere is sealed for."""
    return f"foreign_labels.entry/v1:{subscription_id}:{seq}"


def _came(row: LabelRow) -> bool:
    return inherited.is_foreign(row)


def _subscription(first: str | None) -> str:
    return (first or "").removeprefix(inherited.FEED).partition(":")[0]
