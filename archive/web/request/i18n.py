"""Which language the interface speaks, and the catalogues it speaks from.

The reader's choice (a cookie) comes first, then what the browser asks for. Catalogues
are read from `translations/<language>/LC_MESSAGES/messages.po` as they stand, so that
there is no compiled copy to forget.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, current_app, has_request_context, request
from flask_babel import Babel, Domain, get_locale

from archive.web.request import amounts, mirror, sentences

LANGUAGES = {"en": "English", "hy": "Հայերեն", "az": "Azərbaycanca", "ru": "Русский"}
DEFAULT = "en"
MIRRORED = "en-XB"
"""English, lengthened and from right to left: no language, but a test of the pages."""
THEMES = ("light", "dark")
SYSTEM = "system"
CATALOGUES = Path(__file__).parents[1] / "translations"


class CatalogueDomain(Domain):  # type: ignore[misc]
    """Catalogues read straight from their source."""

    def get_translations(self) -> Counting:
        if is_mirrored():
            return MIRROR
        locale = get_locale()
        return catalogue(locale.language if locale else DEFAULT)


class SourceBabel(Babel):  # type: ignore[misc]
    """flask-babel on those catalogues."""

    @property
    def domain_instance(self) -> CatalogueDomain:
        return CatalogueDomain()


def install(app: Flask, *, secure: bool, mirrored: bool) -> None:
    """Let `app` speak the reader's language, or English `mirrored` where it may."""
    app.config["MIRRORED"] = mirrored
    prefix = "__Host-vigil" if secure else "vigil"
    app.config["LOCALE_COOKIE"] = f"{prefix}-locale"
    app.config["THEME_COOKIE"] = f"{prefix}-theme"
    app.config["KEYS_COOKIE"] = f"{prefix}-keys"
    SourceBabel(app, locale_selector=language)
    app.jinja_env.filters |= {
        "said": sentences.said,
        "size": amounts.size,
        "number": amounts.count,
        "language_name": language_name,
    }
    app.context_processor(
        lambda: {
            "language": language(),
            "languages": tongues(),
            "tongue": MIRRORED if is_mirrored() else language(),
            "direction": "rtl" if is_mirrored() else "ltr",
            "theme": theme(),
            "letter_keys": letter_keys(),
        }
    )


def language() -> str:
    """The language of this answer: one of `LANGUAGES`."""
    if not has_request_context():
        return DEFAULT
    chosen = request.cookies.get(current_app.config["LOCALE_COOKIE"], "")
    if chosen in LANGUAGES:
        return chosen
    return request.accept_languages.best_match(LANGUAGES, DEFAULT) or DEFAULT


def tongues() -> dict[str, str]:
    """What a reader may choose from, by its code; each in its own words."""
    if not current_app.config["MIRRORED"]:
        return LANGUAGES
    return {**LANGUAGES, MIRRORED: mirror.mirrored("Mirrored")}


def is_mirrored() -> bool:
    """Whether this answer is English from right to left, as developers may ask."""
    if not has_request_context() or not current_app.config["MIRRORED"]:
        return False
    return request.cookies.get(current_app.config["LOCALE_COOKIE"]) == MIRRORED


def language_name(code: str) -> str:
    """What a language is called in the language of the answer; its code at worst."""
    try:
        return Locale.parse(code).get_display_name(get_locale()) or code
    except (UnknownLocaleError, ValueError):
        return code


def theme() -> str:
    """`light`, `dark`, or `system` where the reader left it to theirs."""
    chosen = request.cookies.get(current_app.config["THEME_COOKIE"], "")
    return chosen if chosen in THEMES else SYSTEM


def letter_keys() -> str:
    """`off` where the reader wants no single-letter keys (WCAG 2.2, 2.1.4), or `on`."""
    return (
        "off"
        if request.cookies.get(current_app.config["KEYS_COOKIE"]) == "off"
        else "on"
    )


class Counting(Translations):
    """Messages in which a plural's number is written as its language writes it."""

    def __init__(self, compiled: io.BytesIO | None = None, *, code: str) -> None:
        super().__init__(compiled)
        self._code = code

    def ungettext(self, one: str, many: str, num: int) -> str:
        """The form for `num`, in which its other gaps are still open."""
        form = str(super().ungettext(one, many, num))
        return form.replace(amounts.COUNT, amounts.count(num, self._code))


class Mirror(Counting):
    """English as the sources write it, made longer and turned round."""

    def __init__(self) -> None:
        super().__init__(code=DEFAULT)

    def ugettext(self, message: str) -> str:
        return mirror.mirrored(message)

    def ungettext(self, one: str, many: str, num: int) -> str:
        return mirror.mirrored(super().ungettext(one, many, num))


MIRROR = Mirror()


@cache
def catalogue(code: str) -> Counting:
    """The messages of one language; a language without a catalogue speaks English."""
    source = CATALOGUES / code / "LC_MESSAGES" / "messages.po"
    if not source.exists():
        return Counting(code=code)
    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return Counting(compiled, code=code)
