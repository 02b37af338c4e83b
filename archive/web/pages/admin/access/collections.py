"""Collections: words in four languages, defaults, questions, conditions of use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from archive.records import opinions, store
from archive.records.errors import FieldError, RecordsError
from archive.records.tables import Collection
from archive.requests import shelves
from archive.requests.shelves import Shelf
from archive.web.pages.admin.access import shelfforms
from archive.web.pages.admin.access.shelfforms import ShelfForm
from archive.web.pages.admin.blueprint import bp, names, own_id
from archive.web.request import context, fields, sentences
from archive.web.request.guard import needs
from archive.web.request.i18n import LANGUAGES, language
from archive.web.showing.recordpage import in_language
from auth import staff
from auth.access.questions import Question
from auth.access.useconditions import terms
from auth.errors import AuthError, FactsRefused
from auth.policy import Action

UNPROCESSABLE = 422
Errors = Mapping[str, str]


@bp.get("/collections")
@needs(Action.MANAGE_COLLECTIONS)
def collections() -> str:
    """All of them, and the form for another."""
    return _list(_form())


@bp.post("/collections")
@needs(Action.MANAGE_COLLECTIONS)
def add_collection() -> Response | tuple[str, int]:
    """Make a collection."""
    given = _form(request.form)
    if not given.validate():
        return _list(given), UNPROCESSABLE
    try:
        with context.write_session() as s:
            shelf = shelfforms.shelf_of(given, given.slug.data)
            shelves.make(context.site(), s, shelf, own_id(), context.now())
    except FieldError as refused:
        _complain(given, refused)
        return _list(given), UNPROCESSABLE
    flash(gettext("The collection is made. Questions and conditions come next."))
    return redirect(url_for("admin.collection", slug=given.slug.data), 303)


@bp.get("/collections/<slug>")
@needs(Action.MANAGE_COLLECTIONS)
def collection(slug: str) -> str:
    """One collection.

    :raises NoSuchRecord: there is no such collection
    """
    return _page(slug)


@bp.post("/collections/<slug>")
@needs(Action.MANAGE_COLLECTIONS)
def change_collection(slug: str) -> Response | tuple[str, int]:
    """Change its words and defaults.

    :raises NoSuchRecord: there is no such collection
    """
    given = _form(request.form)
    del given.slug
    if not given.validate():
        return _page(slug, given), UNPROCESSABLE
    shelf: Shelf = shelfforms.shelf_of(given, slug)

    def act(s: Session, row: Collection, revision: int) -> None:
        site, now = context.site(), context.now()
        shelves.change(site, s, row, shelf, revision=revision, by=own_id(), now=now)

    try:
        return _done(slug, act)
    except FieldError as refused:
        _complain(given, refused)
        return _page(slug, given), UNPROCESSABLE


@bp.post("/collections/<slug>/questions")
@needs(Action.MANAGE_COLLECTIONS)
def ask_in_collection(slug: str) -> Response | tuple[str, int]:
    """Ask these questions from now on.

    :raises NoSuchRecord: there is no such collection
    """
    given = shelfforms.questions_of(request.form)

    def act(s: Session, row: Collection, revision: int) -> None:
        site, now = context.site(), context.now()
        shelves.ask(site, s, row, given, revision=revision, by=own_id(), now=now)

    try:
        return _done(slug, act)
    except FactsRefused as refused:
        errors = _said(refused)
        return _page(slug, asked=given, errors=errors), UNPROCESSABLE


@bp.post("/collections/<slug>/conditions")
@needs(Action.MANAGE_COLLECTIONS)
def condition_collection(slug: str) -> Response | tuple[str, int]:
    """Put its use under these conditions from now on.

    :raises NoSuchRecord: there is no such collection
    """

    def act(s: Session, row: Collection, revision: int) -> None:
        site, now = context.site(), context.now()
        given = shelfforms.conditions_of(s, request.form)
        shelves.condition(site, s, row, given, revision=revision, by=own_id(), now=now)

    try:
        return _done(slug, act)
    except FactsRefused as refused:
        errors, typed = _said(refused), shelfforms.typed_conditions(request.form)
        return _page(slug, errors=errors, typed=typed), UNPROCESSABLE


def _done(
    slug: str, act: Callable[[Session, Collection, int], None]
) -> Response | tuple[str, int]:
    revision = request.form.get("revision", 0, int)
    with context.write_session() as s:
        act(s, shelves.require(s, slug), revision)
    flash(gettext("Kept."))
    return redirect(url_for("admin.collection", slug=slug), 303)


def _form(sent: MultiDict[str, str] | None = None, **data: Any) -> ShelfForm:  # noqa: ANN401 - form data
    form = ShelfForm(sent, data=data)
    with context.read_session() as s:
        people = names(s, staff.administrators(s))
    form.receiver.choices = fields.choices_of(
        people.items(), first=gettext("All administrators")
    )
    floor = context.site().label_opinions
    form.label_opinions.choices = fields.choices_of(
        ((count, str(count)) for count in range(floor + 1, opinions.MOST + 1)),
        first=gettext("As many as anywhere here: %(count)d", count=floor),
    )
    return form


def _complain(given: ShelfForm, refused: RecordsError) -> None:
    name = {"title": "title_en", "text": "text_en"}
    field = getattr(refused, "field", "title")
    where = name.get(field, field)
    fields.complain(given[where if where in given else "title_en"], refused)


def _said(refused: FactsRefused | AuthError) -> Errors:
    told = refused.fields if isinstance(refused, FactsRefused) else {}
    return {name: sentences.said(sentence) for name, sentence in told.items()}


def _list(given: ShelfForm) -> str:
    with context.read_session() as s:
        found = [(row, *in_language(row.titles)) for row in store.collections(s)]
        people = names(s, [row.receiver for row, *_ in found])
    return render_template(
        "admin/access/collections.html",
        found=found,
        form=given,
        names=people,
        languages=LANGUAGES,
    )


def _page(
    slug: str,
    given: ShelfForm | None = None,
    *,
    asked: tuple[Question, ...] | None = None,
    typed: Mapping[str, str] | None = None,
    errors: Errors | None = None,
) -> str:
    with context.read_session() as s:
        row = shelves.require(s, slug)
        questions = asked
        if questions is None:
            questions = tuple(Question.from_json(each) for each in row.questions)
        if typed is None:
            typed = shelfforms.shown_conditions(s, row)
        title, lang = in_language(row.titles)
    if given is None:
        given = _form(**shelfforms.filled(row))
        del given.slug
    return render_template(
        "admin/access/collection.html",
        row=row,
        title=title,
        lang=lang,
        form=given,
        questions=shelfforms.rows_of(questions),
        kinds=[(kind.value, words) for kind, words in shelfforms.KINDS.items()],
        terms=list(terms().values()),
        parameters=shelfforms.PARAMETERS,
        lang_of_page=language(),
        typed=typed,
        errors=errors or {},
        languages=LANGUAGES,
    )
