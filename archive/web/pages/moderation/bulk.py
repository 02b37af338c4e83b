"""Labels for many files in one act: chosen, foreseen, confirmed, and undone.

/moderation/batches                      what is to be labelled, and with what
POST /moderation/batches                 foresee it; no label is changed
/moderation/batches/<batch_id>           what would become, became, was set back
POST /moderation/batches/<batch_id>      `act`: confirm, cancel, undo
"""

from __future__ import annotations

from collections import Counter

from flask import redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from archive.moderation import batches
from archive.moderation.forecasts import DOING, Wish
from archive.moderation.tables import BatchState, ItemState
from archive.records import store
from archive.records.errors import FieldError, RecordsError
from archive.records.labels import LabelInput
from archive.searches import saved
from archive.web import bulk
from archive.web.bulk import Choice
from archive.web.pages.moderation import picker
from archive.web.pages.moderation.blueprint import bp
from archive.web.request import context, i18n, sentences
from archive.web.request.guard import needs
from archive.web.showing.waiting import KINDS
from auth.policy import Action
from search.query import QueryError

ACTS = {"confirm": bulk.confirm, "cancel": bulk.cancel, "undo": bulk.undo}
PER_PAGE = 100
"""Files listed at a time; each has a title to be opened."""
_CONTROLS = frozenset({"ids", "collection", "saved_search", "q", "reason", "label"})


@bp.get("/batches")
@needs(Action.LABEL_IN_BULK)
def batch_form() -> str:
    """Choose files and labels; what was planned before stands below."""
    return _form()


@bp.post("/batches")
@needs(Action.LABEL_IN_BULK)
def plan_batch() -> Response | tuple[str, int]:
    """Foresee it, and show that."""
    form = request.form
    choice = Choice(
        ids=bulk.ids_in(form.get("ids", "")),
        collection=form.get("collection", ""),
        saved_search=form.get("saved_search", ""),
        q=form.get("q", "").strip(),
        kind=form.get("kind", ""),
        is_unlabelled="unlabelled" in form,
    )
    answers = picker.answers_from_form(form)
    adding = [LabelInput(code, each.tier) for code, each in answers.items()]
    wish = Wish(adding, tuple(code for code in form.getlist("taking") if code))
    try:
        batch_id = bulk.plan(choice, wish, form.get("reason", ""))
    except QueryError as error:
        return _form([("q", sentences.said(error))]), 422
    except RecordsError as error:
        return _form([(_control(error), sentences.said(error))]), 422
    return redirect(url_for("moderation.batch", batch_id=batch_id), 303)


@bp.get("/batches/<batch_id>")
@needs(Action.LABEL_IN_BULK)
def batch(batch_id: str) -> str:
    """What would become of each file, or did."""
    return _shown(batch_id)


@bp.post("/batches/<batch_id>")
@needs(Action.LABEL_IN_BULK)
def act_on_batch(batch_id: str) -> Response | tuple[str, int]:
    """Confirm it, stop it, or set it back."""
    act = ACTS.get(request.form.get("act", ""))
    if act is None:
        raise BadRequest
    try:
        act(batch_id)
    except FieldError as error:
        return _shown(batch_id, sentences.said(error)), 422
    return redirect(url_for("moderation.batch", batch_id=batch_id), 303)


def _form(wrong: list[tuple[str, str]] | None = None) -> str:
    by = context.viewer().account_id or ""
    words, answers = context.vocabulary(), picker.answers_from_form(request.form)
    with context.read_session() as s:
        collections = [(each.slug, each.slug) for each in store.collections(s)]
        searches = [
            (each.row.id, each.name)
            for each in saved.list_for(s, context.site().sealing, by)
        ]
        before = batches.of_author(s, by)
    given = {**request.args.to_dict(), **request.form.to_dict()}
    return render_template(
        "moderation/batches.html",
        groups=picker.groups(words, i18n.language(), answers),
        taken=request.form.getlist("taking"),
        given=given,
        collections=collections,
        searches=searches,
        kinds=KINDS,
        before=before,
        wrong=wrong or [],
    )


def _shown(batch_id: str, wrong: str = "") -> str:
    now, sealing = context.now(), context.site().sealing
    with context.read_session() as s:
        found = bulk.batch_of(s, batch_id)
        items = batches.items(s, batch_id)
        stale = batches.stale_consents(s, batch_id, now)
        pages = max(1, -(-len(items) // PER_PAGE))
        page = min(max(1, request.args.get("page", 1, int)), pages)
        files = []
        for item in items[(page - 1) * PER_PAGE : page * PER_PAGE]:
            asset = store.require_asset(s, item.asset_id)
            record = store.require(s, asset.record_id)
            title = store.document_of(sealing, record).title(i18n.language())
            files.append((item, asset, title, sentences.said(item.sentence)))
    states = Counter(item.state for item in items)
    return render_template(
        "moderation/batch.html",
        batch=found,
        files=files,
        count=len(items),
        page=page,
        pages=pages,
        address=lambda number: url_for(
            "moderation.batch", batch_id=batch_id, page=number
        ),
        fates=Counter(item.fate for item in items),
        tiers=Counter(
            (item.tier_before, item.tier_after) for item in items if item.fate in DOING
        ),
        states=states,
        stale=stale,
        wrong=wrong,
        may_undo=batches.may_undo(found, now) and states[ItemState.DONE] > 0,
        until=(found.confirmed_at or now) + batches.UNDO_WITHIN,
        is_working=found.state in (BatchState.RUNNING, BatchState.UNDOING),
        names={
            t.code: t.name(i18n.language()) for t in context.vocabulary().terms.values()
        },
    )


def _control(error: RecordsError) -> str:
    field = error.field if isinstance(error, FieldError) else "label"
    return field if field in _CONTROLS else "ids" if field == "files" else "label"
