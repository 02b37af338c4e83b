"""Whoever has passed the first step of signing in, and not yet the second.

Nobody is signed in then: that the first was right is noted in the visitor's session,
for five minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from archive.web.request import context, session

HALF_WAY = "half_way"
HALF_WAY_LASTS = timedelta(minutes=5)


@dataclass(frozen=True)
class HalfWay:
    """Somebody whose password was right, and whose code is still to come."""

    account_id: str
    since: datetime
    proved: bool = True
    """Whether it was the person who proved the first step, or an institution."""

    @classmethod
    def current(cls) -> HalfWay | None:
        """Whoever stands half-way in this browser, if not for too long."""
        noted = session.current().get(HALF_WAY)
        if not noted:
            return None
        since = datetime.fromisoformat(noted["since"])
        lasts = context.now() - since < HALF_WAY_LASTS
        whose = cls(noted["account_id"], since, proved=noted.get("proved", True))
        return whose if lasts else None

    def note(self) -> None:
        here = session.current()
        here[HALF_WAY] = {
            "account_id": self.account_id,
            "since": self.since.isoformat(),
            "proved": self.proved,
        }
