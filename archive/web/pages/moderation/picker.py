"""The label picker as data: the vocabulary in groups, and what somebody ticked.

    label=<code> …                     the ticked ones
    tier-<code>=3                      severity, where the label has one
    ranges-<code>=0:12–0:40, 1:05–1:20 when it is seen or heard, in film and sound
    note-<code>=…                      anything to remember

`answers_from_rows` and `answers_from_form` give the same shape, so that a form that
was refused comes back exactly as it was typed. A region drawn elsewhere stays with its
label while the label stays ticked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from archive.records.labels import LabelInput
from archive.records.tables import LabelRow
from archive.records.vocabulary import NOTHING_GRAPHIC, Term, Vocabulary
from archive.web.showing.labelwords import LabelWords, words_of
from auth.viewer import Tier

Stated = LabelRow | LabelInput
SLACK_SECONDS = 1.0
_RANGE = re.compile(r"\s*([\d:.]+)\s*(?:-|–|—|\.\.)\s*([\d:.]+)\s*")


class Unreadable(ValueError):
    """Some time range cannot be read; `sentences` are by control id."""

    def __init__(self, sentences: dict[str, str]) -> None:
        super().__init__("time ranges")
        self.sentences = sentences


@dataclass(frozen=True)
class Answer:
    """What stands beside one ticked label."""

    tier: Tier | None = None
    ranges: str = ""
    note: str = ""


Answers = Mapping[str, Answer]


@dataclass(frozen=True)
class Choice:
    """One label as the page offers it."""

    term: Term
    name: str
    definition: str
    tiers: tuple[Tier, ...]
    ticked: bool
    answer: Answer
    words_told: LabelWords

    @property
    def words(self) -> str:
        """What the search field of the picker looks through."""
        return f"{self.name} {self.definition} {self.term.code}".lower()


@dataclass(frozen=True)
class Group:
    """Labels that belong together, under a heading."""

    key: str
    name: Any
    choices: tuple[Choice, ...]


NOTHING = "nothing"
GROUPS = {
    NOTHING: _("Nothing graphic"),
    "kill": _("Killing"),
    "dead": _("The dead"),
    "harm": _("Harm to the living"),
    "captive": _("Captivity"),
    "hostilities": _("Conduct of hostilities"),
    "property": _("Property and heritage"),
    "context": _("Context"),
    "id": _("Who or what can be identified"),
    "sense": _("Sound, flashes, words"),
    "phase": _("The act, or after it"),
    "made": _("Made by whom"),
    "stance": _("What officials say"),
    "edit": _("Cut or staged"),
}


def groups(words: Vocabulary, language: str, answers: Answers) -> list[Group]:
    """The whole vocabulary in its groups, with the answers filled in.

    A retired label is there only where it is ticked.
    """
    held: dict[str, list[Choice]] = {key: [] for key in GROUPS}
    for term in words.terms.values():
        if term.is_retired and term.code not in answers:
            continue
        choice = _choice(term, language, answers)
        held.setdefault(_group_of(term), []).append(choice)
    return [
        Group(key, GROUPS.get(key, key), tuple(choices))
        for key, choices in held.items()
        if choices
    ]


def answers_from_rows(rows: Iterable[Stated]) -> dict[str, Answer]:
    """The labels that stand, as answers."""
    by_code: dict[str, list[Stated]] = {}
    for row in rows:
        by_code.setdefault(row.code, []).append(row)
    return {
        code: Answer(
            tier=max((r.tier for r in held if r.tier is not None), default=None),
            ranges=", ".join(_written(r) for r in held if r.from_s is not None),
            note=next((r.note for r in held if r.note), ""),
        )
        for code, held in by_code.items()
    }


def answers_from_form(form: Any) -> dict[str, Answer]:  # noqa: ANN401 - MultiDict
    """What was ticked and typed; a tier that is not one is left out."""
    return {
        code: Answer(
            tier=_tier(form.get(f"tier-{code}", "")),
            ranges=form.get(f"ranges-{code}", ""),
            note=form.get(f"note-{code}", ""),
        )
        for code in form.getlist("label")
    }


def labels(
    answers: Answers, standing: Sequence[Stated], duration: float | None
) -> list[LabelInput]:
    """The answers as labels; `duration` of the recording is in seconds.

    :raises Unreadable: a time range makes no sense
    """
    given: list[LabelInput] = []
    wrong: dict[str, str] = {}
    for code, answer in answers.items():
        try:
            spans = _spans(answer.ranges, duration)
        except ValueError as error:
            wrong[f"ranges-{code}"] = str(error)
            continue
        given += _inputs(code, answer, spans, standing)
    if wrong:
        raise Unreadable(wrong)
    return given


def clock(seconds: float) -> str:
    """A moment as h:mm:ss or m:ss, with a fraction only where there is one."""
    whole, part = divmod(round(seconds, 2), 1)
    minutes, rest = divmod(int(whole), 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f"{part:.2f}".lstrip("0").rstrip("0").rstrip(".")
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{head}:{rest:02d}{fraction}"


def _group_of(term: Term) -> str:
    return NOTHING if term.code == NOTHING_GRAPHIC else term.group


def _choice(term: Term, language: str, answers: Answers) -> Choice:
    answer = answers.get(term.code)
    return Choice(
        term=term,
        name=term.name(language),
        definition=term.definition(language),
        tiers=_tiers(term),
        ticked=answer is not None,
        answer=answer or Answer(),
        words_told=words_of(term, language),
    )


def _tiers(term: Term) -> tuple[Tier, ...]:
    """The severities the label can have, the gravest first: it is the default."""
    if term.lowest is None or term.highest is None:
        return ()
    lowest = min(term.lowest, term.told if term.told is not None else term.lowest)
    return tuple(Tier(n) for n in range(term.highest, lowest - 1, -1))


def _inputs(
    code: str,
    answer: Answer,
    spans: Sequence[tuple[float, float]],
    standing: Sequence[Stated],
) -> list[LabelInput]:
    note = answer.note
    made = [LabelInput(code, answer.tier, a, b, note=note) for a, b in spans]
    drawn = [
        LabelInput(code, answer.tier, row.from_s, row.to_s, _region(row), note)
        for row in standing
        if row.code == code and row.region is not None
    ]
    return made + drawn or [LabelInput(code, answer.tier, note=note)]


def _region(row: Stated) -> tuple[float, float, float, float] | None:
    if row.region is None:
        return None
    x, y, width, height = row.region
    return (x, y, width, height)


def _spans(text: str, duration: float | None) -> list[tuple[float, float]]:
    return [_span(part, duration) for part in re.split(r"[,;\n]", text) if part.strip()]


def _span(part: str, duration: float | None) -> tuple[float, float]:
    """:raises ValueError: with a sentence for the moderator"""
    found = _RANGE.fullmatch(part)
    moments = [_seconds(moment) for moment in found.groups()] if found else []
    if len(moments) != 2 or None in moments:
        raise ValueError(
            gettext("Write times as 0:12–0:40, with commas between several.")
        )
    start, end = moments[0] or 0.0, moments[1] or 0.0
    if end < start:
        raise ValueError(gettext("A time range ends before it begins."))
    if duration is not None and end > duration + SLACK_SECONDS:
        raise ValueError(gettext("The recording ends at %(end)s.", end=clock(duration)))
    return start, end


def _seconds(text: str) -> float | None:
    """`12`, `1:05`, `1:02:03.5` as seconds; None where it is none of these."""
    parts = text.split(":")
    if len(parts) > 3 or not all(re.fullmatch(r"\d{1,6}", p) for p in parts[:-1]):
        return None
    if re.fullmatch(r"\d{1,6}(\.\d{1,3})?", parts[-1]) is None:
        return None
    total = 0.0
    for part in parts:
        total = total * 60 + float(part)
    return total


def _written(row: Stated) -> str:
    start = row.from_s or 0.0
    end = row.to_s if row.to_s is not None else start
    return f"{clock(start)}–{clock(end)}"


def _tier(text: str) -> Tier | None:
    return Tier(int(text)) if text in {"0", "1", "2", "3", "4", "5"} else None
