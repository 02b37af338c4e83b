"""Where programs find the same record in other forms, as links of its public page.

They stand in the head of the page and in the header `Link` (signposting.org), so that
nobody has to read HTML for them. Only what a visitor may have is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from flask import url_for

from archive.exchange.harvest import dublincore
from archive.records import citation
from archive.web.showing.recordpage import RecordPage

MANIFEST = (
    'application/ld+json;profile="http://iiif.io/api/presentation/3/context.json"'
)
PROFILES = {
    "https://schema.org/AboutPage": "type",
    "https://schema.org/ArchiveComponent": "type",
}
"""What the page is, and what it is about."""


@dataclass(frozen=True)
class Signpost:
    """One link: what is there, and in which form."""

    rel: str
    href: str
    type: str = ""
    profile: str = ""


def of_page(page: RecordPage, base_url: str) -> list[Signpost]:
    """The links of a record: how it is cited, and where anybody finds the rest."""
    found = [Signpost("cite-as", page.address)]
    if not page.is_public or page.tombstone:
        return found
    found += [Signpost(rel, href) for href, rel in PROFILES.items()]
    if page.assets:
        manifest = url_for("iiif.manifest", record_id=page.id, _external=True)
        found.append(Signpost("alternate", manifest, MANIFEST))
    dublin = _dublin_core(page.id, base_url)
    space = dublincore.NAMESPACE
    found.append(Signpost("describedby", dublin, "text/xml", space))
    for form, (_called, media_type, _write) in citation.FORMS.items():
        cite = url_for("records.cite", record_id=page.id, format=form, _external=True)
        found.append(Signpost("describedby", cite, media_type))
    if page.collection:
        shelf = urljoin(page.address, page.collection.url)
        found.append(Signpost("collection", shelf, "text/html"))
    return found


def header(signposts: Iterable[Signpost]) -> str:
    """The same as the header `Link` has them (RFC 8288)."""
    return ", ".join(_written(each) for each in signposts)


def _dublin_core(record_id: str, base_url: str) -> str:
    return url_for(
        "oai.ask",
        verb="GetRecord",
        metadataPrefix=dublincore.PREFIX,
        identifier=f"oai:{urlsplit(base_url).hostname}:{record_id}",
        _external=True,
    )


def _written(each: Signpost) -> str:
    told = [f"<{each.href}>", f'rel="{each.rel}"']
    for name, value in (("type", each.type), ("profile", each.profile)):
        if value:
            quoted = value.replace('"', '\\"')
            told.append(f'{name}="{quoted}"')
    return "; ".join(told)
