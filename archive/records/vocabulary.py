"""The vocabulary of labels, read from `vocabulary.json`.

A tag says what can be seen or heard, within a range of tiers; a flag adds something
that has no tier of its own (somebody can be identified, the sound is distressing, …).
Names and one-sentence definitions are in English, Armenian, Azerbaijani and Russian.

    {"version": 1,
     "tiers":  {"G0": {"name": {en, hy, az, ru}, "definition": {…}}, …},
     "labels": [{"code", "kind": "tag" | "flag", "group", "lowest", "highest",
                 "told"?, "raises"?, "with"?, "name": {…}, "definition": {…}}, …]}

`told` is the lowest tier where `phase.told` is set too; `raises` is by how many tiers
the label lifts everything else on the asset; `with` names flags that usually go along.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from archive.records.errors import UnknownLabel
from auth.viewer import Tier

LANGUAGES = ("en", "hy", "az", "ru")
NOTHING_GRAPHIC = "context.none"
TOLD = "phase.told"
_FILE = Path(__file__).with_name("vocabulary.json")


@dataclass(frozen=True)
class Term:
    """One label of the vocabulary. A flag has no tiers."""

    code: str
    kind: str
    group: str
    names: Mapping[str, str]
    definitions: Mapping[str, str]
    lowest: Tier | None = None
    highest: Tier | None = None
    told: Tier | None = None
    raises: int = 0
    usually_with: tuple[str, ...] = ()

    @property
    def is_flag(self) -> bool:
        return self.kind == "flag"

    def name(self, language: str) -> str:
        return self.names.get(language, self.names["en"])

    def definition(self, language: str) -> str:
        return self.definitions.get(language, self.definitions["en"])


@dataclass(frozen=True)
class TierText:
    """What a tier is called and means, per language."""

    names: Mapping[str, str]
    definitions: Mapping[str, str]


@cache
def terms() -> Mapping[str, Term]:
    """Every label by its code, in the order of the vocabulary."""
    return MappingProxyType({raw["code"]: _term(raw) for raw in _read()["labels"]})


@cache
def tiers() -> Mapping[Tier, TierText]:
    """Name and meaning of each tier."""
    return MappingProxyType(
        {
            Tier.parse(tier): TierText(raw["name"], raw["definition"])
            for tier, raw in _read()["tiers"].items()
        }
    )


def term(code: str) -> Term:
    """:raises UnknownLabel: the vocabulary has no such code"""
    try:
        return terms()[code]
    except KeyError:
        raise UnknownLabel(f"{code!r} is not a label of the vocabulary.") from None


def version() -> int:
    """Which edition of the vocabulary this is."""
    return int(_read()["version"])


@cache
def _read() -> Any:  # noqa: ANN401 - JSON
    return json.loads(_FILE.read_text(encoding="utf-8"))


def _term(raw: Mapping[str, Any]) -> Term:
    return Term(
        code=raw["code"],
        kind=raw["kind"],
        group=raw["group"],
        names=raw["name"],
        definitions=raw["definition"],
        lowest=_tier(raw.get("lowest")),
        highest=_tier(raw.get("highest")),
        told=_tier(raw.get("told")),
        raises=raw.get("raises", 0),
        usually_with=tuple(raw.get("with", ())),
    )


def _tier(text: str | None) -> Tier | None:
    return None if text is None else Tier.parse(text)
