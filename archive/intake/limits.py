"""How much one deposit may hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from blur.limits import LIMITS, Limits


@dataclass(frozen=True)
class UploadLimits:
    """Bytes of all files together, number of files, and what a decoder may meet.

    `lifetime` is how long an upload waits for its next byte.
    """

    bytes: int
    files: int
    media: Limits = LIMITS
    lifetime: timedelta = timedelta(days=3)
