"""What readers of other programs' files have in common: which files, in which words.

Not every file that another program saves is a picture, a film, a sound or a document:
lists, pages and checksums lie beside. What the archive has no kind for is left out and
named in the notes; nothing is left out silently.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from archive.exchange.imports.entries import EntryFile, SourceError
from archive.exchange.imports.trees import TreeFile
from archive.records.document import TEXT_LIMIT, TITLE_LIMIT, Description
from blur.errors import BlurError
from blur.kinds import HEAD_BYTES, sniff

JSON_BYTES = 256 * 1024 * 1024
LEFT_OUT = "{name} was left out: the archive takes no such kind of file."


def is_kind(file: TreeFile) -> bool:
    """Whether it begins like a kind that the archive takes.

    :raises Unfit: it cannot be read
    """
    with file.open() as stream:
        try:
            sniff(stream.read(HEAD_BYTES))
        except BlurError:
            return False
    return True


def sorted_out(files: Iterable[EntryFile]) -> tuple[list[EntryFile], list[str]]:
    """Those that can be taken in, and a note on each other.

    :raises Unfit: one cannot be read
    """
    kept, notes = [], []
    for each in files:
        if isinstance(each.file, TreeFile) and not is_kind(each.file):
            notes.append(LEFT_OUT.format(name=each.file.path))
        else:
            kept.append(each)
    return kept, notes


def described(words: str, otherwise: str) -> Description:
    """A title and a text of words that had no title: their first line, or another."""
    text = words.strip()
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    title = (first or otherwise)[:TITLE_LIMIT]
    return Description(title, text[:TEXT_LIMIT])


def digest_of(told: Any) -> str:  # noqa: ANN401 - whatever JSON can say
    """A digest of all that a source says of an entry."""
    said = json.dumps(told, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def json_of(file: TreeFile) -> Any:  # noqa: ANN401 - whatever JSON can say
    """What a file of JSON says.

    :raises SourceError: it is too large, or no JSON
    """
    try:
        return json.loads(file.read(JSON_BYTES))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{file.path} is no JSON: {error}.") from None


def words(told: object) -> str:
    """A word of JSON as text; what is none is empty."""
    return told if isinstance(told, str) else ""


def things(told: object) -> Iterator[dict[str, Any]]:
    """The objects of a list of JSON; what is none is passed over."""
    if isinstance(told, list):
        yield from (each for each in told if isinstance(each, dict))
