"""Bags (BagIt 1.0, RFC 8493, and 0.97): each becomes a record of its payload.

Every manifest is held against every file before anything is taken in: a file that is
missing, not listed, or has another digest makes the whole bag unfit. The digests are
compared once more while the files come in. Reading is our own, since a bag comes from
strangers: names are those of `trees`, and nothing is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from archive.exchange.imports import material
from archive.exchange.imports.digests import Hashed
from archive.exchange.imports.entries import (
    ALGORITHMS,
    Entry,
    EntryFile,
    SourceError,
    Trouble,
    Unfit,
)
from archive.exchange.imports.rows import Wish
from archive.exchange.imports.trees import Tree, TreeFile, opened, tidy_name
from archive.records.document import RecordDocument, Source, checked, document_from
from archive.records.errors import FieldError
from archive.records.provenance import FileOrigin, Provenance

FORM = "bagit"
DECLARATION, INFO, FETCH = "bagit.txt", "bag-info.txt", "fetch.txt"
COURT_RECORD, COURT_DOCUMENT = "data/record.json", "vigil court record/v1"
TAG_BYTES = 16 * 1024 * 1024
_VERSION = re.compile(r"BagIt-Version:\s*(0\.97|1\.0)\s")
_LINE = re.compile(r"([0-9A-Fa-f]+)[ \t]+\*?(.+)")
_MANIFEST = re.compile(r"(tag)?manifest-([a-z0-9]+)\.txt")
_ESCAPES = {"%0A": "\n", "%0a": "\n", "%0D": "\r", "%0d": "\r", "%25": "%"}


def sources(source: Path) -> list[Path]:
    """The bags at a path: itself, or each folder and ZIP in it.

    :raises SourceError: there is none
    """
    if source.is_file() or (source / DECLARATION).is_file():
        return [source]
    within = sorted(source.iterdir())
    found = [each for each in within if each.suffix.lower() == ".zip"]
    found += [each for each in within if (each / DECLARATION).is_file()]
    if not found:
        raise SourceError(f"There is no bag in {source.name}: no {DECLARATION}.")
    return found


def entries(bags: list[Path], wish: Wish, open_here: ExitStack) -> Iterator[Entry]:
    """Every bag as an entry; ZIPs stay open until `open_here` is closed.

    A bag that does not hold is told of; the others are taken in.
    """
    for path in bags:
        at = path.name
        try:
            tree = open_here.enter_context(opened(path))
            yield _Bag(tree, _root(tree)).entry(at, wish)
        except (SourceError, Unfit) as error:
            wrong = Trouble("", str(error), "bag")
            yield Entry(at, "", material.digest_of(at), None, troubles=(wrong,))


def _root(tree: Tree) -> str:
    """The folder that the bag is in, with `/` at its end; empty at the top."""
    found = [name for name in tree.names() if PurePosixPath(name).name == DECLARATION]
    if not found:
        raise SourceError(f"This is no bag: there is no {DECLARATION}.")
    return min(found, key=len).removesuffix(DECLARATION)


@dataclass(frozen=True)
class _Bag:
    """A bag in a tree; `root` is its folder there."""

    tree: Tree
    root: str

    def entry(self, at: str, wish: Wish) -> Entry:
        """The whole bag, once every manifest holds.

        :raises SourceError: it does not hold
        """
        manifests = self._checked()
        info = self._info()
        payload = self._payload(manifests)
        kept, notes = material.sorted_out(payload)
        told = info.get("External-Identifier", "")
        document = self._document(info, at, wish)
        origin = Provenance(
            form=FORM,
            identifier=told,
            tool=info.get("Bag-Software-Agent", ""),
            files=tuple(
                FileOrigin(each.file.name, claimed=each.claimed) for each in kept
            ),
        )
        return Entry(
            at=at,
            identifier=told,
            digest=material.digest_of([info, {n: dict(m) for n, m in manifests}]),
            draft=wish.draft(replace(document, provenance=origin)),
            files=tuple(kept),
            labels=wish.labels if kept else (),
            publish=wish.publish and bool(kept),
            notes=tuple(notes),
        )

    def _checked(self) -> list[tuple[str, Mapping[str, str]]]:
        """The payload's manifests, by algorithm, once everything holds."""
        declared = self._text(DECLARATION)
        if not _VERSION.match(declared) or "UTF-8" not in declared:
            raise SourceError(
                f"{DECLARATION} tells of no version 0.97 or 1.0 in UTF-8."
            )
        names = {n.removeprefix(self.root) for n in self.tree.names() if self._has(n)}
        if FETCH in names and self._text(FETCH).strip():
            raise SourceError("The bag is not whole: fetch what fetch.txt names first.")
        payload: list[tuple[str, Mapping[str, str]]] = []
        for name in sorted(names):
            found = _MANIFEST.fullmatch(name)
            if found is None:
                continue
            if found[2] not in ALGORITHMS:
                raise SourceError(f"{name}: manifests are {', '.join(ALGORITHMS)}.")
            lines = self._manifest(name, found[2])
            if not found[1]:
                _same_files(name, set(lines), names)
                payload.append((found[2], lines))
        if not payload:
            raise SourceError("The bag has no manifest of its payload.")
        return payload

    def _manifest(self, name: str, algorithm: str) -> Mapping[str, str]:
        """A manifest whose every digest is that of its file."""
        found: dict[str, str] = {}
        for number, line in enumerate(self._text(name).splitlines(), 1):
            if not line.strip():
                continue
            parts = _LINE.fullmatch(line.strip())
            if parts is None:
                raise SourceError(
                    f"{name}, line {number}: a digest and a name belong here."
                )
            path = tidy_name(re.sub(r"%0[AaDd]|%25", _unescaped, parts[2]))
            if path in found:
                raise SourceError(f"{name} lists {path} twice.")
            with self._file(path).open() as stream:
                digest = Hashed(stream, frozenset({algorithm})).exhaust()[algorithm]
            if digest != parts[1].lower():
                raise SourceError(f"{path} has {algorithm} {digest}, not {parts[1]}.")
            found[path] = digest
        return found

    def _payload(
        self, manifests: list[tuple[str, Mapping[str, str]]]
    ) -> Iterator[EntryFile]:
        for path in sorted(manifests[0][1]):
            claimed = {algorithm: lines[path] for algorithm, lines in manifests}
            yield EntryFile(self._file(path), claimed)

    def _info(self) -> dict[str, str]:
        """Labels and values of bag-info.txt; a line that goes on is one."""
        try:
            text = self._text(INFO)
        except Unfit:
            return {}
        found: dict[str, str] = {}
        for line in re.sub(r"\r?\n[ \t]+", " ", text).splitlines():
            label, colon, value = line.partition(":")
            if colon:
                found.setdefault(label.strip(), value.strip())
        return found

    def _document(self, info: dict[str, str], at: str, wish: Wish) -> RecordDocument:
        if (told := self._of_court()) is not None:
            return told
        title = info.get("External-Identifier") or at
        words = info.get("External-Description", "")
        names = ("Source-Organization", "Contact-Name", "Bagging-Date")
        note = "\n".join(f"{name}: {info[name]}" for name in names if name in info)
        described = material.described(words, title)
        return RecordDocument({wish.language: described}, source=Source(note=note))

    def _of_court(self) -> RecordDocument | None:
        """The description in a package of an archive such as this one."""
        try:
            told = material.json_of(self._file(COURT_RECORD))
        except (Unfit, SourceError):
            return None
        return _court_document(told)

    def _text(self, name: str) -> str:
        try:
            return self._file(name).read(TAG_BYTES).decode("utf-8-sig")
        except UnicodeError:
            raise SourceError(f"{name} is not written in UTF-8.") from None

    def _file(self, name: str) -> TreeFile:
        return self.tree.file(self.root + name)

    def _has(self, name: str) -> bool:
        return name.startswith(self.root)


def _same_files(manifest: str, listed: set[str], names: set[str]) -> None:
    """Every file of the payload is in the manifest, and nothing else.

    :raises SourceError: they are not the same
    """
    there = {name for name in names if name.startswith("data/")}
    if unlisted := sorted(there - listed):
        raise SourceError(f"{manifest} does not list {unlisted[0]}.")
    if outside := sorted(listed - there):
        raise SourceError(f"{manifest} lists {outside[0]}, which is no payload.")


def _unescaped(found: re.Match[str]) -> str:
    return _ESCAPES[found[0]]


def _court_document(told: Any) -> RecordDocument | None:  # noqa: ANN401 - JSON
    """The description in a court package; None where it is none, or is broken."""
    if not isinstance(told, dict) or told.get("document") != COURT_DOCUMENT:
        return None
    try:
        return checked(document_from(told))
    except FieldError:
        return None
