"""The results of a search to take away."""

from __future__ import annotations

from archive.searches import question
from archive.web.api.operations import Answer
from archive.web.api.savedsearches import pairs_of
from archive.web.request import body, context
from archive.web.request.body import BodyError
from archive.web.request.i18n import language
from archive.web.showing import listexport, massexport
from archive.web.showing.massexport import NeedsSecond, Taking
from auth import seconding
from auth.seconding import State

ASKED = frozenset({"search", "format", "reason", "confirmed"})


def create() -> Answer:
    """Descriptions of what a search finds, without media, as CSV or JSON."""
    sent = body.fields(known=ASKED)
    form, reason = sent.text("format", "json"), sent.text("reason")
    if form not in listexport.FORMS:
        known = ", ".join(listexport.FORMS)
        raise BodyError(f"format must be one of: {known}.", field="format")
    if confirmed := sent.text("confirmed"):
        return _confirmed(confirmed)
    pairs = pairs_of(sent)
    try:
        return listexport.export(question.read(pairs, lang=language()), form, pairs)
    except NeedsSecond as refused:
        return _waiting(refused.wanted, reason)


def _confirmed(proposal_id: str) -> Answer:
    """What an administrator has confirmed, as it was asked for."""
    with context.read_session() as s:
        row = massexport.own(s, proposal_id)
    wanted = massexport.read(seconding.detail_of(context.site().sealing, row))
    if wanted.what != "descriptions":
        raise BodyError("That is taken on its page.", field="confirmed")
    query = question.read(wanted.pairs, lang=language())
    return listexport.export(query, wanted.form, wanted.pairs, wanted, proposal_id)


def _waiting(wanted: Taking, reason: str) -> Answer:
    """Refused by the policy or, with a reason, asked of a second person."""
    if not reason.strip():
        massexport.refuse()
    with context.write_session() as s:
        row = massexport.ask(s, wanted, reason)
    told = {"id": row.id, "state": State.WAITING.value, "records": wanted.count}
    return told, 202
