"""The vocabulary: complete, in four languages, each in its own script."""

from __future__ import annotations

import re

import pytest

from archive.records import vocabulary
from archive.records.errors import UnknownLabel
from archive.records.vocabulary import mapping
from auth.scope import IDENTIFIED
from auth.viewer import Tier

FOREIGN = {
    "en": re.compile(r"[^\x00-\x7f]"),
    "hy": re.compile(r"[A-Za-zА-Яа-яЁё]"),
    "az": re.compile(r"[А-Яа-яЁё\u0530-\u058f]"),
    "ru": re.compile(r"[A-Za-z\u0530-\u058f]"),
}
CODE = re.compile(r"\b[a-z]+\.[a-z]+(?:-[a-z]+)*")
END = {"en": ".", "hy": "։", "az": ".", "ru": "."}


def test_there_are_the_tags_and_flags_of_the_list() -> None:
    terms = vocabulary.packaged().terms.values()
    assert sum(not term.is_flag for term in terms) == 40
    assert sum(term.is_flag for term in terms) == 18
    assert vocabulary.packaged().term("context.none").highest is Tier.G0
    assert set(IDENTIFIED) <= set(vocabulary.packaged().terms)


def test_every_tier_has_a_name_and_a_meaning() -> None:
    assert list(vocabulary.packaged().tiers) == list(Tier)


@pytest.mark.parametrize("language", vocabulary.LANGUAGES)
def test_each_language_has_every_word_in_its_own_script(language: str) -> None:
    tiers = [(t.names, t.definitions) for t in vocabulary.packaged().tiers.values()]
    terms = [(t.names, t.definitions) for t in vocabulary.packaged().terms.values()]
    names, definitions = set(), set()
    for name, definition in [*tiers, *terms]:
        assert not FOREIGN[language].search(name[language] + definition[language])
        assert definition[language].endswith(END[language])
        assert 20 < len(definition[language]) < 200
        names.add(name[language])
        definitions.add(definition[language])
    assert len(definitions) == len([*tiers, *terms])
    assert (
        len(
            {
                vocabulary.packaged().term(code).name(language)
                for code in vocabulary.packaged().terms
            }
        )
        == 58
    )


def test_a_tag_has_a_range_and_a_flag_has_none() -> None:
    for term in vocabulary.packaged().terms.values():
        if term.is_flag or term.raises:
            assert (term.lowest, term.highest) == (None, None)
        else:
            assert term.lowest is not None
            assert term.highest is not None
            assert term.lowest <= term.highest < Tier.X
        assert set(term.usually_with) <= set(vocabulary.packaged().terms)


def test_an_unknown_language_falls_back_to_english() -> None:
    assert vocabulary.packaged().term("dead.body").name("fr") == "Dead body"


def test_an_unknown_code_is_said() -> None:
    with pytest.raises(UnknownLabel):
        vocabulary.packaged().term("x")


@pytest.mark.parametrize("language", vocabulary.LANGUAGES)
def test_every_label_says_where_it_ends_and_gives_an_example(language: str) -> None:
    terms = vocabulary.packaged().terms
    for term in terms.values():
        for what in ("scope", "example", "visible"):
            said = term.say(what, language)
            if what == "visible" and what not in term.texts:
                continue
            assert said.language == language, (term.code, what)
            words = CODE.sub("", said.text)
            assert said.text.endswith(END[language]), (term.code, what)
            assert not FOREIGN[language].search(words), (term.code, what)
        named = {each[0] for each in CODE.finditer(str(term.say("scope", language)))}
        english = {each[0] for each in CODE.finditer(str(term.say("scope", "en")))}
        assert named == english <= set(terms), term.code


def test_labels_and_tiers_stand_for_what_others_call_them() -> None:
    words = vocabulary.packaged()
    codes = ["kill.execution", "id.victim", "sense.flashing", "of.another-archive"]
    assert mapping.content_warnings(words, codes) == [
        "cwarn:death",
        "cwarn:flashingLights",
        "cwarn:PII",
        "cwarn:violence",
    ]
    assert mapping.content_warnings(words, ["property.heritage"]) == []
    used = {each for term in words.terms.values() for each in term.iptc}
    assert used <= set(mapping.CONTENT_WARNINGS)
    assert mapping.atproto(Tier.G2) == ["!no-unauthenticated"]
    for tier in (Tier.G3, Tier.G4, Tier.G5, Tier.X):
        assert mapping.atproto(tier) == ["graphic-media", "!no-unauthenticated"]


def test_a_proposed_qualification_says_where_and_whether_it_was_read() -> None:
    held = vocabulary.packaged().term("dead.desecration").qualifications
    assert any(each.article == "Rule 113" and each.checked for each in held)
    assert any("245" in each.article and not each.checked for each in held)
    assert not vocabulary.packaged().term("kill.combat").qualifications
