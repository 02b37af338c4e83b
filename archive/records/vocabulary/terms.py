"""Labels and tiers as everybody reads them, made from their documents.

    {"kind": "tag" | "flag" | "tier", "group", "lowest"?, "highest"?,
     "told"?, "raises"?, "with"?, "retired"?, "iptc"?: [qcode, …],
     "qualifications"?: [{"instrument", "article", "checked"}, …],
     "name": {en, hy, az, ru}, "definition": {…}, "visible"?: {…},
     "scope"?: {…}, "example"?: {…}, "warning"?: {…}}

`told` is the lowest tier where `phase.told` is set too; `raises` is by how many tiers
the label lifts everything else on the asset; `with` names flags that usually go along.
A tier has its name and definition alone. English is always there; where a language is
missing, English stands for it, and `Told.language` says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archive.records.errors import UnknownLabel
from auth.viewer import Tier

LANGUAGES = ("en", "hy", "az", "ru")
NOTHING_GRAPHIC = "context.none"
TOLD = "phase.told"
UNREAD = "context.unread"
"""Of a label from elsewhere whose code this vocabulary does not have."""
TIER = "tier"
TEXTS = ("name", "definition", "visible", "scope", "example", "warning")
"""What is written in each language, of a label; a tier has the first two."""
Words = Mapping[str, str]


@dataclass(frozen=True)
class Told:
    """A text, and the language in which it could be had."""

    text: str
    language: str

    def __bool__(self) -> bool:
        return bool(self.text)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Qualification:
    """A provision that such acts have been brought under: a proposal, no finding.

    `checked` says whether the provision's own text was read for this list.
    """

    instrument: str
    article: str
    checked: bool = False


@dataclass(frozen=True)
class Term:
    """One label of the vocabulary. A flag has no tiers.

    `revision` is the edit that made it so; a retired label is given no more, and those
    that were given keep its words.
    """

    code: str
    kind: str
    group: str
    texts: Mapping[str, Words]
    lowest: Tier | None = None
    highest: Tier | None = None
    told: Tier | None = None
    raises: int = 0
    usually_with: tuple[str, ...] = ()
    is_retired: bool = False
    iptc: tuple[str, ...] = ()
    qualifications: tuple[Qualification, ...] = ()
    revision: int = 0

    @property
    def is_flag(self) -> bool:
        return self.kind == "flag"

    @property
    def names(self) -> Words:
        return self.texts["name"]

    @property
    def definitions(self) -> Words:
        return self.texts["definition"]

    def name(self, language: str) -> str:
        return self.say("name", language).text

    def definition(self, language: str) -> str:
        return self.say("definition", language).text

    def warning(self, language: str) -> str:
        """What is said to whoever is asked to consent: by default the definition."""
        return (self.say("warning", language) or self.say("definition", language)).text

    def say(self, what: str, language: str) -> Told:
        """One of `TEXTS` in this language, else in English, else nothing."""
        return _said(self.texts.get(what, {}), language)


@dataclass(frozen=True)
class TierText:
    """What a tier is called and means, per language."""

    names: Words
    definitions: Words
    revision: int = 0

    def name(self, language: str) -> str:
        return _said(self.names, language).text

    def definition(self, language: str) -> str:
        return _said(self.definitions, language).text


@dataclass(frozen=True)
class Vocabulary:
    """Every label and tier at one moment.

    `edition` is the newest that came with a program; `revision` the last edit.
    """

    terms: Mapping[str, Term]
    tiers: Mapping[Tier, TierText]
    edition: int
    revision: int = 0

    def term(self, code: str) -> Term:
        """:raises UnknownLabel: the vocabulary has no such code"""
        try:
            return self.terms[code]
        except KeyError:
            message = f"{code!r} is not a label of the vocabulary."
            raise UnknownLabel(message) from None


def term_of(code: str, document: Mapping[str, Any], revision: int = 0) -> Term:
    """The label that such a document describes."""
    return Term(
        code=code,
        kind=document["kind"],
        group=document["group"],
        texts={what: document[what] for what in TEXTS if document.get(what)},
        lowest=_tier(document.get("lowest")),
        highest=_tier(document.get("highest")),
        told=_tier(document.get("told")),
        raises=document.get("raises", 0),
        usually_with=tuple(document.get("with", ())),
        is_retired=bool(document.get("retired", False)),
        iptc=tuple(document.get("iptc", ())),
        qualifications=tuple(
            Qualification(**each) for each in document.get("qualifications", ())
        ),
        revision=revision,
    )


def tier_text_of(document: Mapping[str, Any], revision: int = 0) -> TierText:
    """The tier's words that such a document holds."""
    return TierText(document["name"], document["definition"], revision)


def _said(words: Words, language: str) -> Told:
    if words.get(language):
        return Told(words[language], language)
    return Told(words.get("en", ""), "en")


def _tier(text: str | None) -> Tier | None:
    return None if text is None else Tier.parse(text)
