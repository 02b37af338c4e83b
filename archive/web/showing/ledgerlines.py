"""A line of the ledger, as the API and an export give it."""

from __future__ import annotations

from typing import Any

from archive.ledger import Line


def plain(line: Line) -> dict[str, Any]:
    """All that it says, as plain JSON; it holds no media."""
    return {
        "seq": line.seq,
        "at": line.at.isoformat(),
        "event": line.event,
        "actor": line.actor,
        "record": line.record_id,
        "asset": line.asset_id,
        "account": line.account_id,
        "detail": dict(line.detail),
        "previous": line.previous,
        "digest": line.digest,
    }
