"""Secret, repeatable noise.

    HMAC-SHA-256(key, "preview-noise 2" 00 item) -> SHAKE-256 -> normal deviates

The same item and key give the same noise for ever: noise drawn anew at each rebuild
could be averaged away. Only `stream` sees the key; the decoding child is handed one
item's stream and can make nothing else of it. Sixteen bytes make one deviate.
"""

from __future__ import annotations

import hashlib
import hmac
import math

BYTES_PER_DRAW = 16
KEY_BYTES = 32
_WHOLE = 2**64
# Another number with every change of grid or spread: two previews with the same noise
# at two strengths would give the picture away by subtraction.
_DRAW = b"preview-noise 2\0"


def stream(key: bytes, item: bytes, draws: int) -> bytes:
    """Bytes for so many deviates of one item; no other item shares them.

    :raises ValueError: the key is shorter than 32 bytes, or the item is empty
    """
    if len(key) < KEY_BYTES:
        raise ValueError("the noise key must have at least 32 bytes")
    if not item:
        raise ValueError("noise needs the item it is for")
    seed = hmac.digest(key, _DRAW + item, "sha256")
    return hashlib.shake_256(seed).digest(BYTES_PER_DRAW * draws)


def gauss(drawn: bytes) -> list[float]:
    """Deviates of mean 0 and spread 1, by Box and Muller."""
    return [
        _deviate(drawn[start : start + BYTES_PER_DRAW])
        for start in range(0, len(drawn), BYTES_PER_DRAW)
    ]


def _deviate(sixteen: bytes) -> float:
    radius = (int.from_bytes(sixteen[:8], "big") + 1) / (_WHOLE + 1)
    angle = int.from_bytes(sixteen[8:], "big") / _WHOLE
    return math.sqrt(-2 * math.log(radius)) * math.cos(2 * math.pi * angle)
