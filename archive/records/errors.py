"""What can be wrong with a record or a label; each says it in one sentence."""

from __future__ import annotations


class RecordsError(Exception):
    """Base of all of them; the text is fit for the person who asked."""

    code = "record"


class NoSuchRecord(RecordsError):
    """There is no record, or no asset, of that id."""

    code = "not_found"


class FieldError(RecordsError):
    """A field of the description cannot be taken as it is."""

    code = "field"

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


class UnknownLabel(RecordsError):
    """A label that the vocabulary does not have."""

    code = "unknown_label"


class SeverityOutOfRange(RecordsError):
    """A tier that the vocabulary does not give this label."""

    code = "severity"


class NotLabelled(RecordsError):
    """A record that still has assets without agreed labels cannot be published."""

    code = "not_labelled"


class Gone(RecordsError):
    """A withdrawn or shredded record cannot be changed."""

    code = "gone"


class Conflict(RecordsError):
    """Somebody else changed the record in the meantime."""

    code = "conflict"
