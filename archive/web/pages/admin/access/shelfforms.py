"""What the forms of a collection hold, and how they are read.

Questions are rows of fields `question-N-…`, the last ones empty for new ones; one whose
words are emptied is taken out. Conditions are one checkbox each, `condition`, and one
text each, `value-CODE`, with a value in a line. Users are typed as e-mail addresses and
kept as account ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from archive.records.tables import Collection
from archive.requests.shelves import Shelf
from archive.web.request import context, fields
from archive.web.request.i18n import LANGUAGES
from auth import accounts
from auth.access import questions, useconditions
from auth.access.questions import Kind, Question
from auth.access.useconditions import Condition, Parameter
from auth.errors import FactsRefused, NotThere
from auth.identifiers import new_id
from auth.viewer import Access, Visibility

EMPTY_ROWS = 2
KINDS: Mapping[Kind, Any] = {
    Kind.TEXT: _("words"),
    Kind.CHOICE: _("one of several answers"),
    Kind.DATE: _("a day"),
}
PARAMETERS: Mapping[Parameter, Any] = {
    Parameter.MONTHS: _("How many months"),
    Parameter.DATE: _("Which day, such as 2027-01-31"),
    Parameter.TEXTS: _("Which, one in a line"),
    Parameter.COUNTRIES: _("Two letters each, one in a line"),
    Parameter.ACCOUNTS: _("E-mail addresses of accounts, one in a line"),
}
VISIBILITIES = (
    (Visibility.PUBLIC, _("everybody")),
    (Visibility.VETTED, _("vetted people")),
    (Visibility.STAFF, _("staff")),
)
ACCESSES = (
    (Access.VETTED, _("every vetted person, after consent")),
    (Access.REQUEST, _("on request, granted by an administrator")),
    (Access.DUAL, _("on request, granted by two administrators")),
    (Access.CLOSED, _("nobody")),
)


def _title(language: str) -> fields.StringField:
    return fields.StringField(
        _("Title in %(language)s", language=LANGUAGES[language]),
        [fields.at_most(200)],
        filters=[fields.tidied],
        render_kw={"lang": language},
    )


def _text(language: str) -> fields.TextAreaField:
    return fields.TextAreaField(
        _("Description in %(language)s", language=LANGUAGES[language]),
        [fields.at_most(5_000)],
        filters=[fields.tidied],
        render_kw={"lang": language},
    )


class ShelfForm(fields.Form):
    """A collection's words and defaults."""

    slug = fields.StringField(
        _("Address"),
        [fields.filled(), fields.at_most(80)],
        filters=[fields.tidied],
        description=_("Small letters, digits, hyphens; it stays, since it is cited."),
    )
    title_en, title_hy, title_az, title_ru = map(_title, LANGUAGES)
    text_en, text_hy, text_az, text_ru = map(_text, LANGUAGES)
    visibility = fields.SelectField(
        _("Who knows of a new record"),
        choices=fields.choices_of(VISIBILITIES),
        default=Visibility.STAFF.value,
    )
    access = fields.SelectField(
        _("Who opens its originals"),
        choices=fields.choices_of(ACCESSES),
        default=Access.REQUEST.value,
    )
    receiver = fields.SelectField(
        _("Whose desk requests come to"), [fields.optional()], choices=[]
    )
    label_opinions = fields.SelectField(
        _("How many moderators must agree on labels"),
        [fields.optional()],
        choices=[],
        description=_("Never fewer than the archive asks, or more than there are."),
    )


def shelf_of(given: ShelfForm, slug: str) -> Shelf:
    """The collection as the form has it."""
    return Shelf(
        slug=slug,
        titles={code: given[f"title_{code}"].data or "" for code in LANGUAGES},
        texts={code: given[f"text_{code}"].data or "" for code in LANGUAGES},
        visibility=Visibility(given.visibility.data),
        access=Access(given.access.data),
        receiver=given.receiver.data or None,
        label_opinions=int(given.label_opinions.data or 0) or None,
    )


def filled(row: Collection) -> dict[str, Any]:
    """The form's data for a collection as it stands."""
    return {
        **{f"title_{code}": row.titles.get(code, "") for code in LANGUAGES},
        **{f"text_{code}": row.texts.get(code, "") for code in LANGUAGES},
        "visibility": row.visibility.value,
        "access": row.access.value,
        "receiver": row.receiver or "",
        "label_opinions": _above(context.site().label_opinions, row.label_opinions),
    }


def _above(floor: int, asked: int | None) -> str:
    """What a collection asks for, where it still is more than anywhere."""
    return str(asked) if asked is not None and asked > floor else ""


# --- questions


@dataclass(frozen=True)
class Row:
    """One question as the form shows it; an empty one waits to be filled."""

    number: int
    id: str
    kind: str
    texts: Mapping[str, str]
    required: bool
    choices: str


def rows_of(asked: Sequence[Question]) -> list[Row]:
    """The questions there are, then empty rows for more."""
    there = [
        Row(number, q.id, q.kind.value, q.text, q.required, "\n".join(q.choices))
        for number, q in enumerate(asked, 1)
    ]
    more = max(0, min(EMPTY_ROWS, questions.MOST - len(there)))
    first = len(there) + 1
    return there + [
        Row(number, "", Kind.TEXT.value, {}, required=False, choices="")
        for number in range(first, first + more)
    ]


def questions_of(sent: MultiDict[str, str]) -> tuple[Question, ...]:
    """The questions that were sent; rows without words are left out."""
    return tuple(_questions(sent))


def _questions(sent: MultiDict[str, str]) -> Iterator[Question]:
    for number in range(1, questions.MOST + 2):
        at = f"question-{number}-"
        text = {code: _plain(sent.get(f"{at}{code}", "")) for code in LANGUAGES}
        if not any(text.values()):
            continue
        kind = sent.get(f"{at}kind", "")
        yield Question(
            id=_plain(sent.get(f"{at}id", "")) or f"q{new_id()[:7]}",
            kind=Kind(kind) if kind in set(Kind) else Kind.TEXT,
            text={code: words for code, words in text.items() if words},
            required=f"{at}required" in sent,
            choices=tuple(_lines(sent.get(f"{at}choices", ""))),
        )


# --- conditions


def conditions_of(s: Session, sent: MultiDict[str, str]) -> tuple[Condition, ...]:
    """The conditions that were ticked, with their values.

    :raises FactsRefused: an address has no account
    """
    return tuple(
        Condition(code, _values(s, code, sent.get(f"value-{code}", "")))
        for code in sent.getlist("condition")
    )


def typed_conditions(sent: MultiDict[str, str]) -> dict[str, str]:
    """What was ticked and typed, to be shown again."""
    return {code: sent.get(f"value-{code}", "") for code in sent.getlist("condition")}


def shown_conditions(s: Session, row: Collection) -> dict[str, str]:
    """What a collection has, as it would be typed."""
    return {
        each.code: "\n".join(_as_typed(s, each))
        for each in useconditions.from_json(row.conditions)
    }


def _values(s: Session, code: str, typed: str) -> tuple[str, ...]:
    term = useconditions.terms().get(code)
    if term is None or term.parameter is Parameter.NONE:
        return ()
    values = tuple(_lines(typed))
    if term.parameter is Parameter.COUNTRIES:
        return tuple(value.upper() for value in values)
    if term.parameter is Parameter.ACCOUNTS:
        return tuple(_account(s, code, value) for value in values)
    return values


def _account(s: Session, code: str, email: str) -> str:
    found = accounts.find_by_email(s, context.site().sealing, email)
    if found is None:
        sentence = gettext("No account has the address %(email)s.", email=email)
        raise FactsRefused({code: sentence})
    return found.id


def _as_typed(s: Session, condition: Condition) -> Iterator[str]:
    parameter = useconditions.terms()[condition.code].parameter
    for value in condition.values:
        yield _email(s, value) if parameter is Parameter.ACCOUNTS else value


def _email(s: Session, account_id: str) -> str:
    try:
        return accounts.email_of(context.site().sealing, accounts.get(s, account_id))
    except NotThere:
        return account_id


def _lines(text: str) -> list[str]:
    return [line for each in re.split(r"[\r\n]+", text) if (line := _plain(each))]


def _plain(text: str) -> str:
    return (fields.tidied(text) or "").strip()
