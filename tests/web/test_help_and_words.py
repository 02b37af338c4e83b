"""Help pages stand, and every closed list has words in it for a person."""

from __future__ import annotations

import re

import pytest

from archive.ledger.events import MATERIAL
from archive.records import vocabulary
from archive.records.document import STANCES, VERIFICATIONS
from archive.web.pages import help as help_pages
from archive.web.request import i18n
from archive.web.showing import words
from auth.conditions import Condition
from auth.viewer import Tier
from search.query import SORTS

WHO_LOOKED = {"displaying", "dissemination", "exporting", "decryption"}


@pytest.mark.parametrize("name", help_pages.PAGES)
@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_help_page_is_there_in_every_language(visitor, name, language):
    visitor.set_cookie("vigil-locale", language)
    answer = visitor.get(f"/help/{name}")
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.get_data(as_text=True)


def test_help_about_something_else_is_not_there(visitor):
    assert visitor.get("/help/nothing").status_code == 404


def test_the_labels_page_defines_every_label_and_tier(visitor):
    page = visitor.get("/help/labels").get_data(as_text=True)
    shown = set(re.findall(r"<code>([a-z.-]+)</code>", page))
    assert shown == set(vocabulary.packaged().terms)
    assert page.count('class="tier ') == len(Tier)


def test_every_group_of_the_vocabulary_has_a_heading():
    groups = {term.group for term in vocabulary.packaged().terms.values()}
    assert groups == set(help_pages.GROUPS)


@pytest.mark.parametrize(
    ("table", "closed"),
    [
        (words.VERIFICATIONS, VERIFICATIONS),
        (words.STANCES, STANCES),
        (words.SORTS, SORTS),
        (words.CONDITIONS, Condition),
        (words.TIERS, [str(tier) for tier in Tier]),
    ],
    ids=["verifications", "stances", "sorts", "conditions", "tiers"],
)
def test_every_code_has_its_words(table, closed):
    assert set(table) == set(closed)


def test_the_public_history_has_every_act_upon_material_but_those_of_looking():
    assert set(words.CUSTODY) | set(words.CHANGES) == MATERIAL - WHO_LOOKED
    assert not set(words.CUSTODY) & set(words.CHANGES)
