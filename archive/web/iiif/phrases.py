"""Words of a manifest, in every language of the pages at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from flask_babel import force_locale
from flask_babel import lazy_gettext as _

from archive.web.request.i18n import LANGUAGES

Map = dict[str, list[str]]
"""IIIF's way to say something: texts by language, `none` for what has none."""

PHRASES = {
    "labels": _("Labels"),
    "date": _("Date of the event"),
    "places": _("Places"),
    "collection": _("Collection"),
    "rights": _("Rights"),
    "identifier": _("Identifier"),
    "before": _("Before you look"),
    "blurred": _(
        "What is shown here is a blurred preview. The originals open in the archive "
        "alone, for vetted people who consent to what is in them."
    ),
    "contains": _("It contains:"),
}


@cache
def said(name: str) -> Mapping[str, str]:
    """One phrase, by language."""
    told = {}
    for lang in LANGUAGES:
        with force_locale(lang):
            told[lang] = str(PHRASES[name])
    return told


def of(name: str) -> Map:
    """One phrase as a manifest has it."""
    return {lang: [text] for lang, text in said(name).items()}


def plain(*texts: str) -> Map:
    """What is the same in every language, or in none."""
    return {"none": list(texts)}


def by_language(texts: Mapping[str, str]) -> Map:
    """Texts by language, without those that say nothing."""
    return {lang: [text] for lang, text in texts.items() if text}


def joined(lists: Iterable[Mapping[str, str]]) -> Map:
    """Several names, each by language, as one list for each language."""
    told: Map = {}
    for names in lists:
        for lang, name in names.items():
            told.setdefault(lang, []).append(name)
    return told
