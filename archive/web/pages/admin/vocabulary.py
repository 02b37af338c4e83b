"""The words of labels and tiers: what each says, who changed it, and what carries it.

    /admin/vocabulary              every label and tier
    /admin/vocabulary/new          one more label
    /admin/vocabulary/<code>       its words, its versions, the records that carry it
    /admin/vocabulary/export       all of it as a file

The form carries the revision that it was filled in from: of two who change the same
words, the second is told, and what they typed is still there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from archive import wording
from archive.records import store, vocabulary
from archive.records.errors import FieldError, RecordsError, UnknownLabel
from archive.records.vocabulary import Edit, Term, mapping
from archive.records.vocabulary.checking import TIER_TEXTS, TIERS
from archive.records.vocabulary.terms import TEXTS, TIER
from archive.web.pages.admin.blueprint import bp, names, own_id
from archive.web.request import context, sentences
from archive.web.request.guard import needs
from archive.web.request.i18n import LANGUAGES, language
from archive.web.showing.labelgroups import GROUPS
from auth.policy import Action
from auth.scope import scope

UNPROCESSABLE = 422
MOST_NAMED = 200
TEXT_WORDS = {
    "name": (_("Name"), ""),
    "definition": (_("Definition"), _("One sentence: when the label is right.")),
    "visible": (_("What can be seen or heard"), ""),
    "scope": (
        _("Scope note"),
        _("Where it ends, and which label is right beyond that."),
    ),
    "example": (
        _("Example"),
        _("In harmless words; it is read by people who chose not to look."),
    ),
    "warning": (
        _("Warning"),
        _("What is read before consent. Empty: the definition."),
    ),
}


@dataclass(frozen=True)
class Draft:
    """The form of one label or tier as it is filled in."""

    code: str
    kind: str
    revision: int
    members: Mapping[str, Any]
    reason: str = ""
    is_new: bool = False

    @property
    def texts(self) -> Sequence[str]:
        return TIER_TEXTS if self.kind == TIER else TEXTS

    def text(self, what: str, code: str) -> str:
        found: str = self.members.get(what, {}).get(code, "")
        return found


@bp.get("/vocabulary")
@needs(Action.MANAGE_VOCABULARY)
def vocabulary_list() -> str:
    """Every label in its family, and the tiers."""
    words = context.vocabulary()
    held: dict[str, list[Term]] = {group: [] for group in GROUPS}
    for term in words.terms.values():
        held.setdefault(term.group, []).append(term)
    return render_template(
        "admin/vocabulary.html",
        words=words,
        groups=[(GROUPS.get(key, key), terms) for key, terms in held.items() if terms],
        lacking=_lacking,
        language=language(),
    )


@bp.get("/vocabulary/export")
@needs(Action.MANAGE_VOCABULARY)
def export_vocabulary() -> Response:
    """All words, as the file that `vigil vocabulary import` takes."""
    with context.read_session() as s:
        document = vocabulary.written(s)
    text = json.dumps(document, ensure_ascii=False, indent=1)
    answer = Response(text, mimetype="application/json")
    name = "vigil-vocabulary.json"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@bp.get("/vocabulary/new")
@needs(Action.MANAGE_VOCABULARY)
def new_label() -> str:
    """The empty form of a label."""
    return _page(Draft("", "tag", 0, {}, is_new=True))


@bp.post("/vocabulary/new")
@needs(Action.MANAGE_VOCABULARY)
def add_label() -> AnyResponse | tuple[str, int]:
    """Add a label."""
    kind = "flag" if request.form.get("kind") == "flag" else "tag"
    code = request.form.get("code", "").strip()[:120]
    return _saved(_typed(Draft(code, kind, 0, {}, is_new=True)))


@bp.get("/vocabulary/<code>")
@needs(Action.MANAGE_VOCABULARY)
def vocabulary_entry(code: str) -> str:
    """One label or tier with everything that is said of it.

    :raises NotFound: there is none of that code
    """
    return _page(_draft(code))


@bp.post("/vocabulary/<code>")
@needs(Action.MANAGE_VOCABULARY)
def save_vocabulary_entry(code: str) -> AnyResponse | tuple[str, int]:
    """Keep another version of it.

    :raises NotFound: there is none of that code
    """
    return _saved(_typed(_draft(code)))


def _saved(draft: Draft) -> AnyResponse | tuple[str, int]:
    members = dict(draft.members)
    if draft.is_new:
        members["kind"] = draft.kind
    edit = Edit(draft.code, members, draft.revision)
    try:
        with context.write_session() as s:
            done = wording.change(
                context.site(),
                s,
                edit,
                by=own_id(),
                now=context.now(),
                reason=draft.reason,
            )
            term = vocabulary.of(s).terms.get(draft.code)
            below = wording.carried(s, draft.code, term.lowest).below if term else ()
    except RecordsError as error:
        field = error.field if isinstance(error, FieldError) else "main"
        return _page(draft, [(field, sentences.said(error))]), UNPROCESSABLE
    _say(done is not None, len(below))
    return redirect(url_for("admin.vocabulary_entry", code=draft.code), 303)


def _say(is_changed: bool, below: int) -> None:  # noqa: FBT001 - what to say
    if not is_changed:
        flash(gettext("Nothing was changed: these are the words there are."))
        return
    flash(gettext("Saved. Everybody reads these words from now on."))
    if below:
        flash(
            ngettext(
                "%(num)d record has this label below its lowest severity.",
                "%(num)d records have this label below its lowest severity.",
                below,
            ),
            "attention",
        )


def _page(draft: Draft, wrong: Sequence[tuple[str, str]] = ()) -> str:
    versions, authors, carried, below = [], {}, [], []
    if not draft.is_new:
        with context.read_session() as s:
            versions = _versions(s, draft.code)
            authors = names(s, (each.author for each in versions))
            term = context.vocabulary().terms.get(draft.code)
            found = wording.carried(s, draft.code, term.lowest if term else None)
            reach = scope(context.viewer(), context.now())
            carried = [
                record.id
                for record in store.list_by_ids(s, found.records[:MOST_NAMED], reach)
            ]
            below = [each for each in found.below if each in carried]
    return render_template(
        "admin/vocabulary_entry.html",
        draft=draft,
        wrong=wrong,
        wrong_by_id=dict(wrong),
        texts=TEXT_WORDS,
        languages=LANGUAGES,
        tiers=TIERS,
        warnings=mapping.CONTENT_WARNINGS,
        families=GROUPS,
        versions=versions,
        authors=authors,
        carried=carried,
        below=below,
        language=language(),
    )


def _versions(s: Any, code: str) -> list[vocabulary.Version]:  # noqa: ANN401 - Session
    try:
        return vocabulary.history(s, code)
    except UnknownLabel:
        return []


def _draft(code: str) -> Draft:
    """The form as it is to be filled in, from the words there are.

    :raises NotFound: there is none of that code
    """
    with context.read_session() as s:
        document = vocabulary.documents(s).get(code)
        if document is None:
            raise NotFound
        number = vocabulary.revision_of(vocabulary.of(s), code)
    return Draft(code, document["kind"], number, document)


def _typed(draft: Draft) -> Draft:
    """The form as somebody sent it; what it has no field for stays as it was."""
    form = request.form
    members: dict[str, Any] = {
        what: {code: form.get(f"{what}.{code}", "") for code in LANGUAGES}
        for what in draft.texts
    }
    if draft.kind != TIER:
        members |= {name: form.get(name, "") for name in ("lowest", "highest")}
        members["retired"] = form.get("retired") == "yes"
        members["iptc"] = form.getlist("iptc")
    return Draft(
        draft.code,
        draft.kind,
        _revision(form),
        members,
        form.get("reason", ""),
        draft.is_new,
    )


def _revision(form: MultiDict[str, str]) -> int:
    text = form.get("revision", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _lacking(term: Term) -> list[str]:
    """The languages in which the name or the definition is not written."""
    return [
        code
        for code in LANGUAGES
        if not (term.names.get(code) and term.definitions.get(code))
    ]
