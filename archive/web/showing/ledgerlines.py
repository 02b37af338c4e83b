"""A line of the ledger: as people read it, and as the API and an export give it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext

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


def told(detail: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a line says beside its event, each with its name; both in plain words."""
    for name, value in detail.items():
        yield _named(name), _in_words(value)


def _in_words(value: object) -> str:
    if isinstance(value, Mapping):
        parts = (f"{_named(name)} {_in_words(each)}" for name, each in value.items())
        return ", ".join(parts) or "–"
    if isinstance(value, list | tuple):
        return ", ".join(_in_words(each) for each in value) or "–"
    if isinstance(value, bool):
        return str(gettext("yes") if value else gettext("no"))
    return "–" if value is None else str(value)


def _named(name: str) -> str:
    return name.replace("_", " ")
