"""What the working pages' forms are made of: fields that tidy, checks that explain.

A form is read with `SomeForm(request.form)`, and the token against cross-site requests
is checked before any view runs (see `archive.web.request.forms`). Text loses control
characters and the space around it; passwords are never touched. Every sentence is for
the person at the keyboard, beside the field it speaks of.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from flask_babel import get_domain, gettext
from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    Field,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    validators,
)
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from archive.web.request import sentences

__all__ = [
    "BooleanField",
    "DateField",
    "EmailField",
    "Form",
    "MultiCheckboxField",
    "PasswordField",
    "RadioField",
    "SelectField",
    "StringField",
    "TextAreaField",
    "after",
    "agreed",
    "at_most",
    "choices_of",
    "chosen",
    "complain",
    "email_address",
    "filled",
    "optional",
    "same_as",
    "tidied",
]

log = logging.getLogger("vigil.web")
GUARDED = frozenset(
    "account_id approved_at by depositor_id email_confirmed id is_admin owner "
    "password_hash permissions role scopes second_factor state status tier "
    "vetted_until".split()
)
"""What somebody tries who wants more than a form gives; such tries are logged."""
EMAIL_LIMIT = 254
_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_EMAIL = re.compile(r"[^@\s<>\"(),;:\\]+@[^@\s<>\"(),;:\\.]+(\.[^@\s<>\"(),;:\\.]+)+")


class Spoken:
    """WTForms' own sentences, said in the language of the page."""

    def gettext(self, sentence: str) -> str:
        return str(_unfilled().ugettext(sentence))

    def ngettext(self, one: str, many: str, number: int) -> str:
        return str(_unfilled().ungettext(one, many, number))


def _unfilled() -> Any:  # noqa: ANN401 - gettext's own
    """The catalogue itself: WTForms fills its sentences in after they are said."""
    return get_domain().get_translations()


class Form(PlainForm):  # type: ignore[misc]
    """A form of the working pages; it knows nothing of sessions or the database.

    What it has no field for is ignored; a name that would be worth trying is logged.
    """

    def __init__(self, formdata: Any = None, **given: Any) -> None:  # noqa: ANN401 - WTForms'
        super().__init__(formdata, **given)
        tried = sorted(GUARDED.intersection(formdata or ()).difference(self._fields))
        if tried:
            log.warning("fields that this form does not have: %s", ", ".join(tried))

    class Meta:
        def get_translations(self, _form: PlainForm) -> Spoken:
            return Spoken()


Check = Callable[[Form, Field], None]
WTFORMS_SAYS = (_("Not a valid choice."), _("Not a valid date value."))


class MultiCheckboxField(SelectMultipleField):  # type: ignore[misc]
    """Several choices, each its own checkbox."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def tidied(text: str | None) -> str | None:
    """Normalise what was typed; for the `filters` of a text field."""
    if text is None:
        return None
    return unicodedata.normalize("NFC", _UNWANTED.sub("", text)).strip()


class Filled(validators.DataRequired):  # type: ignore[misc]
    """Something must be there; marks the field as required."""


def filled(message: Any = None) -> Filled:  # noqa: ANN401 - lazy text
    """The field must not be empty."""
    return Filled(message or _("Please fill this in."))


def chosen(message: Any = None) -> Filled:  # noqa: ANN401 - lazy text
    """One of the choices must be taken."""
    return Filled(message or _("Please choose one."))


def agreed(message: Any = None) -> Filled:  # noqa: ANN401 - lazy text
    """The box must be ticked."""
    return Filled(message or _("Please tick this to go on."))


def optional() -> validators.Optional:
    """An empty field is fine; nothing else is checked then."""
    return validators.Optional()


def at_most(limit: int) -> Check:
    """No more than `limit` characters."""

    def check(_form: Form, field: Field) -> None:
        if len(field.data or "") > limit:
            raise validators.ValidationError(
                gettext("Please keep this under %(limit)d characters.", limit=limit)
            )

    return check


def email_address() -> Check:
    """Something that mail could be sent to."""

    def check(_form: Form, field: Field) -> None:
        text = field.data or ""
        if len(text) > EMAIL_LIMIT or _EMAIL.fullmatch(text) is None:
            raise validators.ValidationError(
                gettext("Write an e-mail address, such as name@university.org.")
            )

    return check


def same_as(name: str) -> Check:
    """The same text as in another field of the form."""

    def check(form: Form, field: Field) -> None:
        if field.data != form[name].data:
            raise validators.ValidationError(
                gettext("The two passwords are not the same.")
            )

    return check


def after(day: Callable[[], date]) -> Check:
    """A date later than the one that `day` gives when the form is checked."""

    def check(_form: Form, field: Field) -> None:
        if field.data is not None and field.data <= day():
            raise validators.ValidationError(gettext("Choose a day in the future."))

    return check


def choices_of(
    pairs: Iterable[tuple[Any, Any]],
    first: Any = None,  # noqa: ANN401 - lazy text
) -> list[SelectChoice]:
    """Choices for a select or radio field, from (enum member or word, name).

    `first` stands before them with an empty value: nothing is chosen beforehand.
    """
    nothing = [] if first is None else [SelectChoice("", first)]
    return nothing + [SelectChoice(str(value), name) for value, name in pairs]


def complain(field: Field, sentence: object) -> None:
    """Put a sentence beside a field after the form itself was found in order."""
    field.errors = (*field.errors, sentences.said(sentence))
