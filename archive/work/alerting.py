"""New matches of saved searches: found, told on the page, and mailed.

Each search is asked as its owner stands now: with their scope, their role, the labels
they leave out. Who may no longer save searches is told nothing. What was found, the
notice and the next time are one transaction, so that a killed worker neither loses an
alert nor gives it twice. A mail goes out after that (`posting`).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from archive.mail import Mail, delivery, texts
from archive.records import store
from archive.searches import question, saved
from archive.searches.saved import MOST_WATCHED
from archive.searches.tables import Alert, SavedSearch
from archive.site import Site
from archive.work import posting
from archive.work.task import Task
from auth import accounts, notices
from auth.access import preferences
from auth.notices import Kind
from auth.policy import Action, Permit, decide
from auth.scope import scope
from auth.tables import Account, Notice
from auth.viewer import Viewer
from search.engine import ScopeTerms
from search.query import QueryError

log = logging.getLogger("vigil.work")
AT_ONCE = 500
TRIED_FOR = timedelta(days=3)
KEPT_FOR = timedelta(days=30)
BY = "by"
LINK = "/account/searches"


def alert(task: Task) -> None:
    """Look for new matches of the searches that are due, and send what waits."""
    site, now = task.site, task.site.clock()
    with site.db.read() as s:
        due = saved.due(s, now, AT_ONCE)
    told = sum(_look(site, search_id, now) for search_id in due)
    sent, failed = send(site, now)
    delivery.forget_before(site.config, f"{now - KEPT_FOR:%Y%m%d%H%M%S}")
    with site.db.write() as s:
        task.done(s, searches=len(due), told=told, sent=sent, failed=failed)


def send(site: Site, now: datetime) -> tuple[int, int]:
    """Send the mails that wait; how many went out, and how many must wait longer."""
    with site.db.read() as s:
        unsent = notices.outbox(
            s, kind=Kind.SEARCH_MATCHES, since=now - TRIED_FOR, limit=AT_ONCE
        )
        letters = [
            (notice.id, _letter(site, s, notice))
            for notice in unsent
            if notice.detail.get(BY) == Alert.MAIL.value
        ]
    sent = posting.send(site, letters, now)
    return sent, len(letters) - sent


def _look(site: Site, search_id: str, now: datetime) -> bool:
    """Look for new matches of one search; whether there were any."""
    with site.db.read() as s:
        row = s.get(SavedSearch, search_id)
        if row is None:
            return False
        checked, found = row.checked_at, _matches(site, s, row, now)
    with site.db.write() as s:
        row = s.get(SavedSearch, search_id, with_for_update=True)
        if row is None or row.checked_at != checked or row.alert is Alert.NEVER:
            return False  # changed meanwhile: what was found is not its answer
        if found is None:
            saved.put_off(row, now)
            return False
        new = saved.note(site.sealing, row, found, now)
        if new:
            _tell(site, s, row, new, now)
        return new > 0


def _matches(
    site: Site, s: Session, row: SavedSearch, now: datetime
) -> list[str] | None:
    """What it finds for its owner now; None where they may not ask."""
    viewer = _owner(s, row.account_id, now)
    outcome = decide(Action.SAVE_SEARCHES, viewer, None, site.rules, now)
    if not isinstance(outcome, Permit):
        return None
    own, reach = accounts.get(s, row.account_id), scope(viewer, now)
    asked = [("sort", "deposited")]
    asked += [p for p in saved.kept(site.sealing, row).pairs if p[0] != "sort"]
    try:
        hidden = preferences.wishes_of(own).hidden_labels
        query = question.read(asked, excluded_labels=hidden)
        terms = ScopeTerms(reach.audiences, reach.guarded, reach.digits)
        found = site.engine.ids(query, terms, MOST_WATCHED)
    except QueryError:
        log.warning("a saved search cannot be read any more: %s", row.id)
        return None
    # An index is behind for a while: what was withdrawn meanwhile is told to nobody.
    return store.ids_within(s, found, reach)


def _owner(s: Session, account_id: str, now: datetime) -> Viewer:
    # A second factor is of a session; here nobody signs in and nothing is opened.
    return accounts.load_viewer(
        s,
        account_id,
        session_id=None,
        second_factor=True,
        passkey=True,
        scopes=None,
        now=now,
    )


def _tell(site: Site, s: Session, row: SavedSearch, new: int, now: datetime) -> None:
    told = {
        "search": row.id,
        "count": str(new),
        BY: row.alert.value,
        "lang": saved.kept(site.sealing, row).lang,
    }
    notices.tell(s, row.account_id, Kind.SEARCH_MATCHES, now, **told)


def _letter(site: Site, s: Session, notice: Notice) -> Mail:
    to = accounts.email_of(site.sealing, s.get_one(Account, notice.account_id))
    subject, text = texts.matches(
        notice.detail["lang"],
        int(notice.detail["count"]),
        site.config.base_url + LINK,
    )
    return Mail(to, subject, text, notice.at.isoformat(), key=notice.id)
