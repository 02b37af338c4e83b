"""Attacks an archive's own previews, as somebody who holds the originals would.

    material     previews, and thumbnails of their originals, in memory
    trials       what is tried on cells, its control, and the line it must not cross
    recognition  words and faces, by the recognisers of others
    crawl        a visitor's walk through every address, looking for canaries
    report       the outcome as JSON, and as one HTML page with plots
    signature    whose a written report is, and that it is unchanged

Originals are opened through the gate as the program `attack`, one by one, in a
decoder's child; only thumbnails of 64 x 64 come back and none is written. That it was
done stands in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from archive.attack import recognition, signature, trials
from archive.attack.crawl import Answer, Fetch, crawl
from archive.attack.material import Material, Premises, Progress, gather
from archive.attack.report import Report, write
from archive.attack.trial import Trial

__all__ = [
    "Answer",
    "Extent",
    "Fetch",
    "Material",
    "Report",
    "attack",
    "signature",
    "write",
]


TRIALS = 9


@dataclass(frozen=True)
class Extent:
    """So many assets, the newest first, and addresses besides theirs.

    `is_kept` says that the report will be written to a folder; the ledger is told.
    """

    sample: int
    addresses: int = 200
    is_kept: bool = False


def attack(
    premises: Premises,
    fetch: Fetch,
    extent: Extent,
    *,
    actor: str,
    progress: Progress,
) -> Report:
    """Try everything within the extent, and tell the ledger.

    `fetch` asks the archive's own pages for an address, as a visitor does.

    :raises ValueError: fewer than one asset was asked for
    """
    if extent.sample < 1:
        raise ValueError("a sample has at least one asset")
    now = premises.clock()
    material = gather(premises, extent.sample, now, progress)
    tried = []
    for trial in _trials(material, fetch, extent.addresses):
        tried.append(trial)
        progress("trials", len(tried), TRIALS)
    report = Report(now, material, tuple(tried))
    with premises.db.write() as session:
        premises.ledger.append(
            session,
            "verification",
            actor=actor,
            now=premises.clock(),
            detail={"attack": {**report.summary(), "report": extent.is_kept}},
        )
    return report


def _trials(material: Material, fetch: Fetch, addresses: int) -> Iterator[Trial]:
    yield from trials.on_cells(material)
    yield recognition.words(material.pairs)
    yield recognition.faces(material.pairs)
    yield crawl(fetch, material.planted, addresses)
