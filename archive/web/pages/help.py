"""Help: how to search, what labels mean, consent, protection, wellbeing, access."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.exceptions import NotFound

from archive.web.request import context
from archive.web.request.guard import needs, public
from archive.web.request.i18n import language
from archive.web.showing import tokens
from archive.web.showing.cards import Card, Picture
from archive.web.showing.labelgroups import GROUPS
from archive.web.showing.labelwords import LabelWords, words_of
from archive.web.showing.warnings import longest
from auth.policy import Action
from auth.viewer import PreviewTier, Tier
from blur import render

bp = Blueprint("help", __name__, url_prefix="/help")


@dataclass(frozen=True)
class HelpPage:
    """One page of help, as the others list it."""

    title: Any
    lede: Any
    icon: str


PAGES = {
    "search": HelpPage(
        _("How to search"),
        _("Words, phrases, names in four scripts, dates, and what the counts mean."),
        "search",
    ),
    "labels": HelpPage(
        _("What the labels mean"),
        _("Every label and every degree of severity: definition, scope and example."),
        "tag",
    ),
    "consent": HelpPage(
        _("How consent works"),
        _("What it takes to open an original, and what happens when you do."),
        "shield-check",
    ),
    "protection": HelpPage(
        _("How material is protected"),
        _("What a preview can tell, how originals are kept, and what is recorded."),
        "lock",
    ),
    "wellbeing": HelpPage(
        _("Looking after yourself"),
        _("Before, while and after you look; signs to take seriously; where to turn."),
        "heart-handshake",
    ),
    "accessibility": HelpPage(
        _("Accessibility"),
        _("What these pages do for all who read them, and where they fall short."),
        "accessibility",
    ),
}


@bp.get("/")
@public
def index() -> str:
    """All pages of help."""
    return render_template("help/index.html", pages=PAGES)


@bp.get("/<name>")
@public
def page(name: str) -> str:
    """One page of help.

    :raises NotFound: there is none of that name
    """
    if name not in PAGES:
        raise NotFound
    return render_template(
        f"help/{name}.html",
        page=PAGES[name],
        pages=PAGES,
        tiers=list(_tiers()),
        groups=[(code, title, _terms(code)) for code, title in GROUPS.items()],
        lengths=[(str(tier), longest(tier)) for tier in Tier if tier < Tier.X],
    )


@bp.get("/style")
@needs(Action.READ_OPERATIONS)
def style() -> str:
    """What all pages are made of: tokens, type, icons, components in each state."""
    return render_template(
        "help/style.html",
        tokens=tokens.tokens(),
        icons=tokens.icons(),
        tiers=list(Tier),
        cards=_samples(),
        now=context.now(),
        address="#page-{}".format,
    )


def _samples() -> list[Card]:
    """A card for each state that the picture of a record can be in."""
    tile = render.data_uri(None, PreviewTier.SEALED.value, "style")
    alt = gettext("There is no file.")
    states = (
        Picture("landscape", tile, "style", alt, "image"),
        Picture("portrait", tile, "style", alt, "video"),
        Picture("wave", tile, "style", alt, "audio"),
        Picture("landscape", None, "style", alt, "document"),
        Picture("landscape", None, "style", alt, "image", waiting=True),
        Picture("landscape", None, "style", alt, "image", failed=True),
    )
    return [
        Card(
            id=f"sample{number}",
            url=f"#sample-{number}",
            title=gettext("A title of a record, as long as titles often are"),
            lang=None,
            is_neutral=False,
            tier=Tier(number),
            labelled=number != Tier.G5,
            kinds=((picture.kind, number + 1),),
            labels=(),
            date="2020-10",
            place="",
            summary="",
            picture=picture,
        )
        for number, picture in enumerate(states)
    ]


def _tiers() -> Iterable[tuple[str, str, str]]:
    for tier, text in context.vocabulary().tiers.items():
        yield str(tier), text.name(language()), text.definition(language())


def _terms(group: str) -> list[LabelWords]:
    return [
        words_of(term, language())
        for term in context.vocabulary().terms.values()
        if term.group == group
    ]
