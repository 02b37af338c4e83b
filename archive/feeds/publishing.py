"""Keeps the feed in step with what anybody may know of the archive's files.

A label is offered as long as some record with the file is one that a visitor may know
of, is under no embargo and is no lure, and moderators have agreed on its labels. What
another archive said is not offered on: two archives would else confirm each other for
ever. `refresh` may be called as often as somebody likes; it adds what changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.config import Config
from archive.feeds import entries
from archive.feeds.entries import MEANING, Claim, Place
from archive.feeds.tables import FeedEntry
from archive.ledger import chain
from archive.records import inherited, labels, store, vocabulary
from archive.records.marks import Mark
from archive.records.tables import Asset, LabelRow, Record
from archive.records.vocabulary import NOTHING_GRAPHIC, UNREAD, Vocabulary
from archive.vault import signing
from archive.vault.keyrings import Keyring
from auth.access.alarmtables import HoneyRecord
from auth.scope import scope
from auth.sealing import Sealing
from auth.viewer import ANONYMOUS

UNOFFERED = frozenset({NOTHING_GRAPHIC, UNREAD})


class Premises(Protocol):
    """What offering labels needs of a running archive."""

    @property
    def config(self) -> Config: ...
    @property
    def keyring(self) -> Keyring: ...
    @property
    def sealing(self) -> Sealing: ...


def refresh(premises: Premises, session: Session, record_id: str, now: datetime) -> int:
    """Add what changed for the files of a record, in the caller's transaction.

    Nothing where `VIGIL_LABEL_FEED` is off. Gives the number of entries added.
    """
    if not premises.config.label_feed:
        return 0
    words = vocabulary.of(session)
    changed = [
        change
        for index in _files(session, record_id)
        for change in _changes(premises, session, index, words, now)
    ]
    if changed:
        # Two that append at once would both follow the same entry.
        chain.stand_in_line(session)
    for index, facts in changed:
        _append(premises, session, record_id, index, facts, now)
    return len(changed)


def page(premises: Premises, session: Session, after: int) -> dict[str, Any]:
    """The next entries behind a number, as they are given to everybody."""
    rows = session.scalars(
        select(FeedEntry)
        .where(FeedEntry.seq > after)
        .order_by(FeedEntry.seq)
        .limit(entries.MOST)
    ).all()
    told = [_opened(premises.sealing, row) for row in rows]
    return entries.page(premises.keyring, after, told, _end(session))


def _files(session: Session, record_id: str) -> list[bytes]:
    """The files of a record, and those that were offered while they were."""
    held = {asset.sha256_index for asset in store.assets_of(session, record_id)}
    told = select(FeedEntry.file_index).where(FeedEntry.record_id == record_id)
    return sorted(held | set(session.scalars(told)))


def _changes(
    premises: Premises, session: Session, index: bytes, words: Vocabulary, now: datetime
) -> list[tuple[bytes, dict[str, Any]]]:
    """The facts of the entries that are due for a file."""
    told = _told(premises.sealing, session, index)
    assets = _offerable(session, index, now)
    claims = {claim.code: claim for claim in _claims(session, assets)}
    due: list[tuple[bytes, dict[str, Any]]] = []
    for code, before in told.items():
        if code not in claims:
            said = {each: before[each] for each in ("sha256", "label", *MEANING)}
            due.append((index, {**said, "negated": True}))
    for code, claim in sorted(claims.items()):
        meaning = claim.meaning(words)
        before = told.get(code, {})
        if any(name not in before or before[name] != meaning[name] for name in MEANING):
            sha256 = store.details_of(premises.sealing, assets[0]).sha256
            facts = {"sha256": sha256, "label": code, **meaning, "negated": False}
            due.append((index, facts))
    return due


def _told(
    sealing: Sealing, session: Session, index: bytes
) -> dict[str, Mapping[str, Any]]:
    """What the feed says of a file now, by label."""
    rows = session.scalars(
        select(FeedEntry).where(FeedEntry.file_index == index).order_by(FeedEntry.seq)
    )
    last = {row.code: row for row in rows}
    return {c: _opened(sealing, row) for c, row in last.items() if not row.negated}


def _offerable(session: Session, index: bytes, now: datetime) -> list[Asset]:
    """The files of these bytes of which anybody may know, and what they are."""
    query = select(Asset).where(Asset.sha256_index == index, Asset.labelled)
    assets = session.scalars(query.order_by(Asset.id)).all()
    ids = sorted({asset.record_id for asset in assets})
    known = {
        record.id
        for record in store.list_by_ids(session, ids, scope(ANONYMOUS, now))
        if not _is_kept_back(session, record, now)
    }
    return [asset for asset in assets if asset.record_id in known]


def _is_kept_back(session: Session, record: Record, now: datetime) -> bool:
    until = record.embargo_until
    if until is not None and until > now:
        return True
    return session.get(HoneyRecord, record.id) is not None


def _claims(session: Session, assets: Sequence[Asset]) -> Iterable[Claim]:
    """What the archive itself says of these files, each label at its strictest."""
    said: dict[str, list[LabelRow | Mark]] = {}
    for asset in assets:
        for each in labels.said_of(session, asset.record_id)[asset.id]:
            if each.code not in UNOFFERED and not _is_foreign(each):
                said.setdefault(each.code, []).append(each)
    for code, rows in said.items():
        tiers = [row.tier for row in rows if row.tier is not None]
        ends = [getattr(row, "expires_at", None) for row in rows]
        lasting = [end for end in ends if end is not None]
        until = max(lasting) if len(lasting) == len(ends) else None
        yield Claim(code, max(tiers, default=None), until)


def _is_foreign(said: LabelRow | Mark) -> bool:
    return isinstance(said, LabelRow) and inherited.is_foreign(said)


def _append(
    premises: Premises,
    session: Session,
    record_id: str,
    index: bytes,
    facts: Mapping[str, Any],
    now: datetime,
) -> None:
    entry = entries.signed(premises.keyring, _end(session), facts, now)
    seq = entry["seq"]
    written = signing.canonical(entry)
    session.add(
        FeedEntry(
            seq=seq,
            file_index=index,
            record_id=record_id,
            code=entry["label"],
            negated=entry["negated"],
            digest=entries.digest(entry),
            entry_sealed=premises.sealing.seal(written, _context(seq)),
        )
    )
    session.flush()


def _end(session: Session) -> Place:
    """The last entry there is."""
    newest = select(FeedEntry.seq, FeedEntry.digest).order_by(FeedEntry.seq.desc())
    found = session.execute(newest.limit(1)).one_or_none()
    return Place() if found is None else Place(found.seq, found.digest)


def _opened(sealing: Sealing, row: FeedEntry) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        sealing.open(row.entry_sealed, _context(row.seq))
    )
    return found


def _context(seq: int) -> str:
    return f"feed_entries.entry/v1:{seq}"
