"""Fill an archive with very many records: the rows that the program writes, in bulk.

    python -m tests.bench.pouring COUNT        into the archive of the settings

What a row says is made by the program's own functions (the sealed description, its
dates, each line of the ledger); what is left out is asking the database between two
rows, and a transaction for each. The index is built meanwhile in a process of its own,
from the same documents in the same order that a rebuild reads them in.

Of a hundred records 97 are published, three wait for a moderator. Every second record
has a file of which there is only the row: no original and no preview.
"""

from __future__ import annotations

import hashlib
import itertools
import multiprocessing as mp
import resource
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from archive import config, indexes
from archive.ledger.chain import Ledger, line_digest
from archive.ledger.tables import LedgerEntry, LedgerHead
from archive.moderation.tables import LabelSet, Outcome, Rung
from archive.records import store
from archive.records.document import Description, Place, RecordDocument
from archive.records.tables import Asset, AssetState, Record
from archive.site import Site, open_site
from auth.identifiers import new_id
from auth.viewer import OPERATOR as BY
from auth.viewer import Access, RecordState, Tier, Visibility
from search.document import Document
from tests.bench import corpus

AT_ONCE = 500
WAITING = 3
"""Of a hundred records."""
CODE = "property.heritage"
AHEAD = 8
AGO = timedelta(days=900)


@dataclass(frozen=True)
class Poured:
    """Processor seconds and the most MiB of both processes; indexing apart."""

    seconds: float
    memory: float
    indexing: float
    indexing_memory: float


def main() -> None:
    site = open_site(config.from_environment())
    try:
        poured = pour(site, int(sys.argv[1]))
    finally:
        site.close()
    print(  # noqa: T201 - a program of its own
        poured.seconds, poured.memory, poured.indexing, poured.indexing_memory
    )


def pour(site: Site, count: int) -> Poured:
    """Add so many records to an archive that has none, and build its index."""
    context = mp.get_context("spawn")
    queue: Any = context.Queue(AHEAD)
    told: Any = context.Queue()
    builder = context.Process(target=_build, args=(queue, told))
    builder.start()
    begun, number = time.process_time(), 0
    documents = corpus.documents(count)
    ids = sorted(store.new_record_id() for _ in range(count))
    chain = _Chain(site)
    while batch := list(itertools.islice(documents, AT_ONCE)):
        named = zip(ids[number : number + len(batch)], batch, strict=True)
        rows = [_Row(site, number + at, *each) for at, each in enumerate(named)]
        with site.db.write() as s:
            _write(s, rows)
            chain.lengthen(s, [row.record for row in rows])
        queue.put([row.document for row in rows])
        number += len(batch)
    with site.db.write() as s:
        _answer(s)
    queue.put(None)
    spent = time.process_time() - begun
    indexing = told.get()
    builder.join()
    return Poured(spent, _peak(), *indexing)


def _build(queue: Any, told: Any) -> None:
    settings = config.from_environment()
    site = open_site(settings)
    engine = indexes.unopened(settings, site.keyring)

    def arriving() -> Iterator[Document]:
        while (batch := queue.get()) is not None:
            yield from batch

    begun = time.process_time()
    engine.rebuild(arriving())
    told.put((time.process_time() - begun, _peak()))
    engine.close()
    site.close()


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class _Row:
    """One record, perhaps with a file, and what the index is told of it."""

    def __init__(
        self, site: Site, number: int, record_id: str, drawn: Document
    ) -> None:
        at = datetime.now(UTC) - AGO + timedelta(seconds=30 * number)
        waits = number % 100 < WAITING
        self.record = Record(
            id=record_id,
            state=RecordState.SUBMITTED if waits else RecordState.PUBLISHED,
            visibility=Visibility(drawn.audience),
            access=Access.VETTED,
            embargo_told=True,
            revision=1,
            labelled=not waits,
            tier=Tier.G5 if waits else Tier(min(drawn.tier, 4)),
            codes=[] if waits else [CODE],
            labels_version="",
            created_by=BY,
            created_at=at,
            changed_at=at,
            published_at=None if waits else at,
            published_by=None if waits else BY,
        )
        described = _described(drawn)
        store._write_document(site.sealing, self.record, described)
        self.asset = self._asset(site, drawn) if waits or number % 2 else None
        self.document = replace(
            drawn,
            id=record_id,
            audience=store.audience(self.record),
            guarded=self.record.tier >= Tier.G4,
            labels=tuple(self.record.codes),
            tier=int(self.record.tier),
            kinds=drawn.kinds if self.asset else (),
            event_from=self.record.event_from,
            event_to=self.record.event_to,
            collection=None,
            deposited_at=at,
        )

    def _asset(self, site: Site, drawn: Document) -> Asset:
        sha256 = secrets.token_hex(32)
        record = self.record
        asset = Asset(
            id=new_id(),
            record_id=record.id,
            position=0,
            kind=drawn.kinds[0],
            format="jpeg",
            media_type="image/jpeg",
            size=1_000_000,
            object_id=uuid4(),
            state=AssetState.FAILED,
            failure="unreadable",
            labelled=record.labelled,
            tier=record.tier,
            codes=record.codes,
            created_at=record.created_at,
            sha256_index=site.sealing.blind(sha256, store.SHA256_PURPOSE),
        )
        details = store.AssetDetails("picture.jpg", sha256, 4000, 3000)
        store._write_details(site.sealing, asset, details)
        return asset


def _described(drawn: Document) -> RecordDocument:
    texts = {each.lang: Description(each.title, each.body) for each in drawn.texts}
    places = tuple(Place(p.name, p.latitude, p.longitude) for p in drawn.places)
    day = drawn.event_from.isoformat() if drawn.event_from else ""
    return RecordDocument(texts, event_date=day, places=places)


def _write(s: Session, rows: Sequence[_Row]) -> None:
    s.execute(insert(Record), [_columns(row.record) for row in rows])
    files = [_columns(row.asset) for row in rows if row.asset is not None]
    s.execute(insert(Asset), files)


def _answer(s: Session) -> None:
    """Give every labelled file the answer that its labels come from, long settled."""
    given = {
        "id": Asset.id,
        "asset_id": Asset.id,
        "object_id": Asset.object_id,
        "author": literal(BY),
        "statements": literal([], LabelSet.statements.type),
        "key": literal(""),
        "tier": Asset.tier,
        "rung": literal(Rung.WORDS, LabelSet.rung.type),
        "is_blind": literal(False),
        "given_at": Asset.created_at,
        "settled_at": Asset.created_at,
        "outcome": literal(Outcome.ALONE, LabelSet.outcome.type),
    }
    labelled = select(*given.values()).where(Asset.labelled)
    s.execute(insert(LabelSet).from_select(list(given), labelled))


def _columns(made: Record | Asset | LedgerEntry) -> dict[str, Any]:
    names = [column.key for column in made.__table__.columns]
    return {name: getattr(made, name) for name in names if name in made.__dict__}


class _Chain(Ledger):
    """The archive's ledger, lengthened by many lines at once."""

    def __init__(self, site: Site) -> None:
        self.__dict__.update(site.ledger.__dict__)

    def lengthen(self, s: Session, records: Sequence[Record]) -> None:
        """Add the line of each record's publication."""
        head = s.get(LedgerHead, 1, populate_existing=True)
        before, previous = self.end(s)
        lines = []
        for seq, record in enumerate(records, before + 1):
            line = self._made(seq, previous, record)
            lines.append(line)
            previous = line.digest
        s.execute(insert(LedgerEntry), [_columns(each) for each in lines])
        self._move_head(s, head, lines[-1])

    def _made(self, seq: int, previous: str, record: Record) -> LedgerEntry:
        detail = f'{{"nonce":"{secrets.token_hex(16)}"}}'.encode()
        line = LedgerEntry(
            seq=seq,
            at=record.created_at,
            event="publication",
            actor=BY,
            record_id=record.id,
            detail_sealed=self._sealing.seal(detail, f"ledger.detail/v1:{seq}"),
            detail_digest=hashlib.sha256(detail).hexdigest(),
            previous=previous,
        )
        line.digest = line_digest(line)
        line.mac = self._mac(line.digest)
        return line


if __name__ == "__main__":
    main()
