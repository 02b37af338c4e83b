"""The vocabulary as a file: what is exported, translated elsewhere, and imported.

    {"edition": 2, "revision": 71,
     "tiers":  {"G0": {"revision", "name": {…}, "definition": {…}}, …},
     "labels": [{"code", "revision", …}, …]}          members as in `terms`

A `revision` that is given is held against what the archive has: where somebody edited
the label since it was exported, the file is refused. Members that are left out stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from archive.records.errors import FieldError
from archive.records.vocabulary import kept
from archive.records.vocabulary.terms import TIER

MEMBERS = frozenset({"edition", "revision", "tiers", "labels"})


@dataclass(frozen=True)
class Edit:
    """What somebody makes of one label or tier; `revision` is of what they read."""

    code: str
    members: Mapping[str, Any]
    revision: int | None


def written(session: Session) -> dict[str, Any]:
    """The whole vocabulary, as `read` takes it."""
    words = kept.of(session)
    tiers: dict[str, Any] = {}
    labels: list[dict[str, Any]] = []
    for code, document in kept.documents(session).items():
        if kept.is_tier(document):
            held = {name: value for name, value in document.items() if name != "kind"}
            tiers[code] = {"revision": kept.revision_of(words, code), **held}
        else:
            number = kept.revision_of(words, code)
            labels.append({"code": code, "revision": number, **document})
    return {
        "edition": words.edition,
        "revision": words.revision,
        "tiers": tiers,
        "labels": labels,
    }


def read(raw: object) -> list[Edit]:
    """The edits that a file asks for, in its order.

    :raises FieldError: it is not in form, or names a code twice
    """
    if not isinstance(raw, dict) or not set(raw) <= MEMBERS:
        known = ", ".join(sorted(MEMBERS))
        raise FieldError("file", f"Give an object with {known} and nothing else.")
    tiers, labels = raw.get("tiers", {}), raw.get("labels", [])
    if not isinstance(tiers, dict) or not isinstance(labels, list):
        raise FieldError("file", "Give tiers as an object and labels as a list.")
    edits = [_edit(code, held, TIER) for code, held in tiers.items()]
    edits += [_edit(_code(held), held, None) for held in labels]
    codes = [edit.code for edit in edits]
    if twice := sorted({code for code in codes if codes.count(code) > 1}):
        raise FieldError("file", f"{twice[0]} stands twice in the file.")
    return edits


def _code(held: object) -> str:
    code = held.get("code") if isinstance(held, dict) else None
    if not isinstance(code, str):
        raise FieldError("file", "Every label of the file needs its code.")
    return code


def _edit(code: str, held: object, kind: str | None) -> Edit:
    if not isinstance(held, dict):
        raise FieldError("file", f"{code} is not an object.")
    revision = held.get("revision")
    if revision is not None and (isinstance(revision, bool) or not _is_count(revision)):
        raise FieldError("file", f"The revision of {code} is not a number.")
    members = {n: v for n, v in held.items() if n not in ("code", "revision")}
    return Edit(code, members | ({"kind": kind} if kind else {}), revision)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and value >= 0
