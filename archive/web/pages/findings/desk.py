"""The desk of one statement: its facts, its stages, and what it says of records."""

from __future__ import annotations

import re
from typing import Any

from flask import render_template
from flask_babel import lazy_gettext as _

from archive.findings import statements
from archive.findings import words as lists
from archive.findings.statements import Facts, Official
from archive.records.document import SHORT_LIMIT, TEXT_LIMIT
from archive.web.pages.findings.blueprint import heading, lines
from archive.web.request import context, fields
from archive.web.request.i18n import language
from archive.web.showing import findings, words

_ADDRESS = re.compile(r".*/records/([0-9a-z]+)[^/]*")


class FactsForm(fields.Form):
    """What makes a record an official statement."""

    authority = fields.StringField(
        _("Authority"),
        [fields.filled(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_("Who spoke, as it calls itself."),
    )
    date = fields.StringField(
        _("Date of the statement"),
        [fields.optional(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_("Such as 2020-11-21, 2020-11 or 2020~."),
    )
    officials = fields.TextAreaField(
        _("Officials named"),
        [fields.optional(), fields.at_most(TEXT_LIMIT)],
        filters=[fields.tidied],
        description=_("One a line: the name, then a semicolon and the office."),
    )
    published_in = fields.StringField(
        _("Where it was published"),
        [fields.optional(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
    )
    url = fields.StringField(
        _("Its address"),
        [fields.optional(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_(
            "Everybody who knows of the statement reads this address; give none that"
            " shows the material itself."
        ),
    )
    articles = fields.TextAreaField(
        _("Articles cited"),
        [fields.optional(), fields.at_most(TEXT_LIMIT)],
        filters=[fields.tidied],
        description=_("One a line, with the law: Criminal Code of Azerbaijan, 115.2"),
    )

    def facts(self) -> Facts:
        """What was typed; checked further below."""
        named = (line.partition(";") for line in lines(self.officials.data))
        return Facts(
            authority=self.authority.data or "",
            date=self.date.data or "",
            officials=tuple(Official(n.strip(), r.strip()) for n, _s, r in named),
            published_in=self.published_in.data or "",
            url=self.url.data or "",
            articles=lines(self.articles.data),
        )


class StageForm(fields.Form):
    """One stage of the proceedings."""

    stage = fields.SelectField(_("Stage"), [fields.chosen()])
    stage_date = fields.StringField(
        _("Since"),
        [fields.optional(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_("Such as 2020-11-21, 2020-11 or 2020~."),
    )
    stage_note = fields.StringField(
        _("In a sentence, and by whom it was said"),
        [fields.optional(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
    )


class StanceForm(fields.Form):
    """What the statement says of one record."""

    record = fields.StringField(
        _("Record"),
        [fields.filled(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_("Its identifier, or the address of its page."),
    )
    stance = fields.SelectField(_("What the authority says of it"), [fields.chosen()])
    stance_date = fields.StringField(
        _("When it said so"),
        [fields.optional(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_("Left empty: the date of the statement."),
    )
    note = fields.TextAreaField(
        _("In which words"),
        [fields.optional(), fields.at_most(TEXT_LIMIT)],
        filters=[fields.tidied],
    )


def stage_form(given: object = None) -> StageForm:
    """The form of a stage, with its choices in the reader's language."""
    form = StageForm(given)
    form.stage.choices = fields.choices_of(
        [
            (code, lists.word("stages", code, language()))
            for code in lists.codes("stages")
        ],
        _("Choose one"),
    )
    return form


def stance_form(given: object = None) -> StanceForm:
    """The form of a stance."""
    form = StanceForm(given)
    form.stance.choices = fields.choices_of(
        [(code, each.name) for code, each in words.STANCES.items()], _("Choose one")
    )
    return form


def page(record_id: str, form: FactsForm | None = None, **forms: fields.Form) -> str:
    """The desk of one statement: its facts, its stages, and what it says of records."""
    with context.read_session() as s:
        record, text = heading(s, record_id)
        stated = statements.of_record(s, context.site().sealing, record_id)
        own = form or FactsForm(data=filled(stated.facts) if stated else None)
        return render_template(
            "findings/statement.html",
            record=record,
            text=text,
            form=own,
            version=stated.version.version if stated else 0,
            findings=findings.of_record(s, record),
            stance_words=words.STANCES,
            **{
                "stage_form": stage_form(),
                "stance_form": stance_form(),
                **forms,
            },
        )


def filled(facts: Facts) -> dict[str, Any]:
    """The facts as the form has them."""
    people = (f"{each.name}; {each.role}".rstrip("; ") for each in facts.officials)
    return {
        **vars(facts),
        "officials": "\n".join(people),
        "articles": "\n".join(facts.articles),
    }


def record_in(text: str) -> str:
    """The identifier in what was typed: itself, or at the end of an address."""
    found = _ADDRESS.fullmatch(text)
    return found[1] if found else text
