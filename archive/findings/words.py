"""The closed lists of findings, read from `words.json`, in four languages.

    {"version": 1,
     "confidences" | "stages" | "perspectives" | "entities": {code: {en, hy, az, ru}},
     "relations": [{"code", "standard", "from": [kinds], "to": [kinds],
                    "name": {…}, "inverse": {…}}, …]}

A relation leads from one kind of thing to another: `record`, or a kind of entity.
`standard` is whose word it is: HURIDOCS' roles and events, PREMIS' relationships, or
the archive's own. A word about a person is a claim: "is alleged to have committed".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from archive.records.errors import FieldError

RECORD = "record"
_FILE = Path(__file__).with_name("words.json")


@dataclass(frozen=True)
class RelationType:
    """One way to be linked, read forwards and backwards."""

    code: str
    standard: str
    starts: frozenset[str]
    ends: frozenset[str]
    names: Mapping[str, str]
    inverses: Mapping[str, str]

    def name(self, language: str) -> str:
        return self.names.get(language, self.names["en"])

    def inverse(self, language: str) -> str:
        return self.inverses.get(language, self.inverses["en"])


@cache
def relations() -> Mapping[str, RelationType]:
    """Every type of relation by its code."""
    return MappingProxyType(
        {
            each["code"]: RelationType(
                each["code"],
                each["standard"],
                frozenset(each["from"]),
                frozenset(each["to"]),
                MappingProxyType(each["name"]),
                MappingProxyType(each["inverse"]),
            )
            for each in _content()["relations"]
        }
    )


def codes(name: str) -> tuple[str, ...]:
    """The codes of one list, in its order."""
    return tuple(_content()[name])


def word(name: str, code: str, language: str) -> str:
    """What a code of a list is called."""
    names = _content()[name][code]
    return str(names.get(language, names["en"]))


def one_of(field: str, code: str, allowed: tuple[str, ...]) -> str:
    """Give the code back, or refuse it.

    :raises FieldError: it is not on the list
    """
    if code not in allowed:
        raise FieldError(field, f"{code!r} is not one of {', '.join(allowed)}.")
    return code


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return content
