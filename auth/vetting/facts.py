"""What an applicant says: the structured facts, and how they are kept."""

import json
from dataclasses import asdict, dataclass, fields

from auth import accounts
from auth.errors import EmailRefused, FactsRefused
from auth.sealing import Sealing, open_text, seal_text
from auth.vetting.tables import Application

LONGEST = 5000
OPTIONAL = frozenset({"ethics_approval", "statement"})


@dataclass(frozen=True)
class ApplicationFacts:
    """What somebody says about themselves and their work; all is text."""

    legal_name: str
    email: str
    institution: str
    role: str
    country: str
    project: str
    purpose: str
    ethics_approval: str
    referee_name: str
    referee_email: str
    statement: str

    def checked(self) -> "ApplicationFacts":
        """The facts without blanks around them.

        :raises FactsRefused: with a sentence for each field that will not do
        """
        plain = ApplicationFacts(**{k: v.strip() for k, v in asdict(self).items()})
        if problems := plain._problems():
            raise FactsRefused(problems)
        return plain

    def _problems(self) -> dict[str, str]:
        answers = {field.name: getattr(self, field.name) for field in fields(self)}
        problems = {
            name: "This answer is needed."
            for name, answer in answers.items()
            if not answer and name not in OPTIONAL
        }
        problems |= {
            name: f"Use at most {LONGEST} characters."
            for name, answer in answers.items()
            if len(answer) > LONGEST
        }
        for name in ("email", "referee_email"):
            if name not in problems and (fault := _address_fault(answers[name])):
                problems[name] = fault
        if self.email and self.email.casefold() == self.referee_email.casefold():
            problems["referee_email"] = "Name somebody other than yourself."
        return problems


def sealed(sealing: Sealing, facts: ApplicationFacts, application_id: str) -> bytes:
    """The facts as the row of this application keeps them."""
    return seal_text(sealing, json.dumps(asdict(facts)), _context(application_id))


def facts_of(sealing: Sealing, application: Application) -> ApplicationFacts:
    """The facts, opened."""
    opened = open_text(sealing, application.facts_sealed, _context(application.id))
    return ApplicationFacts(**json.loads(opened))


def _address_fault(address: str) -> str | None:
    try:
        accounts.checked_email(address)
    except EmailRefused as refused:
        return refused.message
    return None


def _context(application_id: str) -> str:
    return f"applications.facts:{application_id}"
