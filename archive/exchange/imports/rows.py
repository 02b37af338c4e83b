"""Rows of a table as entries: each cell read as the field that its column is.

Cells of several values (files, labels, places, digests) have `|` or a line end between
them. Everything wrong with a row is told at once, each with its column.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

from archive.exchange.imports.entries import (
    ALGORITHMS,
    Entry,
    EntryFile,
    Handed,
    Trouble,
    Unfit,
)
from archive.exchange.imports.mapping import Columns
from archive.exchange.imports.tabletext import TableText, TextRow
from archive.records import labels as labelling
from archive.records.document import (
    Description,
    Place,
    RecordDocument,
    Source,
    checked,
    is_language,
    place_written,
)
from archive.records.errors import FieldError
from archive.records.labels import LabelInput
from archive.records.provenance import FileOrigin, Provenance
from archive.records.store import RecordDraft
from auth.viewer import Access, Visibility

FORM = "csv"
_BETWEEN = re.compile(r"[|\r\n]+")
_HEX = re.compile(r"[0-9a-f]+")
_COLUMNS = {
    "event_date": "date",
    "source.url": "source_url",
    "source.platform": "platform",
    "source.captured_at": "captured_at",
    "source.note": "source_note",
}
"""Where the catalogue's own name of a field is another."""
_LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}
W = TypeVar("W", bound=StrEnum)


@dataclass(frozen=True)
class Wish:
    """What holds for every entry that does not say otherwise; `shelves` by slug."""

    language: str = "en"
    visibility: Visibility = Visibility.STAFF
    access: Access = Access.VETTED
    collection_id: str | None = None
    labels: tuple[LabelInput, ...] = ()
    publish: bool = False
    shelves: Mapping[str, str] = field(default_factory=dict)

    def draft(self, document: RecordDocument) -> RecordDraft:
        """A record of this document, kept as wished."""
        return RecordDraft(
            document, self.visibility, self.access, collection_id=self.collection_id
        )


def entries(
    table: TableText, columns: Columns, wish: Wish, find: Callable[[str], Handed]
) -> Iterator[Entry]:
    """Every row; `find` gives the file of a name, or raises `Unfit`.

    :raises SourceError: the text is no table from some line on
    """
    for row in table.rows():
        yield _Row(row, columns, wish, find).entry()


class _Row:
    """One row being read; keeps what is wrong with it."""

    def __init__(
        self,
        row: TextRow,
        columns: Columns,
        wish: Wish,
        find: Callable[[str], Handed],
    ) -> None:
        self._row = row
        self._columns = columns
        self._wish = wish
        self._find = find
        self._troubles: list[Trouble] = []
        self._cells = {
            name: cell.strip()
            for name, cell in zip(columns.fields, row.cells, strict=False)
            if name
        }

    def entry(self) -> Entry:
        """What the row says, with everything that is wrong with it."""
        spare = self._row.cells[len(self._columns.names) :]
        if any(cell.strip() for cell in spare):
            self._wrong("", "This row has more cells than the head; quote its text.")
        said = json.dumps(self._cells, sort_keys=True, ensure_ascii=True).encode()
        digest = hashlib.sha256(said).hexdigest()
        files = self._files()
        labels = self._labels() or self._wish.labels
        return Entry(
            at=f"line {self._row.line}",
            identifier=self._cells.get("identifier", ""),
            digest=digest,
            draft=self._draft(files),
            files=files,
            labels=labels if files else (),
            publish=self._wish.publish,
            troubles=tuple(self._troubles),
        )

    def _draft(self, files: tuple[EntryFile, ...]) -> RecordDraft:
        cells, wish = self._cells, self._wish
        document = RecordDocument(
            descriptions=self._descriptions(),
            places=self._places(),
            event_date=cells.get("date", ""),
            source=Source(
                url=cells.get("source_url", ""),
                platform=cells.get("platform", ""),
                captured_at=cells.get("captured_at", ""),
                note=cells.get("source_note", ""),
            ),
            rights=cells.get("rights", ""),
            provenance=Provenance(
                form=FORM,
                identifier=cells.get("identifier", ""),
                deleted=cells.get("deleted", ""),
                files=tuple(
                    FileOrigin(each.file.name, claimed=each.claimed) for each in files
                ),
            ),
        )
        self._check(document)
        return replace(
            wish.draft(document),
            visibility=self._word("visibility", Visibility, wish.visibility),
            access=self._word("access", Access, wish.access),
            collection_id=self._collection(),
        )

    def _check(self, document: RecordDocument) -> None:
        """Say what the catalogue will not take, once there is a title."""
        if not document.descriptions:
            return
        try:
            checked(document)
        except FieldError as error:
            name = _COLUMNS.get(error.field, error.field)
            self._wrong(name, str(error))

    def _descriptions(self) -> dict[str, Description]:
        own = self._cells.get("language") or self._wish.language
        if not is_language(own):
            self._wrong("language", f"{own!r} is no language; write en, hy, az or ru.")
            return {}
        told: dict[str, dict[str, str]] = {}
        for name, cell in self._cells.items():
            which, _dot, language = name.partition(".")
            if which in ("title", "description") and cell:
                told.setdefault(language or own, {})[which] = cell
        if not any("title" in each for each in told.values()):
            self._wrong("title", "The title is empty; every record needs one.")
            return {}
        return {
            language: Description(each.get("title", ""), each.get("description", ""))
            for language, each in told.items()
        }

    def _places(self) -> tuple[Place, ...]:
        try:
            places = tuple(place_written(each) for each in self._values("places"))
        except FieldError as error:
            self._wrong("places", str(error))
            return ()
        lat, lon = self._degrees("latitude"), self._degrees("longitude")
        if lat is None and lon is None:
            return places
        if len(places) != 1:
            self._wrong("places", "Coordinates in own columns need exactly one place.")
            return places
        return (replace(places[0], lat=lat, lon=lon),)

    def _degrees(self, name: str) -> float | None:
        cell = self._cells.get(name, "").replace(",", ".")
        try:
            return float(cell) if cell else None
        except ValueError:
            self._wrong(name, f"{cell!r} is no number of degrees; write 39.7601.")
            return None

    def _word(self, name: str, words: type[W], otherwise: W) -> W:
        cell = self._cells.get(name, "").casefold()
        try:
            return words(cell) if cell else otherwise
        except ValueError:
            known = ", ".join(word.value for word in words)
            self._wrong(name, f"{cell!r} is not one of {known}.")
            return otherwise

    def _collection(self) -> str | None:
        slug = self._cells.get("collection", "")
        if not slug:
            return self._wish.collection_id
        if slug not in self._wish.shelves:
            self._wrong(
                "collection",
                f"There is no collection {slug!r}; make it, or "
                "write the short name of one.",
            )
        return self._wish.shelves.get(slug)

    def _labels(self) -> tuple[LabelInput, ...]:
        found = []
        for each in self._values("labels"):
            try:
                found.append(labelling.written(each))
            except ValueError as error:
                self._wrong("labels", f"{error}; write code, or code=G4.")
        return tuple(found)

    def _files(self) -> tuple[EntryFile, ...]:
        names = self._values("files")
        claims = {name: self._digests(name, len(names)) for name in ALGORITHMS}
        found = []
        for at, name in enumerate(names):
            said = {a: all_[at] for a, all_ in claims.items() if all_ and all_[at]}
            try:
                found.append(EntryFile(self._find(name), said, self._called("files")))
            except Unfit as unfit:
                self._wrong("files", str(unfit), unfit.trouble.code)
        return tuple(found)

    def _digests(self, name: str, files: int) -> list[str]:
        told = [each.casefold() for each in self._values(name)]
        if told and len(told) != files:
            self._wrong(name, f"{len(told)} digests for {files} files; give each one.")
            return []
        if any(not _is_digest(name, each) for each in told):
            self._wrong(name, f"This is no {name}: {_LENGTHS[name]} of 0-9 and a-f.")
            return []
        return told

    def _values(self, name: str) -> list[str]:
        parts = _BETWEEN.split(self._cells.get(name, ""))
        return [part.strip() for part in parts if part.strip()]

    def _called(self, name: str) -> str:
        return self._columns.name_of(name)

    def _wrong(self, name: str, message: str, code: str = "field") -> None:
        self._troubles.append(Trouble(self._called(name), message, code))


def _is_digest(name: str, text: str) -> bool:
    return len(text) == _LENGTHS[name] and _HEX.fullmatch(text) is not None
