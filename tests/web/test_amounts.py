"""Counts and sizes are written as each language writes them."""

from __future__ import annotations

import pytest
from flask import render_template_string
from flask_babel import force_locale, ngettext

from archive.web.request import amounts


def plain(text: str) -> str:
    """Spaces that do not break, as spaces."""
    return text.replace("\xa0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("language", "few"),
    [
        ("en", ["0 files", "1 file", "3 files", "21 files", "12,345 files"]),
        ("hy", ["0 ֆայլ", "1 ֆայլ", "3 ֆայլ", "21 ֆայլ", "12 345 ֆայլ"]),
        ("az", ["0 fayl", "1 fayl", "3 fayl", "21 fayl", "12.345 fayl"]),
        ("ru", ["0 файлов", "1 файл", "3 файла", "21 файл", "12 345 файлов"]),
    ],
)
def test_a_count_takes_its_form_and_its_thousands(app, language, few):
    template = "{{ ngettext('%(num)d file', '%(num)d files', n) }}"
    with app.test_request_context("/"), force_locale(language):
        for number, words in zip((0, 1, 3, 21, 12345), few, strict=True):
            assert plain(ngettext("%(num)d file", "%(num)d files", number)) == words
            assert plain(render_template_string(template, n=number)) == words


def test_a_plural_keeps_its_other_gaps(app):
    with app.test_request_context("/"), force_locale("ru"):
        one = "One finding in %(all)d lines."
        many = "%(num)d findings in %(all)d lines."
        assert ngettext(one, many, 2, all=9) == "2 нарушения, всего строк: 9."


@pytest.mark.parametrize(
    ("language", "large", "small"),
    [
        ("en", "8.4 MB", "1 byte"),
        ("hy", "8,4 ՄԲ", "1 բայթ"),
        ("az", "8,4 MB", "1 bayt"),
        ("ru", "8,4 МБ", "1 байт"),
    ],
)
def test_a_size_is_told_in_the_readers_units(app, language, large, small):
    with app.test_request_context("/"), force_locale(language):
        assert plain(amounts.size(8_388_608)) == large
        assert plain(amounts.size(1)) == small
        assert plain(render_template_string("{{ n | size }}", n=8_388_608)) == large


def test_sizes_change_units_at_a_thousand(app):
    with app.test_request_context("/"):
        told = [amounts.size(n) for n in (999, 1000, 10**6, 10**9, 5 * 10**12)]
    assert told == ["999 bytes", "1 kB", "1 MB", "1 GB", "5,000 GB"]
