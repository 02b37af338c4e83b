"""Files that show nearly the same, and what follows for their labels.

tables      fingerprints, sealed; pairs that were found, and what was decided of them
keeping     one file's fingerprint: kept, opened, forgotten
memory      all of them, opened in one process's memory, and who is near whom
pairs       a pair is found; a moderator says what it is
inheriting  labels of the stricter take effect for its twin, and are taken back

A fingerprint rests sealed and is opened into a worker's memory only. Nothing outside
learns how near two files are but in three words: same, sure, similar.
"""

from archive.twins.inheriting import follow, is_more_open
from archive.twins.keeping import forget, keep
from archive.twins.memory import Memory
from archive.twins.pairs import (
    LOOK,
    Verdict,
    has_twin,
    judge,
    of_asset,
    record_found,
    undecided,
    undecided_of,
)
from archive.twins.tables import Likeness, Twin, TwinState

__all__ = [
    "LOOK",
    "Likeness",
    "Memory",
    "Twin",
    "TwinState",
    "Verdict",
    "follow",
    "forget",
    "has_twin",
    "is_more_open",
    "judge",
    "keep",
    "of_asset",
    "record_found",
    "undecided",
    "undecided_of",
]
