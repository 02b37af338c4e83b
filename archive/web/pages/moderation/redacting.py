"""Redacted copies before a moderator: what is removed is drawn, the copy confirmed.

    /moderation/redactions/<asset_id>                       draw; what there is so far
    POST the same                                           have the copy made
    POST /moderation/redactions/<asset_id>/faces            the page with suggestions
    POST /moderation/redactions/<asset_id>/<id>/confirm     it is given from now on
    POST /moderation/redactions/<asset_id>/<id>/withdraw    it is given no more

Regions are drawn over the blurred preview, in a film over eight blurred stills of it.
Whoever may open the file may draw over its grey picture instead (`over=grey`), or over
the film without its sound (`over=film`), let out by the gate as in the viewer, and
may have faces suggested: the gate lets the file out to the detector.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from archive import jobs, marking, previewing, redaction
from archive.records import redactions, segments, store
from archive.records.errors import FieldError, RecordsError
from archive.records.labels import LabelInput
from archive.records.redactions import NotReady
from archive.records.tables import Redaction, RedactionState
from archive.redaction import Drawn
from archive.web.answer import drawing
from archive.web.pages.moderation import drawn, ready
from archive.web.pages.moderation.blueprint import bp
from archive.web.pages.moderation.desks import Desk, desk_for
from archive.web.request import context, i18n, sentences
from archive.web.request.guard import needs
from auth.policy import Action, Permit, decide
from auth.viewer import PreviewTier, Tier
from blur import faces, render
from blur.faces import Suggested
from blur.steps import Step

STATES = {
    RedactionState.ASKED: _("being made"),
    RedactionState.MADE: _("made; somebody else must look at it and confirm it"),
    RedactionState.CONFIRMED: _("confirmed: given before the clear file"),
    RedactionState.FAILED: _("could not be made"),
    RedactionState.ENDED: _("given up"),
}


@dataclass(frozen=True)
class Kept:
    """One label that the copy may still need, and the severities it can have there."""

    code: str
    name: str
    tiers: Sequence[Tier]
    ticked: bool
    tier: Tier | None


@dataclass(frozen=True)
class Copy:
    """One redaction as a row of the page."""

    row: Redaction
    state: Any
    what: tuple[str, str]
    progress: float | None
    is_given: bool
    may_confirm: bool


@bp.get("/redactions/<asset_id>")
@needs(Action.REDACT)
def redactions_of(asset_id: str) -> str:
    """What is removed from a file, to be drawn; and its copies so far."""
    with context.read_session() as s:
        return _page(s, asset_id, {})


@bp.post("/redactions/<asset_id>")
@needs(Action.REDACT)
def redact(asset_id: str) -> Response | tuple[str, int]:
    """Have a copy made without what was drawn."""
    form = request.form
    with context.read_session() as s:
        blank, silent = ready.left_out(store.require_asset(s, asset_id).kind)
    try:
        lines = "\n".join([form.get("regions", ""), *ready.ticked(), *blank])
        sound = "\n".join([form.get("cuts", ""), *silent])
        removal = drawn.read(lines, sound)
        given = Drawn(removal, _labels(), form.get("note", ""))
        with context.write_session() as s:
            by = context.viewer().account_id or ""
            redaction.draw(context.site(), s, asset_id, given, by, context.now())
    except drawn.Unreadable as error:
        return _again(asset_id, {error.field: str(error)})
    except FieldError as error:
        return _again(asset_id, {error.field: sentences.said(error)})
    except RecordsError as error:
        return _again(asset_id, {"labels": sentences.said(error)})
    flash(gettext("The copy is being made. Somebody else then looks at it."))
    return _back(asset_id)


@bp.post("/redactions/<asset_id>/faces")
@needs(Action.REDACT)
def suggest_faces(asset_id: str) -> str:
    """The page once more, with boxes that may hold faces, for somebody to tick."""
    if not faces.is_there():
        abort(404)
    found = drawing.suggested_faces(asset_id)
    if not found:
        flash(gettext("No face was found. There may be some all the same: look."))
    with context.read_session() as s:
        return _page(s, asset_id, {}, found)


@bp.post("/redactions/<asset_id>/<redaction_id>/confirm")
@needs(Action.REDACT)
def confirm_redaction(asset_id: str, redaction_id: str) -> Response:
    """Give the copy from now on."""
    by, site, now = context.viewer().account_id or "", context.site(), context.now()
    try:
        with context.write_session() as s:
            redactions.require_of(s, asset_id, redaction_id)
            redaction.confirm(site, s, redaction_id, by, now)
    except NotReady as error:
        flash(sentences.said(error), "attention")
    else:
        flash(gettext("Confirmed. Readers are offered this copy first."))
    return _back(asset_id)


@bp.post("/redactions/<asset_id>/<redaction_id>/withdraw")
@needs(Action.REDACT)
def withdraw_redaction(asset_id: str, redaction_id: str) -> Response:
    """Give the copy to nobody any more."""
    by, site, now = context.viewer().account_id or "", context.site(), context.now()
    why = request.form.get("why", "").strip()
    if not why:
        flash(gettext("Say why it is withdrawn."), "attention")
        return _back(asset_id)
    try:
        with context.write_session() as s:
            redactions.require_of(s, asset_id, redaction_id)
            redaction.withdraw(site, s, redaction_id, why, by, now)
    except NotReady as error:
        flash(sentences.said(error), "attention")
    else:
        flash(gettext("Withdrawn. Nobody is given this copy any more."))
    return _back(asset_id)


def _page(
    s: Session,
    asset_id: str,
    errors: Mapping[str, str],
    found: Sequence[Suggested] = (),
) -> str:
    asset = store.require_asset(s, asset_id)
    desk = desk_for(s, asset.record_id, asset_id)
    rows = redactions.of_asset(s, asset_id)
    may_open = _may_open(desk)
    # A film is drawn on as its blurred stills, or as the muted film once it is made.
    may_grey = may_open and asset.kind == "image"
    over_grey = may_grey and request.args.get("over") == "grey"
    may_film = may_open and asset.muted_object_id is not None
    over_film = may_film and request.args.get("over") == "film"
    regions, cuts = _typed(rows)
    return render_template(
        "moderation/redactions.html",
        desk=desk,
        document=desk.document,
        language=i18n.language(),
        copies=[_copy(s, desk, row) for row in rows],
        kept=_kept(desk),
        regions=regions,
        ready=ready.of(s, asset, found),
        stretches=ready.stretches(s, asset) if desk.is_timed else [],
        may_suggest=may_open and asset.kind != "audio" and faces.is_there(),
        cuts=cuts,
        note=request.form.get("note", ""),
        grey=url_for("media.view", asset_id=asset_id, level=Step.GREY.value)
        if over_grey
        else None,
        may_grey=may_grey,
        film=url_for("media.muted", asset_id=asset_id) if over_film else None,
        film_mark=url_for("media.mark", asset_id=asset_id)
        if over_film and marking.is_marked(asset.tier)
        else None,
        may_film=may_film,
        storyboard=_storyboard(s, desk),
        sheet_gap=render.SHEET_GAP,
        length_ms=segments.length_ms(context.site().sealing, asset),
        may_redact=asset.labelled,
        errors=errors,
        opens=request.method == "POST",
    )


def _storyboard(s: Session, desk: Desk) -> str | None:
    """Where the blurred stills are; None for who met words alone, or sees none."""
    asset, picture = desk.asset, desk.picture
    if picture is None or asset.kind != "video":
        return None
    shown = previewing.showing(
        context.site(), context.viewer(), desk.record, asset, context.now()
    )
    if shown.tier not in (PreviewTier.HAZE, PreviewTier.COLOUR_HAZE):
        return None
    return url_for("media.preview_variant", asset_id=asset.id, variant="storyboard")


def _again(asset_id: str, errors: Mapping[str, str]) -> tuple[str, int]:
    with context.read_session() as s:
        return _page(s, asset_id, errors), 422


def _back(asset_id: str) -> Response:
    page = url_for("moderation.redactions_of", asset_id=asset_id, _anchor="copies")
    return redirect(page, 303)


def _typed(rows: Sequence[Redaction]) -> tuple[str, str]:
    """What was typed just now, else what was drawn last."""
    if request.method == "POST":
        return request.form.get("regions", ""), request.form.get("cuts", "")
    if not rows:
        return "", ""
    return drawn.written(redactions.removal_of(context.site().sealing, rows[0]))


def _labels() -> list[LabelInput]:
    form = request.form
    return [
        LabelInput(code, _tier(form.get(f"tier-{code}", "")))
        for code in dict.fromkeys(form.getlist("label"))
    ]


def _tier(text: str) -> Tier | None:
    try:
        return Tier.parse(text) if text else None
    except ValueError as error:
        raise FieldError("labels", str(error)) from None


def _kept(desk: Desk) -> list[Kept]:
    """The file's own labels, and the one that says that nothing graphic is left."""
    words = context.vocabulary()
    nothing = "context.none"
    ticked = request.form.getlist("label")
    codes = dict.fromkeys([*(row.code for row in desk.standing), nothing])
    rows = []
    for code in codes:
        term = words.term(code)
        lowest, highest = term.lowest, term.highest
        rated = lowest is not None and highest is not None
        tiers = tuple(map(Tier, range(lowest or 0, (highest or 0) + 1)))
        chosen = request.form.get(f"tier-{code}", "")
        rows.append(
            Kept(
                code=code,
                name=term.name(i18n.language()),
                tiers=tiers if rated else (),
                ticked=code in ticked,
                tier=Tier[chosen] if chosen in Tier.__members__ else None,
            )
        )
    return rows


def _copy(s: Session, desk: Desk, row: Redaction) -> Copy:
    site = context.site()
    job = jobs.get(s, row.job_id) if row.job_id else None
    is_making = row.state is RedactionState.ASKED and job is not None
    own = row.drawn_by == context.viewer().account_id
    return Copy(
        row=row,
        state=STATES[row.state],
        what=drawn.written(redactions.removal_of(site.sealing, row)),
        progress=job.progress if is_making and job is not None else None,
        is_given=redactions.is_given(row, desk.asset),
        may_confirm=row.state is RedactionState.MADE
        and not (own and redaction.needs_another(site, s, row)),
    )


def _may_open(desk: Desk) -> bool:
    item = store.item_of(desk.record, desk.asset)
    viewer, rules, now = context.viewer(), context.rules(), context.now()
    return isinstance(decide(Action.OPEN_ORIGINAL, viewer, item, rules, now), Permit)
