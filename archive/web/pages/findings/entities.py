"""Events, acts, people, organisations and places: their list, their pages, their form.

The list and the pages are for everybody, and hold what the viewer may know of; the
forms are a moderator's.
"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive.findings import entities
from archive.findings import words as lists
from archive.findings.entities import Entity, Known
from archive.records.document import LANGUAGES, SHORT_LIMIT, TEXT_LIMIT
from archive.records.errors import Conflict, RecordsError
from archive.web.pages.findings.blueprint import (
    UNPROCESSABLE,
    account_id,
    bp,
    complain,
    looked_at,
)
from archive.web.pages.findings.relations import form_for, linked, unlinked
from archive.web.pages.moderation.decisions import VISIBILITIES
from archive.web.request import context, fields
from archive.web.request.guard import needs, public
from archive.web.request.i18n import LANGUAGES as NAMES
from archive.web.request.i18n import language
from archive.web.showing import findings
from auth.policy import Action
from auth.viewer import Visibility


class EntityForm(fields.Form):
    """One entry; its names are `name_en`, `name_hy`, …"""

    kind = fields.SelectField(_("Kind"), [fields.chosen()])
    date = fields.StringField(
        _("Date"),
        [fields.optional(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_("Such as 2020-11-21, 2020-11 or 2020~."),
    )
    note = fields.TextAreaField(
        _("Note"),
        [fields.optional(), fields.at_most(TEXT_LIMIT)],
        filters=[fields.tidied],
        description=_("Whoever may know of this entry reads it."),
    )
    audience = fields.RadioField(
        _("This entry is for"),
        [fields.chosen()],
        choices=fields.choices_of(VISIBILITIES),
        default=Visibility.STAFF.value,
        description=_(
            "People are for staff until there is a good reason to show them:"
            " victims, witnesses and suspects have a right to be left alone."
        ),
    )

    def entity(self) -> Entity:
        """What was typed; checked further below."""
        names = {code: request.form.get(f"name_{code}", "") for code in LANGUAGES}
        return Entity(
            self.kind.data,
            {code: name for code, name in names.items() if name.strip()},
            self.audience.data,
            self.note.data or "",
            self.date.data or "",
        )


@bp.get("/entities")
@public
def entity_list() -> str:
    """Every entry that the viewer may know of, by kind and name."""
    with context.read_session() as s:
        found = entities.within(s, context.site().sealing, findings.reach())
    kinds = [
        (
            lists.word("entities", code, language()),
            [findings.link_to(each) for each in found if each.entity.kind == code],
        )
        for code in lists.codes("entities")
    ]
    return render_template("findings/entities.html", kinds=kinds, total=len(found))


@bp.get("/entities/<entity_id>")
@public
def entity(entity_id: str) -> str:
    """One entry and what it is linked with, both ways.

    :raises NoSuchRecord: there is none that the viewer may know of
    """
    with context.read_session() as s:
        return _page(s, _known(s, entity_id))


@bp.get("/entities/new")
@needs(Action.CATALOGUE)
def new_entity() -> str:
    """The form for a new entry."""
    return _form_page(_form(), None, {})


@bp.post("/entities/new")
@needs(Action.CATALOGUE)
def add_entity() -> Response | tuple[str, int]:
    """Add an entry."""
    return _saved(None)


@bp.get("/entities/<entity_id>/edit")
@needs(Action.CATALOGUE)
def edit_entity(entity_id: str) -> str:
    """The form of an entry.

    :raises NoSuchRecord: there is none
    """
    with context.read_session() as s:
        known = _known(s, entity_id)
    return _form_page(_form(data=vars(known.entity)), known, known.entity.names)


@bp.post("/entities/<entity_id>/edit")
@needs(Action.CATALOGUE)
def save_entity(entity_id: str) -> Response | tuple[str, int]:
    """Say anew what an entry is.

    :raises NoSuchRecord: there is none
    """
    with context.read_session() as s:
        known = _known(s, entity_id)
    return _saved(known)


@bp.post("/entities/<entity_id>/relations")
@needs(Action.CATALOGUE)
def link_entity(entity_id: str) -> Response | tuple[str, int]:
    """Link an entry.

    :raises NoSuchRecord: there is none
    """
    with context.read_session() as s:
        known = _known(s, entity_id)
    form = form_for(known.entity.kind, request.form)
    status = linked(form, entity_id) if form.validate() else UNPROCESSABLE
    if status is None:
        return redirect(url_for("findings.entity", entity_id=entity_id), 303)
    with context.read_session() as s:
        return _page(s, known, form), status


@bp.post("/entities/<entity_id>/relations/remove")
@needs(Action.CATALOGUE)
def unlink_entity(entity_id: str) -> Response:
    """Take a link of an entry back.

    :raises NoSuchRecord: there is none
    """
    with context.read_session() as s:
        _known(s, entity_id)
    unlinked(entity_id)
    return redirect(url_for("findings.entity", entity_id=entity_id), 303)


def _known(s: Session, entity_id: str) -> Known:
    sealing = context.site().sealing
    return entities.require_within(s, sealing, entity_id, findings.reach())


def _page(s: Session, known: Known, form: object = None) -> str:
    name, lang = known.entity.name(language())
    return render_template(
        "findings/entity.html",
        known=known,
        name=name,
        lang=lang,
        facts=findings.entity_facts(known),
        relations=findings.relations_of(s, known.id),
        form=form or form_for(known.entity.kind),
    )


def _saved(known: Known | None) -> Response | tuple[str, int]:
    form = _form(request.form)
    names = {code: request.form.get(f"name_{code}", "") for code in LANGUAGES}
    if not form.validate():
        return _form_page(form, known, names), UNPROCESSABLE
    try:
        with context.write_session() as s:
            made = entities.describe(
                context.site(),
                s,
                form.entity(),
                entity_id=known.id if known else "",
                version=looked_at() if known else 0,
                by=account_id(),
                now=context.now(),
            )
    except RecordsError as error:
        status = complain(form, error, "kind")
        if isinstance(error, Conflict) and known:
            with context.read_session() as s:
                known = _known(s, known.id)
        return _form_page(form, known, names), status
    flash(gettext("Saved."))
    return redirect(url_for("findings.entity", entity_id=made), 303)


def _form(given: object = None, **more: object) -> EntityForm:
    form = EntityForm(given, **more)
    form.kind.choices = fields.choices_of(
        [
            (code, lists.word("entities", code, language()))
            for code in lists.codes("entities")
        ],
        _("Choose one"),
    )
    return form


def _form_page(form: EntityForm, known: Known | None, names: object) -> str:
    return render_template(
        "findings/entity_form.html",
        form=form,
        known=known,
        names=names,
        languages_named=NAMES,
        version=known.version.version if known else 0,
    )
