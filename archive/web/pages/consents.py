"""Consent to several records in one act, on one page that shows every warning.

/consents/batch?record=…&record=…   GET: the page, for up to twenty records
/consents/batch                     POST: one consent for each record, or for none
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from archive.web import consenting
from archive.web.consenting import BatchRefused, Willingness
from archive.web.request import context
from archive.web.request.guard import needs
from archive.web.showing import batches
from archive.web.showing.batches import Batch
from auth.errors import AuthError, LabelsChanged
from auth.policy import Action

bp = Blueprint("consents", __name__, url_prefix="/consents")


@bp.get("/batch")
@needs(Action.CHOOSE_BATCH)  # each record is asked of the policy by itself
def batch() -> str:
    """The warnings of the records that were chosen, and one form for all of them."""
    return _page(request.args.getlist("record"), {})


@bp.post("/batch")
@needs(Action.CHOOSE_BATCH)  # as above
def give_batch() -> Response | tuple[str, int]:
    """Consent to all of them, or show the page again, with why not."""
    form = request.form
    records = list(dict.fromkeys(form.getlist("record")))
    with context.read_session() as s:
        shown = batches.batch_of(s, records)
    changed = _changed(shown, records)
    if changed:
        why = gettext("The warnings of some records have changed; read them again.")
        return _page(records, {"acknowledged": why}, changed), 409
    errors = _missing(shown)
    if errors:
        return _page(records, errors), 422
    try:
        _id, given = consenting.give_batch(
            _said(shown), form.get("form", ""), form.get("name", "")[:120]
        )
    except BatchRefused as error:
        return _page(records, {"acknowledged": str(error)}, error.records), 409
    except LabelsChanged as error:
        return _page(records, {"acknowledged": str(error)}), 409
    except AuthError as error:
        return _page(records, {"reason": str(error)}), 422
    told = ngettext(
        "You consented to %(num)d record.",
        "You consented to %(num)d records.",
        len(given),
    )
    flash(told)
    return redirect(url_for("account.consents"), 303)


def _page(
    records: Sequence[str], errors: Mapping[str, str], changed: Sequence[str] = ()
) -> str:
    with context.read_session() as s:
        shown = batches.batch_of(s, records)
    return render_template(
        "consents/batch.html",
        batch=shown,
        most=batches.MOST,
        form=request.form,
        errors=errors,
        changed=frozenset(changed),
    )


def _changed(shown: Batch, records: Sequence[str]) -> list[str]:
    """The records whose words are not those that the form says it showed."""
    now = {key: digest for group in shown.groups for key, digest, _card in group.cards}
    return [key for key in records if request.form.get(f"text-{key}") != now.get(key)]


def _missing(shown: Batch) -> dict[str, str]:
    form, errors = request.form, {}
    ticked = set(form.getlist("acknowledged"))
    asked = {g.ticked(label.code) for g in shown.groups for label in g.labels}
    if not shown.groups:
        errors["acknowledged"] = gettext("Choose at least one record.")
    elif not asked <= ticked:
        errors["acknowledged"] = gettext(
            "Every warning must be ticked by itself; leave it if you are not willing."
        )
    if form.get("purpose") not in {value for value, _words in shown.purposes if value}:
        errors["purpose"] = gettext("Choose what it is for.")
    if form.get("minutes", 0, int) not in {value for value, _words in shown.minutes}:
        errors["minutes"] = gettext("Choose for how long.")
    if shown.needs_reason and not form.get("reason", "").strip():
        errors["reason"] = gettext("Say in your own words why you need to see it.")
    return errors


def _said(shown: Batch) -> dict[str, Willingness]:
    form = request.form
    return {
        key: Willingness(
            acknowledged=[label.code for label in group.labels],
            purpose=form.get("purpose", ""),
            reason=form.get("reason", ""),
            minutes=form.get("minutes", 0, int),
            text_version=digest,
        )
        for group in shown.groups
        for key, digest, _card in group.cards
    }
