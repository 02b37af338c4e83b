"""The court package: one record, what is known of it, and what proves that.

foundation   the checkpoint a package stands on, the lines of its record, proofs
statements   what the archive says of the record, its labels and their history
findings     what was found and said of it, word for word, with digests
premis       the same events and files as PREMIS 3 has them
bag          all of that as a BagIt bag, with its manifests and a signature
making       who may have it, the line in the ledger, the originals through the gate
zipping      the bag as a ZIP, written as it is read, the same bytes each time
check_package.py  checks a package with the standard library alone; goes into each

docs/formats/court-package-v1.md has every file. An original is in a package only when a
person asks for it whom the gate would show it to for legal proceedings.
"""

from archive.exchange.court.making import (
    FORM,
    PURPOSE,
    Handed,
    NotForCourt,
    Wish,
    hand_over,
    prepare,
)
from archive.exchange.court.zipping import zipped

__all__ = [
    "FORM",
    "PURPOSE",
    "Handed",
    "NotForCourt",
    "Wish",
    "hand_over",
    "prepare",
    "zipped",
]
