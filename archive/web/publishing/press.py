"""Pages of the edition, each rendered for a visitor.

They are made of what the archive's own pages are made of, so that the same policy tells
title and picture. Links are relative, to work from any folder and without a server.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any

from flask import Flask, g, render_template
from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy.orm import Session

from archive.records import citation, store
from archive.records.document import RecordDocument
from archive.records.tables import Record
from archive.site import Site
from archive.web.request import context
from archive.web.request.i18n import LANGUAGES
from archive.web.showing import cards, citing, recordpage, warnings, words
from archive.web.showing.dates import event_words
from archive.web.showing.recordpage import LabelView, RecordPage
from archive.web.showing.titles import ShownText, shown_text
from auth.scope import scope
from auth.viewer import ANONYMOUS, Tier

STATIC = Path(__file__).parents[3] / "static"
SHEETS = ("tokens", "base", "layout", "components", "pages")
PER_PAGE = 100
RECENT = 8


@dataclass(frozen=True)
class Wish:
    """Which part of the archive, in which of `LANGUAGES`; the first opens it."""

    languages: Sequence[str] = tuple(LANGUAGES)
    collection: str | None = None


@dataclass(frozen=True)
class Row:
    """One record in a list."""

    id: str
    title: str
    lang: str
    tier: Tier
    labelled: bool
    labels: Sequence[LabelView]
    date: str
    places: str


@dataclass
class Press:
    """Writes pages, and remembers what the lists will need."""

    app: Flask
    folder: Path
    wish: Wish
    files: int = 0
    done: int = 0
    rows: dict[str, list[Row]] = field(default_factory=dict)
    recent: dict[str, list[tuple[str, cards.Card]]] = field(default_factory=dict)

    @property
    def site(self) -> Site:
        found: Site = self.app.extensions[context.SITE]
        return found

    def furnish(self) -> None:
        """The style sheets, and room for the pages."""
        (self.folder / "style").mkdir()
        for sheet in SHEETS:
            name = f"{sheet}.css"
            shutil.copyfile(STATIC / "css" / name, self.folder / "style" / name)
            self.files += 1
        for language in self.wish.languages:
            self.rows[language], self.recent[language] = [], []
            (self.folder / language / "records").mkdir(parents=True)
            (self.folder / language / "labels").mkdir()

    def records(self, ids: Sequence[str]) -> None:
        """A page for each of these, in every language."""
        with self.site.db.read() as s:
            reach = scope(ANONYMOUS, self.site.clock())
            found = store.list_by_ids(s, ids, reach)
            for language in self.wish.languages:
                with self._visiting(language):
                    for record in found:
                        self._record(s, record, language)
                    first = found[: max(0, RECENT - self.done)]
                    shown = cards.cards(s, first)
                    names = [record.id for record in first]
                    self.recent[language] += zip(names, shown, strict=True)
        self.done += len(ids)

    def lists(self) -> None:
        """The first page, all records, all labels, in every language."""
        for language in self.wish.languages:
            with self._visiting(language):
                self._home(f"{language}/index.html", language)
                self._all(language)
                self._labels(language)
        with self._visiting(self.wish.languages[0]):
            self._home("index.html", self.wish.languages[0])

    def _record(self, s: Session, record: Record, language: str) -> None:
        page = recordpage.page_of(s, record)
        document = store.document_of(self.site.sealing, record)
        cited = citing.cited(page, record, document, context.now().date())
        self.rows[language].append(_row(page, document))
        self._write(
            f"{language}/records/{record.id}.html",
            "published/record.html",
            page=page,
            texts=_texts(page, record, document),
            facts=_facts(page),
            warning=warnings.warning(record),
            citation=citation.sentence(cited),
            forms=[
                (title, write(cited))
                for title, _media_type, write in citation.FORMS.values()
            ],
        )

    def _home(self, path: str, language: str) -> None:
        self._write(
            path,
            "published/index.html",
            recent=self.recent[language],
            total=len(self.rows[language]),
        )

    def _all(self, language: str) -> None:
        rows = self.rows[language]
        pages = max(1, ceil(len(rows) / PER_PAGE))
        for number in range(1, pages + 1):
            self._write(
                f"{language}/{_list_name(number)}",
                "published/records.html",
                rows=rows[(number - 1) * PER_PAGE : number * PER_PAGE],
                number=number,
                pages=pages,
                name_of=_list_name,
            )

    def _labels(self, language: str) -> None:
        having: dict[str, list[Row]] = {}
        views: dict[str, LabelView] = {}
        for row in self.rows[language]:
            for label in row.labels:
                having.setdefault(label.code, []).append(row)
                views.setdefault(label.code, label)
        known = [views[code] for code in context.vocabulary().terms if code in views]
        counts = {code: len(rows) for code, rows in having.items()}
        self._write(
            f"{language}/labels.html",
            "published/labels.html",
            labels=known,
            counts=counts,
        )
        for label in known:
            self._write(
                f"{language}/labels/{label.code}.html",
                "published/label.html",
                label=label,
                rows=having[label.code],
            )

    def _write(self, path: str, template: str, **facts: Any) -> None:  # noqa: ANN401 - whatever a page shows
        within = path.partition("/")[2] or path
        page = render_template(
            template,
            root="../" * path.count("/"),
            within=within,
            offered=[(code, LANGUAGES[code]) for code in self.wish.languages],
            tier_words=words.TIERS,
            day=context.now().date(),
            **facts,
        )
        (self.folder / path).write_text(page, encoding="utf-8")
        self.files += 1

    @contextmanager
    def _visiting(self, language: str) -> Iterator[None]:
        """A request of nobody in particular, who reads this language."""
        with self.app.test_request_context(
            "/",
            base_url=self.site.config.base_url,
            headers={"Accept-Language": language},
        ):
            g.viewer = ANONYMOUS
            yield


def _row(page: RecordPage, document: RecordDocument) -> Row:
    return Row(
        id=page.id,
        title=page.title,
        lang=page.lang,
        tier=page.tier,
        labelled=page.labelled,
        labels=page.labels,
        date=event_words(document.event_date) if document.event_date else "",
        places=", ".join(place.name for place in document.places[:2]),
    )


def _texts(
    page: RecordPage, record: Record, document: RecordDocument
) -> list[ShownText]:
    """The record's words in each of its languages, the reader's own first."""
    item = store.item_of(record)
    found = [shown_text(document, item, code) for code in document.descriptions]
    return sorted(found, key=lambda text: text.lang != page.lang)


def _facts(page: RecordPage) -> list[tuple[str, Any]]:
    """What is known of the record; links would lead to pages that are not here."""
    told = [pair for pair in page.facts if not isinstance(pair[1], Markup)]
    if page.collection is not None:
        told.append((gettext("Collection"), page.collection.title))
    return told


def _list_name(number: int) -> str:
    return "records.html" if number == 1 else f"records-{number}.html"
