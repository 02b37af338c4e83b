"""Publishing a new version of the terms: both parts, in each language.

Whoever signed an earlier version is asked to sign again before the next original;
consents given under it end at once.
"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from archive.web import journal
from archive.web.pages.admin.blueprint import bp, own_id
from archive.web.request import context, fields, i18n, sentences
from archive.web.request.guard import needs
from auth import terms as kept
from auth.errors import AuthError
from auth.policy import Action
from auth.vetting import lapses

UNPROCESSABLE = 422
PARTS = {"conduct": _("Code of conduct"), "data-use": _("Conditions of use")}


class PublishForm(fields.Form):
    """That it is meant: everybody is asked to sign again."""

    meant = fields.BooleanField(
        _("Everybody signs again before their next original"),
        [fields.agreed()],
    )


@bp.get("/terms")
@needs(Action.PUBLISH_TERMS)
def terms() -> str:
    """The texts in force, to be changed."""
    return _page(PublishForm(), _in_force())


@bp.post("/terms")
@needs(Action.PUBLISH_TERMS)
def publish_terms() -> Response | tuple[str, int]:
    """Publish what was typed as the next version."""
    given, texts = PublishForm(request.form), _typed(request.form)
    if not given.validate():
        return _page(given, texts), UNPROCESSABLE
    try:
        with context.write_session() as s:
            now = context.now()
            version = kept.publish(s, texts, own_id(), now)
            concerned = lapses.lapse_terms(s, version, now)
            detail = {
                "version": version,
                "languages": sorted({key[1] for key, words in texts.items() if words}),
                "consents_of": concerned,
            }
            journal.tell(s, "terms published", detail=detail)
    except AuthError as refused:
        return _page(given, texts, sentences.said(str(refused))), UNPROCESSABLE
    flash(gettext("Version %(version)d is in force.", version=version))
    return redirect(url_for("admin.terms"), 303)


def _typed(form: MultiDict[str, str]) -> dict[tuple[str, str], str]:
    return {
        (part, language): _plain(form.get(f"{part}.{language}", ""))
        for part in kept.PARTS
        for language in kept.LANGUAGES
    }


def _plain(typed: str) -> str:
    # Browsers end lines by two letters; the digest of a text must not depend on that.
    return (fields.tidied(typed) or "").replace("\r\n", "\n")


def _in_force() -> dict[tuple[str, str], str]:
    """The texts by part and language; empty where a language falls back."""
    texts: dict[tuple[str, str], str] = {}
    with context.read_session() as s:
        for language in kept.LANGUAGES:
            shown = kept.current(s, language)
            for part, words in zip(
                kept.PARTS, (shown.conduct, shown.data_use), strict=True
            ):
                texts[part, language] = words if shown.language == language else ""
    return texts


def _page(
    given: PublishForm, texts: dict[tuple[str, str], str], fault: str | None = None
) -> str:
    with context.read_session() as s:
        version = kept.current_version(s)
    return render_template(
        "admin/terms.html",
        form=given,
        texts=texts,
        parts=PARTS,
        tongues={code: i18n.LANGUAGES[code] for code in kept.LANGUAGES},
        version=version,
        fault=fault,
    )
