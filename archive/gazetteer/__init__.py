"""The archive's own names of places and persons, beside those that come with it.

tables   one row for each entry that is not as it came
store    read, change, take out, give back; the whole as the search uses it

Names are read at the moment of a search: a change needs no new index, and every process
takes it up within seconds.
"""

from archive.gazetteer.store import (
    MOST_ENTRIES,
    Changed,
    NoSuchEntry,
    Origin,
    effective,
    generation,
    give_back,
    listing,
    put,
    take_out,
)

__all__ = [
    "MOST_ENTRIES",
    "Changed",
    "NoSuchEntry",
    "Origin",
    "effective",
    "generation",
    "give_back",
    "listing",
    "put",
    "take_out",
]
