"""What referees say about applicants; asked by a link, kept sealed, read by staff."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.errors import FactsRefused, LinkSpent
from auth.identifiers import new_id
from auth.sealing import Sealing, open_text, seal_text
from auth.vetting import links
from auth.vetting.applications import State, get
from auth.vetting.facts import ApplicationFacts, facts_of
from auth.vetting.links import Purpose
from auth.vetting.tables import Application, ReferenceAnswer

LONGEST = 4_000
SHORT = 200


class Vouches(StrEnum):
    """Whether the referee stands behind the applicant."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


@dataclass(frozen=True)
class Reference:
    """How the referee knows the applicant, since when, and what they think."""

    known_as: str
    known_since: str
    vouches: Vouches
    words: str

    def checked(self) -> "Reference":
        """The answer without blanks around it.

        :raises FactsRefused: with a sentence for each field that will not do
        """
        plain = Reference(
            self.known_as.strip(),
            self.known_since.strip(),
            self.vouches,
            self.words.strip(),
        )
        long = {"known_as": SHORT, "known_since": SHORT, "words": LONGEST}
        problems = {
            name: f"Use 1 to {most} characters."
            for name, most in long.items()
            if not 0 < len(getattr(plain, name)) <= most
        }
        if problems:
            raise FactsRefused(problems)
        return plain


def asked_about(s: Session, sealing: Sealing, token: str, now: datetime) -> Application:
    """The application that a referee's link is about, while it may be answered.

    :raises LinkSpent: the link does not work, or nobody waits for the answer any more
    """
    row = links.find(s, sealing, Purpose.REFER, token, now)
    return _waiting(s, row.application_id)


def answer(
    s: Session, sealing: Sealing, token: str, said: Reference, now: datetime
) -> ReferenceAnswer:
    """Keep a referee's answer, and use the link up.

    :raises FactsRefused: something is missing; the link still works
    :raises LinkSpent: the link does not work, or nobody waits for the answer any more
    """
    plain = said.checked()
    link = links.use(s, sealing, Purpose.REFER, token, now)
    application = _waiting(s, link.application_id)
    answer_id = new_id()
    row = ReferenceAnswer(
        id=answer_id,
        application_id=application.id,
        link_id=link.id,
        answer_sealed=seal_text(
            sealing, json.dumps(asdict(plain)), _context(answer_id)
        ),
        at=now,
    )
    s.add(row)
    s.flush()
    return row


def answers_on(s: Session, application: Application) -> list[ReferenceAnswer]:
    """Every answer about this applicant, oldest first, earlier applications' too."""
    theirs = (
        select(ReferenceAnswer)
        .join(Application, Application.id == ReferenceAnswer.application_id)
        .where(Application.account_id == application.account_id)
        .order_by(ReferenceAnswer.at, ReferenceAnswer.id)
    )
    return list(s.scalars(theirs))


def has_answered(
    s: Session, sealing: Sealing, application: Application, facts: ApplicationFacts
) -> bool:
    """Whether the referee now named has answered about this person before."""
    named = facts.referee_email.casefold()
    return any(
        facts_of(sealing, get(s, row.application_id)).referee_email.casefold() == named
        for row in answers_on(s, application)
    )


def opened(sealing: Sealing, row: ReferenceAnswer) -> Reference:
    """The answer, opened."""
    said = json.loads(open_text(sealing, row.answer_sealed, _context(row.id)))
    return Reference(**{**said, "vouches": Vouches(said["vouches"])})


def _waiting(s: Session, application_id: str) -> Application:
    application = get(s, application_id)
    if application.state not in (State.SUBMITTED, State.RETURNED):
        raise LinkSpent("This application has been decided; thank you all the same.")
    return application


def _context(answer_id: str) -> str:
    return f"reference_answers.answer:{answer_id}"
