"""The forms by which one account is changed: standing, role, vetting."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from flask_babel import lazy_gettext as _

from archive.web.request import context, fields
from auth.tables import Account
from auth.viewer import Role

ROLES = (
    (Role.APPLICANT, _("applicant")),
    (Role.RESEARCHER, _("researcher")),
    (Role.MODERATOR, _("moderator")),
    (Role.ADMINISTRATOR, _("administrator")),
)


def today() -> date:
    """The day of this request, in UTC."""
    return context.now().date()


def end_of(day: date | None) -> datetime | None:
    """The last second of a day, in UTC."""
    return None if day is None else datetime.combine(day, time(23, 59, 59), UTC)


def start_of(day: date | None) -> datetime | None:
    """The first second of a day, in UTC."""
    return None if day is None else datetime.combine(day, time(), UTC)


class ReasonForm(fields.Form):
    """Why an account is changed; the buttons say how."""

    reason = fields.TextAreaField(
        _("Reason"),
        [fields.filled(_("Please write down why.")), fields.at_most(2_000)],
        filters=[fields.tidied],
        description=_("Kept with the account and in the ledger."),
    )


class RoleForm(fields.Form):
    """Another role, and why."""

    role = fields.SelectField(
        _("Role"), [fields.chosen()], choices=fields.choices_of(ROLES)
    )
    role_reason = fields.StringField(
        _("Reason"),
        [fields.filled(_("Please write down why.")), fields.at_most(2_000)],
        filters=[fields.tidied],
    )


class VettingForm(fields.Form):
    """A new end of the vetting, and what it rests on."""

    until = fields.DateField(
        _("Vetted until"),
        [fields.filled(_("Please choose a day.")), fields.after(today)],
    )
    vetting_reason = fields.StringField(
        _("What was checked, and how"),
        [
            fields.filled(_("Please write down what was checked.")),
            fields.at_most(2_000),
        ],
        filters=[fields.tidied],
    )


def fresh_forms(row: Account) -> dict[str, fields.Form]:
    """The empty forms of an account's page."""
    return {
        "reason_form": ReasonForm(),
        "role_form": RoleForm(data={"role": row.role}),
        "vetting_form": VettingForm(),
    }
