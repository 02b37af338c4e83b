"""A record: its page, the consent to see it, the viewer, and how to cite it.

/records/<id>                    read, with the reveal panel
/records/<id>/consent            POST: consent to exactly the labels shown
/records/<id>/view?file=N        after consent: one file at a time, step by step; the
                                 redacted copy first, with `clear=yes` the file itself
/records/<id>/consent/withdraw   POST: close it again
/records/<id>/cite?format=       as a sentence, BibTeX, RIS, CSL-JSON
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from flask import (
    Blueprint,
    Response,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from archive.records import citation, store
from archive.records.citation import Cited
from archive.records.tables import Record
from archive.web import consenting
from archive.web.answer import watermark
from archive.web.consenting import Willingness
from archive.web.request import context, sentences
from archive.web.request.guard import needs
from archive.web.showing import (
    citing,
    claims,
    findings,
    labelhistory,
    linkeddata,
    neighbours,
    openings,
    panel,
    recordpage,
    restrictions,
    signposts,
    timeline,
    tombstones,
    viewer,
)
from auth import accounts
from auth.errors import AuthError, LabelsChanged
from auth.policy import Action

bp = Blueprint("records", __name__, url_prefix="/records")

ENDINGS = {"bibtex": "bib", "ris": "ris", "csl": "json"}


@bp.get("/<record_id>")
@needs(Action.READ_RECORD)
def show(record_id: str) -> Response:
    """The record in words, its blurred previews, and what opens its originals."""
    with context.read_session() as s:
        record = store.require(s, record_id)
        page = _page_of(s, record)
        posts = signposts.of_page(page, context.site().config.base_url)
        response = Response(_written(s, record, page, posts, {}))
    response.headers["Link"] = signposts.header(posts)
    return response


@bp.post("/<record_id>/consent")
@needs(Action.READ_RECORD)  # `consenting` asks for the consent itself, to what is meant
def consent(record_id: str) -> AnyResponse | tuple[str, int]:
    """Record the consent and go to the viewer; or show the form again, with why."""
    consenting.require_any(record_id)
    said = _said()
    errors = _missing(said, record_id)
    if errors:
        return _again(record_id, errors), 422
    try:
        consenting.give(record_id, said)
    except LabelsChanged as error:
        return _again(record_id, {"acknowledged": sentences.said(error)}), 409
    except AuthError as error:
        return _again(record_id, {"reason": sentences.said(error)}), 422
    files = url_for("records.view", record_id=record_id, _anchor="files")
    return redirect(files, 303)


@bp.post("/<record_id>/consent/withdraw")
@needs(Action.READ_RECORD, Action.MANAGE_OWN_ACCOUNT)
def withdraw_consent(record_id: str) -> AnyResponse:
    """End this viewer's consents for the record at once."""
    consenting.withdraw_for_record(record_id)
    flash(gettext("Your consent is withdrawn. Everything is closed again."))
    return redirect(url_for("records.show", record_id=record_id), 303)


@bp.get("/<record_id>/view")
@needs(Action.READ_RECORD)  # and that something of it opens, asked below
def view(record_id: str) -> str:
    """The viewer: which files there are, and the one that was asked for.

    :raises RefusedRequestError: neither a file nor a redacted copy opens
    """
    asked = request.args
    with context.read_session() as s:
        record = store.require(s, record_id)
        opening = openings.of_record(s, record)
        page = recordpage.page_of(s, record)
        mark = _watermark(s, record_id)
        wanted = viewer.Wanted(
            asked.get("file", 0, int),
            asked.get("level", ""),
            asked.get("tile", ""),
            untouched="untouched" in asked,
            clear="clear" in asked,
        )
        stage = viewer.stage_of(s, page, wanted, opening)
        timelines = timeline.of_assets(s, record, store.assets_of(s, record_id))
        return render_template(
            "records/view.html",
            page=page,
            stage=stage,
            timeline=timelines.get(stage.asset.id)
            if stage and not stage.redaction
            else None,
            part=asked.get("part", -1, int),
            start=asked.get("t", 0.0, float),
            opening=opening,
            until=until_of(panel.panel_of(s, record)),
            labels_url=_labels_url(record, page, asked.get("file", 0, int)),
            mark=mark,
            mark_picture=watermark.picture(mark),
        )


@bp.get("/<record_id>/cite")
@needs(Action.READ_RECORD)
def cite(record_id: str) -> str | Response:
    """The citation in every form, or one of them to download.

    :raises NotFound: there is no such form
    """
    wanted = request.args.get("format")
    with context.read_session() as s:
        cited = _cited(s, store.require(s, record_id))
    if wanted is None:
        return render_template(
            "records/cite.html",
            cited=cited,
            formatted=citation.sentence(cited),
            forms=[
                (name, title, write(cited))
                for name, (title, _media_type, write) in citation.FORMS.items()
            ],
        )
    if wanted not in citation.FORMS:
        raise NotFound
    return _download(cited, wanted)


def _page_of(s: Session, record: Record) -> recordpage.RecordPage:
    asked = request.args
    return recordpage.page_of(
        s, record, *asked.getlist("lang"), beside=asked.get("beside", "")
    )


def _written(
    s: Session,
    record: Record,
    page: recordpage.RecordPage,
    posts: Sequence[signposts.Signpost],
    errors: Mapping[str, str],
) -> str:
    assets = store.assets_of(s, record.id)
    document = tombstones.document_of(record)
    return render_template(
        "records/show.html",
        page=page,
        signposts=posts,
        panel=None if record.tombstone else panel.panel_of(s, record),
        restriction=restrictions.restriction_of(s, record),
        jsonld=linkeddata.describe(page, document) if page.is_public else None,
        neighbours=[] if page.is_bare else neighbours.of_record(s, record),
        may_report=context.may(Action.REPORT, store.item_of(record)),
        may_package=context.may(Action.PACKAGE, store.item_of(record)),
        timelines={} if record.tombstone else timeline.of_assets(s, record, assets),
        may_embargo=context.may(Action.SET_EMBARGO, store.item_of(record)),
        findings=findings.of_record(s, record),
        claims=claims.of_record(s, record),
        may_verify=context.may(Action.VERIFY, store.item_of(record)),
        may_relate=context.may(Action.RELATE, store.item_of(record)),
        may_account=context.may(Action.GIVE_ACCOUNT, store.item_of(record)),
        may_label=context.may(Action.LABEL, store.item_of(record)),
        label_history=_label_history(s, record),
        citation=citation.sentence(
            citing.cited(page, record, document, context.now().date())
        ),
        citation_forms=[(name, form[0]) for name, form in citation.FORMS.items()],
        form=request.form,
        errors=errors,
    )


def _labels_url(record: Record, page: recordpage.RecordPage, number: int) -> str | None:
    """Where a moderator labels the file that is shown; None for anybody else."""
    if not context.may(Action.LABEL, store.item_of(record)):
        return None
    shown = next((each.id for each in page.assets if each.position == number), None)
    return url_for("moderation.record", record_id=record.id, asset=shown)


def _again(record_id: str, errors: Mapping[str, str]) -> str:
    told = {f"{_prefix()}{name}": sentence for name, sentence in errors.items()}
    with context.read_session() as s:
        record = store.require(s, record_id)
        page = _page_of(s, record)
        posts = signposts.of_page(page, context.site().config.base_url)
        return _written(s, record, page, posts, told)


def _said() -> Willingness:
    form, prefix = request.form, _prefix()
    return Willingness(
        acknowledged=form.getlist(f"{prefix}acknowledged"),
        purpose=form.get(f"{prefix}purpose", ""),
        reason=form.get(f"{prefix}reason", ""),
        minutes=form.get(f"{prefix}minutes", 0, int),
        text_version=form.get("text_version", ""),
        form=form.get("form", ""),
        identity=form.get("identity", ""),
        redacted="redacted" in form,
    )


def _prefix() -> str:
    """The consent to the redacted copies stands beside, with names of its own."""
    return "redacted-" if "redacted" in request.form else ""


def _missing(said: Willingness, record_id: str) -> dict[str, str]:
    """What the person left out, by field; the policy and the tier are asked later."""
    with context.read_session() as s:
        shown = panel.panel_of(s, store.require(s, record_id))
    redacted = shown.redacted.asks if shown.redacted else None
    asks = redacted if said.redacted else shown.asks
    if asks is None:
        return {}
    errors = {}
    if not {label.code for label in asks.labels} <= set(said.acknowledged):
        errors["acknowledged"] = gettext(
            "Every warning must be ticked by itself; leave it if you are not willing."
        )
    if said.purpose not in {value for value, _words in asks.purposes if value}:
        errors["purpose"] = gettext("Choose what it is for.")
    if said.minutes not in {value for value, _words in asks.minutes}:
        errors["minutes"] = gettext("Choose for how long.")
    if asks.needs_reason and not said.reason.strip():
        errors["reason"] = gettext("Say in your own words why you need to see it.")
    return errors


def _cited(s: Session, record: Record) -> Cited:
    page = recordpage.page_of(s, record)
    document = tombstones.document_of(record)
    return citing.cited(page, record, document, context.now().date())


def until_of(shown: panel.Panel) -> datetime | None:
    """Until when something stands open."""
    return shown.until or (shown.redacted.until if shown.redacted else None)


def _download(cited: Cited, form: str) -> Response:
    _title, media_type, write = citation.FORMS[form]
    response = Response(write(cited), mimetype=media_type)
    name = f"vigil-{cited.record_id}.{ENDINGS[form]}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _watermark(s: Session, record_id: str) -> str:
    account = accounts.get(s, context.viewer().account_id or "")
    name = accounts.name_of(context.site().sealing, account)
    return watermark.words(name, record_id, context.now())


def _label_history(s: Session, record: Record) -> list[labelhistory.AssetHistory]:
    """For those who label; others have none."""
    if not context.may_at_once(Action.LABEL, store.item_of(record)):
        return []
    return labelhistory.of_record(s, record)
