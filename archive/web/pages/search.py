"""The search page: words, filters with true counts, and what was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any
from urllib.parse import parse_qsl

from babel import Locale
from babel.core import UnknownLocaleError
from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import format_decimal, gettext
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from archive.exchange.lists import FORMS
from archive.records import store
from archive.records.tables import Collection
from archive.searches import question
from archive.web import exporting
from archive.web.answer import remarks
from archive.web.request import context
from archive.web.request.guard import needs
from archive.web.request.i18n import LANGUAGES, language
from archive.web.showing import (
    asking,
    bars,
    cards,
    exclusions,
    listexport,
    massexport,
    places,
    searching,
    timeline,
    words,
)
from archive.web.showing.alerts import ALERTS, PACES
from archive.web.showing.massexport import NeedsSecond, Pairs, Taking
from archive.web.showing.recordpage import in_language
from archive.web.showing.searching import Search
from auth.policy import Action
from search.engine import FacetValue, Results
from search.query import Query, QueryError

bp = Blueprint("search", __name__)

LONGEST_ADDRESS = 8_000
OPEN_FACETS = ("collection", "kind", "tier")


@dataclass(frozen=True)
class Option:
    """One value of a facet as a link that chooses it, or lets it go."""

    label: Any
    count: int
    url: str
    is_chosen: bool


@dataclass(frozen=True)
class Facet:
    """A facet of the rail."""

    name: str
    title: Any
    is_open: bool
    options: Sequence[Option]


@dataclass(frozen=True)
class Item:
    """One hit as the page shows it; without words, the record's own beginning."""

    card: cards.Card
    snippet: Markup | str
    moment: timeline.Moment | None = None


@dataclass(frozen=True)
class Link:
    """Words that lead somewhere, and where we are already."""

    label: Any
    url: str
    sign: str = ""
    is_here: bool = False


@bp.get("/search")
@needs(Action.SEARCH)
def results() -> tuple[str, int] | str:
    """Find records; a query that cannot be read says so beside the box, with 400."""
    try:
        search = searching.read(request.args)
        with context.read_session() as s:
            found = asking.find(s, search.query)
            listed = cards.cards(s, [record for _hit, record in found.hits])
            shown = [(record, hit.snippet_html) for hit, record in found.hits]
            items = list(_items(found, listed, timeline.found(s, shown)))
            titles = shelf_titles(store.collections(s))
            lying = found.results.map
            plan = places.of_search(s, search, lying) if lying else None
    except QueryError as error:
        return _unread(error), 400
    return _page(search, found, items, titles, plan)


@bp.post("/search/export")
@needs(Action.EXPORT_METADATA)
def export() -> Response | tuple[str, int]:
    """The whole list of results, without media, in one of the forms of lists.

    :raises QueryError: the search cannot be read
    :raises BadRequest: there is no such form
    """
    form = request.form.get("format", "")
    if form not in FORMS:
        raise BadRequest
    pairs = parse_qsl(request.form.get("search", "")[:LONGEST_ADDRESS])
    try:
        return give_export(form, pairs, None, None)
    except NeedsSecond as refused:
        return massexport.page(refused.wanted)


def give_export(
    form: str, pairs: Pairs, confirmed: Taking | None, leave: str | None
) -> Response:
    """The list of a search as the viewer may read it; of a long one its own page."""
    given = exporting.listing(_exported(pairs), form, pairs, confirmed, leave)
    if isinstance(given, str):
        return redirect(url_for("account.made_export", export_id=given), 303)
    return given


def count_export(pairs: Pairs) -> int:
    """How many records that would be."""
    return listexport.count(_exported(pairs))


def _exported(pairs: Pairs) -> Query:
    return question.read(pairs, lang=language(), excluded_labels=exclusions.of_viewer())


def _page(
    search: Search,
    found: asking.Found,
    items: Sequence[Item],
    titles: Mapping[str, str],
    plan: places.Plan | None,
) -> str:
    query, results = search.query, found.results
    return render_template(
        "search/results.html",
        query=query.text,
        total=results.total,
        items=items,
        warnings=[remarks.said(each) for each in results.warnings],
        error=None,
        suggestion=_suggestion(search, results),
        facets=list(facets(search, results.facets, titles)),
        chosen=list(chosen(search, titles)),
        kept=search.pairs,
        encoded=searching.encoded(search.pairs),
        forms=[(name, form.title) for name, form in FORMS.items()],
        excluded=[facet_words("label", c, {}) for c in exclusions.of_viewer()],
        left_out=exclusions.left_out(len(exclusions.of_viewer())),
        alerts=ALERTS,
        paces=PACES,
        since=request.args.get("from", ""),
        until=request.args.get("to", ""),
        view=search.view,
        views=_views(search),
        span=results.histogram and bars.of_search(search, results.histogram),
        plan=plan,
        near=request.args.get("near", ""),
        km=request.args.get("km", ""),
        sort=query.sort,
        sorts=list(words.SORTS.items()),
        page=query.page,
        pages=ceil(results.total / query.per_page),
        address=search.with_page,
    )


def _unread(error: QueryError) -> str:
    """The page of a search that cannot be read: everything typed is still there."""
    empty = searching.read(MultiDict({"view": request.args.get("view", "")}))
    kept = [*empty.pairs, *searching.facets_of(request.args)]
    asked = request.args.get("q", "").strip()
    return render_template(
        "search/results.html",
        query=request.args.get("q", ""),
        total=0,
        items=(),
        warnings=(),
        error=remarks.why(error),
        wrong=_marked(asked, error.position),
        suggestion=None,
        facets=(),
        chosen=(),
        kept=kept,
        encoded="",
        excluded=(),
        left_out=None,
        since=request.args.get("from", ""),
        until=request.args.get("to", ""),
        view=empty.view,
        views=_views(empty),
        span=None,
        plan=None,
        near=request.args.get("near", ""),
        km=request.args.get("km", ""),
        sort="relevance",
        sorts=list(words.SORTS.items()),
        page=1,
        pages=0,
        address=empty.with_page,
    )


def _views(search: Search) -> list[Link]:
    """The ways to show it, each with its sign."""
    return [
        Link(view.title, search.with_view(name), view.sign, name == search.view)
        for name, view in searching.VIEWS.items()
    ]


def _marked(asked: str, position: int) -> tuple[str, str, str] | None:
    """The text before, at and after the place that cannot be read."""
    if not 0 <= position < len(asked):
        return None
    return asked[:position], asked[position], asked[position + 1 :]


def facets(
    search: Search,
    counted: Mapping[str, Sequence[FacetValue]],
    titles: Mapping[str, str],
) -> Iterator[Facet]:
    """The rail: each facet that has values, what is chosen first."""
    for name, title in words.FACETS.items():
        options = [
            Option(
                facet_words(name, each.value, titles),
                each.count,
                search.toggled(name, each.value),
                search.has(name, each.value),
            )
            for each in counted.get(name, ())
        ]
        options.sort(key=lambda option: not option.is_chosen)
        is_open = name in OPEN_FACETS or any(each.is_chosen for each in options)
        if options:
            yield Facet(name, title, is_open, options)


def chosen(search: Search, titles: Mapping[str, str]) -> Iterator[Link]:
    """What narrows the search now, each with the address that lets it go."""
    for name, values in search.query.facets.items():
        for value in values:
            label = f"{words.FACETS[name]}: {facet_words(name, value, titles)}"
            yield Link(label, search.toggled(name, value))
    if search.query.since or search.query.until:
        dates = (request.args.get("from", ""), request.args.get("to", ""))
        label = gettext("Date: %(dates)s", dates=" – ".join(dates))
        yield Link(label, search.without_dates())
    if search.query.bbox:
        yield Link(gettext("Within a box on the map"), search.without_place())
    if search.query.near:
        north, east, kilometres = search.query.near
        label = gettext(
            "At most %(km)s km from %(place)s",
            km=format_decimal(kilometres),
            place=f"{north:g}, {east:g}",
        )
        yield Link(label, search.without_place())


def facet_words(name: str, value: str, titles: Mapping[str, str]) -> str:
    """What a facet's value is called in the reader's language."""
    if name == "tier":
        return f"{value} {words.TIERS.get(value, '')}".strip()
    if name == "label" and value in context.vocabulary().terms:
        return context.vocabulary().term(value).name(language())
    if name == "language":
        return _language_name(value)
    known: Mapping[str, Any] = {
        "kind": words.KINDS | {"statement": words.STATEMENTS},
        "collection": titles,
        "verification": {k: v.name for k, v in words.VERIFICATIONS.items()},
        "stance": {k: v.name for k, v in words.STANCES.items()},
    }.get(name, {})
    return str(known.get(value, value))


def shelf_titles(shelves: Iterable[Collection]) -> dict[str, str]:
    """Collections' titles by their slug and their id."""
    titles = {}
    for shelf in shelves:
        titles[shelf.slug] = titles[shelf.id] = in_language(shelf.titles)[0]
    return titles


def _items(
    found: asking.Found,
    listed: Sequence[cards.Card],
    moments: Mapping[str, timeline.Moment],
) -> Iterator[Item]:
    for card, (hit, record) in zip(listed, found.hits, strict=True):
        marked = Markup(hit.snippet_html)  # noqa: S704 - escaped by the engine
        moment = moments.get(record.id)
        yield Item(card, marked if found.query.text else card.summary, moment)


def _suggestion(search: Search, results: Results) -> dict[str, str] | None:
    if results.suggestion is None:
        return None
    return {
        "text": results.suggestion,
        "url": search.with_text(results.suggestion),
    }


def _language_name(code: str) -> str:
    if code in LANGUAGES:
        return LANGUAGES[code]
    try:
        return Locale.parse(code).get_display_name(language()) or code
    except (UnknownLocaleError, ValueError):
        return code
