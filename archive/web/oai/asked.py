"""What a harvester asks: one verb and its arguments, each once, or what is wrong.

| verb | must say | may say |
|---|---|---|
| Identify | | |
| ListMetadataFormats | | identifier |
| ListSets | | resumptionToken, alone |
| ListIdentifiers | metadataPrefix | from, until, set; or resumptionToken, alone |
| ListRecords | metadataPrefix | the same |
| GetRecord | identifier, metadataPrefix | |

A day as `until` is the whole of it. Both ends of a span are of one granularity.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from archive.exchange.harvest.xmltext import FORBIDDEN

RESUMED_BY = "resumptionToken"
_SPAN = frozenset({"from", "until", "set"})
_LISTING = (frozenset({"metadataPrefix"}), _SPAN)
VERBS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "Identify": (frozenset(), frozenset()),
    "ListMetadataFormats": (frozenset(), frozenset({"identifier"})),
    "ListSets": (frozenset(), frozenset()),
    "ListIdentifiers": _LISTING,
    "ListRecords": _LISTING,
    "GetRecord": (frozenset({"identifier", "metadataPrefix"}), frozenset()),
}
"""Verb → what it must say, and what it may."""
RESUMED = frozenset({"ListSets", "ListIdentifiers", "ListRecords"})
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
SET = re.compile(r"[A-Za-z0-9\-_.!~*'()]+(:[A-Za-z0-9\-_.!~*'()]+)*")
PREFIX = re.compile(r"[A-Za-z0-9\-_.!~*'()]+")


class WrongError(Exception):
    """The question cannot be answered; `code` is one of the protocol's."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True)
class Asked:
    """One question; `told` are its arguments as they are repeated in the answer."""

    verb: str
    told: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str | None:
        return self.told.get(name)


@dataclass(frozen=True)
class Selection:
    """Which records a list is of; moments are aware, and both ends are within it."""

    prefix: str
    since: datetime | None = None
    until: datetime | None = None
    shelf: str | None = None


def read(pairs: Sequence[tuple[str, str]]) -> Asked:
    """The question, with its arguments fit to be answered or resumed.

    :raises WrongError: badVerb or badArgument, with the reason
    """
    verb = _verb([value for name, value in pairs if name == "verb"])
    rest = [(name, value) for name, value in pairs if name != "verb"]
    twice = [name for name, often in Counter(n for n, _ in rest).items() if often > 1]
    if twice:
        raise WrongError("badArgument", f"{_shown(twice[0])} is there more than once.")
    told = dict(rest)
    _require_fit(verb, told)
    return Asked(verb, told)


def selection(asked: Asked) -> Selection:
    """What a list is asked of.

    :raises WrongError: badArgument: a moment, or the name of a set, cannot be one
    """
    since, until = asked.get("from"), asked.get("until")
    if since is not None and until is not None and len(since) != len(until):
        raise WrongError("badArgument", "from and until are of different granularity.")
    begin = None if since is None else _moment("from", since)
    end = None if until is None else _moment("until", until)
    if until is not None and end is not None and DAY.fullmatch(until):
        end += timedelta(days=1, seconds=-1)
    if begin is not None and end is not None and begin > end:
        raise WrongError("badArgument", "from is later than until.")
    shelf = asked.get("set")
    if shelf is not None and not SET.fullmatch(shelf):
        raise WrongError("badArgument", "set is not the name of a set.")
    return Selection(prefix_of(asked), begin, end, shelf)


def prefix_of(asked: Asked) -> str:
    """:raises WrongError: badArgument: it cannot be the prefix of a format"""
    prefix = asked.get("metadataPrefix") or ""
    if not PREFIX.fullmatch(prefix):
        raise WrongError("badArgument", "metadataPrefix is not the prefix of a format.")
    return prefix


def _verb(said: Sequence[str]) -> str:
    if len(said) != 1:
        why = "There is no verb." if not said else "There is more than one verb."
        raise WrongError("badVerb", why)
    if said[0] not in VERBS:
        raise WrongError("badVerb", "This verb is none of the protocol's.")
    return said[0]


def _require_fit(verb: str, told: Mapping[str, str]) -> None:
    if any(FORBIDDEN.search(value) for value in told.values()):
        raise WrongError("badArgument", "An argument has characters that XML has not.")
    must, may = VERBS[verb]
    if RESUMED_BY in told and verb in RESUMED:
        if len(told) > 1:
            raise WrongError("badArgument", f"{RESUMED_BY} stands alone.")
        return
    unknown = [name for name in told if name not in must | may]
    if unknown:
        why = f"{verb} has no argument {_shown(unknown[0])}."
        raise WrongError("badArgument", why)
    missing = sorted(must - told.keys())
    if missing:
        raise WrongError("badArgument", f"{verb} needs {missing[0]}.")


def _moment(name: str, written: str) -> datetime:
    form = "%Y-%m-%d" if DAY.fullmatch(written) else "%Y-%m-%dT%H:%M:%SZ"
    if form.endswith("Z") and not SECOND.fullmatch(written):
        why = f"{name} is no date: write 2026-11-23 or 2026-11-23T16:00:00Z."
        raise WrongError("badArgument", why)
    try:
        return datetime.strptime(written, form).replace(tzinfo=UTC)
    except ValueError:
        raise WrongError("badArgument", f"{name} is no date.") from None


def _shown(name: str) -> str:
    """The name of an argument, as far as it may stand in an answer."""
    return FORBIDDEN.sub("?", name)[:40]
