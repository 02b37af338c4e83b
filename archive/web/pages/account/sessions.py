"""The browsers in which one is signed in; each can be ended from any other."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from archive.web import journal
from archive.web.pages.account.blueprint import bp, own_id
from archive.web.request import context, session
from archive.web.request.guard import needs
from archive.web.showing import browsers
from auth.credentials import sessions as kept
from auth.policy import Action


@bp.get("/sessions")
@needs(Action.MANAGE_OWN_ACCOUNT)
def sessions() -> str:
    """Every live session, this one marked."""
    with context.read_session() as s:
        live = kept.list_live(s, own_id(), context.now())
    return render_template(
        "account/sessions.html",
        live=[(row, browsers.called(row.user_agent)) for row in live],
        here=session.current().id,
    )


@bp.post("/sessions/<session_id>/end")
@needs(Action.MANAGE_OWN_ACCOUNT)
def end_session(session_id: str) -> Response:
    """End one session, and the consents given in it; this one means signing out."""
    with context.write_session() as s:
        row = kept.get(s, own_id(), session_id)
        kept.end(s, row, kept.Ending.ENDED_BY_OWNER, context.now())
        journal.tell(s, "session ended", detail={"session": session_id})
    if session_id == session.current().id:
        session.sign_out()
        return redirect(url_for("home.index"), 303)
    flash(gettext("That session has ended."))
    return redirect(url_for("account.sessions"), 303)


@bp.post("/sessions/end-others")
@needs(Action.CHANGE_CREDENTIALS)
def end_other_sessions() -> Response:
    """End every session but this one."""
    here = session.current().id
    with context.write_session() as s:
        kept.end_all(s, own_id(), kept.Ending.ENDED_BY_OWNER, context.now(), but=here)
        journal.tell(s, "session ended", detail={"session": "all others"})
    flash(gettext("Every other session has ended."))
    return redirect(url_for("account.sessions"), 303)


@bp.post("/sessions/end-all")
@needs(Action.CHANGE_CREDENTIALS)
def end_all_sessions() -> Response:
    """End every session, this one too."""
    with context.write_session() as s:
        kept.end_all(s, own_id(), kept.Ending.ENDED_BY_OWNER, context.now())
        journal.tell(s, "session ended", detail={"session": "all"})
    session.sign_out()
    return redirect(url_for("home.index"), 303)
