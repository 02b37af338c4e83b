"""What an issuer says of a visa later, and the grants here that were asked for with it.

A visa decides nothing: people grant here, for their own reasons. But where a grant was
asked for with a grant of another archive, and that archive has taken its own back, the
ground is gone: the grant ends at once, and both sides are told. Nobody is asked after
the visa's own end; what is granted for longer is granted on this archive's own word.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from archive.requests.asking import tell_ledger
from archive.requests.telling import Premises, mail, mail_applicant
from auth import staff
from auth.access import deciding, requests
from auth.access.requests import CASCADE
from auth.access.requesttables import AccessRequestRow
from auth.access.tables import GrantRow
from auth.notices import Kind, tell
from auth.visas import accepting
from auth.visas.tables import PresentedVisa

WHY = "The archive that granted the same before has taken it back."


def note(
    premises: Premises, s: Session, visa: PresentedVisa, now: datetime, *, stands: bool
) -> list[str]:
    """Keep what its issuer says now; the ids of the grants that ended with it."""
    accepting.told(visa, now, stands=stands)
    if stands:
        return []
    ended = []
    for row in requests.made_with(s, visa.id):
        grant = deciding.lapse(s, row, WHY, now)
        if grant is not None:
            _tell(premises, s, row, grant, now)
            ended.append(grant.id)
    return ended


def _tell(
    premises: Premises,
    s: Session,
    row: AccessRequestRow,
    grant: GrantRow,
    now: datetime,
) -> None:
    told = {"grant": grant.id, "reason": WHY, "visa": row.visa_id}
    tell_ledger(premises, s, "grant revoked", row, CASCADE, now, **told)
    mail_applicant(premises, s, row, now)
    day = now.date().isoformat()
    behind = {grant.given_by, grant.seconded_by} & set(staff.administrators(s))
    for account_id in sorted(filter(None, behind)):
        tell(s, account_id, Kind.GRANT_OF_OTHERS_ENDS, now, until=day)
        path, kind = f"/admin/requests/{row.id}", Kind.GRANT_OF_OTHERS_ENDS
        mail(premises, s, [account_id], kind, path, now, day=day)
