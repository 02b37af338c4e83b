"""A record as JSON, with just what this viewer may read of it.

| member | the public | the vetted | staff |
|---|---|---|---|
| title of G4 and above | neutral | its own | its own |
| coordinates of places | to a tenth of a degree | exact | exact |
| source: platform, capture time | yes | yes | yes |
| source: address (it leads to the original elsewhere) | no | yes | yes |
| source note, who deposited | no | no | yes |
| file name of an original | no | yes | yes |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g, url_for
from sqlalchemy.orm import Session

from archive.exchange import reading
from archive.records import labels, redactions, store
from archive.records.document import Place, RecordDocument
from archive.records.marks import Mark
from archive.records.tables import Asset, LabelRow, Record, Redaction
from archive.records.vocabulary import mapping
from archive.web.answer import reasons
from archive.web.request import context
from archive.web.request.i18n import language
from archive.web.showing import consentforms, exclusions, tombstones, warnings
from archive.web.showing.restrictions import told_embargo
from archive.web.showing.titles import neutral_title, shown_text
from auth.conditions import needs_typed_reason
from auth.policy import Action, Refusal, decide
from auth.scope import may_read_title, scope
from auth.viewer import Item, Tier, Visibility


@dataclass(frozen=True)
class Reach:
    """How far into a record this viewer reads."""

    is_inner: bool
    is_staff: bool
    digits: int

    @classmethod
    def of_viewer(cls) -> Reach:
        reach = scope(context.viewer(), context.now())
        return cls(
            is_inner=Visibility.VETTED.value in reach.audiences,
            is_staff=Visibility.STAFF.value in reach.audiences,
            digits=reach.digits,
        )


def record(s: Session, found: Record) -> dict[str, Any]:
    """The whole record."""
    is_bare = tombstones.is_bare(found)
    assets = [] if is_bare else store.assets_of(s, found.id)
    rows = {} if is_bare else labels.said_of(s, found.id)
    reach = Reach.of_viewer()
    given = {} if is_bare else redactions.given(s, found)
    document = tombstones.document_of(found)
    return {
        **summary(found, document, assets, rows),
        "descriptions": _descriptions(document, store.item_of(found)),
        "source": _source(document, reach),
        "rights": document.rights,
        "collection": found.collection_id,
        "revision": found.revision,
        "published_at": iso(found.published_at),
        "embargo_until": iso(told_embargo(found)),
        "tombstone": found.tombstone,
        "deposited_by": found.created_by if reach.is_staff else None,
        "labels_version": found.labels_version,
        "text_version": warnings.text_version(found),
        "consent": consent_terms(found),
        "redacted_consent": consent_terms(redactions.item_of(found, given))
        if given
        else None,
        "assets": [
            {
                **asset(found, each, reach),
                "redacted": redacted(found, given, each) if each.id in given else None,
            }
            for each in assets
        ],
    }


def summary(
    found: Record,
    document: RecordDocument,
    assets: Sequence[Asset],
    rows: Mapping[str, Sequence[LabelRow | Mark]],
) -> dict[str, Any]:
    """What a list says of a record."""
    text = shown_text(document, store.item_of(found))
    reach = Reach.of_viewer()
    return {
        "id": found.id,
        "title": text.title,
        "description": text.body,
        "language": text.lang,
        "is_neutral_title": text.is_neutral,
        "labels": label_list(row for each in rows.values() for row in each),
        "labelled": found.labelled,
        "tier": str(found.tier),
        "severity": severity(found.tier),
        **mapped([] if tombstones.is_bare(found) else found.codes, found.tier),
        "visibility": found.visibility.value,
        "access": found.access.value,
        "state": found.state.value,
        "event_date": document.event_date or None,
        "places": [_place(place, reach) for place in document.places],
        "verification": document.verification,
        "stance": document.stance,
        "media_kinds": sorted({each.kind for each in assets}),
        "treatment": str(exclusions.treatment_of(store.item_of(found))),
        "preview_url": _preview_url(assets[0]) if assets else None,
        "url": url_for("records.show", record_id=found.id, _external=True),
    }


def redacted(
    found: Record, given: Mapping[str, Redaction], each: Asset
) -> dict[str, Any]:
    """The redacted copy of one file, and whether this viewer may open it now."""
    row = given[each.id]
    return {
        "id": row.id,
        "tier": str(row.tier),
        "labels": sorted(row.codes),
        "url": url_for(
            "api.redactions_open_copy", asset_id=each.id, redaction_id=row.id
        ),
        "reveal": _reveal(redactions.item_of(found, given, each), Action.OPEN_REDACTED),
    }


def redaction(row: Redaction, asset: Asset) -> dict[str, Any]:
    """One redaction, as moderators see it."""
    opened = url_for("api.redactions_open_copy", asset_id=asset.id, redaction_id=row.id)
    return {
        "id": row.id,
        "asset": asset.id,
        "state": row.state.value,
        "tier": str(row.tier),
        "labels": sorted(row.codes),
        "removal": redactions.removal_of(context.site().sealing, row).to_json(),
        "note": row.note,
        "failure": row.failure,
        "job": row.job_id,
        "url": opened if row.object_id else None,
        "is_given": redactions.is_given(row, asset),
        "drawn_by": row.drawn_by,
        "drawn_at": iso(row.drawn_at),
        "made_at": iso(row.made_at),
        "confirmed_by": row.confirmed_by,
        "confirmed_at": iso(row.confirmed_at),
        "ended_at": iso(row.ended_at),
    }


def consent_terms(found: warnings.Told) -> dict[str, Any]:
    """What a consent to this record must acknowledge, and how long it may last."""
    return {
        "text_version": warnings.text_version(found),
        "form": _form(found),
        "text": warnings.text(found),
        "warning": warnings.warning(found),
        "acknowledge": sorted(found.codes),
        "max_minutes": warnings.longest(found.tier),
        "purposes": [
            {"code": code, "name": name} for code, name in warnings.purposes()
        ],
        "needs_reason": needs_typed_reason(found.tier),
    }


def _form(found: warnings.Told) -> str | None:
    """The mark that a browser's consent must carry; a token's needs none."""
    if context.viewer().session_id is None or g.get("by_token"):
        return None
    record_id = found.record_id if isinstance(found, Item) else found.id
    return consentforms.issue({record_id: warnings.text_version(found)})


def asset(found: Record, each: Asset, reach: Reach) -> dict[str, Any]:
    """One file of a record, and whether this viewer may open its original now."""
    details = store.details_of(context.site().sealing, each)
    return {
        "id": each.id,
        "kind": each.kind,
        "media_type": each.media_type,
        "size": each.size,
        "sha256": details.sha256,
        "filename": details.filename if reach.is_inner else None,
        "width": details.width,
        "height": details.height,
        "duration": details.duration,
        "pages": details.pages,
        "state": each.state.value,
        "failure": each.failure,
        "tier": str(each.tier),
        "labelled": each.labelled,
        **mapped(each.codes, each.tier),
        "treatment": str(exclusions.treatment_of(store.item_of(found, each))),
        "preview_url": _preview_url(each),
        "original_url": url_for("api.assets_original", asset_id=each.id),
        "reveal": _reveal(store.item_of(found, each)),
    }


def label_list(rows: Iterable[LabelRow | Mark]) -> list[dict[str, Any]]:
    """Each label once, with the highest tier that any asset gives it."""
    found = reading.tags(rows, context.vocabulary())
    return [label_json(tag.term.code, tag.tier) for tag in found]


def label_json(code: str, tier: Tier | None) -> dict[str, Any]:
    term = context.vocabulary().term(code)
    return {
        "code": code,
        "name": term.name(language()),
        "definition": term.definition(language()),
        "tier": None if tier is None else str(tier),
    }


def label_row(row: LabelRow) -> dict[str, Any]:
    """One statement about one asset, as moderators see it."""
    return {
        **label_json(row.code, row.tier),
        "id": row.id,
        "from": row.from_s,
        "to": row.to_s,
        "region": row.region,
        "note": row.note,
        "author": row.author,
        "created_at": iso(row.created_at),
        "reason": row.reason,
        "expires_at": iso(row.expires_at),
    }


def mapped(codes: Iterable[str], tier: Tier) -> dict[str, list[str]]:
    """What labels and tier are in other vocabularies: docs/labels.md has the table."""
    return {
        "iptc": mapping.content_warnings(context.vocabulary(), codes),
        "atproto": mapping.atproto(tier),
    }


def severity(tier: Tier) -> dict[str, str]:
    """The tier in words."""
    text = context.vocabulary().tiers[tier]
    return {"tier": str(tier), "name": text.name(language())}


def iso(moment: datetime | None) -> str | None:
    """A time as RFC 3339 in UTC."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _reveal(item: Item, action: Action = Action.OPEN_ORIGINAL) -> dict[str, Any]:
    outcome = decide(action, context.viewer(), item, context.rules(), context.now())
    if isinstance(outcome, Refusal):
        failing = [reason.condition for reason in outcome.reasons]
        told = reasons.describe(outcome.codes, item.record_id, failing)
        return {"allowed": False, "reasons": told}
    return {"allowed": True, "reasons": []}


def _descriptions(document: RecordDocument, item: Item) -> dict[str, dict[str, str]]:
    own = may_read_title(context.viewer(), item, context.now())
    return {
        lang: {
            "title": text.title if own else neutral_title(item.record_id),
            "description": text.body,
        }
        for lang, text in document.descriptions.items()
    }


def _place(place: Place, reach: Reach) -> dict[str, Any]:
    return {
        "name": place.name,
        "lat": None if place.lat is None else round(place.lat, reach.digits),
        "lon": None if place.lon is None else round(place.lon, reach.digits),
    }


def _source(document: RecordDocument, reach: Reach) -> dict[str, Any]:
    source = document.source
    told = {"platform": source.platform, "captured_at": source.captured_at}
    if reach.is_inner:
        told["url"] = source.url
    if reach.is_staff:
        told["note"] = source.note
    return told


def _preview_url(each: Asset) -> str:
    return url_for("api.assets_preview", asset_id=each.id)
