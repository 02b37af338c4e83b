"""Taking entries in, one by one; or telling beforehand what would become of each.

Each entry is one transaction: record, files, labels, publication and the line in the
book of entries. So a process that dies leaves an entry whole or not at all, and the
next run goes on after it. An entry in which something is wrong is left out and told of;
the others are taken in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from archive import intake, moderation
from archive.exchange.imports import book
from archive.exchange.imports.book import Known, Name
from archive.exchange.imports.entries import (
    Entry,
    EntryFile,
    Fate,
    Line,
    Trouble,
    Unfit,
)
from archive.intake import Refused, words
from archive.records import labels as labelling
from archive.records import store, vocabulary
from archive.records.document import checked
from archive.records.errors import FieldError, RecordsError
from archive.records.store import RecordDraft
from archive.records.tables import Record
from archive.records.vocabulary import Vocabulary
from blur.errors import BlurError

STOPPING = frozenset({"storage_full"})
"""Refusals that every further entry would meet: the import stops instead."""
MEANWHILE = "Somebody is taking this in at the same time; run it again to see."
CHANGED = (
    "It was taken in before as record {}, and the source says something else "
    "now. Change that record, give the entry another identifier, or the import another "
    "name."
)
TWICE = "The same entry stands at {} already; give each its own identifier."
MISMATCH = (
    "{}: the source claims {} {}, the file has {}. Fetch the "
    "file again, or correct the claim."
)
UNPUBLISHED = "Only what is labelled can be published: give it labels, and a file."


class Premises(intake.arrival.Premises, moderation.Premises, Protocol):
    """What imports need of a running archive."""

    @property
    def clock(self) -> Callable[[], datetime]: ...


@dataclass
class Taking:
    """One run over one source, as somebody; keeps what it has met."""

    premises: Premises
    name: Name
    by: str
    may_label: bool = True
    _met: dict[bytes, str] = field(default_factory=dict)

    def foresee(self, entries: Iterable[Entry]) -> Iterator[Line]:
        """What would become of each, in order; nothing is changed."""
        terms = self._terms()
        for entry in entries:
            yield self._met_before(entry) or self._foreseen(entry, terms)

    def take_in(self, entries: Iterable[Entry]) -> Iterator[Line]:
        """Take in what can be; each entry is done when its line is given.

        :raises Refused: the archive can take nothing more, as with a full disk
        :raises ConfigError: decoders cannot be confined here
        """
        terms = self._terms()
        for entry in entries:
            yield self._met_before(entry) or self._taken(entry, terms)

    def _terms(self) -> Vocabulary:
        with self.premises.db.read() as s:
            return vocabulary.of(s)

    def _met_before(self, entry: Entry) -> Line | None:
        """What is told without looking further: passed over, a second, or known."""
        if entry.passed:
            return _line(entry, Fate.PASSED, notes=(entry.passed,))
        token = hashlib.sha256(entry.key.encode("utf-8", "surrogatepass")).digest()
        if (first := self._met.setdefault(token, entry.at)) != entry.at:
            return _wrong(entry, Trouble("identifier", TWICE.format(first), "twice"))
        return self._known(entry)

    def _known(self, entry: Entry) -> Line | None:
        with self.premises.db.read() as s:
            known = book.find(s, self.premises.sealing, self.name, entry)
        return None if known is None else _line_of(entry, known)

    def _foreseen(self, entry: Entry, terms: Vocabulary) -> Line:
        troubles = self._troubles(entry, terms)
        if not troubles:
            for each in entry.files:
                troubles += _looked_at(each)
        if troubles:
            return _wrong(entry, *troubles)
        return _line(entry, Fate.WOULD)

    def _taken(self, entry: Entry, terms: Vocabulary) -> Line:
        if troubles := self._troubles(entry, terms):
            return _wrong(entry, *troubles)
        try:
            made = self._record(entry)
        except Unfit as unfit:
            return _wrong(entry, unfit.trouble)
        except Refused as refused:
            if refused.code in STOPPING:
                raise
            return _wrong(entry, Trouble("files", str(refused), refused.code))
        except RecordsError as error:
            return _wrong(entry, _of_field(error))
        except IntegrityError:
            # Another run wrote the same entry first; what is wrong else comes up again.
            known = self._known(entry)
            if known is None:
                raise
            return known
        return _line(entry, Fate.DONE, made.id)

    def _troubles(self, entry: Entry, terms: Vocabulary) -> list[Trouble]:
        """What is wrong with it that can be told without its files."""
        found = list(entry.troubles)
        if entry.draft is None:
            return found or [Trouble("", "There is nothing to take in.")]
        if not found:
            found += _of_document(entry.draft)
        found += self._of_labels(entry, terms)
        limits = self.premises.upload_limits
        if len(entry.files) > limits.files:
            told = f"A record has at most {limits.files} files."
            found.append(Trouble("files", told, "too_many_files"))
        if entry.size > limits.bytes:
            told = f"The files of a record have at most {limits.bytes:,} bytes."
            found.append(Trouble("files", told, "too_large"))
        return found

    def _of_labels(self, entry: Entry, terms: Vocabulary) -> list[Trouble]:
        if entry.labels and not entry.files:
            told = "A record without files cannot be labelled."
            return [Trouble("labels", told)]
        if entry.labels and not self.may_label:
            return [Trouble("labels", "Only moderators give labels; leave them out.")]
        if entry.publish and not entry.labels:
            return [Trouble("labels", UNPUBLISHED, "not_labelled")]
        try:
            labelling.checked(entry.labels, terms)
        except RecordsError as error:
            return [Trouble("labels", str(error), error.code)]
        return []

    def _record(self, entry: Entry) -> Record:
        now = self.premises.clock()
        draft = entry.draft
        if draft is None:
            raise Unfit("", "There is nothing to take in.")
        if not entry.files:
            with self.premises.db.write() as s:
                made = words.without_files(self.premises, s, draft, self.by, now)
                self._finish(s, entry, made, now)
                return made
        with intake.begin(self.premises) as arrival:
            for each in entry.files:
                digests = each.file.bring(arrival, frozenset(each.claimed))
                if troubles := _compared(each, digests):
                    raise Unfit(each.column, troubles[0].message, troubles[0].code)

            def finish(s: Session, made: Record) -> None:
                self._finish(s, entry, made, now)

            arrival.together_with(finish, _nothing)
            return arrival.deposit(draft, self.by, now).record

    def _finish(self, s: Session, entry: Entry, made: Record, now: datetime) -> None:
        premises = self.premises
        if entry.labels:
            for asset in store.assets_of(s, made.id):
                moderation.label(premises, s, asset.id, entry.labels, self.by, now)
        if entry.publish:
            moderation.publish(premises, s, made.id, self.by, now)
        book.write(
            s,
            premises.sealing,
            self.name,
            entry,
            record_id=made.id,
            by=self.by,
            now=now,
        )


def _nothing() -> None:
    """There is nothing to do once the record is kept."""


def _line_of(entry: Entry, known: Known) -> Line:
    if known.is_same:
        return Line(
            entry.at, entry.identifier, entry.title, Fate.THERE, known.record_id
        )
    told = Trouble("", CHANGED.format(known.record_id), "changed")
    return _wrong(entry, told, record_id=known.record_id)


def _wrong(entry: Entry, *troubles: Trouble, record_id: str | None = None) -> Line:
    return _line(entry, Fate.WRONG, record_id, troubles)


def _line(
    entry: Entry,
    fate: Fate,
    record_id: str | None = None,
    troubles: tuple[Trouble, ...] = (),
    notes: tuple[str, ...] = (),
) -> Line:
    told = (*notes, *entry.notes)
    return Line(
        entry.at, entry.identifier, entry.title, fate, record_id, troubles, told
    )


def _of_document(draft: RecordDraft) -> list[Trouble]:
    try:
        checked(draft.document)
    except FieldError as error:
        return [_of_field(error)]
    return []


def _of_field(error: RecordsError) -> Trouble:
    return Trouble(getattr(error, "field", ""), str(error), error.code)


def _looked_at(each: EntryFile) -> list[Trouble]:
    """What is wrong with a file, as far as can be told without taking it in."""
    try:
        found = each.file.look(frozenset(each.claimed))
    except Unfit as unfit:
        return [unfit.trouble]
    except BlurError as error:
        told = f"{each.file.name}: {error}"
        return [Trouble(each.column, told, error.code)]
    return [] if found is None else _compared(each, found)


def _compared(each: EntryFile, found: Mapping[str, str]) -> list[Trouble]:
    """Where a digest is not what was claimed."""
    return [
        Trouble(
            each.column,
            MISMATCH.format(each.file.name, name, claimed, found.get(name, "–")),
            "digest",
        )
        for name, claimed in each.claimed.items()
        if found.get(name) != claimed
    ]
