"""One record as its page, its viewer and its metadata for machines show it.

What is told follows one table with the API: the address of the source leads to the
original elsewhere, so the public does not get it; notes are for staff.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext, ngettext
from markupsafe import Markup
from sqlalchemy.orm import Session

from archive import previewing
from archive.previewing import Showing
from archive.records import labels, redactions, store, vocabulary
from archive.records.document import RecordDocument
from archive.records.marks import Mark
from archive.records.tables import Asset, LabelRow, Record, Redaction
from archive.web.answer.disposition import INLINE
from archive.web.request import amounts, context
from archive.web.request.i18n import LANGUAGES, language
from archive.web.showing import brought, cards, exclusions, maps, tombstones, words
from archive.web.showing.dates import event_words
from archive.web.showing.history import History, history_of
from archive.web.showing.maps import Map
from archive.web.showing.represent import Reach
from archive.web.showing.titles import ShownText, fallback_words, shown_text
from archive.web.showing.words import Meaning
from auth.viewer import RecordState, Tier, Treatment, Visibility
from blur.blanks import BLANKABLE

SHOWN = INLINE | {
    "application/pdf",  # painted by our own pages
    "video/quicktime",  # the next are often a kind of film that browsers play
    "video/x-matroska",
    "video/3gpp",
}


@dataclass(frozen=True)
class RedactedView:
    """The redacted copy of one file; `url` and the gate decide who gets it."""

    id: str
    url: str
    tier: Tier
    labels: Sequence[str]


@dataclass(frozen=True)
class AssetView:
    """One file of the record; `facts` is its size and length in words.

    `clean` is the address of it without metadata, where that can be blanked; `copy`
    that of the copy that browsers show, once there is one.
    `is_shown` says that a browser, or our own pages, can paint or play it.
    `behind` is the blurred preview where the reader meets words first. `redacted` is
    the copy in which what was marked is removed, where one is given.
    """

    id: str
    position: int
    kind: str
    media_type: str
    tier: Tier
    labelled: bool
    labels: Sequence[str]
    facts: str
    width: int
    height: int
    sha256: str
    failure: str | None
    picture: cards.Picture
    clip: str | None
    open_url: str
    original: str
    clean: str | None
    copy: str | None
    muted: str | None
    is_shown: bool
    behind: cards.Picture | None = None
    redacted: RedactedView | None = None


@dataclass(frozen=True)
class LabelView:
    """One label of the record with the highest tier that any file gives it."""

    code: str
    name: str
    definition: str
    tier: Tier | None


@dataclass(frozen=True)
class Shelf:
    """A collection as a link."""

    url: str
    title: str
    lang: str


@dataclass(frozen=True)
class RecordPage:
    """Everything the page says of the record itself."""

    id: str
    address: str
    text: ShownText
    fallback: str
    languages: Sequence[tuple[str, str, str]]
    beside: ShownText | None
    pairs: Sequence[tuple[str, str, str]]
    tier: Tier
    labelled: bool
    state: str
    is_public: bool
    tombstone: Any
    kinds: Sequence[tuple[str, int]]
    labels: Sequence[LabelView]
    assets: Sequence[AssetView]
    collection: Shelf | None
    verification: Meaning
    stance: Meaning
    facts: Sequence[tuple[str, Any]]
    map: Map | None
    history: History
    is_hidden: bool = False
    is_bare: bool = False

    @property
    def title(self) -> str:
        return self.text.title

    @property
    def body(self) -> str:
        return self.text.body

    @property
    def lang(self) -> str:
        return self.text.lang


def page_of(
    s: Session, record: Record, *preferred: str, beside: str = ""
) -> RecordPage:
    """The record as this viewer reads it, in the first of these languages it has.

    `beside` is a language to read it in as well; of one that it lacks nothing is told.
    """
    document, is_bare = tombstones.document_of(record), tombstones.is_bare(record)
    text = shown_text(document, store.item_of(record), *preferred)
    assets = [] if is_bare else store.assets_of(s, record.id)
    rows = {} if is_bare else labels.said_of(s, record.id)
    shelf = _shelf(s, record)
    return RecordPage(
        id=record.id,
        address=url_for("records.show", record_id=record.id, _external=True),
        text=text,
        fallback=fallback_words(text, *preferred),
        languages=_languages(record, document),
        beside=_beside(record, document, text, beside),
        pairs=_pairs(record, document, text.lang),
        tier=record.tier,
        labelled=record.labelled,
        state=record.state.value,
        is_public=is_public(record),
        tombstone=record.tombstone,
        is_bare=is_bare,
        kinds=cards.kinds_of(assets),
        labels=_labels(row for each in rows.values() for row in each),
        assets=list(_assets(s, record, assets)),
        collection=shelf,
        verification=words.VERIFICATIONS[document.verification],
        stance=words.STANCES[document.stance],
        facts=_facts(record, document, shelf),
        map=maps.of_places(document.places, Reach.of_viewer().digits),
        history=history_of(s, record, document),
        is_hidden=exclusions.treatment_of(store.item_of(record)) is Treatment.HIDE,
    )


def is_public(record: Record) -> bool:
    """Whether anybody at all may know of it."""
    published = record.state is RecordState.PUBLISHED and record.tier < Tier.X
    return published and record.visibility is Visibility.PUBLIC


def _languages(record: Record, document: RecordDocument) -> list[tuple[str, str, str]]:
    return [
        (
            code,
            LANGUAGES.get(code, code),
            url_for("records.show", record_id=record.id, lang=code),
        )
        for code in (*LANGUAGES, *sorted(set(document.descriptions) - set(LANGUAGES)))
        if code in document.descriptions
    ]


def _beside(
    record: Record, document: RecordDocument, text: ShownText, wanted: str
) -> ShownText | None:
    if wanted not in document.descriptions or wanted == text.lang:
        return None
    return shown_text(document, store.item_of(record), wanted)


def _pairs(
    record: Record, document: RecordDocument, lang: str
) -> list[tuple[str, str, str]]:
    """The other languages, each with the address of both side by side."""
    return [
        (
            code,
            name,
            url_for("records.show", record_id=record.id, lang=lang, beside=code),
        )
        for code, name, _url in _languages(record, document)
        if code != lang
    ]


def _labels(rows: Iterator[LabelRow | Mark]) -> list[LabelView]:
    highest: dict[str, Tier | None] = {}
    for row in rows:
        tiers = [tier for tier in (highest.get(row.code), row.tier) if tier is not None]
        highest[row.code] = max(tiers, default=None)
    return [
        LabelView(
            code, term.name(language()), term.definition(language()), highest[code]
        )
        for code, term in context.vocabulary().terms.items()
        if code in highest and code != vocabulary.NOTHING_GRAPHIC
    ]


def _assets(s: Session, record: Record, assets: Sequence[Asset]) -> Iterator[AssetView]:
    shown = previewing.previews_for(
        context.site(), context.viewer(), record, assets, context.now()
    )
    given = redactions.given(s, record)
    for showing in shown:
        yield _asset(s, record, showing, given.get(showing.asset.id))


def _asset(
    s: Session, record: Record, showing: Showing, redaction: Redaction | None
) -> AssetView:
    asset = showing.asset
    details = store.details_of(context.site().sealing, asset)
    whole = cards.picture(s, showing)
    asked = exclusions.treatment_of(store.item_of(record, asset))
    waits = asked is not Treatment.PREVIEW and whole.src is not None
    picture = cards.behind_words(whole) if waits else whole
    number = asset.position + 1
    return AssetView(
        id=asset.id,
        position=number,
        kind=asset.kind,
        media_type=asset.media_type,
        tier=asset.tier,
        labelled=asset.labelled,
        labels=cards.label_names(asset.codes),
        facts=_measures(asset, details),
        width=details.width or 0,
        height=details.height or 0,
        sha256=details.sha256,
        failure=asset.failure,
        picture=picture,
        clip=whole.clip,
        open_url=url_for("records.view", record_id=record.id, file=number),
        original=url_for("media.original", asset_id=asset.id),
        clean=_clean(asset),
        copy=url_for("media.copy", asset_id=asset.id) if asset.copy_object_id else None,
        muted=url_for("media.muted", asset_id=asset.id)
        if asset.muted_object_id
        else None,
        is_shown=asset.media_type in SHOWN,
        behind=whole if waits else None,
        redacted=None if redaction is None else _redacted(redaction),
    )


def _redacted(row: Redaction) -> RedactedView:
    return RedactedView(
        id=row.id,
        url=url_for("media.redacted", asset_id=row.asset_id, redaction_id=row.id),
        tier=row.tier,
        labels=cards.label_names(sorted(row.codes)),
    )


def _clean(asset: Asset) -> str | None:
    blankable = asset.format in BLANKABLE
    return url_for("media.clean", asset_id=asset.id) if blankable else None


def _measures(asset: Asset, details: store.AssetDetails) -> str:
    told = []
    if details.width and details.height:
        told.append(f"{details.width} × {details.height}")
    if details.duration:
        minutes, seconds = divmod(round(details.duration), 60)
        told.append(f"{minutes}:{seconds:02d}")
    if details.pages:
        told.append(ngettext("%(num)d page", "%(num)d pages", details.pages))
    return " · ".join([*told, amounts.size(asset.size)])


def _shelf(s: Session, record: Record) -> Shelf | None:
    for shelf in store.collections(s):
        if shelf.id == record.collection_id:
            title, lang = in_language(shelf.titles)
            return Shelf(url_for("collections.show", slug=shelf.slug), title, lang)
    return None


def in_language(texts: dict[str, str]) -> tuple[str, str]:
    """The text that fits the reader best, and its language."""
    for code in (language(), *LANGUAGES, *texts):
        if texts.get(code):
            return texts[code], code
    return "", language()


def _facts(
    record: Record, document: RecordDocument, shelf: Shelf | None
) -> list[tuple[str, Any]]:
    reach, source = Reach.of_viewer(), document.source
    date = event_words(document.event_date) if document.event_date else ""
    return [
        (gettext("Date of the event"), date),
        (gettext("Places"), [place.name for place in document.places]),
        (gettext("Where it was found"), source.platform),
        (gettext("Captured"), source.captured_at),
        (gettext("Source"), _link(source.url) if reach.is_inner else ""),
        (gettext("Note on the source"), source.note if reach.is_staff else ""),
        (gettext("Collection"), _link(shelf.url, shelf.title) if shelf else ""),
        (gettext("Rights"), document.rights),
        (gettext("Identifier"), record.id),
        *(brought.facts(document.provenance) if reach.is_staff else ()),
    ]


def _link(url: str, text: str = "") -> Markup | str:
    if not url:
        return ""
    return Markup('<a href="{}" rel="noreferrer noopener">{}</a>').format(
        url, text or url
    )
