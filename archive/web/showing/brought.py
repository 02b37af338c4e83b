"""How a record was brought in with many others, and what its source said, in words."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from archive.records.provenance import FileOrigin, Provenance


def facts(told: Provenance | None) -> list[tuple[str, Any]]:
    """Names and values for a list of facts; nothing where it came in by itself."""
    if told is None:
        return []
    named = (told.form, told.identifier, told.tool)
    stamps = [each.authority or each.over for each in told.stamps]
    return [
        (gettext("Imported from"), " · ".join(filter(None, named))),
        (gettext("Published at its source"), told.published_at),
        (gettext("What became of it at its source"), told.deleted),
        (gettext("What the source says of the files"), [_said(f) for f in told.files]),
        (gettext("Time-stamps that came with it, not checked"), stamps),
    ]


def _said(file: FileOrigin) -> str:
    digests = [f"{name} {digest}" for name, digest in sorted(file.claimed.items())]
    return " · ".join(
        filter(None, (file.filename, file.url, file.captured_at, *digests))
    )
