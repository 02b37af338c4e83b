"""The mode of the archive: what goes on, what does not, and what is said of it."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from archive.web.pages.admin.blueprint import bp, names, own_id
from archive.web.request import context, fields, i18n
from archive.web.request.guard import needs
from archive.web.showing.housewords import MODES
from auth import modes as kept
from auth.policy import Action
from auth.terms import LANGUAGES
from auth.viewer import Mode

UNPROCESSABLE = 422


class ModeForm(fields.Form):
    """Another mode; the messages are fields named `message.LANGUAGE` beside it."""

    mode = fields.RadioField(
        _("Mode"), [fields.chosen()], choices=fields.choices_of(MODES.items())
    )


@bp.get("/mode")
@needs(Action.READ_OPERATIONS)
def mode() -> str:
    """The mode now, and the form for another."""
    standing = context.site().mode
    return _page(ModeForm(data={"mode": standing.mode}), dict(standing.messages), {})


@bp.post("/mode")
@needs(Action.SET_MODE)
def set_mode() -> Response | tuple[str, int]:
    """Put the archive into a mode; every process knows within five seconds."""
    given, messages = ModeForm(request.form), _typed()
    faults = {
        code: gettext("Use at most %(most)s characters.", most=kept.LONGEST)
        for code, text in messages.items()
        if len(text) > kept.LONGEST
    }
    if not given.validate() or faults:
        return _page(given, messages, faults), UNPROCESSABLE
    with context.write_session() as s:
        context.site().change_mode(s, Mode(given.mode.data), messages, own_id())
    context.site().look_at_mode_again()
    flash(gettext("The mode is set. All of the archive follows within five seconds."))
    return redirect(url_for("admin.mode"), 303)


def _typed() -> dict[str, str]:
    return {
        code: fields.tidied(request.form.get(f"message.{code}", "")) or ""
        for code in LANGUAGES
    }


def _page(given: ModeForm, messages: dict[str, str], faults: dict[str, str]) -> str:
    standing = context.site().mode
    with context.read_session() as s:
        people = names(s, [standing.by])
    return render_template(
        "admin/mode.html",
        form=given,
        standing=standing,
        words=MODES[standing.mode],
        messages=messages,
        faults=faults,
        tongues={code: i18n.LANGUAGES[code] for code in LANGUAGES},
        names=people,
    )
