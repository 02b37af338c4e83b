"""What auto-archiver has saved: a folder of files, with its table or its JSON beside.

    db.csv           a row an item: status, metadata, media, as Python writes them
    metadata.json    an item each, where the JSON enricher was on

Of an item its media are taken in, not what was made of them (thumbnails, the page that
shows it all). A hash by SHA-256 that it wrote down is compared. Tokens of time-stamp
authorities are kept with what they were made over.
"""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from archive.exchange.imports import material, pythonwords
from archive.exchange.imports.digests import Hashed
from archive.exchange.imports.entries import (
    Entry,
    EntryFile,
    SourceError,
    Trouble,
    Unfit,
)
from archive.exchange.imports.rows import Wish
from archive.exchange.imports.trees import Tree, TreeFile
from archive.records.document import RecordDocument, Source
from archive.records.provenance import (
    TOKEN_BYTES,
    TOKENS,
    WORDS,
    FileOrigin,
    Provenance,
    Stamp,
    is_token,
)

FORM = "auto-archiver"
COLUMNS = {"status", "metadata", "media"}
TABLE_BYTES = 256 * 1024 * 1024
STAMPED = "timestamped_hashes"
OWN = frozenset({"_final_media", "metadata_json"})
"""Ids of what auto-archiver makes itself."""
HASH = "SHA-256:"
NOTHING = "auto-archiver saved nothing of it ({status}); archive it again, or leave it."


def entries(tree: Tree, wish: Wish) -> Iterator[Entry]:
    """Every item of the tables in the folder, or of its JSON where there is none.

    :raises SourceError: there is neither
    """
    found = _Saved(tree)
    items = list(found.of_tables()) or list(found.of_json())
    if not items:
        raise SourceError(
            "Neither a table of auto-archiver nor a metadata.json is here."
        )
    for at, item in items:
        yield _entry(found, at, item, wish)


class _Saved:
    """The tree, with its files by name and, once asked for, by digest."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._names = list(tree.names())
        self._by_digest: dict[str, str] = {}

    def of_tables(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Items of every table that auto-archiver's own database has written."""
        for name in self._names:
            if not name.endswith(".csv"):
                continue
            try:
                text = self._tree.file(name).read(TABLE_BYTES).decode("utf-8-sig")
            except UnicodeError:
                continue
            rows = csv.DictReader(io.StringIO(text, newline=""))
            if set(rows.fieldnames or ()) != COLUMNS:
                continue
            try:
                for row in rows:
                    yield f"{name}, line {rows.line_num}", _of_row(row)
            except csv.Error as error:
                raise SourceError(f"{name} cannot be read: {error}.") from None

    def of_json(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Items of every file of the JSON enricher, under whatever name."""
        for name in self._names:
            if not name.endswith(".json"):
                continue
            told = material.json_of(self._tree.file(name))
            if isinstance(told, dict) and COLUMNS <= told.keys():
                yield name, told

    def file(self, media: dict[str, Any]) -> TreeFile:
        """The file of a medium: by its key, its address, its name, or its digest.

        :raises Unfit: it is not here
        """
        told = [media.get("_key"), *_list(media.get("urls")), media.get("filename")]
        for each in filter(None, map(material.words, told)):
            if (name := self._named(each)) is not None:
                return self._tree.file(name)
        # The JSON is written before a storage gives the files other names.
        if (digest := _digest(media)) and digest in self._digests():
            return self._tree.file(self._digests()[digest])
        called = material.words(media.get("filename"))
        raise Unfit("media", f"{called} is not in the folder; add it.", "no_file")

    def _named(self, told: str) -> str | None:
        """The only file whose path ends like this, with as much of it as there is."""
        parts = PurePosixPath(told.replace("\\", "/")).parts
        for start in range(len(parts)):
            tail = "/" + "/".join(parts[start:])
            found = [name for name in self._names if f"/{name}".endswith(tail)]
            if found:
                return found[0] if len(found) == 1 else None
        return None

    def _digests(self) -> dict[str, str]:
        if not self._by_digest:
            for name in self._names:
                with self._tree.file(name).open() as stream:
                    found = Hashed(stream, frozenset({"sha256"})).exhaust()
                self._by_digest.setdefault(found["sha256"], name)
        return self._by_digest


def _of_row(row: dict[str, str]) -> dict[str, Any]:
    """A row as JSON would have told it; what cannot be read is named."""
    try:
        return {
            "status": row["status"],
            "metadata": pythonwords.read(row["metadata"]),
            "media": pythonwords.read(row["media"]),
        }
    except (ValueError, TypeError):
        return {"status": "", "metadata": {}, "media": [], "unreadable": True}


def _entry(saved: _Saved, at: str, item: dict[str, Any], wish: Wish) -> Entry:
    told = item["metadata"] if isinstance(item["metadata"], dict) else {}
    url = material.words(told.get("original_url")) or material.words(told.get("url"))
    captured = material.words(told.get("_processed_at")).replace(" ", "T", 1)
    reading = _Reading(saved, url, captured)
    if item.get("unreadable"):
        wrong = "This row is not as auto-archiver writes it; export it as JSON."
        reading.troubles.append(Trouble("metadata", wrong))
    reading.read(list(material.things(item["media"])))
    status = material.words(item["status"])
    if not reading.files and not reading.troubles:
        nothing = NOTHING.format(status=status or "no status")
        reading.troubles.append(Trouble("status", nothing, "no_files"))
    words = "\n\n".join(
        filter(None, (material.words(told.get(n)) for n in ("title", "content")))
    )
    document = RecordDocument(
        {wish.language: material.described(words, url or at)},
        source=Source(url=url, platform=urlsplit(url).netloc, captured_at=captured),
        provenance=Provenance(
            form=FORM,
            identifier=f"{url} {captured}",
            tool="auto-archiver",
            published_at=str(told.get("timestamp") or ""),
            deleted="" if "success" in status else status,
            files=tuple(reading.origins),
            stamps=tuple(reading.stamps[:TOKENS]),
        ),
    )
    return Entry(
        at=at,
        identifier=f"{url} {captured}",
        digest=material.digest_of(item),
        draft=wish.draft(document),
        files=tuple(reading.files),
        labels=wish.labels,
        publish=wish.publish,
        troubles=tuple(reading.troubles),
        notes=tuple(reading.notes),
    )


@dataclass
class _Reading:
    """The media of one item, as they are sorted."""

    saved: _Saved
    url: str
    captured: str
    files: list[EntryFile] = field(default_factory=list)
    origins: list[FileOrigin] = field(default_factory=list)
    stamps: list[Stamp] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def read(self, media: list[dict[str, Any]]) -> None:
        """Sort every medium of an item."""
        for each in media:
            if (own := _properties(each).get("id")) == STAMPED:
                self._stamped(each)
            elif own not in OWN:
                self._take(each)

    def _take(self, media: dict[str, Any]) -> None:
        digest = _digest(media)
        claimed = {"sha256": digest} if digest else {}
        try:
            file = self.saved.file(media)
            kept, notes = material.sorted_out([EntryFile(file, claimed, "media")])
        except Unfit as unfit:
            self.troubles.append(unfit.trouble)
            return
        self.files += kept
        self.notes += notes
        if not kept:
            return
        src = material.words(_properties(media).get("src"))
        self.origins.append(
            FileOrigin(file.name, src or self.url, self.captured, claimed)
        )

    def _stamped(self, media: dict[str, Any]) -> None:
        """Keep the tokens over the list of hashes, with that list."""
        try:
            listed = self.saved.file(media).read(TOKEN_BYTES).decode("utf-8", "replace")
            tokens = _properties(media).get("timestamp_authority_files")
            for each in material.things(tokens):
                content = self.saved.file(each).read(TOKEN_BYTES)
                authority = material.words(_properties(each).get("tsa"))
                self._keep(base64.b64encode(content).decode(), authority, listed)
        except (Unfit, SourceError) as error:
            self.notes.append(f"A time-stamp was left out: {error}")

    def _keep(self, token: str, authority: str, listed: str) -> None:
        if is_token(token):
            self.stamps.append(Stamp(token, authority, listed[:WORDS]))
        else:
            self.notes.append(f"What {authority} gave is no time-stamp token.")


def _properties(media: dict[str, Any]) -> dict[str, Any]:
    told = media.get("properties")
    return told if isinstance(told, dict) else {}


def _digest(media: dict[str, Any]) -> str:
    told = material.words(_properties(media).get("hash"))
    return told.removeprefix(HASH).lower() if told.startswith(HASH) else ""


def _list(told: object) -> list[object]:
    return told if isinstance(told, list) else []
