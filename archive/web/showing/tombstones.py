"""What is left to read of a record that was withdrawn or shredded.

Its id, the category, the day and the note, and its custody. What somebody wrote of it,
its files and what is bound to it are gone for everybody but staff, who may have to
decide on an appeal, and whoever deposited it, who may make one.
"""

from __future__ import annotations

from flask_babel import gettext

from archive.records import store
from archive.records.document import Description, RecordDocument
from archive.records.errors import NoSuchRecord
from archive.records.tables import Record
from archive.web.request import context
from archive.web.request.i18n import language
from auth.scope import may_read_gone


def is_bare(record: Record) -> bool:
    """Whether this viewer reads the tombstone and no more."""
    return not may_read_gone(context.viewer(), store.item_of(record), context.now())


def require_more(record: Record) -> None:
    """Let nobody on to what is bound to a record of which the tombstone is left.

    :raises NoSuchRecord: there is nothing else of it for this viewer
    """
    if is_bare(record):
        raise NoSuchRecord("There is no such record.")


def document_of(record: Record) -> RecordDocument:
    """The record's description, as far as it is left for this viewer."""
    if is_bare(record):
        title = gettext("Record %(id)s, withdrawn", id=record.id)
        return RecordDocument({language(): Description(title, "")})
    return store.document_of(context.site().sealing, record)
