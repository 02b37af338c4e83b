"""What labelling in bulk would do to one file, before it is done.

| fate | is |
|---|---|
| stands | the labels are the file's at once: one opinion is enough, or it gets graver |
| waits | the answer is noted, and waits for that of another moderator |
| compared | somebody answered already; what comes of both is seen when it is done |
| any other | the file is left alone, for that reason |

Nothing here tells what another moderator answered: a forecast would be a way to ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from archive.moderation import answers, standing
from archive.moderation.places import Standing
from archive.moderation.premises import Premises
from archive.moderation.standing import State
from archive.moderation.tables import Fate
from archive.records import labels, marks, vocabulary
from archive.records.errors import FieldError, RecordsError
from archive.records.labels import LabelInput
from archive.records.store import GONE
from archive.records.vocabulary import Vocabulary
from auth.viewer import UNLABELLED, Tier

DOING = frozenset({Fate.STANDS, Fate.WAITS, Fate.COMPARED})


@dataclass(frozen=True)
class Wish:
    """What is to be added to the labels of files, and which codes taken away."""

    adding: Sequence[LabelInput]
    taking: Sequence[str] = ()

    def over(
        self, words: Vocabulary, stands: Sequence[answers.Given]
    ) -> list[LabelInput]:
        """The whole answer for a file with these labels; the graver severity stays."""
        kept = [label for label in stands if label.code not in set(self.taking)]
        return answers.joined(words, kept, self.adding)


@dataclass(frozen=True)
class Forecast:
    """What becomes of a file, with its severity then; None where nobody can know."""

    fate: Fate
    tier: Tier | None
    answer: Sequence[LabelInput] = ()
    sentence: str = ""

    @property
    def is_done(self) -> bool:
        """Whether the file is answered for at all."""
        return self.fate in DOING


def of(
    premises: Premises,
    session: Session,
    file: Standing,
    wish: Wish,
    by: str,
    now: datetime,
) -> Forecast:
    """Foresee what `by` would do to this file."""
    tier = file.asset.tier
    if (hindered := _hindered(file, by, now)) is not None:
        return Forecast(hindered, tier)
    words = vocabulary.of(session)
    rows = labels.current(session, file.asset.id)
    try:
        answer = _answer(words, wish, rows)
    except RecordsError as error:
        return Forecast(Fate.IMPOSSIBLE, tier, sentence=str(error))
    marked = marks.of_assets(session, [file.asset.id])[file.asset.id]
    then = labels.tier_of([*answer, *marked], words)
    if file.asset.labelled and answers.statements(rows) == answers.statements(answer):
        return Forecast(Fate.SAME, tier)
    if standing.needed(premises, session, file.asset, by) == 1:
        return Forecast(Fate.STANDS, then, answer)
    graver = answers.joined(words, rows, answer)
    is_graver = answers.statements(graver) != answers.statements(rows)
    return _among_others(file, then, answer, is_graver=is_graver)


def _among_others(
    file: Standing, then: Tier, answer: Sequence[LabelInput], *, is_graver: bool
) -> Forecast:
    """Where two must agree: what is milder waits, and lower it never gets in bulk."""
    tier, is_labelled = file.asset.tier, file.asset.labelled
    if is_labelled and then < tier:
        return Forecast(Fate.LOWERS, tier)
    if file.answers:
        return Forecast(Fate.COMPARED, None, answer)
    if is_labelled and is_graver:
        return Forecast(Fate.STANDS, max(tier, then), answer)
    return Forecast(Fate.WAITS, tier if is_labelled else UNLABELLED, answer)


def _hindered(file: Standing, by: str, now: datetime) -> Fate | None:
    if file.record.state in GONE:
        return Fate.GONE
    if any(answer.author == by for answer in file.answers):
        return Fate.ANSWERED
    if file.holder(now) not in (None, by):
        return Fate.HELD
    return Fate.DISPUTED if file.state is State.DISPUTED else None


def _answer(
    words: Vocabulary, wish: Wish, rows: Sequence[answers.Given]
) -> list[LabelInput]:
    """:raises RecordsError: a file with these labels cannot have them so"""
    answer = labels.checked(wish.over(words, rows), words)
    labels.refuse_retired(words, (a.code for a in answer), {row.code for row in rows})
    if not answer:
        raise FieldError("labels", "Without a label the file would be unlabelled.")
    return answer
