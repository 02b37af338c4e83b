"""From what was sent, JSON or form, to the draft of a record.

| JSON | form field | |
|---|---|---|
| title, description, language | the same | one language; `descriptions` for several |
| event_date (or date) | date | EDTF |
| places: [{name, lat, lon}] or names | place or places, repeated | |
| source: {url, platform, captured_at, note} | source_url, captured_at, … | |
| collection | collection | its slug or id |
| visibility, access, embargo_until | the same | |
| labels: [{code, tier}] | labels, repeated: `code=tier` | for every file |
| publish | publish | after labelling |
| uploads: [ids] | uploads, repeated | finished uploads, whose files come along |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from archive.records import store
from archive.records.document import (
    Description,
    Place,
    RecordDocument,
    Source,
)
from archive.records.labels import LabelInput
from archive.records.store import RecordDraft
from archive.records.tables import Collection, Record
from archive.web.request import context
from archive.web.request.body import BodyError, Fields, check_known
from auth.viewer import Access, Tier, Visibility

DOCUMENT = frozenset(
    {
        "title",
        "description",
        "language",
        "descriptions",
        "date",
        "event_date",
        "place",
        "places",
        "source",
        "source_url",
        "source_platform",
        "source_note",
        "captured_at",
        "rights",
        "verification",
        "stance",
    }
)
KEEPING = frozenset({"visibility", "access", "embargo_until", "collection"})
CREATING = DOCUMENT | KEEPING | {"labels", "publish", "uploads"}
CHANGING = DOCUMENT | KEEPING | {"state", "revision"}
DEFAULT_LANGUAGE = "en"
_TRUE = ("1", "true", "yes", "on")


@dataclass(frozen=True)
class Wanted:
    """A record as somebody wants it: the draft, its labels, and whether to publish.

    `uploads` are the ids of finished uploads that become its files.
    """

    draft: RecordDraft
    labels: tuple[LabelInput, ...]
    publish: bool
    uploads: tuple[str, ...] = ()


def from_form(form: MultiDict[str, str]) -> Fields:
    """The form's fields in the shape of the JSON body.

    Repeated fields become lists; of any other field the first value counts.

    :raises BodyError: a field that is not known
    """
    sent: dict[str, Any] = {
        name: form[name].strip() for name in form if form[name].strip()
    }
    sent.pop("csrf_token", None)
    check_known(sent, CREATING)
    for name in ("place", "places", "labels", "uploads"):
        if name in sent:
            sent[name] = [value for value in form.getlist(name) if value.strip()]
    if "publish" in sent:
        sent["publish"] = sent["publish"].lower() in _TRUE
    return Fields(sent)


def wanted(s: Session, sent: Fields) -> Wanted:
    """Read what shall become a new record.

    :raises BodyError: a field has the wrong shape
    """
    if not sent.text("title") and not sent.get("descriptions"):
        raise BodyError("Give the record a title.", field="title")
    empty = RecordDraft(RecordDocument(descriptions={}))
    draft = _as_its_collection(s, changed(s, empty, sent), sent)
    publish = sent.get("publish", False)
    if not isinstance(publish, bool):
        raise BodyError("publish must be true or false.", field="publish")
    given = labels(sent.get("labels", []))
    return Wanted(draft, given, publish, upload_ids(sent.texts("uploads")))


def _as_its_collection(s: Session, draft: RecordDraft, sent: Fields) -> RecordDraft:
    """What was not said of visibility and access, as the collection has it."""
    shelf = s.get(Collection, draft.collection_id) if draft.collection_id else None
    if shelf is None:
        return draft
    return replace(
        draft,
        visibility=draft.visibility if "visibility" in sent else shelf.visibility,
        access=draft.access if "access" in sent else shelf.access,
    )


def upload_ids(sent: Sequence[str]) -> tuple[str, ...]:
    """The ids of uploads; who has only an upload's address may give that.

    :raises BodyError: one is named twice
    """
    ids = tuple(text.strip().rstrip("/").rpartition("/")[2] for text in sent)
    if len(set(ids)) < len(ids):
        raise BodyError("An upload is named twice.", field="uploads")
    return ids


def of_record(record: Record) -> RecordDraft:
    """The record as it stands, as a draft to change."""
    return RecordDraft(
        document=store.document_of(context.site().sealing, record),
        visibility=record.visibility,
        access=record.access,
        embargo_until=record.embargo_until,
        collection_id=record.collection_id,
    )


def changed(s: Session, draft: RecordDraft, sent: Fields) -> RecordDraft:
    """The draft with every field that was sent put in.

    :raises BodyError: a field has the wrong shape
    """
    return replace(
        draft,
        document=_document(draft.document, sent),
        visibility=sent.word("visibility", Visibility, draft.visibility),
        access=sent.word("access", Access, draft.access),
        embargo_until=sent.moment("embargo_until", draft.embargo_until),
        collection_id=_collection(s, sent, draft.collection_id),
    )


def labels(sent: object) -> tuple[LabelInput, ...]:
    """Read labels, each `"code=tier"` or an object.

    :raises BodyError: one of them has the wrong shape
    """
    if not isinstance(sent, list):
        raise BodyError("labels must be a list.", field="labels")
    return tuple(_label(each) for each in sent)


def _label(sent: object) -> LabelInput:
    if isinstance(sent, str):
        code, _, tier = sent.partition("=")
        return LabelInput(code.strip(), _tier(tier or None))
    if not isinstance(sent, dict) or not isinstance(sent.get("code"), str):
        raise BodyError("A label needs a code.", field="labels")
    check_known(sent, frozenset({"code", "tier", "from", "to", "region", "note"}))
    return LabelInput(
        code=sent["code"],
        tier=_tier(sent.get("tier")),
        from_s=_seconds(sent.get("from")),
        to_s=_seconds(sent.get("to")),
        region=_region(sent.get("region")),
        note=Fields(sent).text("note"),
    )


def _tier(sent: object) -> Tier | None:
    if sent is None:
        return None
    try:
        return Tier.parse(str(sent))
    except ValueError as error:
        raise BodyError(str(error), field="labels") from None


def _seconds(sent: object) -> float | None:
    if sent is None:
        return None
    if isinstance(sent, bool) or not isinstance(sent, int | float):
        raise BodyError("from and to are seconds.", field="labels")
    return float(sent)


def _region(sent: object) -> tuple[float, float, float, float] | None:
    if sent is None:
        return None
    if not isinstance(sent, list) or len(sent) != 4:
        raise BodyError("A region is [x, y, width, height], 0 to 1.", field="labels")
    x, y, width, height = (_seconds(value) or 0.0 for value in sent)
    return (x, y, width, height)


def _document(before: RecordDocument, sent: Fields) -> RecordDocument:
    return replace(
        before,
        descriptions=_descriptions(before, sent),
        places=_places(before.places, sent),
        event_date=_first(sent, ("event_date", "date"), before.event_date),
        source=_source(before.source, sent),
        rights=sent.text("rights", before.rights),
        verification=sent.text("verification", before.verification),
        stance=sent.text("stance", before.stance),
    )


def _descriptions(before: RecordDocument, sent: Fields) -> Mapping[str, Description]:
    texts = dict(before.descriptions)
    for lang, text in sent.table("descriptions").items():
        if not isinstance(text, dict):
            raise BodyError("Each description is an object.", field="descriptions")
        given = Fields(text)
        check_known(given, frozenset({"title", "description", "body"}))
        body = _first(given, ("description", "body"), "")
        texts[lang] = Description(given.text("title"), body)
    if "title" in sent or "description" in sent:
        lang = sent.text("language") or _language_of(before)
        old = texts.get(lang, Description(""))
        title = sent.text("title", old.title)
        texts[lang] = Description(title, sent.text("description", old.body))
    return texts


def _language_of(document: RecordDocument) -> str:
    if not document.descriptions:
        return DEFAULT_LANGUAGE
    return document.language(DEFAULT_LANGUAGE)


def _places(before: tuple[Place, ...], sent: Fields) -> tuple[Place, ...]:
    given = [*_listed(sent, "place"), *_listed(sent, "places")]
    if not given:
        return () if "places" in sent else before
    return tuple(_place(each) for each in given)


def _listed(sent: Fields, name: str) -> list[Any]:
    value = sent.get(name, [])
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list):
        raise BodyError(f"{name} must be a list.", field="places")
    return value


def _place(sent: object) -> Place:
    if isinstance(sent, str):
        return Place(sent)
    if not isinstance(sent, dict) or not isinstance(sent.get("name"), str):
        raise BodyError("A place needs a name.", field="places")
    check_known(sent, frozenset({"name", "lat", "lon"}))
    return Place(sent["name"], _degrees(sent.get("lat")), _degrees(sent.get("lon")))


def _degrees(sent: object) -> float | None:
    if sent is None:
        return None
    if isinstance(sent, bool) or not isinstance(sent, int | float):
        raise BodyError("lat and lon are degrees.", field="places")
    return float(sent)


def _source(before: Source, sent: Fields) -> Source:
    given = Fields(sent.table("source"))
    check_known(given, frozenset({"url", "platform", "captured_at", "note"}))
    return Source(
        url=sent.text("source_url", given.text("url", before.url)),
        platform=sent.text("source_platform", given.text("platform", before.platform)),
        captured_at=sent.text(
            "captured_at", given.text("captured_at", before.captured_at)
        ),
        note=sent.text("source_note", given.text("note", before.note)),
    )


def _first(sent: Fields, names: tuple[str, ...], default: str) -> str:
    return next((sent.text(name) for name in names if name in sent), default)


def _collection(s: Session, sent: Fields, before: str | None) -> str | None:
    if "collection" not in sent:
        return before
    if not sent["collection"]:
        return None
    named = sent.text("collection")
    found = store.collection(s, named) or s.get(Collection, named)
    if found is None:
        raise BodyError("There is no such collection.", field="collection")
    return found.id
