"""What was said beside the files: danger, the people shown, wishes; all sealed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from archive.contributions.kinds import Wish
from archive.contributions.tables import Contribution, Note
from auth.sealing import Sealing, open_text, seal_text


@dataclass(frozen=True)
class Told:
    """What the record's description has no place for.

    `people` is whether those shown agree, `danger` who could be hurt by publishing it.
    """

    people: str = ""
    danger: str = ""
    wish: Wish = Wish.ASK_FIRST
    about_wish: str = ""


def seal_told(sealing: Sealing, row_id: str, told: Told) -> bytes:
    """Seal what was told, for this contribution and no other."""
    return seal_text(sealing, json.dumps(asdict(told)), _context(row_id, "told"))


def told_of(sealing: Sealing, row: Contribution) -> Told:
    """What its contributor told."""
    raw = json.loads(open_text(sealing, row.told_sealed, _context(row.id, "told")))
    return Told(**{**raw, "wish": Wish(raw["wish"])})


def sealed(sealing: Sealing, row_id: str, column: str, text: str) -> bytes | None:
    """What somebody wrote, sealed for its place; None where they wrote nothing."""
    return seal_text(sealing, text, _context(row_id, column)) if text else None


def opened(sealing: Sealing, row: Contribution, column: str) -> str:
    """What stands in `contact`, `reason` or `note`; empty if nothing."""
    held: bytes | None = getattr(row, f"{column}_sealed")
    return "" if held is None else open_text(sealing, held, _context(row.id, column))


def seal_note(sealing: Sealing, note_id: str, text: str) -> bytes:
    """Seal the words of a question or an answer."""
    return seal_text(sealing, text, _note_context(note_id))


def words_of(sealing: Sealing, note: Note) -> str:
    """The words of a question or an answer."""
    return open_text(sealing, note.words_sealed, _note_context(note.id))


def _context(row_id: str, column: str) -> str:
    return f"contributions.{column}/v1:{row_id}"


def _note_context(note_id: str) -> str:
    return f"contribution_notes.words/v1:{note_id}"
