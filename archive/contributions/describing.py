"""What somebody typed becomes a draft of a record, and what is kept beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time

from archive.contributions.handing import Given
from archive.contributions.kinds import PROPOSED, Wish
from archive.contributions.words import Told
from archive.records.document import (
    Description,
    RecordDocument,
    Source,
    checked,
    place_written,
)
from archive.records.store import RecordDraft
from auth.viewer import Access, RecordState, Visibility


def given(
    typed: Callable[[str], str], wish: Wish, until: date | None, language: str
) -> Given:
    """Everything beside the files; `typed` gives a field by its name, empty if none.

    :raises FieldError: the description cannot be taken; `field` is its own word
    """
    day = datetime.combine(until, time(), UTC) if until else None
    draft = RecordDraft(
        document=checked(_document(typed, language)),
        visibility=PROPOSED.get(wish, Visibility.STAFF),
        access=Access.REQUEST,
        embargo_until=day,
        state=RecordState.CONTRIBUTED,
    )
    told = Told(typed("people"), typed("danger"), wish, typed("about_wish"))
    return Given(draft, told, typed("contact"), language)


def _document(typed: Callable[[str], str], language: str) -> RecordDocument:
    place = typed("place")
    return RecordDocument(
        descriptions={language: Description(typed("title"), typed("body"))},
        places=(place_written(place),) if place else (),
        event_date=typed("event_date"),
        source=Source(url=typed("source_url"), note=typed("source_note")),
        rights=typed("rights"),
    )
