"""The vocabulary of labels: what each one is called and means, and since when.

terms      a label, a tier, the whole, as everybody reads them
shipped    the edition that comes with the program
checking   an administrator's or a file's words, made fit or refused
tables     one row for each version of each word
files      the whole as it is exported and imported
kept       what holds now, every version there was, one more
merging    a newer edition of the program, under the archive's own changes

A tag says what can be seen or heard, within a range of tiers; a flag adds something
that has no tier of its own (somebody can be identified, the sound is distressing, …).
Every reader asks `of` with its session: an edit holds for all processes at once.
"""

from archive.records.vocabulary.files import Edit, read, written
from archive.records.vocabulary.kept import (
    Change,
    Version,
    change,
    documents,
    history,
    of,
    revision_of,
)
from archive.records.vocabulary.merging import AUTHOR, is_known, take_in
from archive.records.vocabulary.shipped import packaged
from archive.records.vocabulary.terms import (
    LANGUAGES,
    NOTHING_GRAPHIC,
    TEXTS,
    TOLD,
    UNREAD,
    Term,
    TierText,
    Told,
    Vocabulary,
)

__all__ = [
    "AUTHOR",
    "LANGUAGES",
    "NOTHING_GRAPHIC",
    "TEXTS",
    "TOLD",
    "UNREAD",
    "Change",
    "Edit",
    "Term",
    "TierText",
    "Told",
    "Version",
    "Vocabulary",
    "change",
    "documents",
    "history",
    "is_known",
    "of",
    "packaged",
    "read",
    "revision_of",
    "take_in",
    "written",
]
