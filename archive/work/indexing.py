"""From a record to what the search engine is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from archive import indexes
from archive.db import Database
from archive.findings import accounts, book, statements
from archive.records import segments, store
from archive.records.document import RecordDocument
from archive.records.tables import Asset, Collection, Record
from archive.site import Site
from auth.sealing import Sealing
from auth.viewer import Tier
from search.document import Document, Place, Text
from search.engine import SearchEngine

BATCH = 200
STATEMENT = "statement"


def document(sealing: Sealing, session: Session, record_id: str) -> Document | None:
    """What the index holds of a record; None when it must not hold anything."""
    record = store.get(session, record_id)
    if record is None or record.state in store.UNLISTED:
        return None
    described = store.document_of(sealing, record)
    assets = store.assets_of(session, record_id)
    shelf = session.get(Collection, record.collection_id or "")
    made = _document(record, described, assets, shelf.slug if shelf else None)
    made = _with_findings(sealing, session, made)
    return _with_segments(sealing, session, made, assets)


def fingerprint(session: Session, record_id: str) -> object:
    """Equal as long as what the index holds of the record need not change."""
    record = store.get(session, record_id)
    if record is None:
        return None
    assets = store.assets_of(session, record_id)
    kinds = [(asset.kind, asset.tier) for asset in assets]
    marked = [segments.version(session, asset.id) for asset in assets]
    said = book.stamp(session, record_id)
    changing = (record.state, record.revision, record.labels_version, record.tier)
    return (*changing, kinds, marked, said)


def forget(
    engine: SearchEngine, db: Database, sealing: Sealing, record_id: str
) -> None:
    """Take a record out of the index, and make the index again without it."""
    engine.remove([record_id])
    engine.rebuild(every_document(db, sealing))


def every_document(db: Database, sealing: Sealing) -> Iterator[Document]:
    """All documents of the archive, for a rebuild; in batches, in order of id."""
    after = ""
    while True:
        with db.read() as session:
            ids = store.ids_after(session, after, BATCH)
            found = [document(sealing, session, record_id) for record_id in ids]
        yield from (each for each in found if each is not None)
        if len(ids) < BATCH:
            return
        after = ids[-1]


def rebuild(site: Site, progress: Callable[[int, int], None]) -> int:
    """Build the whole index beside the living one and swap; `progress`: done, of all.

    It does not need the old one: a missing or damaged index is replaced like any other,
    and one that another engine left is deleted. Whatever changes meanwhile waits for
    the swap and is indexed after it.

    :raises IndexBusy: somebody else is writing to the index
    """
    with site.db.read() as session:
        total = store.count_all(session)
    engine = indexes.unopened(site.config, site.keyring)
    documents = every_document(site.db, site.sealing)
    try:
        built = engine.rebuild(_told(documents, total, progress))
    finally:
        engine.close()
    indexes.discard_other(site.config, site.keyring)
    return built


def _told(
    documents: Iterator[Document], total: int, progress: Callable[[int, int], None]
) -> Iterator[Document]:
    for done, each in enumerate(documents, 1):
        yield each
        progress(done, total)


def _with_findings(sealing: Sealing, session: Session, made: Document) -> Document:
    """The same with what everybody who knows of the record meets beside it."""
    accounts_shown = [
        each.account for each in accounts.shown(session, sealing, made.id)
    ]
    texts = [Text(a.language, "", f"{a.text}\n{a.signer}") for a in accounts_shown]
    stated = statements.of_record(session, sealing, made.id)
    if stated is None:
        return replace(made, texts=(*made.texts, *texts))
    texts.append(Text(made.texts[0].lang, "", stated.facts.words()))
    return replace(made, texts=(*made.texts, *texts), kinds=(*made.kinds, STATEMENT))


def _with_segments(
    sealing: Sealing, session: Session, made: Document, assets: Sequence[Asset]
) -> Document:
    """The same with the words of segments, for those who may read its titles."""
    held = segments.of_assets(session, sealing, [asset.id for asset in assets])
    spoken = made.texts[0].lang
    texts = [
        Text(spoken, "", each.words, guarded=True)
        for asset in assets
        for each in held[asset.id]
        if each.words
    ]
    return replace(made, texts=(*made.texts, *texts))


def _document(
    record: Record,
    described: RecordDocument,
    assets: Sequence[Asset],
    shelf: str | None,
) -> Document:
    return Document(
        id=record.id,
        audience=store.audience(record),
        texts=tuple(
            Text(language, text.title, text.body)
            for language, text in described.descriptions.items()
        ),
        guarded=record.tier >= Tier.G4,
        labels=tuple(record.codes),
        tier=int(record.tier),
        kinds=tuple(sorted({asset.kind for asset in assets})),
        places=tuple(Place(p.name, p.lat, p.lon) for p in described.places),
        event_from=record.event_from,
        event_to=record.event_to,
        collection=shelf,
        verification=described.verification,
        stance=described.stance,
        platform=described.source.platform or None,
        deposited_at=record.created_at,
    )
