"""Lists of records to take away, in the forms of those who work with them.

listing       what is written of the list itself, and what a form is
table         CSV
document      JSON
citations     BibTeX, RIS, CSL-JSON
linked        JSON-LD in schema.org's words
dublincore    Dublin Core in XML
crate         RO-Crate: a ZIP with the list in two forms and all of it described
pictures      the blurred previews that a crate or a bag may hold

They write what the entries hold (`archive.exchange.reading`), and decide nothing.
"""

from collections.abc import Mapping

from archive.exchange.lists import (
    citations,
    crate,
    document,
    dublincore,
    linked,
    table,
)
from archive.exchange.lists.listing import Form, Listing

FORMS: Mapping[str, Form] = {
    "csv": table.FORM,
    "json": document.FORM,
    "bibtex": citations.BIBTEX,
    "ris": citations.RIS,
    "csl": citations.CSL,
    "jsonld": linked.FORM,
    "dc": dublincore.FORM,
    "ro-crate": crate.FORM,
}
"""Name of a form, as settings and addresses have it → the form."""

__all__ = ["FORMS", "Form", "Listing"]
