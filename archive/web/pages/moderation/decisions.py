"""The two forms by which a record is let out or taken back, and their words."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from archive.web.request import fields
from auth.viewer import Access, Visibility

VISIBILITIES = (
    (Visibility.PUBLIC, _("everybody")),
    (Visibility.VETTED, _("vetted people only")),
    (Visibility.STAFF, _("staff only")),
)
ACCESSES = (
    (Access.VETTED, _("vetted people, after consent")),
    (Access.REQUEST, _("those with a grant for it, after consent")),
    (Access.DUAL, _("those with a grant by two administrators, after consent")),
    (Access.CLOSED, _("nobody")),
)
CATEGORIES = (
    ("privacy", _("privacy or dignity of a person")),
    ("family-request", _("request of a family")),
    ("court-order", _("order of a court")),
    ("safety", _("danger to somebody")),
    ("rights", _("rights in the material")),
    ("duplicate", _("duplicate of another record")),
    ("error", _("deposited by mistake")),
    ("other", _("another reason")),
)


class PublishForm(fields.Form):
    """Who may read about the record, and who may ask for its originals."""

    visibility = fields.RadioField(
        _("Description and blurred preview are for"),
        [fields.chosen()],
        choices=fields.choices_of(VISIBILITIES),
    )
    access = fields.RadioField(
        _("Originals open to"),
        [fields.chosen()],
        choices=fields.choices_of(ACCESSES),
    )


class WithdrawForm(fields.Form):
    """Why a record goes; the category and the note stay on its tombstone."""

    category = fields.SelectField(
        _("Reason"),
        [fields.chosen()],
        choices=fields.choices_of(CATEGORIES, _("Choose a reason")),
    )
    note = fields.TextAreaField(
        _("What the tombstone will say"),
        [fields.filled(), fields.at_most(2_000)],
        filters=[fields.tidied],
        description=_(
            "This note is public and stays for ever. Name no victim and no address."
        ),
    )
    sure = fields.BooleanField(
        _("Withdraw this record; it cannot be published again"),
        [fields.agreed(_("Please tick this to withdraw the record."))],
    )
