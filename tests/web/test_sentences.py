"""What goes wrong below the web is told in the reader's language."""

from __future__ import annotations

import pytest
from flask_babel import force_locale
from werkzeug.exceptions import NotFound

from archive.intake import Refused
from archive.web.answer.errors import problem_of
from archive.web.request import i18n, sentences
from auth import errors as auth

LOCALES = [code for code in i18n.LANGUAGES if code != i18n.DEFAULT]


@pytest.mark.parametrize("language", LOCALES)
def test_every_known_sentence_is_translated(app, language):
    catalogue = i18n.catalogue(language)
    for each in sentences.KNOWN:
        assert catalogue.gettext(each) != each, each


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "This is longer than 2,000 characters."),
        ("hy", "Սա ավելի երկար է, քան 2\u202f000 նիշ։"),
        ("az", "Bu, 2.000 işarədən uzundur."),
        ("ru", "Это длиннее 2\u202f000 знаков."),
    ],
)
def test_a_sentence_with_a_number_is_said_as_the_language_has_it(app, language, words):
    with app.test_request_context("/"), force_locale(language):
        assert _plain(sentences.said("This is longer than 2,000 characters.")) == words


def test_a_state_in_a_sentence_is_said_in_the_same_language(app):
    with app.test_request_context("/"), force_locale("az"):
        told = sentences.said("This request is in review; that cannot be done now.")
    assert told == "Bu xahişin vəziyyəti: baxılır; indi bunu etmək olmaz."


def test_what_the_framework_says_of_an_address_is_said_in_our_words(app):
    with app.test_request_context("/"), force_locale("ru"):
        assert problem_of(NotFound()).detail == "Здесь ничего нет"
        assert problem_of(NotFound("Something of our own.")).detail == (
            "Something of our own."
        )


def test_what_nobody_knows_stays_as_it_is(app):
    with app.test_request_context("/"), force_locale("ru"):
        assert sentences.said("A sentence of a plug-in.") == "A sentence of a plug-in."
        assert sentences.said("") == ""


def test_what_somebody_typed_is_never_taken_for_a_gap_to_fill(app):
    with app.test_request_context("/"), force_locale("ru"):
        told = sentences.said("%(name)s is not a language code.")
    assert told == "%(name)s – не код языка."


def test_an_error_is_answered_in_the_readers_language(app):
    with app.test_request_context("/"), force_locale("az"):
        refused = problem_of(auth.FactsRefused({"email": "This answer is needed."}))
        file = problem_of(Refused("empty", "The file is empty.", "a.jpg"))
        fast = problem_of(auth.TooFast(30))
    assert refused.fields == {"email": "Bu cavab lazımdır."}
    assert file.detail == "a.jpg: Fayl boşdur."
    assert "30 saniyə" in fast.detail


def _plain(text: str) -> str:
    return text.replace("\xa0", "\u202f")
