"""Linking a record or an entity with another, by a type of the closed list."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from archive.findings import relations
from archive.findings import words as lists
from archive.findings.relations import Relation
from archive.records.document import SHORT_LIMIT, TEXT_LIMIT
from archive.records.errors import RecordsError
from archive.web.pages.findings.blueprint import (
    UNPROCESSABLE,
    account_id,
    bp,
    complain,
    heading,
    looked_at,
)
from archive.web.pages.findings.desk import record_in
from archive.web.request import context, fields
from archive.web.request.guard import needs
from archive.web.request.i18n import language
from archive.web.showing import findings
from auth.policy import Action

BACKWARDS = "<"


class RelationForm(fields.Form):
    """A link from here to somewhere else; a type with `<` before it leads back."""

    type = fields.SelectField(_("How it is linked"), [fields.chosen()])
    end = fields.StringField(
        _("With what"),
        [fields.filled(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_("The identifier or the address of a record or an entry."),
    )
    date = fields.StringField(
        _("Date"),
        [fields.optional(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_("Such as 2020-11-21, 2020-11 or 2020~."),
    )
    note = fields.TextAreaField(
        _("Who says so, and from what"),
        [fields.optional(), fields.at_most(TEXT_LIMIT)],
        filters=[fields.tidied],
        description=_("Whoever knows of both ends reads this."),
    )

    def relation(self, near: str) -> Relation:
        """The link, in the direction that its type reads."""
        far, date, note = record_in(self.end.data), self.date.data, self.note.data
        far = far.rstrip("/").rpartition("/entities/")[2]
        code = self.type.data
        if code.startswith(BACKWARDS):
            code = code.removeprefix(BACKWARDS)
            return Relation(code, far, near, date or "", note or "")
        return Relation(code, near, far, date or "", note or "")


def form_for(kind: str, given: object = None) -> RelationForm:
    """The form with the types that something of this kind can have."""
    form = RelationForm(given)
    choices = []
    for code, each in lists.relations().items():
        forward, backward = each.name(language()), each.inverse(language())
        if kind in each.starts:
            choices.append((code, forward))
        if kind in each.ends and forward != backward:
            choices.append((BACKWARDS + code, backward))
    form.type.choices = fields.choices_of(choices, _("Choose one"))
    return form


@bp.get("/records/<record_id>/relations")
@needs(Action.RELATE)
def relation_desk(record_id: str) -> str:
    """What a record is linked with, and the form for another link."""
    return _page(record_id, form_for(lists.RECORD))


@bp.post("/records/<record_id>/relations")
@needs(Action.RELATE)
def link(record_id: str) -> Response | tuple[str, int]:
    """Link the record."""
    form = form_for(lists.RECORD, request.form)
    if not form.validate():
        return _page(record_id, form), UNPROCESSABLE
    status = linked(form, record_id)
    if status is not None:
        return _page(record_id, form), status
    return redirect(url_for("findings.relation_desk", record_id=record_id), 303)


@bp.post("/records/<record_id>/relations/remove")
@needs(Action.RELATE)
def unlink(record_id: str) -> Response:
    """Take a link of the record back."""
    unlinked(record_id)
    return redirect(url_for("findings.relation_desk", record_id=record_id), 303)


def linked(form: RelationForm, near: str) -> int | None:
    """Link as the form says; the status where that will not do."""
    given = form.relation(near)
    try:
        with context.write_session() as s:
            relations.link(
                context.site(), s, given, findings.reach(), account_id(), context.now()
            )
    except RecordsError as error:
        return complain(form, error, "end")
    flash(gettext("Saved."))
    return None


def unlinked(near: str) -> None:
    """Take back the link that was sent.

    :raises RecordsError: there is none, or it was changed since
    """
    with context.write_session() as s:
        relations.unlink(
            context.site(),
            s,
            request.form.get("relation", ""),
            near,
            scope=findings.reach(),
            version=looked_at(),
            by=account_id(),
            now=context.now(),
        )
    flash(gettext("Saved."))


def _page(record_id: str, form: RelationForm) -> str:
    with context.read_session() as s:
        record, text = heading(s, record_id)
        return render_template(
            "findings/relations.html",
            record=record,
            text=text,
            form=form,
            relations=findings.relations_of(s, record_id),
        )
