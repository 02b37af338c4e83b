"""Eight frames of a film by share of its length, in the child.

To the frame, because another encoder chooses other keyframes. Where that is not to be
had (no length, no index, too slow to decode) the keyframes of the preview stand in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blur.kinds import Family
from blur.likeness.form import FRAMES, Likeness
from blur.likeness.pictures import film_seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from blur.video import Film

SHARES = tuple((index + 0.5) / FRAMES for index in range(FRAMES))


def of_film(film: Film, stills: Sequence[Image]) -> Likeness:
    """The fingerprint of a film of which the preview's eight stills are known."""
    frames = film.frames_at(SHARES)
    found = [frame or still for frame, still in zip(frames, stills, strict=True)]
    return Likeness(Family.VIDEO, film.seconds or 0.0, film_seen(found))
