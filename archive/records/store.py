"""Records and assets: create, read, change, publish, withdraw.

Every function takes the session first and adds or flushes, never commits. Lists take a
`Scope`, so that nobody can list unscoped. Descriptive text goes in and out as a
`RecordDocument`, sealed under the record's id. What happened is told to the ledger by
`archive.moderation` and `archive.intake`, which sit above.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, extract, func, or_, select
from sqlalchemy.orm import Session

from archive.records.document import (
    LANGUAGES,
    Description,
    RecordDocument,
    checked,
    tidy,
)
from archive.records.errors import Conflict, FieldError, Gone, NoSuchRecord, NotLabelled
from archive.records.tables import Asset, AssetState, Collection, Record
from auth.identifiers import new_id
from auth.scope import Scope
from auth.sealing import Sealing
from auth.viewer import Access, Item, RecordState, Tier, Visibility

RECORD_LETTERS = 12
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
GONE = (RecordState.WITHDRAWN, RecordState.SHREDDED)
UNLISTED = (RecordState.CONTRIBUTED, *GONE)
"""What stands in no list, no count and no queue, and what no search finds."""
WAITING = (RecordState.DRAFT, RecordState.SUBMITTED, RecordState.LABELLED)
"""What a moderator has still to let out."""
BLANK = "—"
SHA256_PURPOSE = "assets.sha256"


@dataclass(frozen=True)
class RecordDraft:
    """What somebody hands in: the document, how it shall be kept, how it begins."""

    document: RecordDocument
    visibility: Visibility = Visibility.STAFF
    access: Access = Access.VETTED
    embargo_until: datetime | None = None
    collection_id: str | None = None
    state: RecordState = RecordState.SUBMITTED


@dataclass(frozen=True)
class AssetFacts:
    """What is known of a file once it is sealed and probed; `size` in bytes.

    `rate` is the frames a second of a film.
    """

    kind: str
    format: str
    media_type: str
    size: int
    object_id: UUID
    filename: str
    sha256: str
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    pages: int | None = None
    rate: float | None = None


@dataclass(frozen=True)
class AssetDetails:
    """The sealed part of an asset; lengths in pixels and seconds, `rate` in frames."""

    filename: str
    sha256: str
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    pages: int | None = None
    rate: float | None = None


def create(
    session: Session, sealing: Sealing, draft: RecordDraft, by: str, now: datetime
) -> Record:
    """Add a record in the draft's state, for staff only until it is published.

    :raises FieldError: the document cannot be taken
    """
    record_id = new_record_id()
    record = Record(
        id=record_id,
        state=draft.state,
        visibility=draft.visibility,
        access=draft.access,
        embargo_until=draft.embargo_until,
        collection_id=draft.collection_id,
        created_by=by,
        created_at=now,
        changed_at=now,
        revision=1,
        labelled=False,
        tier=Tier.G5,
        codes=[],
        labels_version="",
        tombstone=None,
    )
    _write_document(sealing, record, draft.document)
    session.add(record)
    session.flush()
    return record


def add_asset(
    session: Session, sealing: Sealing, record: Record, facts: AssetFacts, now: datetime
) -> Asset:
    """Add one file to a record, after those it has."""
    highest = select(func.max(Asset.position)).where(Asset.record_id == record.id)
    position = session.scalar(highest)
    asset = Asset(
        id=new_id(),
        record_id=record.id,
        position=0 if position is None else position + 1,
        kind=facts.kind,
        format=facts.format,
        media_type=facts.media_type,
        size=facts.size,
        object_id=facts.object_id,
        state=AssetState.QUEUED,
        labelled=False,
        tier=Tier.G5,
        codes=[],
        created_at=now,
        sha256_index=sealing.blind(facts.sha256, SHA256_PURPOSE),
    )
    details = AssetDetails(
        facts.filename,
        facts.sha256,
        facts.width,
        facts.height,
        facts.duration,
        facts.pages,
        facts.rate,
    )
    _write_details(sealing, asset, details)
    session.add(asset)
    session.flush()
    return asset


def get(session: Session, record_id: str) -> Record | None:
    return session.get(Record, record_id)


def require(session: Session, record_id: str) -> Record:
    """:raises NoSuchRecord: there is none of that id"""
    record = session.get(Record, record_id)
    if record is None:
        raise NoSuchRecord("There is no such record.")
    return record


def get_asset(session: Session, asset_id: str) -> Asset | None:
    return session.get(Asset, asset_id)


def require_asset(session: Session, asset_id: str) -> Asset:
    """:raises NoSuchRecord: there is none of that id"""
    asset = session.get(Asset, asset_id)
    if asset is None:
        raise NoSuchRecord("There is no such file.")
    return asset


def require_with_record(session: Session, asset_id: str) -> tuple[Record, Asset]:
    """An asset and its record, in one question to the database.

    One question, so that what may not be known of takes no longer than what is not.

    :raises NoSuchRecord: there is none of that id
    """
    both = select(Record, Asset).join(Asset, Asset.record_id == Record.id)
    found = session.execute(both.where(Asset.id == asset_id)).one_or_none()
    if found is None:
        raise NoSuchRecord("There is no such file.")
    return found[0], found[1]


def assets_of(session: Session, record_id: str) -> Sequence[Asset]:
    """A record's files in their order."""
    query = select(Asset).where(Asset.record_id == record_id).order_by(Asset.position)
    return session.scalars(query).all()


def assets_of_many(
    session: Session, record_ids: Iterable[str]
) -> dict[str, list[Asset]]:
    """The files of several records at once, by record id, each in its order."""
    wanted = list(record_ids)
    found: dict[str, list[Asset]] = {record_id: [] for record_id in wanted}
    query = select(Asset).where(Asset.record_id.in_(wanted)).order_by(Asset.position)
    for asset in session.scalars(query):
        found[asset.record_id].append(asset)
    return found


def document_of(sealing: Sealing, record: Record) -> RecordDocument:
    """Open a record's description."""
    context = _document_context(record.id)
    return RecordDocument.from_bytes(sealing.open(record.document_sealed, context))


def details_of(sealing: Sealing, asset: Asset) -> AssetDetails:
    """Open what is known of a file."""
    opened = sealing.open(asset.details_sealed, _details_context(asset.id))
    return AssetDetails(**json.loads(opened))


def item_of(record: Record, asset: Asset | None = None) -> Item:
    """The record, or one asset of it, as the policy sees it."""
    rated = record if asset is None else asset
    return Item(
        record_id=record.id,
        state=record.state,
        visibility=record.visibility,
        access=record.access,
        tier=rated.tier,
        labelled=rated.labelled,
        codes=frozenset(rated.codes),
        labels_version=record.labels_version,
        embargo_until=record.embargo_until,
        collection_id=record.collection_id,
        depositor_id=record.created_by,
        asset_id=None if asset is None else asset.id,
    )


def list_by_ids(session: Session, ids: Sequence[str], scope: Scope) -> list[Record]:
    """The records of these ids that the scope may know of, in the order asked."""
    if not ids:
        return []  # SQLite would look through every record for none
    # SQLite believes that hardly any record is published, and would walk all of them
    # rather than look up a page of ids; of an expression it finds no index.
    state = func.coalesce(Record.state, Record.state)
    query = select(Record).where(Record.id.in_(ids), within(scope, state))
    found = {record.id: record for record in session.scalars(query)}
    return [found[record_id] for record_id in ids if record_id in found]


def ids_within(session: Session, ids: Sequence[str], scope: Scope) -> list[str]:
    """Those of these ids that the scope may know of, in the order asked."""
    held = session.scalars(select(Record.id).where(Record.id.in_(ids), within(scope)))
    known = set(held)
    return [record_id for record_id in ids if record_id in known]


def recent(session: Session, scope: Scope, limit: int) -> Sequence[Record]:
    """The records published last."""
    return session.scalars(
        select(Record)
        .where(within(scope), Record.state == RecordState.PUBLISHED)
        .order_by(Record.published_at.desc(), Record.id)
        .limit(limit)
    ).all()


def deposited_by(session: Session, account_id: str, limit: int) -> Sequence[Record]:
    """What one account has handed in, newest first."""
    return session.scalars(
        select(Record)
        .where(Record.created_by == account_id)
        .order_by(Record.created_at.desc(), Record.id)
        .limit(limit)
    ).all()


def queue(session: Session, limit: int = 200) -> Sequence[Record]:
    """What waits for a moderator, oldest first. For staff only."""
    found: list[Record] = []
    for state in WAITING:  # one by one, since no index orders several together
        oldest = select(Record).where(Record.state == state)
        ordered = oldest.order_by(Record.created_at, Record.id).limit(limit)
        found += session.scalars(ordered)
    found.sort(key=lambda record: (record.created_at, record.id))
    return found[:limit]


def count_unlabelled(session: Session) -> int:
    """How many records wait for their labels. For staff only."""
    waiting = (RecordState.DRAFT, RecordState.SUBMITTED)
    unlabelled = select(func.count()).where(
        Record.state.in_(waiting), Record.labelled.is_(False)
    )
    return session.scalar(unlabelled) or 0


def ids_after(session: Session, after: str, limit: int) -> Sequence[str]:
    """Ids of every record whatever its state, in order, for walks over the archive."""
    return session.scalars(
        select(Record.id).where(Record.id > after).order_by(Record.id).limit(limit)
    ).all()


def in_collection(
    session: Session, collection_id: str, scope: Scope, *, limit: int, offset: int = 0
) -> tuple[int, Sequence[Record]]:
    """How many records of a collection the scope reaches, and one page of them."""
    wanted = and_(
        Record.collection_id == collection_id,
        Record.state == RecordState.PUBLISHED,
        within(scope),
    )
    total = session.scalar(select(func.count()).select_from(Record).where(wanted))
    page = (
        select(Record)
        .where(wanted)
        .order_by(Record.published_at.desc(), Record.id)
        .limit(limit)
        .offset(offset)
    )
    return total or 0, session.scalars(page).all()


def all_in_collection(
    session: Session, collection_id: str, scope: Scope, *, limit: int
) -> list[Record]:
    """A collection's records that the scope reaches, published or not, oldest first."""
    wanted = and_(Record.collection_id == collection_id, within(scope))
    oldest = select(Record).where(wanted).order_by(Record.created_at, Record.id)
    return list(session.scalars(oldest.limit(limit)))


def published(
    session: Session, scope: Scope, collection_id: str | None = None
) -> dict[str, tuple[int, str]]:
    """Revision and version of labels of what the scope reaches, newest first, by id."""
    wanted = [within(scope), Record.state == RecordState.PUBLISHED]
    if collection_id is not None:
        wanted.append(Record.collection_id == collection_id)
    found = session.execute(
        select(Record.id, Record.revision, Record.labels_version)
        .where(*wanted)
        .order_by(Record.published_at.desc(), Record.id)
    )
    return {each: (revision, labels) for each, revision, labels in found}


def counts_by_year(session: Session, scope: Scope) -> dict[int, int]:
    """How many published records begin in each year, for the little timeline."""
    year = extract("year", Record.event_from)
    found = session.execute(
        select(year, func.count())
        .where(
            within(scope),
            Record.state == RecordState.PUBLISHED,
            Record.event_from.is_not(None),
        )
        .group_by(year)
        .order_by(year)
    )
    return {int(which): count for which, count in found}


def count(session: Session, scope: Scope) -> int:
    """How many published records the scope reaches."""
    wanted = and_(within(scope), Record.state == RecordState.PUBLISHED)
    return session.scalar(select(func.count()).select_from(Record).where(wanted)) or 0


def count_all(session: Session) -> int:
    """How many records there are in whatever state; for the archive's own care."""
    return session.scalar(select(func.count()).select_from(Record)) or 0


def same_file(session: Session, sealing: Sealing, sha256: str) -> Sequence[Asset]:
    """Assets whose original has exactly these bytes, found by keyed digest."""
    index = sealing.blind(sha256, SHA256_PURPOSE)
    return session.scalars(
        select(Asset).where(Asset.sha256_index == index).order_by(Asset.created_at)
    ).all()


def update(
    session: Session,
    sealing: Sealing,
    record: Record,
    draft: RecordDraft,
    *,
    revision: int,
    now: datetime,
) -> None:
    """Replace the description and how it is kept; `revision` is the one edited.

    What is known of where it came from stays as it was brought in.

    :raises Gone: it was withdrawn
    :raises Conflict: somebody changed it since
    :raises FieldError: the document cannot be taken
    """
    _refuse_gone(record)
    if record.revision != revision:
        raise Conflict(
            "Somebody changed this record in the meantime; look at it again first."
        )
    # What its source said when it was brought in is nobody's to edit.
    brought = document_of(sealing, record).provenance
    _write_document(sealing, record, replace(draft.document, provenance=brought))
    record.visibility = draft.visibility
    record.access = draft.access
    record.embargo_until = draft.embargo_until
    record.collection_id = draft.collection_id
    record.revision += 1
    record.changed_at = now
    session.flush()


def publish(session: Session, record: Record, by: str, now: datetime) -> None:
    """Let the record's visibility take effect.

    :raises Gone: it was withdrawn
    :raises NotLabelled: an asset is not labelled, so counts as G5
    """
    _refuse_gone(record)
    if not record.labelled:
        raise NotLabelled("Label every file of this record before publishing it.")
    record.state = RecordState.PUBLISHED
    record.published_at = record.published_at or now
    record.published_by = by
    record.changed_at = now
    session.flush()


def withdraw(
    session: Session, record: Record, category: str, note: str, by: str, now: datetime
) -> None:
    """Close the record and leave a tombstone with category, date and note.

    :raises Gone: it was withdrawn before
    :raises FieldError: the category or the note is missing or too long
    """
    _refuse_gone(record)
    record.tombstone = {
        "category": _needed("category", category, 100),
        "note": _needed("note", note, 2_000),
        "date": now.date().isoformat(),
    }
    record.state = RecordState.WITHDRAWN
    record.withdrawn_at = now
    record.withdrawn_by = by
    record.changed_at = now
    record.revision += 1
    session.flush()


def forget_words(sealing: Sealing, record: Record, assets: Iterable[Asset]) -> None:
    """Leave no word of what somebody wrote, nor what they called their files."""
    blank = RecordDocument({LANGUAGES[0]: Description(BLANK, "")})
    _write_document(sealing, record, blank)
    record.visibility = Visibility.STAFF
    for asset in assets:
        nameless = replace(details_of(sealing, asset), filename=BLANK)
        _write_details(sealing, asset, nameless)


def restore(session: Session, record: Record, now: datetime) -> None:
    """Take a withdrawal back: the record stands where it stood, without tombstone.

    :raises Gone: it is not withdrawn, or was shredded
    """
    if record.state is not RecordState.WITHDRAWN:
        raise Gone("Only a record that was withdrawn can be restored.")
    if record.published_at is not None and record.labelled:
        record.state = RecordState.PUBLISHED
    else:
        labelled = record.labelled
        record.state = RecordState.LABELLED if labelled else RecordState.SUBMITTED
    record.tombstone = record.withdrawn_at = record.withdrawn_by = None
    record.changed_at = now
    record.revision += 1
    session.flush()


def collections(session: Session) -> Sequence[Collection]:
    return session.scalars(select(Collection).order_by(Collection.slug)).all()


def collection(session: Session, slug: str) -> Collection | None:
    return session.scalar(select(Collection).where(Collection.slug == slug))


def add_collection(
    session: Session,
    slug: str,
    titles: Mapping[str, str],
    texts: Mapping[str, str],
    by: str,
    now: datetime,
) -> Collection:
    """Add a shelf; `titles` and `texts` are keyed by language."""
    made = Collection(
        id=new_id(),
        slug=slug,
        titles=dict(titles),
        texts=dict(texts),
        created_by=by,
        created_at=now,
    )
    session.add(made)
    session.flush()
    return made


def new_record_id() -> str:
    """Draw a short id (60 bits) that nobody can guess and that can be cited."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(RECORD_LETTERS))


def audience(record: Record) -> str:
    """Who may know of it as it stands: `public`, `vetted` or `staff`."""
    if record.state is not RecordState.PUBLISHED or record.tier >= Tier.X:
        return Visibility.STAFF.value
    return record.visibility.value


def within(
    scope: Scope, state: ColumnElement[RecordState] = Record.state.expression
) -> ColumnElement[bool]:
    """The condition for a row to be in the scope; withdrawn ones are never listed."""
    published = and_(
        state == RecordState.PUBLISHED,
        Record.tier < Tier.X,
        Record.visibility.in_([Visibility(word) for word in sorted(scope.audiences)]),
    )
    if Visibility.STAFF.value not in scope.audiences:
        return published
    return or_(published, Record.state.not_in((RecordState.PUBLISHED, *UNLISTED)))


def _write_document(sealing: Sealing, record: Record, document: RecordDocument) -> None:
    clean = checked(document)
    dates = clean.dates()
    record.event_from = dates.first if dates else None
    record.event_to = dates.last if dates else None
    context = _document_context(record.id)
    record.document_sealed = sealing.seal(clean.to_bytes(), context)


def _write_details(sealing: Sealing, asset: Asset, details: AssetDetails) -> None:
    sealed = json.dumps(asdict(details)).encode()
    asset.details_sealed = sealing.seal(sealed, _details_context(asset.id))


def _refuse_gone(record: Record) -> None:
    if record.state in GONE:
        raise Gone("This record was withdrawn; it cannot be changed any more.")


def _needed(name: str, text: str, limit: int) -> str:
    clean = tidy(name, text, limit)
    if not clean:
        raise FieldError(name, "A withdrawal needs a reason and a note.")
    return clean


def _document_context(record_id: str) -> str:
    return f"records.document/v1:{record_id}"


def _details_context(asset_id: str) -> str:
    return f"assets.details/v1:{asset_id}"
