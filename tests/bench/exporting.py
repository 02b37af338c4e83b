"""What an export costs that is given at once: lists by records, packages by bytes.

From these numbers come `SMALL_LIST` and `SMALL_PACKAGE` of `archive.web.exporting`:
what is not surely done within a second is made by a job.

    vigil bench --suite exporting --size 500
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from sqlalchemy import select

from archive.exchange.exports import lists
from archive.exchange.lists import FORMS, Listing
from archive.exchange.reading import Reader
from archive.records.tables import Record
from archive.site import Site
from archive.vault import listings
from auth.viewer import operator_viewer
from tests.bench import importing, premises
from tests.bench.measuring import Result

RECORDS = 500
PACKAGE = 32 * premises.MEBIBYTE


def measure(size: int = RECORDS) -> Iterator[Result]:
    """Processor seconds for a list of so many records, and for a package's bytes."""
    with premises.folder(fast=True) as folder, premises.archive(folder) as site:
        importing.take_in(site, folder, size)
        for form in FORMS:
            yield Result(
                f"{size:,} records as {form}", _list(site, form, size), "s CPU"
            )
        yield Result("32 MiB sealed and read back", _sealed(site), "s CPU")


def _list(site: Site, form: str, size: int) -> float:
    viewer, now = operator_viewer(), site.clock()
    with site.db.read() as s:
        ids = list(s.scalars(select(Record.id).limit(size)))
    reading = lists.Reading(site, Reader(site, viewer, "en", now), ids)
    listing = Listing(size, False, now, site.config.base_url)
    begun = time.process_time()
    written = sum(map(len, FORMS[form].write(listing, reading.entries())))
    took = time.process_time() - begun
    assert written and len(reading.marks) == size
    return took


def _sealed(site: Site) -> float:
    begun = time.process_time()
    with listings.new_listing(site.vault) as writer:
        for _ in range(PACKAGE // premises.MEBIBYTE):
            writer.write(bytes(premises.MEBIBYTE))
        with site.db.write() as s:
            kept = writer.finish(s, site.clock())
    with (
        site.db.read() as s,
        listings.open_listing(s, site.vault, kept.object_id) as it,
    ):
        for _piece in it.pieces(0, it.size):
            pass
    return time.process_time() - begun
