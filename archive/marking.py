"""Marks in what was shown: made from the line that tells of it, and traced back.

    number   line (30 bits) and 20 bits of a digest of its seal, in Crockford's base 32:
             what stands in the picture to be read by eye, as 0001C-9F2MD
    code     SHAKE-256 of the seal: what is in the picture, or under the sound, to be
             measured

Nobody without the ledger's own table can make either for a line: a leaked picture
cannot be made to point at somebody else.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from archive.gate import Opened
from archive.ledger import Ledger, Line, Told
from auth.viewer import Tier
from blur import marks, soundmarks
from blur.errors import BlurError
from blur.kinds import Family, Kind
from blur.marks import WHOLE, Box
from blur.sandbox import Source
from blur.stamping import CODE_BYTES, Mark

log = logging.getLogger("vigil.marking")
NDArray = Any  # numpy is a leaf's: nothing here looks into it
MARKED_FROM: Final = Tier.G4
DISPLAYING: Final = "displaying"
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LIKE: Final = str.maketrans("ILO", "110", "- ")
_NUMBER_LETTERS: Final = 10
_TAG_BITS: Final = 20
_BATCH: Final = 4_096
_ACCOUNT_LETTERS: Final = 8


class NoMark(Exception):
    """No number of this archive's, or no picture that agrees with one."""


@dataclass(frozen=True)
class Traced:
    """The showing that a mark leads to.

    `agreement` is in standard deviations; None where the number was typed.
    """

    number: str
    line: Line
    agreement: float | None = None


def is_marked(tier: Tier) -> bool:
    """Whether what is shown of this tier carries a mark in its pixels."""
    return tier >= MARKED_FROM


def mark_of(opened: Opened, now: datetime) -> Mark:
    """The mark of what was just opened: who sees it, when, what, and the number.

    The account stands there by the first letters of its id: the picture may reach
    people who must not learn a name.
    """
    words = (
        f"reader {opened.account_id[:_ACCOUNT_LETTERS]}",
        f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        opened.record_id,
        number_of(opened.told),
    )
    return Mark(words, _code(opened.told))


def sound_of(opened: Opened) -> bytes:
    """The same for the ear: a WAV for a player to repeat under what it plays."""
    return soundmarks.wave(_sound_code(opened.told))


def number_of(told: Told) -> str:
    """The number of a line's mark, ten letters in two groups."""
    digest = hashlib.sha256(b"vigil mark number/v1" + told.seal).digest()
    tag = int.from_bytes(digest[:4]) >> 32 - _TAG_BITS
    value = told.line << _TAG_BITS | tag
    letters = [_LETTERS[value >> 5 * place & 31] for place in range(_NUMBER_LETTERS)]
    text = "".join(reversed(letters))
    return f"{text[:5]}-{text[5:]}"


def looked_up(session: Session, ledger: Ledger, number: str) -> Traced:
    """The showing whose mark has this number; I, L and O are read as 1, 1 and 0.

    :raises NoMark: this archive never gave such a number
    """
    letters = number.upper().translate(_LIKE)
    if len(letters) != _NUMBER_LETTERS or not set(letters) <= set(_LETTERS):
        raise NoMark("A number has ten letters and figures, as 0001C-9F2MD.")
    value = 0
    for letter in letters:
        value = value << 5 | _LETTERS.index(letter)
    told = ledger.told_at(session, value >> _TAG_BITS)
    line = None if told is None else ledger.line(session, told.line)
    if told is None or line is None or line.event != DISPLAYING:
        raise NoMark("This archive has given no mark of that number.")
    given = number_of(told)
    if not hmac.compare_digest(given.replace("-", ""), letters):
        raise NoMark("This archive has given no mark of that number.")
    return Traced(given, line)


def measured(
    session: Session,
    ledger: Ledger,
    source: Source,
    kind: Kind,
    *,
    box: Box = WHOLE,
    record: str | None = None,
) -> Traced:
    """The showing from which a picture, a sound, or a film of a screen comes.

    `box` is where the shown picture lies in it. A film that tells nothing to the eye
    is listened to.

    :raises NoMark: it agrees with no showing well enough to be sure
    :raises BlurError: why the file cannot be opened
    :raises SandboxFailed: about this machine, not the file
    """
    if kind.family is Family.AUDIO:
        return _traced(session, ledger, record, _by_ear(source, kind))
    try:
        return _traced(session, ledger, record, _by_eye(source, kind, box))
    except (NoMark, BlurError):
        if kind.family is not Family.VIDEO:
            raise
        try:
            return _traced(session, ledger, record, _by_ear(source, kind))
        except (NoMark, BlurError) as silent:
            log.info("the film tells nothing to the ear: %s", type(silent).__name__)
        raise


@dataclass(frozen=True)
class _Measure:
    """How well a file agrees with each of some lines; from when that is no chance."""

    agreement: Callable[[Sequence[Told]], NDArray]
    sure: float
    unsure: str


def _by_eye(source: Source, kind: Kind, box: Box) -> _Measure:
    grids = marks.gathered(marks.gauged(source, kind), box)

    def agreement(batch: Sequence[Told]) -> NDArray:
        codes = [_code(told) for told in batch]
        tried = [marks.agreement(grid, codes) for grid in grids]
        return max(tried, key=lambda each: float(each.max()))

    return _Measure(
        agreement,
        marks.SURE,
        "The picture agrees with no showing. Read the number in it by eye, or "
        "say where in the file the shown picture lies.",
    )


def _by_ear(source: Source, kind: Kind) -> _Measure:
    recording = soundmarks.heard(source, kind)
    if recording is None:
        raise NoMark("Nothing is heard in this file.")

    def agreement(batch: Sequence[Told]) -> NDArray:
        return soundmarks.agreement(recording, [_sound_code(told) for told in batch])

    return _Measure(
        agreement, soundmarks.SURE, "The sound agrees with no showing of this archive."
    )


def _traced(
    session: Session, ledger: Ledger, record: str | None, measure: _Measure
) -> Traced:
    best, found = 0.0, None
    lines = ledger.told(session, DISPLAYING, record=record)
    while batch := list(itertools.islice(lines, _BATCH)):
        agreed = measure.agreement(batch)
        if agreed.max() > best:
            best, found = float(agreed.max()), batch[int(agreed.argmax())]
    line = None if found is None else ledger.line(session, found.line)
    if found is None or line is None or best < measure.sure:
        raise NoMark(measure.unsure)
    return Traced(number_of(found), line, best)


def note(
    session: Session, ledger: Ledger, traced: Traced, actor: str, now: datetime
) -> None:
    """Write down that somebody had a mark led back to a person."""
    line = traced.line
    ledger.append(
        session,
        "mark read",
        actor=actor,
        account=line.account_id,
        record=line.record_id,
        asset=line.asset_id,
        now=now,
        detail={"number": traced.number, "line": line.seq},
    )


def _code(told: Told) -> bytes:
    return hashlib.shake_256(b"vigil mark code/v1" + told.seal).digest(CODE_BYTES)


def _sound_code(told: Told) -> bytes:
    seal = b"vigil sound code/v1" + told.seal
    return hashlib.shake_256(seal).digest(soundmarks.CODE_BYTES)
