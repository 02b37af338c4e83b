"""What somebody says they want restricted originals for: choices, facts, free text.

The choices are those that conditions of use can be compared with. All of it is stored
sealed, together with the answers to the collection's own questions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from auth.errors import FactsRefused

LONGEST_TEXT = 5_000
LONGEST_FACT = 300
LONGEST_YEARS = 5


class Use(StrEnum):
    """What somebody says they will do with what they see."""

    PUBLISH_FINDINGS = "publish_findings"
    REPUBLISH = "republish"
    TRAIN_MODELS = "train_models"
    IDENTIFY_PEOPLE = "identify_people"
    COMMERCIAL = "commercial"
    COLLABORATE = "collaborate"
    RETURN_RESULTS = "return_results"


@dataclass(frozen=True)
class StatedPurpose:
    """What is stated; `until` is the last day asked for, `country` ISO 3166-1."""

    text: str
    project: str
    institution: str
    country: str
    until: date
    ethics_approval: str = ""
    for_profit: bool = False
    uses: frozenset[Use] = field(default_factory=frozenset)

    def checked(self, today: date) -> StatedPurpose:
        """The same without blanks around its texts.

        :raises FactsRefused: with a sentence for each field that will not do
        """
        plain = StatedPurpose(
            text=self.text.strip(),
            project=self.project.strip(),
            institution=self.institution.strip(),
            country=self.country.strip().upper(),
            until=self.until,
            ethics_approval=self.ethics_approval.strip(),
            for_profit=self.for_profit,
            uses=self.uses,
        )
        if problems := _problems(plain, today):
            raise FactsRefused(problems)
        return plain

    def as_json(self) -> dict[str, Any]:
        """As it is sealed and given out."""
        return {
            "text": self.text,
            "project": self.project,
            "institution": self.institution,
            "country": self.country,
            "until": self.until.isoformat(),
            "ethics_approval": self.ethics_approval,
            "for_profit": self.for_profit,
            "uses": sorted(use.value for use in self.uses),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> StatedPurpose:
        """What `as_json` gave."""
        uses = frozenset(Use(word) for word in told["uses"])
        until = date.fromisoformat(told["until"])
        return cls(**{**told, "uses": uses, "until": until})


def _problems(stated: StatedPurpose, today: date) -> dict[str, str]:
    needed = {
        "text": stated.text,
        "project": stated.project,
        "institution": stated.institution,
        "country": stated.country,
    }
    problems = {
        name: "This answer is needed." for name, said in needed.items() if not said
    }
    if len(stated.text) > LONGEST_TEXT:
        problems["text"] = f"Use at most {LONGEST_TEXT} characters."
    for name in ("project", "institution", "ethics_approval"):
        if len(getattr(stated, name)) > LONGEST_FACT:
            problems[name] = f"Use at most {LONGEST_FACT} characters."
    if stated.country and not _is_country(stated.country):
        problems["country"] = "Write the two letters of the country, such as AM."
    if stated.until <= today:
        problems["until"] = "Choose a day in the future."
    elif stated.until.year - today.year > LONGEST_YEARS:
        problems["until"] = f"Ask for at most {LONGEST_YEARS} years."
    return problems


def _is_country(word: str) -> bool:
    return len(word) == 2 and word.isascii() and word.isalpha()
