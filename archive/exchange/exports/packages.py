"""The court package of a record as an export that is made by a job."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Protocol

from archive import jobs
from archive.exchange import court
from archive.exchange.court import Wish
from archive.exchange.court import making as courtmaking
from archive.exchange.exports import premises as facts
from archive.exchange.exports.making import Making
from archive.exports.desk import Asked
from archive.exports.tables import What
from archive.records import store
from auth.viewer import Viewer

MEDIA_TYPE = "application/zip"


class Premises(courtmaking.Premises, Protocol):
    """What a package needs of a running archive."""


def asked(wish: Wish) -> Asked:
    """A package as an export."""
    told = asdict(wish)
    return Asked(What.PACKAGE, told, 1, wish.record_id, wish.original)


@contextlib.contextmanager
def made(
    premises: Premises, wish: Wish, viewer: Viewer, now: datetime
) -> Iterator[Making]:
    """The package piece by piece, after its lines in the ledger.

    :raises RefusedError: the policy says no, or the gate does to one of the originals
    :raises NotForCourt: no package can be made so
    :raises VaultError: an original cannot be opened
    """
    with premises.db.read() as s:
        record = store.require(s, wish.record_id)
        marks = facts.marks([record])
        line = facts.last_line(premises, s, record.id)
    prepared = court.prepare(premises, wish, viewer, now)
    if premises.config.checkpoint_folder or premises.config.tsa_url:
        with premises.db.write() as s:
            jobs.enqueue(s, "checkpoint", {}, now=now)
    with court.hand_over(premises, prepared, viewer, now) as handed:
        held = [each.id for each in prepared.assets] if wish.original else []
        whole = sum(each.size for each in prepared.assets) if held else 0
        yield Making(
            pieces=court.zipped(handed.bag),
            media_type=MEDIA_TYPE,
            filename=f"{handed.bag.folder}.zip",
            done=lambda size: size / max(size, whole, 1),
            premises={
                "reach": facts.reach(viewer, now),
                "records": marks,
                "line": line,
                "assets": held,
                "package": handed.bag.digest,
            },
        )
