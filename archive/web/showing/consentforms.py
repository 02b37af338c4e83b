"""The mark of a consent form: that it was shown, to this session, with these words.

    FORM_ID . ISSUED . HMAC-SHA-256(web key, session | form | issued | record=words …)

A consent is taken from a page only with the mark of a form that was shown: it fits one
session and the exact words of its records, is good for an hour, and counts once (the
consent keeps the form's id, and the database refuses a second).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from flask_babel import gettext

from archive.web.request import context
from auth.errors import FormSpent, LabelsChanged
from auth.identifiers import new_id

LIFETIME = timedelta(hours=1)
PARTS = 3


def issue(shown: Mapping[str, str]) -> str:
    """The mark of a form that shows these records' words (by their SHA-256) now."""
    form_id, issued = new_id(), str(int(context.now().timestamp()))
    return f"{form_id}.{issued}.{_mac(form_id, issued, shown)}"


def redeem(mark: str, shown: Mapping[str, str]) -> str:
    """The id of the form that was shown to this session with exactly these words.

    :raises FormSpent: it is none of this session's, or older than an hour
    :raises LabelsChanged: other words are shown now
    """
    parts = mark.split(".")
    if len(parts) != PARTS or not parts[1].isascii() or not parts[1].isdigit():
        raise FormSpent(gettext("Read the warnings on this page first."))
    form_id, issued, mac = parts
    if not hmac.compare_digest(mac.encode(), _mac(form_id, issued, shown).encode()):
        raise LabelsChanged(gettext("The warnings have changed; read them again."))
    if context.now() - _moment(issued) > LIFETIME:
        raise FormSpent(gettext("This page was open for too long; read it again."))
    return form_id


def _mac(form_id: str, issued: str, shown: Mapping[str, str]) -> str:
    session = context.viewer().session_id or ""
    told = [f"{record}={digest}" for record, digest in sorted(shown.items())]
    message = "|".join(["consent-form/v1", session, form_id, issued, *told])
    key = context.site().web_key
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()


def _moment(issued: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(issued), UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.min.replace(tzinfo=UTC)
