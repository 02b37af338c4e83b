"""A record as a IIIF manifest: a canvas for each file, with its blurred preview.

| file | canvas |
|---|---|
| picture, page | the preview, softly enlarged, as big as it is given |
| film | the silent blurred clip, or one still where no clip is shown to visitors |
| sound | the tile with its bars |
| anything sealed | the sealed tile |

Nothing of an original is in it, not even its measures. What each may show is asked of
`archive.previewing`, as the pages do; sizes are those of the pictures that are served.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from sqlalchemy.orm import Session

from archive import previewing
from archive.exchange.harvest import dublincore, notices
from archive.exchange.harvest.notices import Notice
from archive.previewing import Showing
from archive.records import citation, store
from archive.records.citation import ARCHIVE
from archive.records.document import Place
from archive.records.tables import Record
from archive.web.iiif import phrases
from archive.web.iiif.phrases import Map
from archive.web.request import context
from auth.viewer import ANONYMOUS
from blur import render
from blur.kinds import Family

CONTEXT = "http://iiif.io/api/presentation/3/context.json"
PNG, SVG, MP4 = "image/png", "image/svg+xml", "video/mp4"
_LICENCE = re.compile(r"https?://(creativecommons\.org|rightsstatements\.org)/\S+")


@dataclass(frozen=True)
class Painting:
    """What is on a canvas: one form of a preview, its kind, and how large it is."""

    variant: str
    media_type: str
    size: tuple[int, int]
    seconds: float = 0.0


def manifest(s: Session, record: Record) -> dict[str, Any] | None:
    """The record as visitors may see it; None where it has nothing to show them."""
    site, now = context.site(), context.now()
    notice = notices.of_record(site, s, record.id, now)
    assets = store.assets_of(s, record.id)
    if notice is None or not assets:
        return None
    shown = previewing.previews_for(site, ANONYMOUS, record, assets, now)
    about = address(record.id)
    told = {
        "@context": CONTEXT,
        "id": f"{about}/manifest",
        "type": "Manifest",
        "label": title(notice),
        "summary": phrases.by_language({k: t.body for k, t in notice.texts.items()}),
        "metadata": list(_facts(notice)),
        "requiredStatement": {
            "label": phrases.of("before"),
            "value": _warning(notice),
        },
        "rights": notice.rights if _LICENCE.fullmatch(notice.rights) else None,
        "provider": [provider()],
        "homepage": [_page(notice.address, title(notice), sorted(notice.texts))],
        "seeAlso": list(_others(notice)),
        "partOf": _shelf(notice),
        "items": [
            _canvas(s, f"{about}/canvas/{number}", number, each)
            for number, each in enumerate(shown, 1)
        ],
    }
    return {name: value for name, value in told.items() if value}


def address(record_id: str) -> str:
    """Under which everything of a record is named."""
    return f"{context.site().config.base_url}/iiif/{record_id}"


def title(notice: Notice) -> Map:
    return phrases.by_language({k: text.title for k, text in notice.texts.items()})


def provider() -> dict[str, Any]:
    """This archive, as whoever gives this."""
    base = f"{context.site().config.base_url}/"
    name = phrases.plain(ARCHIVE)
    return {"id": base, "type": "Agent", "label": name, "homepage": [_page(base, name)]}


def _page(where: str, label: Map, languages: list[str] | None = None) -> dict[str, Any]:
    told = {"id": where, "type": "Text", "label": label, "format": "text/html"}
    return {**told, "language": languages} if languages else told


def _facts(notice: Notice) -> Iterator[dict[str, Map]]:
    """What is known of it, in the order of the record's page."""
    shelf = notice.shelf
    facts = {
        "labels": phrases.joined(notice.labels),
        "date": phrases.plain(notice.event_date) if notice.event_date else {},
        "places": phrases.plain(*(_spot(each) for each in notice.places)),
        "collection": phrases.by_language(shelf.titles) if shelf else {},
        "rights": phrases.plain(notice.rights) if notice.rights else {},
        "identifier": phrases.plain(notice.id),
    }
    for name, value in facts.items():
        if any(value.values()):
            yield {"label": phrases.of(name), "value": value}


def _spot(place: Place) -> str:
    """A place as people read it, with as much of its coordinates as visitors do."""
    if place.lat is None or place.lon is None:
        return place.name
    return f"{place.name} ({place.lat}, {place.lon})"


def _warning(notice: Notice) -> Map:
    """What must be read before anything is looked at, in every language."""
    told = {}
    for lang, blurred in phrases.said("blurred").items():
        names = [label[lang] for label in notice.labels]
        listed = f"{phrases.said('contains')[lang]} {'; '.join(names)}"
        told[lang] = [listed, blurred] if names else [blurred]
    return told


def _others(notice: Notice) -> Iterator[dict[str, Any]]:
    """The same record in forms for programs."""
    base = context.site().config.base_url
    name = quote(f"oai:{urlsplit(base).hostname}:{notice.id}", safe=":")
    dublin = f"verb=GetRecord&metadataPrefix={dublincore.PREFIX}&identifier={name}"
    yield {
        "id": f"{base}/oai?{dublin}",
        "type": "Dataset",
        "label": phrases.plain("Dublin Core"),
        "format": "text/xml",
        "profile": dublincore.NAMESPACE,
    }
    for form, (called, media_type, _write) in citation.FORMS.items():
        yield {
            "id": f"{notice.address}/cite?format={form}",
            "type": "Dataset",
            "label": phrases.plain(called),
            "format": media_type,
        }


def _shelf(notice: Notice) -> list[dict[str, Any]]:
    if notice.shelf is None:
        return []
    where = f"{context.site().config.base_url}/iiif/collections/{notice.shelf.slug}"
    label = phrases.by_language(notice.shelf.titles)
    return [{"id": where, "type": "Collection", "label": label}]


def _canvas(s: Session, name: str, number: int, shown: Showing) -> dict[str, Any]:
    painted = _painting(s, shown)
    width, height = painted.size
    base = context.site().config.base_url
    body: dict[str, Any] = {
        "id": f"{base}/media/{shown.asset.id}/preview/{painted.variant}",
        "type": "Video" if painted.seconds else "Image",
        "format": painted.media_type,
        "width": width,
        "height": height,
    }
    canvas = {
        "id": name,
        "type": "Canvas",
        "label": phrases.plain(str(number)),
        "width": width,
        "height": height,
    }
    if painted.seconds:
        body["duration"] = canvas["duration"] = painted.seconds
    painting = {
        "id": f"{name}/page/painting",
        "type": "Annotation",
        "motivation": "painting",
        "body": body,
        "target": name,
    }
    page = {"id": f"{name}/page", "type": "AnnotationPage", "items": [painting]}
    return {**canvas, "items": [page]}


def _painting(s: Session, shown: Showing) -> Painting:
    """Which form of the preview is put there, and how large that is."""
    made = shown.open(s)
    if made is None or made.sealed:
        return Painting("card", SVG, render.TILE_SIZE)
    if made.family is Family.AUDIO:
        return Painting("poster", SVG, render.TILE_SIZE)
    if shown.has_clip:
        seconds = render.CLIP_SECONDS
        return Painting("clip", MP4, render.clip_size(made), seconds)
    return Painting("soft", PNG, render.soft_size(made, shown.tier.value))
