"""Every fingerprint, opened in the memory of one process, to compare a new one with.

Kept in step with the table before each look: rows that came are opened, rows that went
are forgotten. The first look of a process opens them all; the suite `likeness` of
`vigil bench` measures both.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.twins.keeping import opened
from archive.twins.tables import Likeness
from archive.vault.errors import VaultError
from auth.sealing import Sealing
from blur.likeness.form import Malformed

if TYPE_CHECKING:
    from blur.likeness.gallery import Gallery, Near

log = logging.getLogger("vigil.twins")
_BATCH = 500


class Memory:
    """What one process knows; empty in a new one, and in one that was forked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gallery: Gallery
        self._marks: dict[str, str] = {}
        self._process = 0  # nobody's: the first look makes the gallery

    def nearest(self, session: Session, sealing: Sealing, asset_id: str) -> list[Near]:
        """Files near this one, nearest first; none where it has no fingerprint.

        :raises VaultError: its own fingerprint does not open
        """
        row = session.get(Likeness, asset_id)
        if row is None:
            return []
        likeness = opened(sealing, row)
        with self._lock:
            self._follow(session, sealing)
            return [n for n in self._gallery.nearest(likeness) if n.id != asset_id]

    def _follow(self, session: Session, sealing: Sealing) -> None:
        if self._process != os.getpid():
            # With it comes all of numpy, which few processes need.
            from blur.likeness.gallery import Gallery

            self._gallery, self._marks = Gallery(), {}
            self._process = os.getpid()
        found = session.execute(select(Likeness.asset_id, Likeness.mark))
        there = {asset_id: mark for asset_id, mark in found}
        for gone in self._marks.keys() - there.keys():
            self._gallery.remove(gone)
            del self._marks[gone]
        new = [each for each, mark in there.items() if self._marks.get(each) != mark]
        for at in range(0, len(new), _BATCH):
            some = select(Likeness).where(Likeness.asset_id.in_(new[at : at + _BATCH]))
            for row in session.scalars(some):
                self._take(sealing, row)
                session.expunge(row)

    def _take(self, sealing: Sealing, row: Likeness) -> None:
        self._marks[row.asset_id] = row.mark
        try:
            self._gallery.add(row.asset_id, opened(sealing, row))
        except (VaultError, Malformed) as error:
            # One row that does not open must not keep all others from being compared.
            self._gallery.remove(row.asset_id)
            log.error("fingerprint of %s: %s", row.asset_id, type(error).__name__)  # noqa: TRY400
