"""Tables handed in, checked, begun and stopped, for the page and the API alike."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from archive.exchange.imports import desk
from archive.exchange.imports.desk import Handed
from archive.exchange.imports.entries import SourceError
from archive.intake import uploads as resumable
from archive.web.request import context
from archive.web.request.uploads import Submission
from auth.policy import Action

TABLE = "table"
"""The field that the table is handed in as; files beside it are what it names."""


class Act(StrEnum):
    """What is done with an import."""

    REMAP = "remap"
    START = "start"
    RESUME = "resume"
    CANCEL = "cancel"


def receive(parts: Submission) -> tuple[bytes, str]:
    """The table and what it is called; files beside it are kept as finished uploads.

    :raises SourceError: there is no table
    :raises Refused: a file cannot be taken; those before it stay with what was sent
    """
    content, called = b"", ""
    for file in parts.files():
        if file.field == TABLE:
            content, called = file.read(desk.TABLE_BYTES + 1), file.filename
            while len(content) <= desk.TABLE_BYTES and (more := file.read(1 << 20)):
                content += more
        else:
            site, now = context.site(), context.now()
            resumable.receive(site, own_id(), file, file.filename, now)
    if not called:
        raise SourceError("Choose the table.")
    return content, called


def hand_in(content: bytes, handed: Handed) -> str:
    """Keep a table and check it; nothing is taken in. The import's id.

    :raises SourceError: it cannot be read as it is, or has no title
    """
    sealing, by = context.site().sealing, own_id()
    with context.write_session() as s:
        made = desk.keep(sealing, s, content, handed, by, context.now()).id
    _check(made)
    return made


def act(import_id: str, what: Act, said: Mapping[str, str]) -> None:
    """Do it with an import of whoever asks; `said` maps columns where it is `remap`.

    :raises NoSuchRecord: there is none of that id, or it is somebody else's
    :raises SourceError: the columns cannot mean that
    :raises Conflict: that does not follow on how it stands
    """
    site, now = context.site(), context.now()
    with context.write_session() as s:
        row = desk.require(s, import_id, own_id())
        if what is Act.CANCEL:
            desk.cancel(s, row, now)
        elif what is Act.REMAP:
            desk.remap(site.sealing, row, said, now)
        elif what is Act.START:
            desk.begin(s, row, context.viewer().session_id, now)
        else:
            desk.go_on(s, row, context.viewer().session_id, now)
    if what is Act.REMAP:
        _check(import_id)


def own_id() -> str:
    """The account of whoever asks."""
    return context.viewer().account_id or ""


def _check(import_id: str) -> None:
    """Check a small table at once; a large one is a job's work."""
    with context.write_session() as s:
        row = desk.require(s, import_id, own_id())
        row.entrance = context.viewer().session_id
        is_large = row.rows > desk.AT_ONCE
        if is_large:
            desk.queue(s, row, context.now())
    if not is_large:
        may_label = context.may_at_once(Action.LABEL, desk.as_it_will_be(own_id()))
        desk.check(context.site(), import_id, _nobody_waits, may_label=may_label)


def _nobody_waits(_progress: float) -> None:
    """A small table is checked before anybody could look."""
