"""The induction: six questions on trauma, data handling and legal duty.

Questions, answers and explanations are data (`data/induction.json`), in four languages.
All answers must be right; one may try again at once, with the explanations in hand.
A pass is valid for 365 days.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from auth.identifiers import new_id
from auth.tables import Account, InductionPass

VALID = timedelta(days=365)
FALLBACK = "en"
_FILE = Path(__file__).parent / "data" / "induction.json"


@dataclass(frozen=True)
class Choice:
    """One possible answer."""

    id: str
    text: str


@dataclass(frozen=True)
class Question:
    """One question; the explanation is for after it has been answered."""

    id: str
    topic: str
    text: str
    choices: tuple[Choice, ...]
    explanation: str


@dataclass(frozen=True)
class Grade:
    """The outcome, and the questions to read again in order."""

    wrong: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.wrong


def version() -> int:
    """The version of the questions."""
    number: int = _data()["version"]
    return number


def questions(language: str) -> tuple[Question, ...]:
    """The questions in a language, in English where that one is missing."""
    return tuple(_question(raw, language) for raw in _data()["questions"])


def grade(answers: Mapping[str, str]) -> Grade:
    """Compare answers, by question id, with the right ones; a missing one is wrong."""
    right = {raw["id"]: raw["right"] for raw in _data()["questions"]}
    return Grade(tuple(id for id, answer in right.items() if answers.get(id) != answer))


def record_pass(s: Session, account: Account, now: datetime) -> InductionPass:
    """Note that somebody passed; it holds for 365 days from now."""
    passed = InductionPass(
        id=new_id(),
        account_id=account.id,
        version=version(),
        passed_at=now,
        valid_until=now + VALID,
    )
    s.add(passed)
    account.induction_until = passed.valid_until
    s.flush()
    return passed


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return data


def _question(raw: dict[str, Any], language: str) -> Question:
    return Question(
        id=raw["id"],
        topic=raw["topic"],
        text=_in(raw["text"], language),
        choices=tuple(
            Choice(choice["id"], _in(choice["text"], language))
            for choice in raw["choices"]
        ),
        explanation=_in(raw["explanation"], language),
    )


def _in(texts: dict[str, str], language: str) -> str:
    return texts.get(language) or texts[FALLBACK]
