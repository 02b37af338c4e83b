"""What is said of a label beside its name and definition, for help and for labelling.

Where a text is not written in the reader's language it stands in English, marked as
such, and `is_fallback` has it said in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _

from archive.records.vocabulary import Term, Told
from archive.records.vocabulary.terms import Qualification

HEADED = {
    "visible": _("What can be seen or heard"),
    "scope": _("Scope note"),
    "example": _("Example"),
}


@dataclass(frozen=True)
class LabelWords:
    """One label in the reader's language; `range` are the tiers it can have."""

    code: str
    name: Told
    definition: Told
    more: Sequence[tuple[Any, Told]]
    range: str
    is_retired: bool
    qualifications: Sequence[Qualification]
    is_fallback: bool


def words_of(term: Term, language: str) -> LabelWords:
    """All that is said of a label, in this language where there is such a text."""
    name, definition = term.say("name", language), term.say("definition", language)
    more = [
        (title, told)
        for what, title in HEADED.items()
        if (told := term.say(what, language))
    ]
    every = [name, definition, *(told for _title, told in more)]
    return LabelWords(
        code=term.code,
        name=name,
        definition=definition,
        more=more,
        range=_range(term),
        is_retired=term.is_retired,
        qualifications=term.qualifications,
        is_fallback=any(told.language != language for told in every),
    )


def _range(term: Term) -> str:
    if term.lowest is None or term.highest is None:
        return ""
    if term.lowest == term.highest:
        return str(term.lowest)
    return f"{term.lowest}–{term.highest}"
