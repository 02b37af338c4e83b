"""A copy that every browser shows: made from the original, without its metadata.

| of | is | how |
|---|---|---|
| picture | JPEG, full size, first frame | decoded, written anew from its pixels |
| film | MP4: H.264 4:2:0 up to 1920 pixels, AAC | coded anew |
| sound | MP4: AAC | coded anew |
| film, muted | MP4: H.264 4:2:0 up to 640 pixels, grey | coded anew, no sound track |
| document | PDF | its pages in a new file: no title, author, XMP, script, attachment |

A child hands the copy over piece by piece, so that it can be sealed as it arrives and
is nowhere in the clear. What a file has before its pieces (the index of an MP4) is
known last: whoever keeps the copy writes `Copy.head` first and the pieces after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from blur.kinds import Family, Kind
from blur.limits import LIMITS, MEBIBYTE, Limits
from blur.regions import Removal
from blur.sandbox import Order, Source, Talk, run
from blur.wire import Garbled

MEDIA_TYPES: Final = {
    Family.IMAGE: "image/jpeg",
    Family.VIDEO: "video/mp4",
    Family.AUDIO: "audio/mp4",
    Family.DOCUMENT: "application/pdf",
}
KINDS: Final = {
    Family.IMAGE: "jpeg",
    Family.VIDEO: "mp4",
    Family.AUDIO: "m4a",
    Family.DOCUMENT: "pdf",
}
"""By which name of `kinds` a copy is opened again."""
ENDINGS: Final = {
    "image/jpeg": ".jpg",
    "video/mp4": ".mp4",
    "audio/mp4": ".m4a",
    "application/pdf": ".pdf",
}
_MOST_HEAD: Final = 64 * MEBIBYTE


@dataclass(frozen=True)
class Copy:
    """What the whole begins with; the pieces that were handed over follow it."""

    head: bytes


def make_copy(
    source: Source,
    kind: Kind,
    take: Callable[[bytes], object],
    pulse: Callable[[float | None], None],
    limits: Limits = LIMITS,
) -> Copy:
    """Have the copy made; `take` gets its pieces in order.

    `pulse` is called about every second, with how much is done (0 to 1) where that is
    known; what it raises ends the child and goes on to the caller.

    :raises BlurError: why the file cannot be copied
    :raises SandboxFailed: about this machine, not the file; try again later
    """
    return made_by("copy", source, kind, take, pulse, limits)


def make_muted(
    source: Source,
    kind: Kind,
    take: Callable[[bytes], object],
    pulse: Callable[[float | None], None],
    limits: Limits = LIMITS,
) -> Copy:
    """Have a film made small, grey and without sound; as `make_copy`.

    :raises ValueError: it is no film
    """
    if kind.family is not Family.VIDEO:
        raise ValueError("only films are muted")
    return made_by("mute", source, kind, take, pulse, limits)


def made_by(  # noqa: PLR0913, PLR0917 - what `make_copy` is told, and by which task
    task: str,
    source: Source,
    kind: Kind,
    take: Callable[[bytes], object],
    pulse: Callable[[float | None], None],
    limits: Limits,
    removal: Removal | None = None,
) -> Copy:
    """Have one of the tasks that write a copy done; see `make_copy`."""
    order = Order(
        task,
        cpu=limits.copy_cpu,
        wall=limits.copy_wall,
        answer_bytes=_MOST_HEAD,
        kind=kind,
        limits=limits,
        removal=removal,
    )
    taken = _Taken(take, limits.copy_bytes)
    head = run(order, source, talk=Talk(taken.piece, pulse))
    magic, at = _BEGINNINGS[kind.family]
    if not (head or taken.start).startswith(magic, at):
        raise Garbled(detail="copy")
    return Copy(head)


_BEGINNINGS: Final = {
    Family.IMAGE: (b"\xff\xd8\xff", 0),
    Family.VIDEO: (b"ftyp", 4),
    Family.AUDIO: (b"ftyp", 4),
    Family.DOCUMENT: (b"%PDF-", 0),
}


class _Taken:
    """Counts what comes, and remembers how it began."""

    def __init__(self, take: Callable[[bytes], object], most: int) -> None:
        self._take = take
        self._left = most
        self.start = b""

    def piece(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:
            raise Garbled(detail="copy length")
        self.start = self.start or data[:16]
        self._take(data)
