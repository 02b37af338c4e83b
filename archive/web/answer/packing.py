"""A court package on its way to somebody: told in the ledger, then streamed.

Nothing of it is ever on a disk. Whatever ends on the way (a consent, a file that is
damaged) breaks the connection: a ZIP without its end opens nowhere.
"""

from __future__ import annotations

import contextlib
import itertools

from flask import Response, current_app
from sqlalchemy.orm import Session

from archive import jobs
from archive.exchange import court
from archive.exchange.court import Wish
from archive.web.answer import streams
from archive.web.request import context, limits

MEDIA_TYPE = "application/zip"


def given(wish: Wish) -> Response:
    """The package, once the ledger has a line that tells of it.

    :raises RefusedError: the policy says no, or the gate does to one of the originals
    :raises NotForCourt: no package can be made so
    :raises TooFast: this viewer has had enough of them within the hour
    :raises TooManyStreamsError: this viewer has enough streams open
    """
    limits.spend("packages", limits.PACKAGES)
    open_things = contextlib.ExitStack()
    try:
        response = _streamed(wish, open_things)
    except BaseException:
        open_things.close()
        raise
    response.call_on_close(open_things.close)
    return response


def _streamed(wish: Wish, open_things: contextlib.ExitStack) -> Response:
    site, who, now = context.site(), context.viewer(), context.now()
    slot = streams.of(current_app).take(who.account_id or "")
    open_things.callback(slot.give_back)
    prepared = court.prepare(site, wish, who, now)
    if site.config.checkpoint_folder or site.config.tsa_url:
        with context.write_session() as s:
            _have_it_witnessed(s)
    handed = court.hand_over(site, prepared, who, now)
    open_things.callback(handed.close)
    pieces = court.zipped(handed.bag)
    # The first before the headers leave: damage found there is an error, not a cut.
    first = next(pieces, b"")
    response = Response(itertools.chain((first,), pieces), mimetype=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    name = f"{handed.bag.folder}.zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _have_it_witnessed(s: Session) -> None:
    """A worker keeps and stamps the checkpoint; the next package has its stamp."""
    jobs.enqueue(s, "checkpoint", {}, now=context.now())
