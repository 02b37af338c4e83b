"""A bag as RFC 8493 has it: payload, tags, and a manifest of each.

The manifests are written before any original is read: its digest is known since it
arrived, and is compared once more while it passes.

    data/…              payload, in manifest-sha256.txt
    signature.json      the archive's, over the digests of all but itself
    tagmanifest-…       of the tags, with the signature among them
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from archive.vault.errors import IntegrityError

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST, TAGS = "manifest-sha256.txt", "tagmanifest-sha256.txt"
SIGNATURE = "signature.json"

Signing = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class Original:
    """A file that is read only as it goes out; `read` opens nothing before."""

    path: str
    size: int
    sha256: str
    read: Callable[[], Iterator[bytes]] = field(repr=False)


@dataclass(frozen=True)
class Bag:
    """A whole bag; `digest` is of its signature, and so of everything in it."""

    folder: str
    payload: Mapping[str, bytes]
    originals: tuple[Original, ...]
    tags: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        return _sha256(self.tags[SIGNATURE])

    def files(self) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Every file with its pieces, tags last, in an order that never changes.

        :raises IntegrityError: while the pieces of an original pass
        """
        for name, content in sorted(self.payload.items()):
            yield name, (content,)
        for original in self.originals:
            yield original.path, checked(original)
        for name, content in sorted(self.tags.items()):
            yield name, (content,)


def packed(
    folder: str,
    payload: Mapping[str, bytes],
    originals: Iterable[Original],
    tags: Mapping[str, bytes],
    facts: Mapping[str, Any],
    sign: Signing,
) -> Bag:
    """A bag of these files; `facts` go under the signature with the digests."""
    held = tuple(originals)
    digests = {name: _sha256(content) for name, content in payload.items()}
    digests |= {original.path: original.sha256 for original in held}
    whole = {**tags, "bagit.txt": DECLARATION, MANIFEST: _lines(digests)}
    under = {name: _sha256(content) for name, content in sorted(whole.items())}
    signed = sign({**facts, "files": under})
    whole[SIGNATURE] = as_json(signed)
    whole[TAGS] = _lines({name: _sha256(text) for name, text in whole.items()})
    return Bag(folder, dict(payload), held, whole)


def oxum(payload: Mapping[str, bytes], originals: Iterable[Original]) -> str:
    """How many bytes and files the payload has, as bag-info.txt says it."""
    sizes = [len(content) for content in payload.values()]
    sizes += [original.size for original in originals]
    return f"{sum(sizes)}.{len(sizes)}"


def checked(original: Original) -> Iterator[bytes]:
    """The pieces of an original, as they come.

    :raises IntegrityError: they are not what was deposited; the last is held back
    """
    digest, held = hashlib.sha256(), b""
    for piece in original.read():
        digest.update(piece)
        if held:
            yield held
        held = piece
    if digest.hexdigest() != original.sha256:
        raise IntegrityError("an original is not the file that was deposited")
    yield held


def as_json(document: Mapping[str, Any]) -> bytes:
    """A document in one way only: names in order, indented by one, ASCII."""
    return json.dumps(document, sort_keys=True, indent=1).encode("ascii") + b"\n"


def _lines(digests: Mapping[str, str]) -> bytes:
    lines = [f"{digest}  {name}\n" for name, digest in sorted(digests.items())]
    return "".join(lines).encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
