"""Keeps the book of offers in step with what anybody may read.

The digest is of the very bytes that harvesters are given, in every form, and of the
collection they are given in. So whatever changes them is a change, wherever it was
made: a description, a label, what a label or a collection is called, the archive's own
address, this program. Whoever holds the book cannot tell from it what was offered.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from xml.etree import ElementTree as Xml

from sqlalchemy.orm import Session

from archive import offers
from archive.exchange.harvest import notices
from archive.exchange.harvest.formats import FORMATS
from archive.exchange.harvest.notices import Notice, Premises
from archive.offers import Offered

PURPOSE = "offers.digest"


def refresh(
    premises: Premises, session: Session, record_id: str, now: datetime
) -> bool:
    """Note what is offered of one record now; whether that is a change."""
    notice = None
    if notices.known(session, [record_id], now):  # most that changes is not public yet
        notice = notices.of_record(premises, session, record_id, now)
    return offers.take(session, record_id, _offered(premises, notice), now)


def changed(
    premises: Premises, session: Session, record_ids: Sequence[str], now: datetime
) -> list[str]:
    """Those of these records whose row of the book is not as they are now."""
    found = notices.of_many(premises, session, record_ids, now)
    rows = {each: offers.get(session, each) for each in record_ids}
    return [
        each
        for each, row in rows.items()
        if (row.digest if row else None) != _digest(premises, found.get(each))
    ]


def _offered(premises: Premises, notice: Notice | None) -> Offered | None:
    digest = _digest(premises, notice)
    if notice is None or digest is None:
        return None
    return Offered(digest, notice.shelf.slug if notice.shelf else None)


def _digest(premises: Premises, notice: Notice | None) -> bytes | None:
    if notice is None:
        return None
    written = [
        Xml.tostring(form.write(notice), encoding="unicode")
        for form in FORMATS.values()
    ]
    shelf = notice.shelf.slug if notice.shelf else ""
    return premises.sealing.blind("\0".join([shelf, *written]), PURPOSE)
