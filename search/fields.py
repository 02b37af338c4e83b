"""The fields of the query language and the values they take.

title: description: text:   words in one part of the text
place:                      words in place names
label: tier: lang: kind: has: year: id: collection: verification: stance: platform:
date: from: to: deposited:  days, months or years, and ranges with ``..``
"""

import calendar
import datetime as dt
import re
from collections.abc import Callable

from search.document import TIERS
from search.query import Days, Node, Part, QueryError, TierRange, Value

PARTS: dict[str, Part] = {
    "title": "title",
    "description": "description",
    "text": "description",
    "place": "place",
}
_KINDS = {
    "image": "image",
    "picture": "image",
    "photo": "image",
    "video": "video",
    "audio": "audio",
    "sound": "audio",
    "document": "document",
    "pdf": "document",
    "statement": "statement",
    "statements": "statement",
}
_HAVING = ("label", "place", "date")
_TIER = re.compile(r"(<=|>=|<|>|=)?\s*(G[0-5]|X)", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


def is_field(name: str) -> bool:
    """Say whether there is a field of this name."""
    return name in PARTS or name in _FILTERS


def filter_for(name: str, value: str, position: int) -> Node:
    """Make the filter of a field that is not text.

    :raises QueryError: the field does not take this value
    """
    if not value:
        raise QueryError("%(field)s: needs a value", position, field=name)
    return _FILTERS[name](value, position)


def _named(name: str) -> Callable[[str, int], Node]:
    return lambda value, position: Value(name, value.rstrip("*").rstrip("."))


def _label(value: str, position: int) -> Node:
    return Value("label", value.rstrip("*").rstrip(".").lower() or "*")


def _language(value: str, position: int) -> Node:
    return Value("language", value.lower())


def _kind(value: str, position: int) -> Node:
    if value.lower() not in _KINDS:
        known = ", ".join(sorted(set(_KINDS)))
        raise QueryError("kind: takes %(known)s", position, known=known)
    return Value("kind", _KINDS[value.lower()])


def _having(value: str, position: int) -> Node:
    if value.lower() == "date":
        return Days(None, None)
    if value.lower() in _HAVING:
        return Value(value.lower(), "*")
    if value.lower() in _KINDS:
        return Value("kind", _KINDS[value.lower()])
    known = ", ".join(sorted({*_KINDS, *_HAVING}))
    raise QueryError("has: takes %(known)s", position, known=known)


def _tier(value: str, position: int) -> Node:
    low, dots, high = value.partition("..")
    if dots:
        return TierRange(_tier_number(low, position), _tier_number(high, position))
    match = _TIER.fullmatch(value.strip())
    if match is None:
        raise QueryError("tier: takes G0 to G5 or X, as in tier:<G4", position)
    number = TIERS.index(match.group(2).upper())
    return _TIER_RANGES[match.group(1) or "="](number)


_TIER_RANGES: dict[str, Callable[[int], Node]] = {
    "=": lambda n: TierRange(n, n),
    "<": lambda n: TierRange(0, n - 1),
    "<=": lambda n: TierRange(0, n),
    ">": lambda n: TierRange(n + 1, len(TIERS) - 1),
    ">=": lambda n: TierRange(n, len(TIERS) - 1),
}


def _tier_number(value: str, position: int) -> int:
    if value.strip().upper() not in TIERS:
        raise QueryError("tier: takes G0 to G5 or X, as in tier:G1..G3", position)
    return TIERS.index(value.strip().upper())


def _dates(value: str, position: int) -> Node:
    return Days(*_range(value, position))


def _since(value: str, position: int) -> Node:
    return Days(_range(value, position)[0], None)


def _until(value: str, position: int) -> Node:
    return Days(None, _range(value, position)[1])


def _deposited(value: str, position: int) -> Node:
    return Days(*_range(value, position), of="deposit")


def _year(value: str, position: int) -> Node:
    if not re.fullmatch(r"\d{4}(\.\.\d{4})?", value):
        raise QueryError("year: takes a year, as in year:2020 or 2018..2020", position)
    return Days(*_range(value, position))


def _range(value: str, position: int) -> tuple[dt.date | None, dt.date | None]:
    first, dots, last = re.sub(r"\s", "", value).replace("/", "..").partition("..")
    if not first and not last:
        raise QueryError("A date is written 2020-11-21, 2020-11 or 2020", position)
    if not dots:
        return _first_day(first, position), _last_day(first, position)
    since = _first_day(first, position) if first else None
    until = _last_day(last, position) if last else None
    if since and until and since > until:
        raise QueryError("The first date lies after the last", position)
    return since, until


def _first_day(value: str, position: int) -> dt.date:
    year, month, day = _parts(value, position)
    return _date(year, month or 1, day or 1, position)


def _last_day(value: str, position: int) -> dt.date:
    year, month, day = _parts(value, position)
    month = month or 12
    first = _date(year, month, 1, position)
    last = calendar.monthrange(first.year, first.month)[1]
    return _date(year, month, day or last, position)


def _parts(value: str, position: int) -> tuple[int, int, int]:
    match = _DAY.fullmatch(value)
    if match is None or not value.isascii():
        raise QueryError("A date is written 2020-11-21, 2020-11 or 2020", position)
    year, month, day = (int(part or 0) for part in match.groups())
    return year, month, day


def _date(year: int, month: int, day: int, position: int) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError:
        raise QueryError("There is no such day in the calendar", position) from None


_FILTERS: dict[str, Callable[[str, int], Node]] = {
    "label": _label,
    "tier": _tier,
    "lang": _language,
    "language": _language,
    "kind": _kind,
    "has": _having,
    "year": _year,
    "id": _named("id"),
    "collection": _named("collection"),
    "verification": _named("verification"),
    "stance": _named("stance"),
    "platform": _named("platform"),
    "date": _dates,
    "from": _since,
    "to": _until,
    "deposited": _deposited,
}
