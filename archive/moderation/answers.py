"""Whole answers: written down, read back, compared and joined.

Two answers agree when they name the same labels with the same severities; times and
regions seldom fall together to the frame, so those of both stand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from archive.records.labels import LabelInput
from archive.records.tables import LabelRow
from archive.records.vocabulary import NOTHING_GRAPHIC, Vocabulary
from auth.viewer import Tier

Given = LabelInput | LabelRow


def written(labels: Iterable[LabelInput]) -> list[dict[str, Any]]:
    """Labels as plain JSON."""
    return [
        {
            "code": label.code,
            "tier": None if label.tier is None else int(label.tier),
            "from": label.from_s,
            "to": label.to_s,
            "region": None if label.region is None else list(label.region),
            "note": label.note,
        }
        for label in labels
    ]


def read(statements: Iterable[dict[str, Any]]) -> list[LabelInput]:
    """Labels back from plain JSON."""
    return [
        LabelInput(
            code=told["code"],
            tier=None if told["tier"] is None else Tier(told["tier"]),
            from_s=_seconds(told["from"]),
            to_s=_seconds(told["to"]),
            region=None if told["region"] is None else tuple(told["region"]),
            note=told["note"],
        )
        for told in statements
    ]


def as_inputs(rows: Iterable[Given]) -> list[LabelInput]:
    """Labels that stand, as somebody could give them again."""
    return [
        LabelInput(
            code=row.code,
            tier=row.tier,
            from_s=row.from_s,
            to_s=row.to_s,
            region=_region(row),
            note=row.note,
        )
        for row in rows
    ]


def key(labels: Iterable[Given]) -> str:
    """The digest of codes and severities: equal where two answers agree."""
    said = sorted({(label.code, int(label.tier or 0)) for label in labels})
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def statements(labels: Iterable[Given]) -> frozenset[tuple[object, ...]]:
    """All that labels say, but for their notes."""
    return frozenset((*_place(label), label.tier) for label in labels)


def joined(words: Vocabulary, *answers: Sequence[Given]) -> list[LabelInput]:
    """Everything that any of the answers says; the graver severity where they differ.

    That nothing is graphic falls away as soon as somebody says that something is.
    """
    found: dict[tuple[object, ...], LabelInput] = {}
    for label in as_inputs(label for answer in answers for label in answer):
        place = _place(label)
        other = found.get(place)
        if other is None or (label.tier or 0) > (other.tier or 0):
            found[place] = label
    tags = {c.code for c in found.values() if not words.term(c.code).is_flag}
    if len(tags) > 1:
        return [label for label in found.values() if label.code != NOTHING_GRAPHIC]
    return list(found.values())


def _seconds(told: float | None) -> float | None:
    # A column gives 1.0 where 1 was written; digests must not tell them apart.
    return None if told is None else float(told)


def _place(label: Given) -> tuple[object, ...]:
    return (label.code, label.from_s, label.to_s, _region(label))


def _region(label: Given) -> tuple[float, float, float, float] | None:
    if label.region is None:
        return None
    x, y, width, height = label.region
    return (x, y, width, height)
