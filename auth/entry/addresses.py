"""Another e-mail address: asked for by the holder, confirmed by a link sent to it.

Until the link is followed nothing changes. Whether the new address has an account
already is told to nobody who asks: the link is made either way, and only whoever reads
the mail of that address learns that it cannot be used.
"""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from auth import accounts
from auth.credentials.sessions import MAY_SIGN_IN
from auth.entry import invitations
from auth.entry.invitations import Purpose
from auth.entry.tables import Invitation
from auth.errors import LinkSpent, TooFast
from auth.limits import Allowance, spend
from auth.notices import Kind, tell
from auth.sealing import Sealing, open_text, seal_text
from auth.tables import Account
from auth.viewer import AccountStatus

_ASKED = Allowance(tries=5, window=timedelta(hours=1))


def ask(
    s: Session, sealing: Sealing, account: Account, email: str, now: datetime
) -> str:
    """The secret of a link to be mailed to the new address alone.

    :raises EmailRefused: it cannot be one
    :raises TooFast: too many were asked for
    """
    plain = accounts.checked_email(email)
    if wait := spend(s, f"address:{account.id}", _ASKED, now):
        raise TooFast(wait)
    secret, link = invitations.make(s, Purpose.ADDRESS, account.id, account.id, now)
    link.address_sealed = seal_text(sealing, plain, _context(link.id))
    tell(s, account.id, Kind.EMAIL_CHANGE_ASKED, now)
    return secret


def confirm(
    s: Session, sealing: Sealing, secret: str, now: datetime
) -> tuple[Account, str]:
    """Change the address, and use the link up; the account, and its old address.

    Links for a new password that went to the old address stop working.

    :raises LinkSpent: it does not work, or the address has an account
    """
    link = invitations.use(s, secret, now)
    if link.purpose != Purpose.ADDRESS or link.address_sealed is None:
        raise LinkSpent("This link is for something else.")
    account = accounts.get(s, link.account_id or "")
    if AccountStatus(account.status) not in MAY_SIGN_IN:
        raise LinkSpent("This link was used, or has run out; ask for a new one.")
    old = accounts.email_of(sealing, account)
    new = open_text(sealing, link.address_sealed, _context(link.id))
    try:
        with s.begin_nested():
            accounts.change_email(s, sealing, account, new, now)
    except IntegrityError:
        raise LinkSpent("This address cannot be used for this account.") from None
    _void_resets(s, account.id, now)
    tell(s, account.id, Kind.EMAIL_CHANGED, now)
    return account, old


def _void_resets(s: Session, account_id: str, now: datetime) -> None:
    mailed = update(Invitation).where(
        Invitation.account_id == account_id,
        Invitation.purpose == Purpose.RESET.value,
        Invitation.used_at.is_(None),
    )
    s.execute(mailed.values(used_at=now))


def _context(link_id: str) -> str:
    return f"invitations.address:{link_id}"
