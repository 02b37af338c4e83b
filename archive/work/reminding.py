"""That access ends soon, and that it has ended: told to both sides, once.

Each is one transaction: the note that it was told, the notices of the holder and of
every administrator, the mails to both. A killed worker neither loses one nor tells it
twice.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from archive.ledger.actors import actor_of
from archive.mail import Mail, vetting
from archive.mail.queueing import queue
from archive.site import Site
from archive.work.deriving import WORKER
from archive.work.task import Task
from auth import accounts, notices
from auth.notices import Kind
from auth.tables import Account
from auth.vetting import lapses, reminders
from auth.vetting.reminders import Ending
from auth.vetting.tables import Lapse


def remind(task: Task) -> None:
    """Tell what ends within 30, 7 or 1 days."""
    site, now = task.site, task.site.clock()
    with site.db.write() as s:
        due = reminders.due(s, now)
        for ending in due:
            reminders.note(s, ending, now)
            _tell_of_end(site, s, ending, now)
        task.done(s, told=len(due))


def write_down_lapses(site: Site, now: datetime) -> None:
    """Write down the inductions that ran out, and mail about every new lapse."""
    with site.db.write() as s:
        for row in lapses.lapse_due(s, actor_of(WORKER), now):
            tell_of_lapse(site, s, row, now)


def tell_of_lapse(site: Site, s: Session, row: Lapse, now: datetime) -> None:
    """The ledger's line of a lapse, and the holder's mail."""
    site.ledger.append(
        s,
        "access lapsed",
        actor=actor_of(WORKER),
        account=row.account_id,
        now=now,
        detail={"link": row.link, **row.ended},
    )
    account = accounts.get(s, row.account_id)
    link = f"{site.config.base_url}/account/"
    words = vetting.words(vetting.LAPSED, account.locale, link=link)
    _mail(site, s, account, words, now)


def _tell_of_end(site: Site, s: Session, ending: Ending, now: datetime) -> None:
    account, base = ending.account, site.config.base_url
    told = {"day": ending.ends_at.date().isoformat(), "days": str(ending.days)}
    detail = {**told, "link": ending.link.value}
    notices.tell(s, account.id, Kind.ACCESS_ENDS, now, **detail)
    own = vetting.words(vetting.ENDS, account.locale, link=f"{base}/account/", **told)
    _mail(site, s, account, own, now)
    for administrator_id in lapses.administrators(s):
        if administrator_id == account.id:
            continue
        detail["account"] = account.id
        notices.tell(s, administrator_id, Kind.ACCESS_ENDS_OF, now, **detail)
        other = accounts.get(s, administrator_id)
        link = f"{base}/admin/accounts/{account.id}"
        words = vetting.words(vetting.ENDS_OF, other.locale, link=link, **told)
        _mail(site, s, other, words, now)


def _mail(
    site: Site, s: Session, account: Account, words: tuple[str, str], now: datetime
) -> None:
    queue(
        s,
        site.sealing,
        Mail(accounts.email_of(site.sealing, account), *words, now.isoformat()),
        now,
    )
