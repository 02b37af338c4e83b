"""The results of a search to take away."""

from __future__ import annotations

from archive.searches import question
from archive.web.api.operations import Answer
from archive.web.api.savedsearches import pairs_of
from archive.web.request import body
from archive.web.request.body import BodyError
from archive.web.request.i18n import language
from archive.web.showing import listexport

ASKED = frozenset({"search", "format"})


def create() -> Answer:
    """Descriptions of what a search finds, without media, as CSV or JSON."""
    sent = body.fields(known=ASKED)
    form = sent.text("format", "json")
    if form not in listexport.FORMS:
        known = ", ".join(listexport.FORMS)
        raise BodyError(f"format must be one of: {known}.", field="format")
    return listexport.export(question.read(pairs_of(sent), lang=language()), form)
