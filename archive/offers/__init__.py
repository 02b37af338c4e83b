"""What harvesters were once offered, and when what they may read last changed.

tables   one row for each record that anybody was ever offered
book     written by whoever knows what is offered now; read by harvesters' questions

A row holds no word of the record: a keyed digest of what was offered, the collection it
was offered in, and two moments. A record that nobody without an account may read, or
ever might, has none. What is offered at this moment is not told by these rows but by
the records themselves; the rows tell since when.
"""

from archive.offers.book import (
    MARGIN,
    Offered,
    Span,
    count,
    earliest,
    get,
    page,
    take,
)
from archive.offers.tables import Offer

__all__ = [
    "MARGIN",
    "Offer",
    "Offered",
    "Span",
    "count",
    "earliest",
    "get",
    "page",
    "take",
]
