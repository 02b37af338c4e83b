"""The questions a collection asks of everybody who wants its originals.

    {"id": "supervisor", "kind": "text", "text": {"en": "Who supervises it?"},
     "required": true, "choices": []}

Kinds are text, choice and date. The questions of a collection carry a version, which
grows with each change; answers are kept beside the very questions that were asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from auth.errors import FactsRefused

MOST = 20
MOST_CHOICES = 20
LONGEST_QUESTION = 500
LONGEST_ANSWER = 2_000
_ID = re.compile(r"[a-z][a-z0-9-]{0,39}")


class Kind(StrEnum):
    """What an answer looks like."""

    TEXT = "text"
    CHOICE = "choice"
    DATE = "date"


@dataclass(frozen=True)
class Question:
    """One question; `text` by language, `choices` the answers offered."""

    id: str
    kind: Kind
    text: Mapping[str, str]
    required: bool = False
    choices: tuple[str, ...] = field(default=())

    def words(self, language: str) -> str:
        return self.text.get(language) or self.text.get("en") or _first(self.text)

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "kind": self.kind.value,
            "text": dict(self.text),
            "required": self.required,
            "choices": list(self.choices),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Question:
        return cls(
            id=told["id"],
            kind=Kind(told["kind"]),
            text=told["text"],
            required=told["required"],
            choices=tuple(told["choices"]),
        )


@dataclass(frozen=True)
class Answer:
    """A question as it was asked, and what was answered."""

    question: Question
    said: str


def checked(questions: Sequence[Question]) -> tuple[Question, ...]:
    """The questions, fit to be asked.

    :raises FactsRefused: with a sentence under the id of each that is not
    """
    problems = {
        each.id or str(number): fault
        for number, each in enumerate(questions, 1)
        if (fault := _fault(each, questions))
    }
    if len(questions) > MOST:
        problems["questions"] = f"Ask at most {MOST} questions."
    if problems:
        raise FactsRefused(problems)
    return tuple(questions)


def answered(
    questions: Sequence[Question], said: Mapping[str, str]
) -> tuple[Answer, ...]:
    """What was said, beside the questions asked.

    :raises FactsRefused: with a sentence under `answer-ID` of each that will not do
    """
    plain = {name: text.strip() for name, text in said.items()}
    problems = {
        f"answer-{each.id}": fault
        for each in questions
        if (fault := _answer_fault(each, plain.get(each.id, "")))
    }
    known = {each.id for each in questions}
    problems |= {
        f"answer-{name}": "This question is not asked (any more)."
        for name in plain
        if name not in known
    }
    if problems:
        raise FactsRefused(problems)
    return tuple(Answer(each, plain.get(each.id, "")) for each in questions)


def _fault(question: Question, among: Sequence[Question]) -> str | None:
    if _ID.fullmatch(question.id) is None:
        return "Name it in small letters, digits and hyphens."
    if sum(other.id == question.id for other in among) > 1:
        return "Two questions have this name."
    texts = [text for text in question.text.values() if text.strip()]
    if not texts or any(len(text) > LONGEST_QUESTION for text in texts):
        return f"Write the question, in at most {LONGEST_QUESTION} characters."
    return _choices_fault(question)


def _choices_fault(question: Question) -> str | None:
    choices = question.choices
    if question.kind is not Kind.CHOICE:
        return "Only a choice has answers to choose from." if choices else None
    if not 2 <= len(set(choices)) == len(choices) <= MOST_CHOICES:
        return f"Offer between 2 and {MOST_CHOICES} different answers."
    if any(not word.strip() or len(word) > LONGEST_QUESTION for word in choices):
        return f"Each answer offered has 1 to {LONGEST_QUESTION} characters."
    return None


def _answer_fault(question: Question, said: str) -> str | None:
    if not said:
        return "This answer is needed." if question.required else None
    if len(said) > LONGEST_ANSWER:
        return f"Use at most {LONGEST_ANSWER} characters."
    if question.kind is Kind.CHOICE and said not in question.choices:
        return "Choose one of the answers offered."
    if question.kind is Kind.DATE and not _is_date(said):
        return "Give a day, such as 2026-11-30."
    return None


def _is_date(word: str) -> bool:
    try:
        date.fromisoformat(word)
    except ValueError:
        return False
    return True


def _first(texts: Mapping[str, str]) -> str:
    return next((text for text in texts.values() if text), "")
