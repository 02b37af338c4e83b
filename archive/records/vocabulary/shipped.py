"""The edition that comes with the program, as `shipped.json` has it.

{"version": 2,
 "tiers":  {"G0": {"name": {…}, "definition": {…}}, …},
 "labels": [{"code", …}, …]}          the rest of a label: see `terms`
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from archive.records.vocabulary.terms import TIER, Vocabulary, term_of, tier_text_of
from auth.viewer import Tier

_FILE = Path(__file__).with_name("shipped.json")


@cache
def packaged() -> Vocabulary:
    """What this program brings; what holds in an archive is `kept.of`."""
    return assembled(
        documents(), edition(), revisions=dict.fromkeys(documents(), 0), revision=0
    )


@cache
def documents() -> Mapping[str, Mapping[str, Any]]:
    """The document of each label and tier by its code, in the edition's order."""
    whole = _read()
    tiers = {code: {"kind": TIER, **held} for code, held in whole["tiers"].items()}
    labels = {
        held["code"]: {name: value for name, value in held.items() if name != "code"}
        for held in whole["labels"]
    }
    return MappingProxyType({**tiers, **labels})


def edition() -> int:
    """The number of this edition."""
    return int(_read()["version"])


@cache
def digest() -> str:
    """The SHA-256 of the edition, by which a later one is told from it."""
    return hashlib.sha256(_FILE.read_bytes()).hexdigest()


def assembled(
    held: Mapping[str, Mapping[str, Any]],
    number: int,
    *,
    revisions: Mapping[str, int],
    revision: int,
) -> Vocabulary:
    """A vocabulary of these documents; `number` is of the edition."""
    return Vocabulary(
        terms=MappingProxyType(
            {
                code: term_of(code, document, revisions[code])
                for code, document in held.items()
                if document["kind"] != TIER
            }
        ),
        tiers=MappingProxyType(
            {
                Tier.parse(code): tier_text_of(document, revisions[code])
                for code, document in held.items()
                if document["kind"] == TIER
            }
        ),
        edition=number,
        revision=revision,
    )


@cache
def _read() -> Any:  # noqa: ANN401 - JSON
    return json.loads(_FILE.read_text(encoding="utf-8"))
