"""How one wants to meet each label and each tier: previewed, warned of, or hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from archive.records import vocabulary
from archive.web.pages.account.blueprint import bp, own_account
from archive.web.request import context
from archive.web.request.guard import needs
from archive.web.request.i18n import language
from archive.web.showing import exclusions, words
from archive.web.showing.labelgroups import GROUPS
from auth.access import preferences as kept
from auth.policy import Action
from auth.viewer import Tier, Treatment, Wishes

CHOICES = (
    (Treatment.PREVIEW, _("blurred preview")),
    (Treatment.WARN, _("words first")),
    (Treatment.HIDE, _("hide")),
)


@dataclass(frozen=True)
class Choice:
    """One label or tier, and what is chosen for it."""

    name: str
    title: object
    hint: str
    chosen: str


@bp.get("/preferences")
@needs(Action.MANAGE_OWN_ACCOUNT)
def preferences() -> str:
    """Every tier and every label, with what is chosen for it."""
    wishes = exclusions.wishes()
    return render_template(
        "account/preferences.html",
        tiers=list(_tiers(wishes)),
        groups=[(title, list(each)) for title, each in _groups(wishes)],
        options=[(str(treatment), name) for treatment, name in CHOICES],
        floor=context.rules().warn_tier,
    )


@bp.post("/preferences")
@needs(Action.MANAGE_OWN_ACCOUNT)
def save_preferences() -> Response:
    """Remember what was chosen; anything that is no choice counts as a preview."""
    labels = {c: _chosen(f"label-{c}") for c in context.vocabulary().terms}
    tiers = {tier: _chosen(f"tier-{tier}") for tier in Tier if tier < Tier.X}
    with context.write_session() as s:
        kept.keep(own_account(s), Wishes(labels, tiers))
    flash(gettext("Saved."))
    return redirect(url_for("account.preferences"), 303)


def _chosen(name: str) -> Treatment:
    try:
        return Treatment.parse(request.form.get(name, ""))
    except ValueError:
        return Treatment.PREVIEW


def _tiers(wishes: Wishes) -> Iterator[Choice]:
    for tier in Tier:
        if tier < Tier.X:
            chosen = wishes.tiers.get(tier, Treatment.PREVIEW)
            title = f"{tier} {words.TIERS[str(tier)]}"
            yield Choice(f"tier-{tier}", title, "", str(chosen))


def _groups(wishes: Wishes) -> Iterator[tuple[object, Iterator[Choice]]]:
    for group, title in GROUPS.items():
        terms = [
            term
            for term in context.vocabulary().terms.values()
            if term.group == group and term.code != vocabulary.NOTHING_GRAPHIC
        ]
        if terms:
            yield title, (_label(term, wishes) for term in terms)


def _label(term: vocabulary.Term, wishes: Wishes) -> Choice:
    chosen = wishes.labels.get(term.code, Treatment.PREVIEW)
    here = language()
    name, hint = term.name(here), term.definition(here)
    return Choice(f"label-{term.code}", name, hint, str(chosen))
