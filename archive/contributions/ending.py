"""The end of what is not taken in: withdrawn by its contributor, shredded when due.

The state comes first and the shredding after it: what a crash leaves between the two
is shredded by the daily sweep.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, select

from archive import shredding
from archive.contributions import finding, words
from archive.contributions.desk import move
from archive.contributions.handing import OVER
from archive.contributions.kinds import OPEN, State
from archive.contributions.tables import Contribution, Note
from archive.contributions.telling import CONTRIBUTOR, Premises, tell_ledger
from archive.contributions.words import Told
from archive.records import store
from auth.errors import NotPossible
from auth.viewer import RecordState

WITHDRAWN = "Withdrawn by whoever handed it in, before it was accepted."
DECLINED = "Handed in from outside and declined; its time was over."
SWEEP = "system:worker"


def withdraw(premises: Premises, code: str, now: datetime) -> None:
    """Take it back: its files and words are destroyed, for good and at once.

    Under a legal hold they lie unseen until that ends.

    :raises NotThere: there is no contribution of this reference
    :raises NotPossible: it is decided or withdrawn already
    """
    with premises.db.write() as s:
        row = finding.by_code(s, code)
        taken = {
            "state": State.WITHDRAWN,
            "decided_at": now,
            "holder": None,
            "lease_until": None,
            "contact_sealed": None,
        }
        if not move(s, row, taken, Contribution.state.in_(OPEN)):
            raise NotPossible(OVER)
        tell_ledger(premises, s, "contribution withdrawn", row, CONTRIBUTOR, now)
        row_id = row.id
    if not premises.config.legal_hold:
        _shred(premises, row_id, WITHDRAWN, CONTRIBUTOR)


def shred_due(premises: Premises) -> int:
    """Shred what was withdrawn, and what was declined long enough ago; how many.

    Nothing under a legal hold.
    """
    if premises.config.legal_hold:
        return 0
    before = premises.clock() - timedelta(days=premises.config.declined_days)
    due = or_(
        Contribution.state == State.WITHDRAWN,
        and_(Contribution.state == State.DECLINED, Contribution.decided_at <= before),
    )
    wanted = select(Contribution).where(due, Contribution.shredded_at.is_(None))
    with premises.db.read() as s:
        rows = [(row.id, row.state) for row in s.scalars(wanted)]
    for row_id, state in rows:
        why = WITHDRAWN if state is State.WITHDRAWN else DECLINED
        _shred(premises, row_id, why, SWEEP)
    return len(rows)


def _shred(premises: Premises, row_id: str, why: str, by: str) -> None:
    with premises.db.read() as s:
        record_id = finding.require(s, row_id).record_id
        is_there = store.require(s, record_id).state is RecordState.CONTRIBUTED
    if is_there:
        shredding.discard(premises, record_id, why, by)
    with premises.db.write() as s:
        row = finding.require(s, row_id)
        row.told_sealed = words.seal_told(premises.sealing, row_id, Told())
        s.execute(delete(Note).where(Note.contribution_id == row_id))
        row.shredded_at = premises.clock()
