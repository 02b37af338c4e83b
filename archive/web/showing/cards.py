"""Records as cards in a grid, and files as the blurred pictures on them.

Everything a card says passes the policy on its way: the title by `titles`, the picture
by `archive.previewing`. A picture is a `data:` address of a few soft cells, so that a
page of results is one request and leaves no blurred file to link to or to keep.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from textwrap import shorten

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from archive import previewing
from archive.previewing import Showing
from archive.records import store, vocabulary
from archive.records.tables import Asset, AssetState, Record
from archive.vault.errors import StoreUnavailable
from archive.vault.previews import NOTHING_KNOWN, Known
from archive.web.request import context
from archive.web.request.i18n import language
from archive.web.showing import exclusions, words
from archive.web.showing.dates import event_words
from archive.web.showing.titles import shown_text
from auth.viewer import PreviewTier, Tier, Treatment
from blur import render

LABELS_ON_A_CARD = 3
SUMMARY_LETTERS = 180


@dataclass(frozen=True)
class Picture:
    """A file's preview in its mat; `src` is None where only the tile is shown.

    `item` is the id of what the tile stands for.
    """

    shape: str
    src: str | None
    item: str
    alt: str
    kind: str
    clip: str | None = None
    waiting: bool = False
    failed: bool = False

    @property
    def tile(self) -> str:
        """The pattern that stands for it where nothing of it is shown."""
        return render.data_uri(None, PreviewTier.SEALED.value, self.item)


@dataclass(frozen=True)
class Card:
    """A record in a grid; `kinds` counts its files, `labels` names the first few.

    `summary` is the beginning of the description, in the language of the title. Of one
    that `is_hidden` by the reader's own wish nothing is told.
    """

    id: str
    url: str
    title: str
    lang: str | None
    is_neutral: bool
    tier: Tier
    labelled: bool
    kinds: tuple[tuple[str, int], ...]
    labels: tuple[str, ...]
    date: str
    place: str
    summary: str
    picture: Picture
    is_hidden: bool = False


def cards(s: Session, records: Sequence[Record]) -> list[Card]:
    """These records as cards, in their order; they must be in the viewer's scope."""
    assets = store.assets_of_many(s, [record.id for record in records])
    known = previewing.known_of(s, (held[0] for held in assets.values() if held))
    return [_card(s, record, assets[record.id], known) for record in records]


def picture(s: Session, showing: Showing, known: Known = NOTHING_KNOWN) -> Picture:
    """One file's preview, as clear as this viewer may see it."""
    asset = showing.asset
    try:
        preview = showing.open(s, known)
    except StoreUnavailable:
        preview = None  # the page is of use without its pictures
    upright = preview is not None and preview.upright
    shape = "wave" if asset.kind == "audio" else "portrait" if upright else "landscape"
    nothing = preview is None or preview.sealed
    shown = None if nothing else render.data_uri(preview, showing.tier.value, asset.id)
    return Picture(
        shape=shape,
        src=shown,
        item=asset.id,
        alt=warning_words(asset),
        kind=asset.kind,
        clip=_clip(showing),
        waiting=asset.state is AssetState.QUEUED,
        failed=asset.state is AssetState.FAILED,
    )


def warning_words(asset: Asset) -> str:
    """What a reader hears instead of the picture: its warning, never "image"."""
    if not asset.labelled:
        return str(gettext("Nobody has labelled yet what this shows."))
    severity = words.TIERS[str(asset.tier)]
    named = label_names(asset.codes)
    if not named:
        return str(gettext("Severity: %(severity)s.", severity=severity))
    told = gettext(
        "Severity: %(severity)s. It shows: %(labels)s.",
        severity=severity,
        labels=", ".join(named),
    )
    return str(told)


def label_names(codes: Iterable[str]) -> list[str]:
    """These labels in the reader's language, tags before flags."""
    held = set(codes) - {vocabulary.NOTHING_GRAPHIC}
    terms = [term for code, term in context.vocabulary().terms.items() if code in held]
    terms.sort(key=lambda term: term.is_flag)
    return [term.name(language()) for term in terms]


def kinds_of(assets: Iterable[Asset]) -> tuple[tuple[str, int], ...]:
    """Each kind of file and how many there are of it."""
    held = Counter(asset.kind for asset in assets)
    return tuple((kind, held[kind]) for kind in words.KINDS if kind in held)


def _card(s: Session, record: Record, assets: Sequence[Asset], known: Known) -> Card:
    asked = exclusions.treatment_of(store.item_of(record))
    if asked is Treatment.HIDE:
        return _neutral(record)
    site = context.site()
    document = store.document_of(site.sealing, record)
    text = shown_text(document, store.item_of(record))
    return Card(
        id=record.id,
        url=url_for("records.show", record_id=record.id),
        title=text.title,
        lang=None if text.is_neutral else text.lang,
        is_neutral=text.is_neutral,
        tier=record.tier,
        labelled=record.labelled,
        kinds=kinds_of(assets),
        labels=tuple(label_names(record.codes)[:LABELS_ON_A_CARD]),
        date=event_words(document.event_date) if document.event_date else "",
        place=", ".join(place.name for place in document.places[:2]),
        summary=shorten(text.body, SUMMARY_LETTERS, placeholder=" …"),
        picture=_first_picture(s, record, assets, asked, known),
    )


def _neutral(record: Record) -> Card:
    """What stands for a record with something that the reader does not want to meet."""
    title = gettext("A record with what you chose not to meet")
    return Card(
        id=record.id,
        url=url_for("records.show", record_id=record.id),
        title=title,
        lang=None,
        is_neutral=True,
        tier=record.tier,
        labelled=record.labelled,
        kinds=(),
        labels=(),
        date="",
        place="",
        summary="",
        picture=Picture("landscape", None, record.id, title, "document"),
        is_hidden=True,
    )


def behind_words(shown: Picture) -> Picture:
    """The same without its picture: the tile, and the warning in words."""
    return replace(shown, src=None, clip=None)


def _first_picture(
    s: Session,
    record: Record,
    assets: Sequence[Asset],
    asked: Treatment,
    known: Known,
) -> Picture:
    if not assets:
        alt = gettext("There is no file.")
        return Picture("landscape", None, record.id, alt, "document")
    first = previewing.showing(
        context.site(), context.viewer(), record, assets[0], context.now()
    )
    shown = picture(s, first, known)
    return shown if asked is Treatment.PREVIEW else behind_words(shown)


def _clip(showing: Showing) -> str | None:
    if not showing.has_clip:
        return None
    return url_for("media.preview_variant", asset_id=showing.asset.id, variant="clip")
