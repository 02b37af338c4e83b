"""A redacted copy: what was drawn is gone from it, whoever looks and however long.

| of | is | how |
|---|---|---|
| picture | JPEG, full size | decoded, filled, written anew from its pixels |
| film | MP4: H.264 up to 1920 pixels, AAC | each frame decoded, filled, coded anew |
| sound | MP4: AAC | decoded, cut, coded anew |
| document | PDF of pictures | each page drawn, filled, written; no text stays |

The fill is one flat grey that is the same in every copy: nothing of it comes from what
was there, so there is nothing to sharpen, average or guess. Regions grow by a margin,
because neighbouring pixels of a lossy file know of each other. Copies are always coded
from filled frames: no motion vector and no earlier frame of the original goes along.
"""

from __future__ import annotations

from collections.abc import Callable

from blur.copies import Copy, made_by
from blur.kinds import Kind
from blur.limits import LIMITS, Limits
from blur.regions import Removal
from blur.sandbox import Source


def make_redacted(
    removal: Removal,
    source: Source,
    kind: Kind,
    take: Callable[[bytes], object],
    pulse: Callable[[float | None], None],
    limits: Limits = LIMITS,
) -> Copy:
    """Have the copy made; `take` gets its pieces in order, as of `copies.make_copy`.

    :raises ValueError: nothing is to be removed
    :raises BlurError: why the file cannot be redacted
    :raises SandboxFailed: about this machine, not the file; try again later
    """
    if removal.is_empty:
        raise ValueError("a copy from which nothing is removed is not redacted")
    return made_by("redact", source, kind, take, pulse, limits, removal)
