"""The mode the whole archive is in: open, read-only, or no access.

| mode | what goes on |
|---|---|
| open | everything |
| read_only | reading, search, previews, and originals under consents that live; nothing in the collection changes, and nobody consents anew |
| no_access | nothing of the collection is shown to anybody; accounts and administration stay |

One row says it; every change is a line of the ledger, which the caller writes. The rules
of `auth.policy` decide what a mode closes: see `auth.conditions`.
"""  # noqa: E501 - a row of a table

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from auth.errors import NotPossible
from auth.tables import ModeRow
from auth.terms import FALLBACK, LANGUAGES
from auth.viewer import Mode

LONGEST = 500
_THE_ROW = 1


@dataclass(frozen=True)
class Standing:
    """The mode now, with what an administrator says about it, by language."""

    mode: Mode = Mode.OPEN
    messages: Mapping[str, str] = field(default_factory=dict)
    since: datetime | None = None
    by: str | None = None

    def message(self, language: str) -> str:
        """What is said in a language, or else in English; empty: nothing was said."""
        return self.messages.get(language) or self.messages.get(FALLBACK, "")


def current(s: Session) -> Standing:
    """The mode as it was last set; an archive where nobody did is open."""
    row = s.get(ModeRow, _THE_ROW)
    if row is None:
        return Standing()
    return Standing(Mode(row.mode), dict(row.messages), row.set_at, row.set_by)


def change(
    s: Session, mode: Mode, messages: Mapping[str, str], by: str, now: datetime
) -> Standing:
    """Put the archive into a mode; the words of the mode before are gone.

    :raises NotPossible: a message is too long
    :raises ValueError: a message is in a language that no page has
    """
    said = {code: text.strip() for code, text in messages.items() if text.strip()}
    if set(said) - set(LANGUAGES):
        raise ValueError(f"no page is in one of {sorted(said)}")
    if any(len(text) > LONGEST for text in said.values()):
        raise NotPossible(f"Use at most {LONGEST} characters.")
    s.merge(ModeRow(id=_THE_ROW, mode=mode.value, messages=said, set_by=by, set_at=now))
    s.flush()
    return Standing(mode, said, now, by)
