"""Event dates read as people say them."""

from __future__ import annotations

import pytest
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


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("hy", "15 հոկտեմբերի, 2020 թ."),
        ("az", "15 oktyabr 2020"),
        ("ru", "15 октября 2020\u202fг."),
    ],
)
def test_a_date_is_told_in_the_readers_language(app, language, told):
    with app.test_request_context("/"), force_locale(language):
        assert event_words("2020-10-15") == told
