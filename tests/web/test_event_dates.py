"""Event dates read as people say them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import render_template_string
from flask_babel import force_locale

from archive.records import edtf
from archive.web.showing.dates import event_words


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("2020-10-15", "October 15, 2020"),
        ("2020-10", "October 2020"),
        ("2020", "2020"),
        ("2020-10~", "about October 2020"),
        ("2020?", "perhaps 2020"),
        ("2020-10-15%", "perhaps about October 15, 2020"),
        ("202X", "2020s"),
        ("20XX", "2000–2099"),
        ("2020-1X", "2020"),
        ("2020-XX", "2020"),
        ("2020-10-XX", "October 2020"),
        ("2020-10-1X", "October 2020"),
        ("2020-22", "summer 2020"),
        ("2020-09-27/2020-11-10", "September 27, 2020 to November 10, 2020"),
        ("2020-09-27/..", "from September 27, 2020"),
        ("../2020-11", "until November 2020"),
    ],
)
def test_a_date_is_told_in_words(app, written, told):
    edtf.parse(written)
    with app.test_request_context("/"):
        assert event_words(written) == told


WRITTEN = (
    "2020-10-15",
    "2020-10",
    "2020",
    "2020-10~",
    "2020?",
    "2020-10-15%",
    "202X",
    "20XX",
    "2020-22",
    "2020-09-27/2020-11-10",
    "2020-09-27/..",
    "../2020-11",
    "2020-09~/2020-11?",
)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "hy",
            (
                "15 հոկտեմբերի, 2020 թ.",
                "2020 թ. հոկտեմբեր",
                "2020",
                "մոտավորապես 2020 թ. հոկտեմբեր",
                "հնարավոր է՝ 2020",
                "հնարավոր է՝ մոտավորապես 15 հոկտեմբերի, 2020 թ.",
                "2020-ականներ",
                "2000–2099",
                "2020 թ. ամառ",
                "27 սեպտեմբերի, 2020 թ. – 10 նոյեմբերի, 2020 թ.",
                "27 սեպտեմբերի, 2020 թ. և ավելի ուշ",
                "2020 թ. նոյեմբեր և ավելի վաղ",
                "մոտավորապես 2020 թ. սեպտեմբեր – հնարավոր է՝ 2020 թ. նոյեմբեր",
            ),
        ),
        (
            "az",
            (
                "15 oktyabr 2020",
                "oktyabr 2020",
                "2020",
                "təxminən oktyabr 2020",
                "ola bilsin 2020",
                "ola bilsin, təxminən 15 oktyabr 2020",
                "2020 onilliyi",
                "2000–2099",
                "2020 yayı",
                "27 sentyabr 2020 – 10 noyabr 2020",
                "27 sentyabr 2020 və sonra",
                "noyabr 2020 və əvvəl",
                "təxminən sentyabr 2020 – ola bilsin noyabr 2020",
            ),
        ),
        (
            "ru",
            (
                "15 октября 2020 г.",
                "октябрь 2020 г.",
                "2020",
                "приблизительно октябрь 2020 г.",
                "возможно, 2020",
                "возможно, приблизительно 15 октября 2020 г.",
                "2020-е годы",
                "2000–2099",
                "лето 2020 г.",
                "27 сентября 2020 г. – 10 ноября 2020 г.",
                "27 сентября 2020 г. и позже",
                "ноябрь 2020 г. и раньше",
                "приблизительно сентябрь 2020 г. – возможно, ноябрь 2020 г.",
            ),
        ),
    ],
)
def test_every_form_of_date_is_told_in_the_readers_language(app, language, told):
    with app.test_request_context("/"), force_locale(language):
        words = [plain(event_words(each)) for each in WRITTEN]
    assert words == list(told)


def plain(text: str) -> str:
    """Hard spaces as spaces; the Armenian stop of CLDR as the usual one."""
    return text.replace("\u202f", " ").replace("\xa0", " ").replace("\u2024", ".")


AGES = (timedelta(hours=1), timedelta(days=3), timedelta(days=14))


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", ("1 hour", "3 days", "2 weeks")),
        ("hy", ("1 ժամ", "3 օր", "2 շաբաթ")),
        ("az", ("1 saat", "3 gün", "2 həftə")),
        ("ru", ("1 час", "3 дня", "2 недели")),
    ],
)
def test_how_long_something_waits_is_told_in_the_readers_language(app, language, told):
    template = "{{ age | timedeltaformat }}"
    with app.test_request_context("/"), force_locale(language):
        assert tuple(render_template_string(template, age=age) for age in AGES) == told
