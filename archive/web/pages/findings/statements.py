"""Official statements: their list, and the form that makes or changes one."""

from __future__ import annotations

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive import moderation
from archive.findings import stances, statements
from archive.records.document import (
    LANGUAGES,
    TITLE_LIMIT,
    Description,
    RecordDocument,
)
from archive.records.errors import FieldError, RecordsError
from archive.records.store import RecordDraft
from archive.records.tables import Record
from archive.web.pages.findings import desk
from archive.web.pages.findings.blueprint import (
    UNPROCESSABLE,
    account_id,
    bp,
    complain,
    looked_at,
)
from archive.web.pages.findings.desk import FactsForm, filled
from archive.web.pages.moderation.decisions import VISIBILITIES
from archive.web.request import context, fields, sentences
from archive.web.request.guard import needs, public
from archive.web.request.i18n import LANGUAGES as NAMES
from archive.web.showing import findings, words
from archive.web.showing.findings import Link, StatementView
from auth.policy import Action
from auth.viewer import Access, Visibility

PER_PAGE = 50


class WordsForm(FactsForm):
    """The facts, and the words themselves: `title_en`, `body_en`, …"""

    visibility = fields.RadioField(
        _("This statement is for"),
        [fields.chosen()],
        choices=fields.choices_of(VISIBILITIES),
        default=Visibility.PUBLIC.value,
    )

    def descriptions(self) -> dict[str, Description]:
        """Title and text in each language that has something."""
        given = {
            code: Description(
                fields.tidied(request.form.get(f"title_{code}", "")) or "",
                fields.tidied(request.form.get(f"body_{code}", "")) or "",
            )
            for code in LANGUAGES
        }
        return {code: text for code, text in given.items() if text.title or text.body}


@dataclass(frozen=True)
class Listed:
    """One statement of the list; `spoken` is what it says of how many records."""

    link: Link
    statement: StatementView
    spoken: list[str]


@bp.get("/statements")
@public
def statement_list() -> str:
    """Official statements that the viewer may know of, the newest first."""
    page = max(1, request.args.get("page", 1, int))
    with context.read_session() as s:
        found = statements.within(s, context.site().sealing, findings.reach())
        start = (page - 1) * PER_PAGE
        listed = [_listed(s, *each) for each in found[start : start + PER_PAGE]]
    return render_template(
        "findings/statements.html",
        listed=listed,
        total=len(found),
        page=page,
        pages=max(1, -(-len(found) // PER_PAGE)),
        address=lambda number: url_for("findings.statement_list", page=number),
    )


@bp.get("/statements/new")
@needs(Action.CATALOGUE)
def new_statement() -> str:
    """The form for a statement that has no file."""
    return _new(WordsForm())


@bp.post("/statements/new")
@needs(Action.CATALOGUE)
def add_statement() -> Response | tuple[str, int]:
    """Add a statement, and publish it for those it is for."""
    form = WordsForm(request.form)
    if not form.validate():
        return _new(form), UNPROCESSABLE
    site, by, now = context.site(), account_id(), context.now()
    facts = form.facts()
    document = RecordDocument(form.descriptions(), event_date=facts.date)
    draft = RecordDraft(document, Visibility(form.visibility.data), Access.VETTED)
    try:
        with context.write_session() as s:
            made = statements.create(site, s, draft, facts, by, now)
            record_id = made.id
            moderation.publish(site, s, record_id, by, now)
    except RecordsError as error:
        if isinstance(error, FieldError) and error.field.startswith("title"):
            return _new(form, sentences.said(error)), UNPROCESSABLE
        status = complain(form, error, "authority")
        return _new(form), status
    flash(gettext("Saved. Say now which records it speaks of."))
    return redirect(url_for("findings.statement", record_id=record_id), 303)


@bp.get("/records/<record_id>/statement")
@needs(Action.RELATE)
def statement(record_id: str) -> str:
    """The facts of a record that is, or becomes, an official statement."""
    with context.read_session() as s:
        stated = statements.of_record(s, context.site().sealing, record_id)
    return desk.page(
        record_id, FactsForm(data=filled(stated.facts) if stated else None)
    )


@bp.post("/records/<record_id>/statement")
@needs(Action.RELATE)
def save_statement(record_id: str) -> Response | tuple[str, int]:
    """Say what makes this record a statement."""
    form = FactsForm(request.form)
    if not form.validate():
        return desk.page(record_id, form), UNPROCESSABLE
    try:
        with context.write_session() as s:
            statements.describe(
                context.site(),
                s,
                record_id,
                form.facts(),
                version=looked_at(),
                by=account_id(),
                now=context.now(),
            )
    except RecordsError as error:
        status = complain(form, error, "authority")
        return desk.page(record_id, form), status
    flash(gettext("Saved."))
    return redirect(url_for("findings.statement", record_id=record_id), 303)


def _new(form: WordsForm, refused: str = "") -> str:
    return render_template(
        "findings/new_statement.html",
        form=form,
        languages_named=NAMES,
        written=request.form,
        title_limit=TITLE_LIMIT,
        refused=refused,
    )


def _listed(s: Session, record: Record, stated: statements.Stated) -> Listed:
    spoken = stances.of_statement(
        s, context.site().sealing, record.id, findings.reach()
    )
    counts: dict[str, int] = {}
    for each in spoken:
        counts[each.stance.stance] = counts.get(each.stance.stance, 0) + 1
    named = [f"{words.STANCES[code].name}: {count}" for code, count in counts.items()]
    return Listed(findings.link_to(record), findings.statement(stated), named)
