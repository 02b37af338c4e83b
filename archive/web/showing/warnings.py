"""What a person is told, and asked, before they consent to see a record's originals.

One place for the page and the API. The words depend on the record's labels and on the
language; `text_version` is their digest, kept with the consent: when the words (or the
labels) change, they must be read again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from flask_babel import gettext

from archive.records import store
from archive.records.tables import Record
from archive.web.request import context, i18n
from archive.web.showing import words
from auth.conditions import consent_minutes
from auth.viewer import LABELLING, Item, Role, Tier

Told = Record | Item
"""What a warning is told of: a record, or its redacted copies as the policy sees them.
"""


@dataclass(frozen=True)
class ShownLabel:
    """One label of the record in the reader's language."""

    code: str
    name: str
    definition: str  # or its warning words, where the vocabulary has some


def shown_labels(told: Told) -> tuple[ShownLabel, ...]:
    """The labels that must be acknowledged, each by itself."""
    language = i18n.language()
    words = context.vocabulary()
    terms = [words.term(code) for code in sorted(told.codes)]
    return tuple(
        ShownLabel(term.code, term.name(language), term.warning(language))
        for term in terms
    )


def warning(told: Told) -> str:
    """One sentence on what the originals, or their redacted copies, show."""
    tier = context.vocabulary().tiers[told.tier]
    language = i18n.language()
    name, meaning = tier.name(language), tier.definition(language)
    if not told.labelled:
        return str(
            gettext("Nobody has agreed yet on what this shows; expect the worst.")
        )
    words = f"{told.tier}, {name}: {meaning}"
    if isinstance(told, Item) and told.redacted_version:
        return str(gettext("Redacted copies, parts are removed. %(rest)s", rest=words))
    return words


def text(told: Told) -> str:
    """All the words shown, in the reader's language, and which labels they tell of.

    This is what a consent keeps, to the letter: lines, the last one with the version.
    """
    labels = [f"{label.name}: {label.definition}" for label in shown_labels(told)]
    version = gettext("Version of the labels: %(id)s", id=version_of(told))
    return "\n".join([warning(told), *labels, version])


def version_of(told: Told) -> str:
    """What a consent to this is bound to."""
    item = store.item_of(told) if isinstance(told, Record) else told
    return item.redacted_version or item.labels_version


def text_version(told: Told) -> str:
    """The SHA-256 of all the words shown, in the reader's language."""
    return hashlib.sha256(text(told).encode()).hexdigest()


def purposes() -> list[tuple[str, str]]:
    """The purposes this viewer may choose from, with their names."""
    known = [(code, str(name)) for code, name in words.PURPOSES.items()]
    if context.viewer().role is Role.MODERATOR:
        known.append((LABELLING, gettext("labelling")))
    return known


def longest(tier: Tier) -> int:
    """The longest consent for this tier, in minutes."""
    return consent_minutes(tier, context.rules())
