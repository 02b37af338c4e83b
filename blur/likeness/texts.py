"""The fingerprint of a document's text layer, in the child: MinHash of its words.

Sixty-four least values over all runs of three words. How many agree is about how much
of what two documents say they have in common, in whatever layout and font.
"""

from __future__ import annotations

import hashlib
import re

import numpy as np

from blur.likeness.form import WORDS, WORDS_BYTES

LEAST_WORDS = 20
MOST_WORDS = 50_000
RUN = 3
NOTHING = bytes(WORDS_BYTES)
_WORD = re.compile(r"\w+")


def worded(text: str) -> bytes:
    """Sixty-four numbers of four bytes; all 0 for less than `LEAST_WORDS` words."""
    words = _WORD.findall(text.casefold())[:MOST_WORDS]
    if len(words) < LEAST_WORDS:
        return NOTHING
    runs = {" ".join(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}
    digests = b"".join(
        hashlib.blake2b(run.encode("utf-8", "replace"), digest_size=8).digest()
        for run in runs
    )
    numbers = np.frombuffer(digests, ">u8").astype(np.uint64)
    least = [((numbers * a + b) >> np.uint64(32)).min() for a, b in _FUNCTIONS]
    return np.array(least, ">u4").tobytes()


def _functions() -> list[tuple[np.uint64, np.uint64]]:
    raw = hashlib.shake_256(b"vigil words\0").digest(16 * WORDS)
    drawn = np.frombuffer(raw, ">u8").astype(np.uint64)
    return [(a | np.uint64(1), b) for a, b in zip(drawn[::2], drawn[1::2], strict=True)]


_FUNCTIONS = _functions()
