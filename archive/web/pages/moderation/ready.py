"""Boxes that stand ready on the redaction page, each a line to tick; none is ticked.

What moderators have marked in the file, with its movement; and, once somebody asked for
it, where a detector takes something for a face. A suggestion removes nothing: what a
person ticks is read like a line that they have typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import request
from flask_babel import gettext
from sqlalchemy.orm import Session

from archive.records import regions
from archive.records.tables import Asset
from archive.web.pages.moderation import drawn
from archive.web.request import context, i18n
from blur.faces import Suggested
from blur.regions import Box, Keyframe, Region, Removal

FIELD = "ready"


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
