"""What moderators say can be seen or heard in an asset, and what follows from it.

Labels are statements, kept for ever: a removal is a row that negates another. The
current labels of an asset are those nobody has negated. From them follow, here and
nowhere else:

| derived | rule |
|---|---|
| tier of an asset | the highest of its tags, lifted by a label that `raises`; else G5 |
| tags of an asset | its own, and those of its segments and regions |
| labelled | there is a tag, and enough moderators agree on the whole set |
| tier, codes of a record | the highest, and all, of its assets |
| `labels_version` | digest of the record's current labels; consent is bound to it |

How many moderators must agree before, `archive.moderation` sees to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from archive.records import marks, vocabulary
from archive.records.document import tidy
from archive.records.errors import FieldError, Gone, SeverityOutOfRange
from archive.records.marks import Mark
from archive.records.store import GONE, assets_of, require
from archive.records.tables import Asset, LabelOpinion, LabelRow, Record
from archive.records.vocabulary import NOTHING_GRAPHIC, TOLD, Term, Vocabulary
from auth.identifiers import new_id
from auth.viewer import UNLABELLED, RecordState, Tier

NOTE_LIMIT = 2_000


@dataclass(frozen=True)
class LabelInput:
    """One label as somebody gives it; times in seconds, region as x, y, w, h in 0–1."""

    code: str
    tier: Tier | None = None
    from_s: float | None = None
    to_s: float | None = None
    region: tuple[float, float, float, float] | None = None
    note: str = ""


@dataclass(frozen=True)
class LabelChange:
    """What one labelling changed; `agreeing` counts moderators of the same mind."""

    added: tuple[str, ...]
    negated: tuple[str, ...]
    tier_before: Tier
    tier_after: Tier
    agreeing: int
    labels_version: str

    @property
    def lowers(self) -> bool:
        return self.tier_after < self.tier_before


def apply(
    session: Session,
    asset: Asset,
    given: Iterable[LabelInput],
    by: str,
    now: datetime,
    *,
    opinions: int = 1,
) -> LabelChange:
    """Make these the labels of the asset; what is not among them is negated.

    :raises UnknownLabel: the vocabulary has no such code
    :raises SeverityOutOfRange: the tier is not one this label can have
    :raises FieldError: times, region or combination make no sense, or a label that is
        not there yet was retired
    :raises Gone: the record was withdrawn
    """
    record = require(session, asset.record_id)
    if record.state in GONE:
        raise Gone("This record was withdrawn; it cannot be labelled any more.")
    words = vocabulary.of(session)
    wanted = {_identity(label): label for label in checked(given, words)}
    standing = {_identity(row): row for row in current(session, asset.id)}
    held = {row.code for row in standing.values()}
    refuse_retired(words, (label.code for label in wanted.values()), held)
    gone = [row for key, row in standing.items() if key not in wanted]
    new = [label for key, label in wanted.items() if key not in standing]
    session.add_all(negation(row, by, now) for row in gone)
    session.add_all(_row(asset, label, by, now) for label in new)
    session.merge(_opinion(asset, wanted.values(), by, now))
    session.flush()
    before = asset.tier
    count = _rate(session, asset, opinions)
    rate(session, record, now)
    return LabelChange(
        added=tuple(sorted({label.code for label in new})),
        negated=tuple(sorted({row.code for row in gone})),
        tier_before=before,
        tier_after=asset.tier,
        agreeing=count,
        labels_version=record.labels_version,
    )


def rerate(session: Session, asset: Asset, now: datetime, *, opinions: int) -> Record:
    """Derive again what follows from the labels and marks of an asset."""
    record = require(session, asset.record_id)
    _rate(session, asset, opinions)
    rate(session, record, now)
    return record


def rate(session: Session, record: Record, now: datetime) -> None:
    """Derive the record's columns; one without any file has nothing graphic to show."""
    assets = assets_of(session, record.id)
    labels = for_record(session, record.id)
    record.labelled = all(asset.labelled for asset in assets)
    record.tier = max((asset.tier for asset in assets), default=Tier.G0)
    record.codes = sorted({code for asset in assets for code in asset.codes})
    statements = [_statement(a, row) for a, rows in labels.items() for row in rows]
    marked = marks.of_assets(session, labels)
    statements += [mark.statement(a) for a, held in marked.items() for mark in held]
    record.labels_version = _digest(statements)[:16] if statements else ""
    if record.labelled and record.state in (RecordState.DRAFT, RecordState.SUBMITTED):
        record.state = RecordState.LABELLED
    if not record.labelled and record.state is RecordState.LABELLED:
        record.state = RecordState.SUBMITTED
    record.changed_at = now
    session.flush()


def written(text: str) -> LabelInput:
    """Read `code` or `code=G4`, as a shell or a table writes it.

    :raises ValueError: the severity is no tier
    """
    code, _, severity = text.partition("=")
    return LabelInput(code.strip(), Tier.parse(severity) if severity else None)


def checked(given: Iterable[LabelInput], words: Vocabulary) -> list[LabelInput]:
    """Give the labels back with tiers filled in, or refuse them.

    :raises UnknownLabel: the vocabulary has no such code
    :raises SeverityOutOfRange: the tier is not one this label can have
    :raises FieldError: times, region or combination make no sense
    """
    labels = list(given)
    told = any(label.code == TOLD for label in labels)
    clean = [_checked(label, words.term(label.code), told=told) for label in labels]
    tags = {c.code for c in clean if not words.term(c.code).is_flag}
    if clean and not tags:
        raise FieldError(
            "labels",
            "Flags alone do not say how graphic it is; add a tag, such as "
            f"{NOTHING_GRAPHIC}.",
        )
    if NOTHING_GRAPHIC in tags and len(tags) > 1:
        others = ", ".join(sorted(tags - {NOTHING_GRAPHIC}))
        raise FieldError("labels", f"{NOTHING_GRAPHIC} cannot stand beside {others}.")
    return clean


def each_checked(given: Iterable[LabelInput], words: Vocabulary) -> list[LabelInput]:
    """Labels of a part of a file, where flags may stand alone, with tiers filled in.

    :raises UnknownLabel: the vocabulary has no such code
    :raises SeverityOutOfRange: the tier is not one this label can have
    """
    labels = list(given)
    told = any(label.code == TOLD for label in labels)
    return [_checked(label, words.term(label.code), told=told) for label in labels]


def refuse_retired(words: Vocabulary, wanted: Iterable[str], held: Set[str]) -> None:
    """Where a retired label stands it may stay.

    :raises FieldError: a label is new here, and was retired
    """
    for code in wanted:
        if words.term(code).is_retired and code not in held:
            raise FieldError(
                "labels",
                f"{code} was retired; where it stands it stays, but it is given no "
                "more.",
            )


def current(session: Session, asset_id: str) -> Sequence[LabelRow]:
    """The labels of an asset that nobody has negated, in the order they were given."""
    return _standing(session, LabelRow.asset_id == asset_id)


def for_record(session: Session, record_id: str) -> dict[str, list[LabelRow]]:
    """The current labels of each asset of a record, by asset id.

    Without those that a file inherited and no moderator has looked at: they would tell
    a depositor of a twin that may not be known of.
    """
    assets = assets_of(session, record_id)
    found: dict[str, list[LabelRow]] = {asset.id: [] for asset in assets}
    for row in _standing(session, LabelRow.asset_id.in_(found)):
        found[row.asset_id].append(row)
    return {asset.id: _told(asset, found[asset.id]) for asset in assets}


def said_of(session: Session, record_id: str) -> dict[str, list[LabelRow | Mark]]:
    """All that is said of each asset of a record or of parts of it, by asset id."""
    found: dict[str, list[LabelRow | Mark]] = {}
    rows = for_record(session, record_id)
    for asset_id, held in marks.of_assets(session, rows).items():
        found[asset_id] = [*rows[asset_id], *held]
    return found


def said_of_many(
    session: Session, assets: Mapping[str, Sequence[Asset]]
) -> dict[str, list[LabelRow | Mark]]:
    """All that is said of the assets of several records, by record id.

    The assets are given by record id; all is asked with three questions.
    """
    every = {asset.id: asset for held in assets.values() for asset in held}
    rows: dict[str, list[LabelRow]] = {asset_id: [] for asset_id in every}
    for row in _standing(session, LabelRow.asset_id.in_(rows)):
        rows[row.asset_id].append(row)
    parts = marks.of_assets(session, every)
    said: dict[str, list[LabelRow | Mark]] = {record_id: [] for record_id in assets}
    for record_id, held in assets.items():
        for asset in held:
            said[record_id] += [*_told(asset, rows[asset.id]), *parts[asset.id]]
    return said


def history(session: Session, asset_id: str) -> Sequence[LabelRow]:
    """Every statement and negation about an asset, oldest first."""
    return session.scalars(
        select(LabelRow)
        .where(LabelRow.asset_id == asset_id)
        .order_by(LabelRow.created_at, LabelRow.code, LabelRow.id)
    ).all()


def tier_of(labels: Iterable[LabelInput | LabelRow | Mark], words: Vocabulary) -> Tier:
    """The tier that a set of labels gives; without any tag it is G5."""
    rows = list(labels)
    lift = max((words.term(row.code).raises for row in rows), default=0)
    rated = [row.tier for row in rows if row.tier is not None]
    if not rated:
        return UNLABELLED
    return Tier(min(Tier.G5, max(rated) + lift)) if lift else max(rated)


def agree(session: Session, asset: Asset, by: str, now: datetime) -> None:
    """Write down that somebody's answer is what stands now."""
    session.merge(_opinion(asset, current(session, asset.id), by, now))
    session.flush()


def agreeing(
    session: Session, asset: Asset, rows: Iterable[LabelRow] | None = None
) -> int:
    """How many moderators' last answers are exactly the asset's current labels."""
    standing = current(session, asset.id) if rows is None else rows
    digest = _digest(_statement(asset.id, row) for row in standing)
    same = (LabelOpinion.asset_id == asset.id, LabelOpinion.digest == digest)
    query = select(func.count()).select_from(LabelOpinion).where(*same)
    return session.scalar(query) or 0


def _checked(label: LabelInput, term: Term, *, told: bool) -> LabelInput:
    _check_span(label)
    _check_region(label)
    return LabelInput(
        code=term.code,
        tier=_severity(term, label.tier, told=told),
        from_s=label.from_s,
        to_s=label.to_s,
        region=label.region,
        note=tidy("note", label.note, NOTE_LIMIT),
    )


def _severity(term: Term, tier: Tier | None, *, told: bool) -> Tier | None:
    """The tier to record: the one given, if the term has it, else its highest."""
    if term.lowest is None or term.highest is None:
        if tier is not None:
            raise SeverityOutOfRange(f"{term.code} has no severity of its own.")
        return None
    if tier is None:
        return term.highest
    lowest = term.told if told and term.told is not None else term.lowest
    if not lowest <= tier <= term.highest:
        span = f"{lowest}–{term.highest}" if lowest < term.highest else str(lowest)
        raise SeverityOutOfRange(f"{term.code} is {span}; {tier} is outside of that.")
    return tier


def _check_span(label: LabelInput) -> None:
    moments = [m for m in (label.from_s, label.to_s) if m is not None]
    if any(not 0 <= moment < float("inf") for moment in moments):
        raise FieldError("labels", f"The times of {label.code} must be 0 s or later.")
    if moments != sorted(moments):
        raise FieldError("labels", f"The time range of {label.code} is backwards.")


def _check_region(label: LabelInput) -> None:
    if label.region is None:
        return
    x, y, width, height = label.region
    inside = (
        0 <= x <= 1 and 0 <= y <= 1 and x + width <= 1.0001 and y + height <= 1.0001
    )
    if not (inside and width > 0 and height > 0):
        raise FieldError(
            "labels", f"The region of {label.code} is outside the picture."
        )


def _standing(session: Session, about: object) -> Sequence[LabelRow]:
    negation = aliased(LabelRow)
    negated = select(negation.id).where(negation.negates == LabelRow.id).exists()
    return session.scalars(
        select(LabelRow)
        .where(about, LabelRow.negates.is_(None), ~negated)  # type: ignore[arg-type]
        .order_by(LabelRow.created_at, LabelRow.code, LabelRow.id)
    ).all()


def _identity(label: LabelInput | LabelRow) -> tuple[object, ...]:
    region = tuple(label.region) if label.region is not None else None
    return (label.code, label.tier, label.from_s, label.to_s, region, label.note)


def _row(asset: Asset, label: LabelInput, by: str, now: datetime) -> LabelRow:
    return LabelRow(
        id=new_id(),
        asset_id=asset.id,
        object_id=asset.object_id,
        code=label.code,
        tier=label.tier,
        from_s=label.from_s,
        to_s=label.to_s,
        region=None if label.region is None else list(label.region),
        note=label.note,
        author=by,
        created_at=now,
    )


def last_looked(session: Session, asset_id: str) -> datetime | None:
    """When somebody last said what an asset's whole set of labels is."""
    given = select(func.max(LabelOpinion.given_at))
    return session.scalar(given.where(LabelOpinion.asset_id == asset_id))


def negation(row: LabelRow, by: str, now: datetime) -> LabelRow:
    """The row that takes another back; the caller adds it."""
    return LabelRow(
        id=new_id(),
        asset_id=row.asset_id,
        object_id=row.object_id,
        code=row.code,
        tier=row.tier,
        note="",
        author=by,
        created_at=now,
        negates=row.id,
    )


def _opinion(
    asset: Asset, labels: Iterable[LabelInput | LabelRow], by: str, now: datetime
) -> LabelOpinion:
    return LabelOpinion(
        asset_id=asset.id,
        author=by,
        digest=_digest(_statement(asset.id, label) for label in labels),
        given_at=now,
    )


def _rate(session: Session, asset: Asset, opinions: int) -> int:
    """Derive the asset's columns; gives the number of moderators who agree."""
    rows = current(session, asset.id)
    count = agreeing(session, asset, rows)
    marked = marks.of_assets(session, [asset.id])[asset.id]
    tier = tier_of([*rows, *marked], vocabulary.of(session))
    asset.labelled = bool(rows) and (count >= opinions or asset.labelled)
    asset.codes = _codes(_told(asset, rows), marked)
    if count >= opinions and rows:
        asset.tier = tier
    elif asset.labelled:
        asset.tier = max(asset.tier, tier)
    else:
        asset.tier = UNLABELLED
    return count


def _codes(rows: Iterable[LabelRow], marked: Sequence[Mark]) -> list[str]:
    """All that is said of an asset; a graphic part of it makes "nothing" untrue."""
    codes = {row.code for row in rows} | {mark.code for mark in marked}
    graphic = any(mark.tier is not None and mark.tier > Tier.G0 for mark in marked)
    return sorted(codes - {NOTHING_GRAPHIC} if graphic else codes)


def _told(asset: Asset, rows: Iterable[LabelRow]) -> list[LabelRow]:
    """What of a file's labels is shown on its record."""
    return [row for row in rows if asset.labelled or row.inherited_from is None]


def _statement(asset_id: str, label: LabelInput | LabelRow) -> str:
    *shown, _note = _identity(label)
    return json.dumps([asset_id, *shown], default=str)


def _digest(statements: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(statements)).encode()).hexdigest()
