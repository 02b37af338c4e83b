"""Saved searches: keep, list, change, forget, and what is new in them.

A search knows the ids its owner has been told of. A match that is not among them is
new, whether it was deposited, published or opened to its owner since; so an alert never
goes by a date, and one that was told of is not told of twice.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.searches.question import Pairs, carried
from archive.searches.tables import Alert, Pace, SavedSearch
from auth.identifiers import new_id
from auth.sealing import Sealing

MOST = 100
MOST_WATCHED = 5_000
"""Matches of a search with alerts; a wider one tells its owner nothing."""
LONGEST_NAME = 120
EVERY = {
    Pace.HOURLY: timedelta(hours=1),
    Pace.DAILY: timedelta(days=1),
    Pace.WEEKLY: timedelta(days=7),
}


class Why(StrEnum):
    """Why a search cannot be kept so."""

    NAME = "name"
    MANY = "many"
    WIDE = "wide"


class SavingRefused(Exception):
    """The search cannot be kept so."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True)
class Wish:
    """What somebody wants kept: name, the pairs of the search, and how to hear of it.

    `lang` is the language they read in, and so that of a mail.
    """

    name: str
    pairs: Pairs
    lang: str = "en"
    alert: Alert = Alert.NEVER
    pace: Pace = Pace.DAILY


@dataclass(frozen=True)
class Kept:
    """A saved search as its owner reads it."""

    row: SavedSearch
    name: str
    pairs: Pairs
    lang: str


def add(
    s: Session,
    sealing: Sealing,
    account_id: str,
    wish: Wish,
    matches: Collection[str],
    now: datetime,
) -> SavedSearch:
    """Keep a search; `matches` are what it finds now, so are not new.

    The same search of the same name is kept once: asked for again, as by a button that
    was pressed twice, it is given back, and watched as was asked for last.

    :raises SavingRefused: the name is missing or too long, or there are too many
    """
    name = _named(wish.name)
    own, pairs = list_for(s, sealing, account_id), list(carried(wish.pairs))
    for each in own:
        if (each.name, list(each.pairs)) == (name, pairs):
            watch(sealing, each.row, wish.alert, wish.pace, matches, now)
            return each.row
    if len(own) >= MOST:
        raise SavingRefused(Why.MANY)
    search_id = new_id()
    row = SavedSearch(
        id=search_id,
        account_id=account_id,
        question_sealed=_question(sealing, search_id, wish),
        alert=Alert.NEVER,
        pace=wish.pace,
        seen_sealed=None,
        fresh=0,
        created_at=now,
        checked_at=now,
        due_at=None,
    )
    watch(sealing, row, wish.alert, wish.pace, matches, now)
    s.add(row)
    s.flush()
    return row


def change(
    sealing: Sealing,
    row: SavedSearch,
    wish: Wish,
    matches: Collection[str],
    now: datetime,
) -> None:
    """Make a saved search another; what a changed one finds now is not new.

    Of one that only gets another name nothing else changes.

    :raises SavingRefused: the name is missing or too long, or it matches too much
    """
    _named(wish.name)
    before = kept(sealing, row)
    is_another = list(before.pairs) != list(carried(wish.pairs))
    row.question_sealed = _question(sealing, row.id, wish)
    if is_another or (row.alert, row.pace) != (wish.alert, wish.pace):
        watch(sealing, row, wish.alert, wish.pace, matches, now)
    if is_another:
        row.fresh = 0


def watch(
    sealing: Sealing,
    row: SavedSearch,
    alert: Alert,
    pace: Pace,
    matches: Collection[str],
    now: datetime,
) -> None:
    """Change how its owner hears of new matches; those of now are not new.

    :raises SavingRefused: it matches too much to be watched
    """
    if alert is Alert.NEVER:
        row.seen_sealed, row.due_at, row.fresh = None, None, 0
    else:
        if len(matches) > MOST_WATCHED:
            raise SavingRefused(Why.WIDE)
        _remember(sealing, row, matches)
        row.due_at = now + EVERY[pace]
    row.alert, row.pace, row.checked_at = alert, pace, now


def note(
    sealing: Sealing, row: SavedSearch, matches: Collection[str], now: datetime
) -> int:
    """Remember what it finds now; return how many of it are new."""
    seen = _seen(sealing, row)
    new = len(set(matches) - seen)
    _remember(sealing, row, matches)
    row.fresh += new
    put_off(row, now)
    return new


def put_off(row: SavedSearch, now: datetime) -> None:
    """Look again when its time has come once more."""
    row.checked_at, row.due_at = now, now + EVERY[row.pace]


def opened(row: SavedSearch) -> None:
    """Its owner looks at what is new: from now on it is not."""
    row.fresh = 0


def get(s: Session, account_id: str, search_id: str) -> SavedSearch | None:
    """One of somebody's own; None when it is not there or not theirs."""
    row = s.get(SavedSearch, search_id)
    return row if row is not None and row.account_id == account_id else None


def list_for(s: Session, sealing: Sealing, account_id: str) -> list[Kept]:
    """Somebody's own, newest first."""
    own = select(SavedSearch).where(SavedSearch.account_id == account_id)
    rows = s.scalars(own.order_by(SavedSearch.created_at.desc(), SavedSearch.id))
    return [kept(sealing, row) for row in rows]


def kept(sealing: Sealing, row: SavedSearch) -> Kept:
    """Open its question."""
    opened = json.loads(sealing.open(row.question_sealed, _context("question", row.id)))
    pairs = [(name, value) for name, value in opened["pairs"]]
    return Kept(row, opened["name"], pairs, opened["lang"])


def due(s: Session, now: datetime, limit: int) -> Sequence[str]:
    """The ids of those to look at, the longest due first."""
    return s.scalars(
        select(SavedSearch.id)
        .where(SavedSearch.due_at <= now)
        .order_by(SavedSearch.due_at, SavedSearch.id)
        .limit(limit)
    ).all()


def _named(name: str) -> str:
    found = " ".join(name.split())
    if not 0 < len(found) <= LONGEST_NAME:
        raise SavingRefused(Why.NAME)
    return found


def _question(sealing: Sealing, search_id: str, wish: Wish) -> bytes:
    pairs = list(carried(wish.pairs))
    told = {"name": _named(wish.name), "pairs": pairs, "lang": wish.lang}
    return sealing.seal(json.dumps(told).encode(), _context("question", search_id))


def _remember(sealing: Sealing, row: SavedSearch, matches: Collection[str]) -> None:
    told = "\n".join(sorted(matches)).encode()
    row.seen_sealed = sealing.seal(told, _context("seen", row.id))


def _seen(sealing: Sealing, row: SavedSearch) -> set[str]:
    if row.seen_sealed is None:
        return set()
    return set(sealing.open(row.seen_sealed, _context("seen", row.id)).decode().split())


def _context(column: str, search_id: str) -> str:
    return f"saved_searches.{column}/v1:{search_id}"
