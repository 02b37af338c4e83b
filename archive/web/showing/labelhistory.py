"""Who said when what can be seen or heard in which version of a file, and why.

For those who label. A label that ran out was taken back by the archive itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.moderation import undoing
from archive.moderation.expiring import EXPIRED
from archive.records import labels, store
from archive.records.tables import Asset, LabelRow, Record
from archive.web.request import context
from archive.web.request.i18n import language
from archive.web.showing import housewords
from archive.web.showing.represent import iso
from auth import accounts
from auth.tables import Account
from auth.viewer import Tier


@dataclass(frozen=True)
class HistoryLine:
    """One statement, or its removal; `version` names the bytes it was said of."""

    at: datetime
    act: str
    code: str
    name: str
    tier: Tier | None
    author: str
    note: str
    reason: str
    until: datetime | None
    version: str
    is_of_present_file: bool


@dataclass(frozen=True)
class AssetHistory:
    """Everything that was ever said of one file, newest first; `position` from 1."""

    position: int
    lines: Sequence[HistoryLine]


def of_record(s: Session, record: Record) -> list[AssetHistory]:
    """Of each file that anything was ever said of."""
    found = [
        (asset, labels.history(s, asset.id)) for asset in store.assets_of(s, record.id)
    ]
    known = _names(s, {row.author for _asset, rows in found for row in rows})
    return [
        AssetHistory(
            asset.position + 1, [_line(asset, row, known) for row in reversed(rows)]
        )
        for asset, rows in found
        if rows
    ]


def as_json(s: Session, asset: Asset) -> list[dict[str, Any]]:
    """Of one file, newest first, for programs."""
    return [
        {
            "id": row.id,
            "code": row.code,
            "tier": None if row.tier is None else str(row.tier),
            "from": row.from_s,
            "to": row.to_s,
            "region": row.region,
            "note": row.note,
            "author": row.author,
            "created_at": iso(row.created_at),
            "negates": row.negates,
            "reason": row.reason,
            "expires_at": iso(row.expires_at),
            "object": str(row.object_id),
            "is_of_present_file": row.object_id == asset.object_id,
        }
        for row in reversed(labels.history(s, asset.id))
    ]


def _line(asset: Asset, row: LabelRow, known: dict[str, str]) -> HistoryLine:
    term = context.vocabulary().terms.get(row.code)
    ran_out = row.negates is not None and row.reason == EXPIRED
    return HistoryLine(
        at=row.created_at,
        act=_act(row, ran_out=ran_out),
        code=row.code,
        name=term.name(language()) if term else row.code,
        tier=row.tier,
        author=gettext("the archive") if ran_out else known.get(row.author, row.author),
        note=row.note,
        reason="" if ran_out else _said(row.reason or ""),
        until=row.expires_at,
        version=str(row.object_id)[:8],
        is_of_present_file=row.object_id == asset.object_id,
    )


def _said(reason: str) -> str:
    """Why, as it was typed; what the archive wrote by itself in the reader's words."""
    if reason == undoing.WHY:
        return str(housewords.EVENTS["labelling in bulk undone"])
    return reason


def _act(row: LabelRow, *, ran_out: bool) -> str:
    if ran_out:
        return str(gettext("ran out"))
    return str(gettext("given") if row.negates is None else gettext("removed"))


def _names(s: Session, authors: set[str]) -> dict[str, str]:
    found = s.scalars(select(Account).where(Account.id.in_(authors)))
    sealing = context.site().sealing
    return {account.id: accounts.name_of(sealing, account) for account in found}
