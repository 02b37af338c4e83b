"""Attacks an archive's own previews, as somebody who holds the originals would.

    material   previews, and thumbnails of their originals, in memory
    trials     what is tried, its control, and the line it must not cross
    report     the outcome as JSON, and as one HTML page with plots

Originals are opened through the gate as the program `attack`, one by one, in a
decoder's child; only thumbnails of 64 x 64 come back and none is written. That it was
done stands in the ledger.
"""

from __future__ import annotations

from archive.attack.material import Material, Premises, Progress, gather
from archive.attack.report import Report, write
from archive.attack.trials import run_all

__all__ = ["Material", "Premises", "Report", "attack", "write"]


def attack(
    premises: Premises, *, sample: int, actor: str, progress: Progress
) -> Report:
    """Try everything on at most `sample` assets, newest first, and tell the ledger.

    :raises ValueError: fewer than one asset was asked for
    """
    if sample < 1:
        raise ValueError("a sample has at least one asset")
    now = premises.clock()
    material = gather(premises, sample, now, progress)
    report = Report(now, material, tuple(run_all(material)))
    with premises.db.write() as session:
        premises.ledger.append(
            session,
            "verification",
            actor=actor,
            now=premises.clock(),
            detail={"attack": report.summary()},
        )
    return report
