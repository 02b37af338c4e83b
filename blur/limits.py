"""The one table of what a file may cost.

Pixels count width x height of one frame. Memory and time bind the decoding child:
the first through its address space, the second both as processor and wall seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1 << 20
DAY = 24 * 3600.0


@dataclass(frozen=True)
class Limits:
    """Bounds for one file; give other numbers to be stricter."""

    pixels: int = 120_000_000
    progressive_pixels: int = 60_000_000  # such JPEGs are held whole while decoding
    video_pixels: int = 36_000_000  # 8K
    image_bytes: int = 512 * MEBIBYTE  # AVIF, HEIC and WebP are read whole
    seconds: float = DAY
    memory_bytes: int = 1536 * MEBIBYTE
    probe_cpu: int = 20
    probe_wall: float = 30.0
    preview_cpu: int = 50
    preview_wall: float = 58.0
    clip_bytes: int = MEBIBYTE // 2
    copy_cpu: int = 6 * 3600
    copy_wall: float = 12 * 3600.0
    copy_bytes: int = 3584 * MEBIBYTE  # so that 32 bits hold every offset in it


LIMITS = Limits()
