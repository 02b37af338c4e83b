"""The interface speaks four languages; `tests/house` holds what they say complete."""

from __future__ import annotations

import pytest


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
