"""How much one deposit may hold."""

from __future__ import annotations

from dataclasses import dataclass

from blur.limits import LIMITS, Limits


@dataclass(frozen=True)
class UploadLimits:
    """Bytes of all files together, number of files, and what a decoder may meet."""

    bytes: int
    files: int
    media: Limits = LIMITS
