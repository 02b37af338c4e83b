"""Boxes that stand ready on the redaction page, each a line to tick; none is ticked.

What moderators have marked in the file, with its movement; and, once somebody asked for
it, where a detector takes something for a face. A suggestion removes nothing: what a
person ticks is read like a line that they have typed.

The parts of a recording that moderators have marked stand ready, too: what is left out
altogether is overwritten over its whole picture and silent, as long as it lasts. The
copy is as long as the file, so times that were told of the file stay true.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import request
from flask_babel import gettext
from sqlalchemy.orm import Session

from archive.records import regions, segments
from archive.records.tables import Asset
from archive.web.pages.moderation import drawn
from archive.web.request import context, i18n
from blur.faces import Suggested
from blur.regions import Box, Keyframe, Region, Removal

FIELD = "ready"
LEFT_OUT = "left_out"
_SPAN = re.compile(r"\s*([\d:.]+)\s*(?:-|–|—)\s*([\d:.]+)\s*")
_WHOLE = "0 0 100 100"


@dataclass(frozen=True)
class Ready:
    """One box; `line` is what ticking it says, `box` where it is drawn at first."""

    line: str
    words: str
    box: Box | None
    ticked: bool


def of(s: Session, asset: Asset, faces: Iterable[Suggested] = ()) -> list[Ready]:
    """Everything that stands ready, and what was ticked just now besides."""
    offered = dict(_marked(s, asset)) | dict(_faces(asset, faces))
    ticked = request.form.getlist(FIELD)
    found = [
        Ready(line, words, box, line in ticked)
        for line, (words, box) in offered.items()
    ]
    before = [line for line in dict.fromkeys(ticked) if line not in offered]
    said = gettext("ticked before")
    return [*found, *(Ready(line, said, None, ticked=True) for line in before)]


def ticked() -> Sequence[str]:
    """The lines that were ticked."""
    return request.form.getlist(FIELD)


def stretches(s: Session, asset: Asset) -> list[Ready]:
    """The marked parts of a recording, to be left out altogether."""
    words, chosen = context.vocabulary(), request.form.getlist(LEFT_OUT)
    found: dict[str, list[str]] = {}
    for each in segments.of_asset(s, context.site().sealing, asset.id):
        line = f"{drawn.clock(each.start_ms)}-{drawn.clock(each.end_ms)}"
        names = [words.term(code).name(i18n.language()) for code in each.codes]
        found.setdefault(line, []).extend(names)
    return [
        Ready(line, ", ".join(dict.fromkeys(names)), None, line in chosen)
        for line, names in found.items()
    ]


def left_out(kind: str) -> tuple[list[str], list[str]]:
    """Lines of regions, and of sound, for what was ticked to be left out.

    A line that is no stretch goes to both as it is, and is refused there.
    """
    chosen = request.form.getlist(LEFT_OUT)
    return [_blank(line) for line in chosen if kind == "video"], chosen


def _blank(line: str) -> str:
    span = _SPAN.fullmatch(line)
    if span is None:
        return line
    return f"{span[1]} {_WHOLE}; {span[2]} {_WHOLE}"


def _marked(s: Session, asset: Asset) -> Iterable[tuple[str, tuple[str, Box]]]:
    words = context.vocabulary()
    for each in regions.of_asset(s, context.site().sealing, asset.id):
        name = words.term(each.code).name(i18n.language())
        first = each.shape.keyframes[0].box
        yield _line(each.shape), (gettext("marked: %(what)s", what=name), first)


def _faces(
    asset: Asset, faces: Iterable[Suggested]
) -> Iterable[tuple[str, tuple[str, Box]]]:
    for each in faces:
        told = gettext("perhaps a face")
        if asset.kind == "video":
            number = each.still + 1
            told = gettext("perhaps a face, in still %(number)d of 8", number=number)
        yield _line(Region((Keyframe(0, each.box),))), (told, each.box)


def _line(shape: Region) -> str:
    return drawn.written(Removal((shape,)))[0]
