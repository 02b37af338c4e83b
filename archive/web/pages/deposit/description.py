"""The form that describes what is handed in, and the record draft made of it.

A title in one language is needed, in the other three it is welcome. Places are written
one a line, `Shushi; 39.7601, 46.7499` where the coordinates are known.
"""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import Field, ValidationError

from archive.records.document import (
    LANGUAGES,
    PLACES_LIMIT,
    SHORT_LIMIT,
    TEXT_LIMIT,
    TITLE_LIMIT,
    Description,
    Place,
    RecordDocument,
    Source,
    checked,
    place_written,
)
from archive.records.errors import FieldError
from archive.records.store import RecordDraft
from archive.web.pages.moderation.decisions import ACCESSES, VISIBILITIES
from archive.web.request import fields, i18n, sentences
from auth.viewer import Access, Visibility


class DescriptionForm(fields.Form):
    """Everything but the files. Titles and texts are `title_en`, `body_en`, …"""

    event_date = fields.StringField(
        _("When it happened"),
        [fields.optional(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_(
            "As exactly as it is known: 2020-11-15, 2020-11, 2020, about 2020: 2020~, "
            "or a span: 2020-11-10/2020-11-21."
        ),
    )
    places = fields.TextAreaField(
        _("Where"),
        [fields.optional()],
        filters=[fields.tidied],
        description=_(
            "One place a line; with coordinates where they are known, as in "
            "Shushi; 39.7601, 46.7499."
        ),
    )
    source_url = fields.StringField(
        _("Address where it was found"),
        [fields.optional(), fields.at_most(2_000)],
        filters=[fields.tidied],
    )
    source_platform = fields.StringField(
        _("Platform or channel"),
        [fields.optional(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_("For example: Telegram, name of the channel."),
    )
    source_captured_at = fields.StringField(
        _("Captured on"),
        [fields.optional(), fields.at_most(SHORT_LIMIT)],
        filters=[fields.tidied],
        description=_("When the copy was saved: 2020-11-16T08:30Z, or the day alone."),
    )
    source_note = fields.TextAreaField(
        _("How it came to you"),
        [fields.optional(), fields.at_most(TEXT_LIMIT)],
        filters=[fields.tidied],
    )
    rights = fields.StringField(
        _("Rights"),
        [fields.optional(), fields.at_most(TEXT_LIMIT)],
        filters=[fields.tidied],
        description=_("Who made it or holds rights in it, as far as is known."),
    )
    collection = fields.SelectField(_("Collection"), [fields.optional()])
    visibility = fields.RadioField(
        _("Description and blurred preview are for"),
        [fields.chosen()],
        choices=fields.choices_of(VISIBILITIES),
        default=Visibility.STAFF.value,
        description=_("A proposal: a moderator decides when it is let out."),
    )
    access = fields.RadioField(
        _("Originals open to"),
        [fields.chosen()],
        choices=fields.choices_of(ACCESSES),
        default=Access.VETTED.value,
    )

    def validate_places(self, control: Field) -> None:
        """Every line is a place.

        :raises ValidationError: a line cannot be read
        """
        lines = [line for line in (control.data or "").splitlines() if line.strip()]
        if len(lines) > PLACES_LIMIT:
            raise ValidationError(
                gettext("Please name at most %(limit)d places.", limit=PLACES_LIMIT)
            )
        for line in lines:
            place_from(line)

    def draft(self) -> RecordDraft:
        """The record that this describes.

        :raises FieldError: the document cannot be taken; `field` is its own word
        """
        return RecordDraft(
            document=checked(self._document()),
            visibility=Visibility(self.visibility.data),
            access=Access(self.access.data),
            collection_id=self.collection.data or None,
        )

    def complain(self, error: FieldError) -> None:
        """Put what the catalogue says of the document beside the right field."""
        name = _CONTROLS.get(error.field, error.field.replace(".", "_"))
        name = name.replace("description_", "body_")
        control = self[name] if name in self else self[first_title()]
        fields.complain(control, error)

    def _document(self) -> RecordDocument:
        return RecordDocument(
            descriptions={
                language: Description(
                    self[f"title_{language}"].data or "",
                    self[f"body_{language}"].data or "",
                )
                for language in LANGUAGES
            },
            places=tuple(
                place_from(line)
                for line in (self.places.data or "").splitlines()
                if line.strip()
            ),
            event_date=self.event_date.data or "",
            source=Source(
                url=self.source_url.data or "",
                platform=self.source_platform.data or "",
                captured_at=self.source_captured_at.data or "",
                note=self.source_note.data or "",
            ),
            rights=self.rights.data or "",
        )


def _with_words_in(language: str) -> dict[str, Any]:
    """The two fields of one language."""
    return {
        f"title_{language}": fields.StringField(
            _("Title"),
            [fields.optional(), fields.at_most(TITLE_LIMIT)],
            filters=[fields.tidied],
        ),
        f"body_{language}": fields.TextAreaField(
            _("Description"),
            [fields.optional(), fields.at_most(TEXT_LIMIT)],
            filters=[fields.tidied],
        ),
    }


for _language in LANGUAGES:
    for _name, _control in _with_words_in(_language).items():
        setattr(DescriptionForm, _name, _control)

_CONTROLS = {"language": "", "title": "", "source.url": "source_url"}


def first_title() -> str:
    """The title that is asked for first: the one in the reader's language."""
    return f"title_{i18n.language()}"


def languages_in_order() -> list[tuple[str, str]]:
    """(code, own name), the reader's language first."""
    first = i18n.language()
    order = sorted(LANGUAGES, key=lambda language: language != first)
    return [(language, i18n.LANGUAGES[language]) for language in order]


def place_from(line: str) -> Place:
    """Read one place, as it is written on a line.

    :raises ValidationError: what stands after the semicolon is no pair of coordinates
    """
    try:
        return place_written(line)
    except FieldError as error:
        raise ValidationError(sentences.said(error)) from None
