"""Records near one, in words only: the better these are, the less one has to look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from archive.records import store
from archive.records.tables import Record
from archive.web.request import context
from archive.web.showing import asking, exclusions, words
from archive.web.showing.dates import event_words
from archive.web.showing.titles import shown_text
from auth.viewer import Tier, Treatment
from search.engine import Related

MOST = 6


@dataclass(frozen=True)
class Neighbour:
    """One of them; `ties` are the words for what both have in common."""

    url: str
    title: str
    lang: str | None
    tier: Tier
    labelled: bool
    facts: Sequence[str]
    ties: Sequence[Any]


def of_record(s: Session, record: Record) -> list[Neighbour]:
    """The records nearest to one that this viewer may know of."""
    found = asking.related(s, record.id, MOST, exclusions.of_viewer())
    return [_neighbour(*each) for each in found]


def _neighbour(record: Record, related: Related) -> Neighbour:
    if exclusions.treatment_of(store.item_of(record)) is Treatment.HIDE:
        return _neutral(record)
    document = store.document_of(context.site().sealing, record)
    text = shown_text(document, store.item_of(record))
    date = event_words(document.event_date) if document.event_date else ""
    places = ", ".join(place.name for place in document.places[:2])
    return Neighbour(
        url=url_for("records.show", record_id=record.id),
        title=text.title,
        lang=None if text.is_neutral else text.lang,
        tier=record.tier,
        labelled=record.labelled,
        facts=[fact for fact in (date, places) if fact],
        ties=[words.TIES[tie] for tie in related.ties],
    )


def _neutral(record: Record) -> Neighbour:
    """One with something that the reader does not want to meet: that it is there."""
    return Neighbour(
        url=url_for("records.show", record_id=record.id),
        title=gettext("A record with what you chose not to meet"),
        lang=None,
        tier=record.tier,
        labelled=record.labelled,
        facts=(),
        ties=(),
    )
