"""Names of places and persons: which there are, and the archive's own changes.

A change is in every search within seconds and needs no new index.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from archive import gazetteer as kept
from archive.gazetteer import NoSuchEntry, Origin
from archive.web import journal
from archive.web.pages.admin.blueprint import bp, own_id
from archive.web.request import context, fields, sentences
from archive.web.request.guard import needs
from archive.web.request.i18n import LANGUAGES
from auth.policy import Action
from auth.sealing import Sealing
from search.analysis.folding import fold
from search.analysis.gazetteer import KINDS, Entry, GazetteerError, parse

PER_PAGE = 50
UNPROCESSABLE = 422
LONGEST_IMPORT = 2_000_000
KIND_WORDS = {"place": _("place"), "person": _("person")}
ORIGINS = {
    Origin.PACKAGED: _("came with the program"),
    Origin.OWN: _("your archive's own"),
    Origin.OUT: _("taken out"),
}
Change = Callable[[Session, Sealing, str, str, datetime], None]
CHANGES: dict[str, tuple[Change, str]] = {
    "out": (kept.take_out, "removed"),
    "back": (kept.give_back, "given back"),
}


class EntryForm(fields.Form):
    """One entry; the names of a language stand one in a line."""

    id = fields.StringField(
        _("Id"),
        [fields.filled(), fields.at_most(60)],
        filters=[fields.tidied],
        description=_("A short word that stays, such as shushi."),
    )
    kind = fields.SelectField(_("Kind"), choices=fields.choices_of(KIND_WORDS.items()))
    en = fields.TextAreaField(LANGUAGES["en"])
    hy = fields.TextAreaField(LANGUAGES["hy"])
    az = fields.TextAreaField(LANGUAGES["az"])
    ru = fields.TextAreaField(LANGUAGES["ru"])
    others = fields.TextAreaField(
        _("Other languages"),
        description=_("A line each, with the language before it, as in ka: შუშა"),
    )

    def as_json(self) -> dict[str, Any]:
        """The entry as it stands in a file."""
        forms = {code: _lines(self[code].data) for code in LANGUAGES}
        for line in _lines(self.others.data):
            code, _colon, name = line.partition(":")
            forms.setdefault(code.strip(), []).append(name.strip())
        named = {code: names for code, names in forms.items() if names}
        return {"id": self.id.data, "kind": self.kind.data, "forms": named}


@bp.get("/gazetteer")
@needs(Action.MANAGE_GAZETTEER)
def gazetteer() -> str:
    """The entries, those with a name that holds what is asked for."""
    return _page(_form_of(request.args.get("id", "")))


@bp.post("/gazetteer")
@needs(Action.MANAGE_GAZETTEER)
def save_entry() -> AnyResponse | tuple[str, int]:
    """Add an entry, or replace the one of its id."""
    given = EntryForm(request.form)
    if not given.validate():
        return _page(given), UNPROCESSABLE
    try:
        entries = parse([given.as_json()])
        _put(entries)
    except GazetteerError as refused:
        fields.complain(given.id, refused)
        return _page(given), UNPROCESSABLE
    flash(gettext("Saved."))
    return redirect(url_for("admin.gazetteer", q=given.id.data), 303)


@bp.post("/gazetteer/import")
@needs(Action.MANAGE_GAZETTEER)
def import_gazetteer() -> AnyResponse | tuple[str, int]:
    """Add or replace the entries of a pasted file: all of them, or none."""
    text = request.form.get("entries", "")
    try:
        done = _put(_pasted(text))
    except (GazetteerError, ValueError, RecursionError) as refused:
        told = refused if isinstance(refused, GazetteerError) else None
        sentence = sentences.said(told) if told else gettext("This is not JSON.")
        return _page(_form_of(""), pasted=text, refused=sentence), UNPROCESSABLE
    flash(
        gettext(
            "%(added)d added, %(changed)d changed, %(same)d as they were.",
            added=len(done.added),
            changed=len(done.changed),
            same=len(done.same),
        )
    )
    return redirect(url_for("admin.gazetteer"), 303)


@bp.get("/gazetteer/export")
@needs(Action.MANAGE_GAZETTEER)
def export_gazetteer() -> Response:
    """Every entry that searches use, as the file that import takes."""
    with context.read_session() as s:
        entries = kept.effective(s, context.site().sealing).as_json()
    text = json.dumps(entries, ensure_ascii=False, indent=1)
    answer = Response(text, mimetype="application/json")
    name = "vigil-gazetteer.json"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@bp.post("/gazetteer/<change>")
@needs(Action.MANAGE_GAZETTEER)
def change_entry(change: str) -> AnyResponse:
    """Take an entry out of the searches, or let it be as it came.

    :raises NotFound: there is no such change, or no such entry
    """
    name = request.form.get("id", "")
    if change not in CHANGES:
        raise NotFound
    act, word = CHANGES[change]
    try:
        with context.write_session() as s:
            act(s, context.site().sealing, name, own_id(), context.now())
            journal.tell(s, "gazetteer changed", detail={word: [name]})
    except NoSuchEntry:
        raise NotFound from None
    flash(gettext("Done."))
    return redirect(url_for("admin.gazetteer", q=name), 303)


def _pasted(text: str) -> list[Entry]:
    if len(text) > LONGEST_IMPORT:
        raise GazetteerError("This is too long; use vigil gazetteer import")
    return parse(json.loads(text))


def _put(entries: Sequence[Entry]) -> kept.Changed:
    with context.write_session() as s:
        done = kept.put(s, context.site().sealing, entries, own_id(), context.now())
        if done.added or done.changed:
            detail = {"added": list(done.added), "changed": list(done.changed)}
            journal.tell(s, "gazetteer changed", detail=detail)
    return done


def _page(form: EntryForm, *, pasted: str = "", refused: str | None = None) -> str:
    asked = request.args.get("q", "").strip()[:120]
    page = request.args.get("page", 1, int)
    with context.read_session() as s:
        found = [
            each
            for each in kept.listing(s, context.site().sealing)
            if _fits(each.entry, asked)
        ]
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(max(1, page), pages)
    return render_template(
        "admin/gazetteer.html",
        listed=found[(page - 1) * PER_PAGE : page * PER_PAGE],
        total=len(found),
        asked=asked,
        page=page,
        pages=pages,
        address=lambda number: url_for("admin.gazetteer", q=asked, page=number),
        form=form,
        pasted=pasted,
        refused=refused,
        kinds=KIND_WORDS,
        origins=ORIGINS,
    )


def _form_of(name: str) -> EntryForm:
    """The form as it is to be filled in: of an entry there is, else empty."""
    with context.read_session() as s:
        entry = kept.effective(s, context.site().sealing).entries.get(name)
    if entry is None:
        return EntryForm(data={"kind": KINDS[0]})
    others = [
        f"{code}: {each}"
        for code, names in entry.names.items()
        if code not in LANGUAGES
        for each in names
    ]
    held = {code: "\n".join(entry.names.get(code, ())) for code in LANGUAGES}
    told = {"id": name, "kind": entry.kind, "others": "\n".join(others), **held}
    return EntryForm(data=told)


def _fits(entry: Entry, asked: str) -> bool:
    wanted = fold(asked)
    names = (fold(name) for each in entry.names.values() for name in each)
    return wanted in entry.id or any(wanted in name for name in names)


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]
