"""The ledger: every line, filtered by the address; verify now; export without media.

An export is a POST, because it is written down itself. A cell of the CSV that a
spreadsheet would take for a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from archive import jobs, witness
from archive.exchange.cells import harmless
from archive.ledger import EVENTS, Findings, Line
from archive.ledger.actors import actor_of
from archive.web import journal
from archive.web.pages.admin.blueprint import bp, names
from archive.web.request import context
from archive.web.request.guard import needs
from archive.web.showing import massexport
from archive.web.showing.ledgerlines import plain
from archive.web.showing.massexport import NeedsSecond, Pairs, Taking
from archive.witness import attestation, checkpoints, summaries
from auth import accounts
from auth.policy import Action

PER_PAGE = 50
SHOWN = 5
MOST_DIGITS = 15
BATCH = 1_000
COLUMNS = (
    "seq",
    "at",
    "event",
    "actor",
    "record",
    "asset",
    "account",
    "detail",
    "previous",
    "digest",
)


@dataclass(frozen=True)
class Filters:
    """Which lines; an empty text means all. `actor` and `account` are account ids."""

    event: str = ""
    actor: str = ""
    account: str = ""
    record: str = ""

    def wanted(self) -> dict[str, str]:
        """Those that are set, as `Ledger.entries` takes them."""
        return {name: value for name, value in asdict(self).items() if value}


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint as the page shows it; `stamped_at` where an authority saw it."""

    size: int
    root: str
    at: datetime
    stamped_at: datetime | None


@bp.get("/ledger")
@needs(Action.READ_LEDGER)
def ledger() -> str:
    """One page of lines, newest first."""
    return _page(None)


@bp.post("/ledger/verify")
@needs(Action.READ_LEDGER)
def verify() -> str:
    """Walk the whole chain, and write down that it was walked."""
    with context.read_session() as s:
        findings = context.site().ledger.verify(s)
    with context.write_session() as s:
        detail = {"checked": findings.checked, "found": len(findings.found)}
        journal.tell(s, "verification", detail=detail)
    return _page(findings)


@bp.post("/ledger/export")
@needs(Action.EXPORT_LEDGER)
def export() -> Response | tuple[str, int]:
    """The lines that fit the filters, as CSV or JSON; they hold no media."""
    form = request.form.get("format", "")
    if form not in WRITERS:
        abort(400)
    with context.read_session() as s:
        pairs = list(_filters(s, request.form).wanted().items())
    try:
        return give_export(form, pairs, None, None)
    except NeedsSecond as refused:
        return massexport.page(refused.wanted)


def count_export(pairs: Pairs) -> int:
    """How many lines fit these filters."""
    with context.read_session() as s:
        return sum(1 for _line in _every_line(s, _filters(s, dict(pairs))))


def give_export(
    form: str, pairs: Pairs, confirmed: Taking | None, leave: str | None
) -> Response:
    """The lines of these filters; of a confirmed export those that there were then.

    :raises NeedsSecond: so many lines take a second person
    :raises RefusedRequestError: nobody confirmed it, or not any more
    """
    with context.read_session() as s:
        filters = _filters(s, dict(pairs))
        lines = [plain(line) for line in _every_line(s, filters)]
    lines = lines if confirmed is None else _oldest(lines, confirmed.count)
    detail = {"format": form, "lines": len(lines), "filters": filters.wanted()}
    wanted = Taking("ledger", form, pairs, len(lines))
    massexport.tell("ledger exported", wanted, detail, leave)
    media_type, write = WRITERS[form]
    answer = Response(write(lines), mimetype=media_type)
    name = f"vigil-ledger-{context.now():%Y%m%d-%H%M%S}.{form}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@bp.post("/ledger/checkpoint")
@needs(Action.READ_LEDGER)
def sign_ledger() -> ResponseReturnValue:
    """Sign the ledger as it stands; a worker then has it kept and stamped elsewhere."""
    site, now = context.site(), context.now()
    document = attestation.sign(site, actor=actor_of(context.viewer()), now=now)
    if site.config.checkpoint_folder or site.config.tsa_url:
        with context.write_session() as s:
            jobs.enqueue(s, "checkpoint", {}, now=now)
    flash(_("%(size)d lines are signed.", size=document["size"]), "success")
    return redirect(url_for("admin.ledger"), 303)


@bp.get("/ledger/checkpoints/<size>")
@needs(Action.READ_LEDGER)
def checkpoint(size: str) -> Response:
    """A checkpoint, byte for byte as it is kept and stamped elsewhere."""
    with context.read_session() as s:
        content = checkpoints.written(witness.find(s, _number(size)).document)
    return _file(content, "application/json", f"checkpoint-{size:0>12}.json")


@bp.get("/ledger/checkpoints/<size>/stamp")
@needs(Action.READ_LEDGER)
def checkpoint_stamp(size: str) -> Response:
    """What the authority answered about a checkpoint, as RFC 3161 has it."""
    with context.read_session() as s:
        stamp = witness.find(s, _number(size)).stamp
    if stamp is None:
        abort(404)
    return _file(stamp, "application/timestamp-reply", f"checkpoint-{size:0>12}.tsr")


@bp.get("/ledger/forgotten")
@needs(Action.READ_LEDGER)
def forgotten() -> Response:
    """Signed summaries of what was forgotten, with their proofs; they name nobody."""
    with context.read_session() as s:
        document = summaries.written(context.site(), s)
    content = json.dumps(document, indent=1).encode()
    return _file(content, "application/json", "forgotten.json")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        abort(404)
    return int(text)


def _file(content: bytes, media_type: str, name: str) -> Response:
    answer = Response(content, mimetype=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def as_csv(lines: list[dict[str, Any]]) -> str:
    """RFC 4180, with nothing in it that a spreadsheet would run."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(COLUMNS)
    for line in lines:
        detail = json.dumps(line["detail"], ensure_ascii=False, sort_keys=True)
        cells = {**line, "detail": detail}
        writer.writerow([harmless(cells[column]) for column in COLUMNS])
    return text.getvalue()


def as_json(lines: list[dict[str, Any]]) -> str:
    """One document with every line."""
    return json.dumps({"lines": lines}, ensure_ascii=False, indent=1)


WRITERS = {
    "csv": ("text/csv", as_csv),
    "json": ("application/json", as_json),
}


def _page(findings: Findings | None) -> str:
    with context.read_session() as s:
        filters = _filters(s, request.args)
        before = request.args.get("before", type=int)
        lines = context.site().ledger.entries(
            s, before=before, limit=PER_PAGE + 1, **filters.wanted()
        )
        shown = lines[:PER_PAGE]
        people = [line.actor for line in shown] + [line.account_id for line in shown]
        known = names(s, people)
        signed = [
            Checkpoint(row.size, row.document["root"], row.at, row.stamped_at)
            for row in witness.listing(s, SHOWN)
        ]
    return render_template(
        "admin/ledger.html",
        lines=shown,
        names=known,
        filters=filters,
        asked={**request.args},
        older=shown[-1].seq if len(lines) > PER_PAGE else None,
        is_first=before is None,
        findings=findings,
        checkpoints=signed,
        events=sorted(EVENTS),
    )


def _oldest(lines: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """Of lines with the newest first, those that there were before others came."""
    return lines[max(0, len(lines) - most) :]


def _filters(s: Session, asked: Any) -> Filters:  # noqa: ANN401 - MultiDict
    event = asked.get("event", "")
    return Filters(
        event=event if event in EVENTS else "",
        actor=_account_id(s, asked.get("actor", "")),
        account=_account_id(s, asked.get("account", "")),
        record=asked.get("record", "").strip()[:64],
    )


def _account_id(s: Session, text: str) -> str:
    """An id as it stands, or that of the account with this address."""
    word = text.strip()[:254]
    if "@" not in word:
        return word
    found = accounts.find_by_email(s, context.site().sealing, word)
    return found.id if found else word


def _every_line(s: Session, filters: Filters) -> Iterator[Line]:
    before: int | None = None
    wanted = filters.wanted()
    ledger = context.site().ledger
    while lines := ledger.entries(s, before=before, limit=BATCH, **wanted):
        yield from lines
        before = lines[-1].seq
