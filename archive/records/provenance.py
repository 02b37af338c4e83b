"""Where material came from, as whoever brought it in many at once told it.

It is kept in the record's document beside what people wrote, and no edit changes it.
Everything in it is a claim of the source, but for what the archive compared: a digest
under `claimed` was equal to that of the file when it came in, or the file was refused.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TOKEN_BYTES = 64 * 1024
TOKENS = 20
WORDS = 2_000


@dataclass(frozen=True)
class Stamp:
    """A time-stamp token of RFC 3161 as it came, base64 of its DER; not checked here.

    `over` says what it was made over, in the words of the source.
    """

    token: str
    authority: str = ""
    over: str = ""


@dataclass(frozen=True)
class FileOrigin:
    """What the source says of one file; `claimed` are digests in hexadecimal by name.

    `filename` and the order are those of the record's files.
    """

    filename: str
    url: str = ""
    captured_at: str = ""
    claimed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Provenance:
    """How a record was brought in, and what its source says of where it was found.

    `deleted` is what became of the material at its source, in the source's words;
    `published_at` when it appeared there.
    """

    form: str
    identifier: str = ""
    tool: str = ""
    published_at: str = ""
    deleted: str = ""
    files: tuple[FileOrigin, ...] = ()
    stamps: tuple[Stamp, ...] = ()


def from_raw(raw: Mapping[str, Any] | None) -> Provenance | None:
    """Read what was kept in a document."""
    if raw is None:
        return None
    return Provenance(
        form=raw["form"],
        identifier=raw["identifier"],
        tool=raw["tool"],
        published_at=raw["published_at"],
        deleted=raw["deleted"],
        files=tuple(FileOrigin(**each) for each in raw["files"]),
        stamps=tuple(Stamp(**each) for each in raw["stamps"]),
    )


def is_token(text: str) -> bool:
    """Whether this could be a time-stamp token: base64 of a DER sequence, not large."""
    if len(text) > TOKEN_BYTES:
        return False
    try:
        return base64.b64decode(text, validate=True)[:1] == b"\x30"
    except (binascii.Error, ValueError):
        return False
