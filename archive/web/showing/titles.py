"""Which title and text of a record somebody reads: language, and how much is told.

From tier G4 on the public reads a neutral title; the description stays, for words are
what people can decide on.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext

from archive.exchange.harvest import notices
from archive.records.document import RecordDocument
from archive.web.request import context
from archive.web.request.i18n import LANGUAGES, language, language_name
from auth.scope import may_read_title
from auth.viewer import Item


@dataclass(frozen=True)
class ShownText:
    """A title and a text in one language; `is_neutral`: the title is not its own."""

    title: str
    body: str
    lang: str
    is_neutral: bool


def shown_text(document: RecordDocument, item: Item, *preferred: str) -> ShownText:
    """The record's words for this viewer, in the first of these languages it has."""
    lang = document.language(*preferred, language())
    chosen = document.descriptions[lang]
    if may_read_title(context.viewer(), item, context.now()):
        return ShownText(chosen.title, chosen.body, lang, is_neutral=False)
    return ShownText(neutral_title(item.record_id), chosen.body, lang, is_neutral=True)


def fallback_words(text: ShownText, *preferred: str) -> str:
    """Which language was wanted and which is shown; empty where they are the same.

    `preferred` comes before the reader's own language, as in `shown_text`.
    """
    wanted = next((each for each in preferred if each in LANGUAGES), language())
    if text.lang in (wanted, *preferred[:1]):
        return ""
    return str(
        gettext(
            "Not described in %(wanted)s; shown in %(shown)s.",
            wanted=language_name(wanted),
            shown=language_name(text.lang),
        )
    )


def neutral_title(record_id: str) -> str:
    """A title that says nothing of what is shown, in the reader's language."""
    return notices.neutral_title(record_id, language())
