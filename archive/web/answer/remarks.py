"""What the search says to a person, in the language of the answer.

The sentences are made in `search`, which knows no languages of the interface; here they
stand once more to be translated, and a test holds the two lists together.
"""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from search.query import QueryError
from search.remarks import Remark

KNOWN = (
    _("%(field)s: needs a value"),
    _("%(name)s must be a day such as 2020-11-21"),
    _("%(name)s must be a whole number"),
    _("%(word)s needs something on both sides"),
    _("A date is written 2020-11-21, 2020-11 or 2020"),
    _("A field cannot stand inside a field"),
    _("Ask for at most %(most)s things at once"),
    _("Exclude at most %(most)s labels"),
    _("Many words begin with “%(word)s”: the %(most)s most frequent were searched"),
    _("NOT needs something after it"),
    _("Pages start at 1 and have 1 to %(most)s hits"),
    _("Sort by one of %(known)s"),
    _("The brackets are nested too deep"),
    _("The first date lies after the last"),
    _("The query is nested too deep"),
    _("There is no facet “%(name)s”"),
    _("There is no field “%(name)s”; quote it to search for it"),
    _("There is no such day in the calendar"),
    _("There is no word in this query"),
    _("This asks for too much at once; ask for less"),
    _("This bracket closes nothing"),
    _("This bracket is never closed"),
    _("This quotation is never closed"),
    _("Words with * and ~ were not searched in all their forms"),
    _("Write at most %(most)s characters"),
    _("bbox is west,south,east,north in degrees"),
    _("near is latitude,longitude in degrees, and km at most 20,000"),
    _("%(name)s must be true or false"),
    _("has: takes %(known)s"),
    _("kind: takes %(known)s"),
    _("tier: takes G0 to G5 or X, as in tier:<G4"),
    _("tier: takes G0 to G5 or X, as in tier:G1..G3"),
    _("year: takes a year, as in year:2020 or 2018..2020"),
    _("“%(word)s~” was searched as it is written"),
)


def said(remark: str) -> str:
    """A remark of the search in the language of the answer."""
    if not isinstance(remark, Remark):
        return remark
    return str(gettext(remark.template, **remark.values))


def why(error: QueryError) -> str:
    """What is wrong with a query and, where that is in its text, at which character."""
    if error.position < 0:
        return said(error.message)
    told, place = said(error.message), error.position + 1
    return str(
        gettext("%(message)s (at character %(place)s)", message=told, place=place)
    )
