"""The interface in four languages: what must be said in each, is."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from archive.web.request import i18n

ROOT = Path(__file__).parent.parent.parent
WEB = ROOT / "archive" / "web"
TRANSLATED = [code for code in i18n.LANGUAGES if code != i18n.DEFAULT]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")

COMPLETE = (
    "templates/base.html",
    "templates/_components/*.html",
    "templates/errors/*.html",
    "templates/records/*.html",
    "templates/search/*.html",
    "templates/home/*.html",
    "templates/collections/*.html",
    "templates/published/*.html",
    "templates/apply/*.html",
    "templates/login/*.html",
    "answer/errors.py",
    "answer/reasons.py",
    "showing/warnings.py",
    "showing/words.py",
    "showing/panel.py",
    "showing/titles.py",
    "showing/cards.py",
    "showing/dates.py",
    "showing/recordpage.py",
    "showing/viewer.py",
    "pages/records.py",
    "pages/search.py",
    "pages/apply/*.py",
    "pages/login/*.py",
    "showing/standing.py",
    "request/fields.py",
)
"""Navigation, warnings, the reveal panel, errors, what readers read, and the way in."""


@cache
def catalogue(language: str) -> Catalog:
    source = WEB / "translations" / language / "LC_MESSAGES" / "messages.po"
    with source.open("rb") as file:
        return read_po(file, locale=language)


def said_in(pattern: str) -> set[str]:
    """The strings of these files; of a plural its singular, which is its key."""
    found: set[str] = set()
    for path in sorted(WEB.glob(pattern)):
        method = "jinja2" if path.suffix == ".html" else "python"
        options = {"silent": "false"} if method == "jinja2" else {}
        for _line, message, _notes, _context in extract_from_file(
            method, path, options=options
        ):
            found.add(message if isinstance(message, str) else message[0])
    return found


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("pattern", COMPLETE)
def test_what_must_be_said_in_every_language_is(language, pattern):
    strings = said_in(pattern)
    assert strings, f"nothing to say in {pattern}?"
    translated = catalogue(language)
    missing = [each for each in strings if not _is_whole(translated, each)]
    assert not missing, missing


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_fills_in_the_same_values(language):
    for message in catalogue(language):
        if not message.id or not message.string:
            continue
        plural = isinstance(message.id, tuple | list)
        wanted = set(PLACEHOLDER.findall(message.id[-1] if plural else message.id))
        for text in message.string if plural else (message.string,):
            if text:
                assert set(PLACEHOLDER.findall(text)) == wanted, message.id


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Search"), ("hy", "Որոնում"), ("az", "Axtarış"), ("ru", "Поиск")],
)
def test_the_interface_speaks_the_language_that_was_chosen(visitor, language, words):
    visitor.set_cookie("vigil-locale", language)
    page = visitor.get("/").get_data(as_text=True)
    assert f">{words}</a>" in page.replace("</svg>", ">")


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 запись"), (3, "3 записи"), (5, "5 записей")]
)
def test_numbers_take_the_right_form_of_the_word(app, count, words):
    from flask_babel import force_locale, ngettext

    with app.test_request_context("/"), force_locale("ru"):
        assert ngettext("%(num)d record", "%(num)d records", count) == words


def _is_whole(translated: Catalog, text: str) -> bool:
    message = translated.get(text)
    if message is None or not message.string:
        return False
    forms = message.string
    return all(forms) if isinstance(forms, tuple | list) else True
