"""What everybody signs and must know, in four languages, and how long it holds."""

from datetime import timedelta

import pytest

from auth import induction, terms
from auth.conditions import Condition
from auth.errors import NotPossible
from auth.policy import Action, Refusal, decide
from auth.viewer import Access, Item, RecordState, Rules, Tier, Visibility

LANGUAGES = terms.LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_terms_exist_in_every_language_with_as_many_points(language):
    english, other = terms.text("en"), terms.text(language)
    assert other.language == language
    for part in ("conduct", "data_use"):
        points = _points(getattr(english, part))
        assert points == _points(getattr(other, part)) > 5


def test_no_two_languages_have_the_same_text():
    texts = {terms.text(language).text_hash for language in LANGUAGES}
    assert len(texts) == len(LANGUAGES)


def test_a_language_that_is_missing_falls_back_to_english_and_says_so():
    assert terms.text("fr") == terms.text("en")
    assert terms.text("../conduct").language == "en"


def test_only_the_current_version_can_be_signed_or_read(s, people, now):
    """C1."""
    account = people.add()
    current = terms.current_version()
    for other in (current + 1, 0, -1):
        with pytest.raises(NotPossible):
            terms.sign(s, account, other, now)
        with pytest.raises(NotPossible):
            terms.text("en", other)
    assert account.terms_version is None
    terms.sign(s, account, current, now)
    assert people.viewer(account).terms_version == current == 1


def test_a_signature_keeps_version_time_language_and_the_text_shown(s, people, now):
    account = people.add()
    terms.sign(s, account, 1, now, language="hy")
    (kept,) = terms.history(s, account.id)
    assert (kept.version, kept.language, kept.signed_at) == (1, "hy", now)
    assert kept.text_hash == terms.text("hy").text_hash


def test_a_new_version_asks_again(s, people, now):
    """C1: publishing a new version re-prompts before the next reveal."""
    account = people.add()
    terms.sign(s, account, 1, now)
    assert Condition.TERMS not in _failing(people.viewer(account), Rules(1), now)
    assert Condition.TERMS in _failing(people.viewer(account), Rules(2), now)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_question_is_complete_in_every_language(language):
    questions = induction.questions(language)
    assert len(questions) == 6
    assert {q.topic for q in questions} == {"trauma", "data", "law"}
    for question in questions:
        texts = [question.text, question.explanation]
        texts += [choice.text for choice in question.choices]
        assert all(texts)
        assert len(set(texts)) == len(texts) == 5
        english = next(q for q in induction.questions("en") if q.id == question.id)
        assert [c.id for c in english.choices] == [c.id for c in question.choices]
        if language != "en":
            assert question.text != english.text


def test_a_language_without_questions_gets_the_english_ones():
    assert induction.questions("fr") == induction.questions("en")


def test_all_right_passes_and_each_wrong_or_missing_answer_is_named():
    right = _right_answers()
    assert induction.grade(right).passed
    for question, answer in right.items():
        wrong = "a" if answer != "a" else "b"
        grade = induction.grade(right | {question: wrong})
        assert (grade.passed, grade.wrong) == (False, (question,))
        missing = {q: a for q, a in right.items() if q != question}
        assert induction.grade(missing).wrong == (question,)
    assert len(induction.grade({}).wrong) == 6


def test_a_pass_is_valid_for_365_days(s, people, now):
    """V8."""
    account = people.add()
    assert Condition.INDUCTION in _failing(people.viewer(account), Rules(), now)
    passed = induction.record_pass(s, account, now)
    assert passed.version == induction.version()
    end = now + timedelta(days=365)
    viewer = people.viewer(account)
    last = end - timedelta(seconds=1)
    assert Condition.INDUCTION not in _failing(viewer, Rules(), last)
    assert Condition.INDUCTION in _failing(viewer, Rules(), end)


def _points(text):
    return sum(line[:1].isdigit() for line in text.splitlines())


def _right_answers():
    """Found by asking: the one choice of each question that is not called wrong."""
    return {
        question.id: choice.id
        for question in induction.questions("en")
        for choice in question.choices
        if question.id not in induction.grade({question.id: choice.id}).wrong
    }


def _failing(viewer, rules, at):
    item = Item(
        "record",
        RecordState.PUBLISHED,
        Visibility.PUBLIC,
        Access.VETTED,
        Tier.G2,
        labelled=True,
    )
    refusal = decide(Action.OPEN_ORIGINAL, viewer, item, rules, at)
    assert isinstance(refusal, Refusal)
    return {reason.condition for reason in refusal.reasons}
