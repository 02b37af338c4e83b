"""How well moderators agree: Cohen's kappa of each label, from first blind answers.

For every file that two moderators answered without seeing each other, the first two
answers are compared label by label:

    kappa = (observed - expected) / (1 - expected)

where `observed` is the share of files in which both gave the label or both did not, and
`expected` that share if each gave it as often as they do, by chance. 1 is perfect
agreement, 0 is no better than chance. Where neither ever gives a label, or both always
do, there is nothing to measure and kappa is None.

J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological
Measurement 20 (1960), 37-46.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.moderation.tables import LabelSet

MOST_FILES = 10_000
Pair = tuple[frozenset[str], frozenset[str]]


@dataclass(frozen=True)
class Agreement:
    """Of one label: in how many files both, one of the two, or neither gave it."""

    code: str
    both: int
    one: int
    neither: int
    kappa: float | None

    @property
    def files(self) -> int:
        return self.both + self.one + self.neither


def of_archive(session: Session) -> list[Agreement]:
    """The agreement on each label that anybody gave, the worst first."""
    return of_pairs(pairs(session))


def of_pairs(found: Sequence[Pair]) -> list[Agreement]:
    """The agreement on each label of these pairs of answers, the worst first."""
    codes = {code for first, second in found for code in first | second}
    told = [_agreement(code, found) for code in codes]
    return sorted(told, key=lambda each: (_rank(each.kappa), each.code))


def pairs(session: Session) -> list[Pair]:
    """The first two blind answers of each file, by different people, newest files."""
    blind = (
        select(LabelSet)
        .where(LabelSet.is_blind)
        .order_by(LabelSet.given_at.desc(), LabelSet.id)
        .limit(2 * MOST_FILES)
    )
    by_file: dict[str, dict[str, LabelSet]] = defaultdict(dict)
    for row in reversed(session.scalars(blind).all()):
        by_file[row.asset_id].setdefault(row.author, row)
    return [
        (_codes(first), _codes(second))
        for answers in by_file.values()
        if len(answers) > 1
        for first, second in [list(answers.values())[:2]]
    ]


def _agreement(code: str, found: Sequence[Pair]) -> Agreement:
    both = sum(code in first and code in second for first, second in found)
    first = sum(code in one for one, _ in found)
    second = sum(code in other for _, other in found)
    one = first + second - 2 * both
    neither = len(found) - both - one
    kappa = _kappa(both + neither, first, second, len(found))
    return Agreement(code, both, one, neither, kappa)


def _kappa(same: int, first: int, second: int, files: int) -> float | None:
    observed = same / files
    expected = (first * second + (files - first) * (files - second)) / files**2
    return None if expected == 1 else (observed - expected) / (1 - expected)


def _rank(kappa: float | None) -> float:
    return 2.0 if kappa is None else kappa


def _codes(answer: LabelSet) -> frozenset[str]:
    said: Iterable[dict[str, object]] = answer.statements
    return frozenset(str(each["code"]) for each in said)
