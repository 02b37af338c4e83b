"""Event dates as people say them: EDTF in, words in the reader's language out.

2020-10-15             October 15, 2020
2020-10~, 2020?        about October 2020; perhaps 2020
202X, 20XX, 2020-XX    2020s; 2000–2099; 2020
2020-22                summer 2020
2020-09-27/2020-11-10  September 27, 2020 to November 10, 2020
2020-09-27/..          from September 27, 2020
"""

from __future__ import annotations

from datetime import date
from itertools import takewhile

from babel.dates import format_date, format_skeleton
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _

OPEN_ENDS = ("..", "")
SEASONS = {
    "21": _("spring %(year)s"),
    "22": _("summer %(year)s"),
    "23": _("autumn %(year)s"),
    "24": _("winter %(year)s"),
}
MARKS = {
    "~": _("about %(when)s"),
    "?": _("perhaps %(when)s"),
    "%": _("perhaps about %(when)s"),
}


def event_words(text: str) -> str:
    """The event date in words; `text` is one that `archive.records.edtf` has read."""
    start, slash, end = text.partition("/")
    if not slash:
        return _point(start)
    if end in OPEN_ENDS:
        return str(gettext("from %(when)s", when=_point(start)))
    if start in OPEN_ENDS:
        return str(gettext("until %(when)s", when=_point(end)))
    return str(gettext("%(start)s to %(end)s", start=_point(start), end=_point(end)))


def _point(part: str) -> str:
    if part[-1:] in MARKS:
        return str(MARKS[part[-1]] % {"when": _plain(part[:-1])})
    return _plain(part)


def _plain(part: str) -> str:
    year, *rest = part.split("-")
    rest = list(takewhile(lambda piece: "X" not in piece, rest))
    if year.endswith("XX"):
        return f"{year.replace('X', '0')}–{year.replace('X', '9')}"
    if year.endswith("X"):
        return str(gettext("%(year)ss", year=year.replace("X", "0")))
    if not rest:
        return year
    if rest[0] in SEASONS:
        return str(SEASONS[rest[0]] % {"year": year})
    if len(rest) == 1:
        month = date(int(year), int(rest[0]), 1)
        return str(format_skeleton("yMMMM", month, locale=get_locale()))
    day = date(int(year), int(rest[0]), int(rest[1]))
    return str(format_date(day, "long", locale=get_locale()))
