"""What Telegram Desktop exports as JSON: result.json, with its folders of files.

A message with a file becomes a record, its words the description. Messages without are
passed over, and so are files that the export left out. Who wrote and who forwarded go
into the note on the source, which staff alone read.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from archive.exchange.imports import material
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
from archive.records.provenance import FileOrigin, Provenance

FORM = "telegram"
RESULT = "result.json"
PLATFORM = "Telegram"
NO_FILE = "It has no file."
SERVICE = "It is a notice of the service."
NOT_EXPORTED = "Its file was not exported: export again, with files of this size."
_FILES = ("photo", "file")


def entries(tree: Tree, wish: Wish) -> Iterator[Entry]:
    """Every message of every chat, in its order.

    :raises SourceError: there is no result.json, or it is no export of Telegram
    """
    name = _result(tree)
    told = material.json_of(tree.file(name))
    chats = list(_chats(told))
    if not chats:
        raise SourceError(f"{name} is no export of Telegram: it has no messages.")
    folder = name.removesuffix(RESULT)
    for chat in chats:
        for message in material.things(chat["messages"]):
            yield _Message(tree, folder, chat, message, wish).entry()


def _result(tree: Tree) -> str:
    found = [name for name in tree.names() if f"/{name}".endswith(f"/{RESULT}")]
    if not found:
        raise SourceError(f"There is no {RESULT}: export as machine-readable JSON.")
    return min(found, key=len)


def _chats(told: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    """One chat's export, or every chat of a whole account's."""
    if not isinstance(told, dict):
        return
    if isinstance(told.get("messages"), list):
        yield told
    for part in ("chats", "left_chats"):
        held = told.get(part)
        if isinstance(held, dict):
            yield from (
                chat
                for chat in material.things(held.get("list"))
                if isinstance(chat.get("messages"), list)
            )


class _Message:
    """One message being read."""

    def __init__(
        self,
        tree: Tree,
        folder: str,
        chat: dict[str, Any],
        told: dict[str, Any],
        wish: Wish,
    ) -> None:
        self._tree = tree
        self._folder = folder
        self._chat = chat
        self._told = told
        self._wish = wish

    def entry(self) -> Entry:
        """The message, or why it is passed over."""
        name = material.words(self._chat.get("name"))
        number = self._told.get("id")
        at = f"{name or 'chat'}, message {number}"
        identifier = f"{self._chat.get('id')}/{number}"
        troubles: list[Trouble] = []
        notes: list[str] = []
        files: list[EntryFile] = []
        passed = self._passed()
        if not passed:
            try:
                found = [EntryFile(file, {}) for file in self._files()]
                files, notes = material.sorted_out(found)
                passed = "" if files else " ".join(notes)
            except Unfit as unfit:
                troubles.append(unfit.trouble)
        return Entry(
            at=at,
            identifier=identifier,
            digest=material.digest_of(self._told),
            draft=self._wish.draft(self._document(name, at, identifier, files)),
            files=tuple(files),
            labels=self._wish.labels,
            publish=self._wish.publish,
            troubles=tuple(troubles),
            passed=passed,
            notes=() if passed else tuple(notes),
        )

    def _passed(self) -> str:
        if self._told.get("type") != "message":
            return SERVICE
        named = [material.words(self._told.get(name)) for name in _FILES]
        if not any(named):
            return NO_FILE
        # Telegram writes a sentence in brackets where a file would be named.
        if all(each.startswith("(") for each in named if each):
            return NOT_EXPORTED
        return ""

    def _files(self) -> Iterator[TreeFile]:
        for name in _FILES:
            path = material.words(self._told.get(name))
            if path and not path.startswith("("):
                yield self._tree.file(self._folder + path)

    def _document(
        self, chat: str, at: str, identifier: str, files: list[EntryFile]
    ) -> RecordDocument:
        words = _plain(self._told.get("text"))
        named = (
            ("From", self._told.get("from")),
            ("Author", self._told.get("author")),
            ("Forwarded from", self._told.get("forwarded_from")),
            ("Edited", _moment(self._told, "edited")),
        )
        note = "\n".join(f"{name}: {told}" for name, told in named if told)
        return RecordDocument(
            {self._wish.language: material.described(words, at)},
            source=Source(
                platform=f"{PLATFORM}, {chat}" if chat else PLATFORM, note=note
            ),
            provenance=Provenance(
                form=FORM,
                identifier=identifier,
                tool="Telegram Desktop",
                published_at=_moment(self._told, "date"),
                files=tuple(FileOrigin(each.file.name) for each in files),
            ),
        )


def _plain(told: Any) -> str:  # noqa: ANN401 - JSON
    """The words of a message, whose parts may be links, names and the like."""
    if isinstance(told, list):
        parts = (p.get("text") if isinstance(p, dict) else p for p in told)
        return "".join(map(material.words, parts))
    return material.words(told)


def _moment(told: dict[str, Any], name: str) -> str:
    """A moment as ISO 8601: in UTC where the export says so, else as it stands."""
    seconds = material.words(told.get(f"{name}_unixtime"))
    if seconds.isdigit() and len(seconds) < 12:
        return datetime.fromtimestamp(int(seconds), UTC).isoformat()
    return material.words(told.get(name))
