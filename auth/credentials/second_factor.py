"""The authenticator app, and the codes that stand in for it or for a passkey.

TOTP (RFC 6238): six digits, 30 seconds, one step of tolerance to either side, and each
code once: the last step used is kept, and only a later one counts. Seeds are sealed.
Recovery codes are 80 random bits, stored as keyed digests, and work once.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from auth.credentials import passkeys
from auth.credentials.tables import RecoveryCode, SecondFactor
from auth.errors import CodeRefused, NotPossible, TooFast
from auth.identifiers import new_id
from auth.limits import Allowance, spend
from auth.notices import Kind, tell
from auth.sealing import Sealing, open_text, seal_text

STEP_SECONDS = 30
RECOVERY_CODES = 10
_ISSUER = "Vigil"
_TOTP = "totp"
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_LIMIT = Allowance(tries=10, window=timedelta(minutes=10))
_NEVER = -1


class Method(StrEnum):
    """With what somebody proved the second factor."""

    TOTP = "totp"
    RECOVERY_CODE = "recovery_code"
    PASSKEY = "passkey"


@dataclass(frozen=True)
class Enrolment:
    """What the app must be told, once: the seed as text and as an otpauth address."""

    seed: str
    uri: str


def is_enrolled(s: Session, account_id: str) -> bool:
    """Whether a confirmed authenticator exists."""
    return _confirmed(s, account_id) is not None


def is_asked(s: Session, account_id: str) -> bool:
    """Whether anything is set up that a password alone does not pass."""
    return is_enrolled(s, account_id) or passkeys.is_enrolled(s, account_id)


def enrol(
    s: Session, sealing: Sealing, account_id: str, label: str, now: datetime
) -> Enrolment:
    """Begin with a new authenticator; it counts only once it is confirmed.

    `label` is what the app shows beside the archive's name.

    :raises NotPossible: there is a confirmed one; remove that first
    """
    if is_enrolled(s, account_id):
        raise NotPossible("Remove the present authenticator before adding another.")
    s.execute(delete(SecondFactor).where(SecondFactor.account_id == account_id))
    seed = pyotp.random_base32()
    factor_id = new_id()
    s.add(
        SecondFactor(
            id=factor_id,
            account_id=account_id,
            kind=_TOTP,
            seed_sealed=seal_text(sealing, seed, _context(factor_id)),
            last_step=_NEVER,
            created_at=now,
        )
    )
    s.flush()
    uri = pyotp.TOTP(seed).provisioning_uri(name=label, issuer_name=_ISSUER)
    return Enrolment(seed, uri)


def confirm(
    s: Session, sealing: Sealing, account_id: str, code: str, now: datetime
) -> list[str]:
    """Confirm the new authenticator by a code; return the recovery codes, once.

    :raises NotPossible: no enrolment was begun
    :raises CodeRefused: the code is not the app's present one
    :raises TooFast: too many codes were tried
    """
    begun = select(SecondFactor).where(
        SecondFactor.account_id == account_id, SecondFactor.confirmed_at.is_(None)
    )
    factor = s.scalars(begun).one_or_none()
    if factor is None:
        raise NotPossible("Begin by adding an authenticator.")
    _spend_try(s, account_id, now)
    if not _take_step(s, sealing, factor, code, now):
        raise CodeRefused("That is not the code your authenticator shows now.")
    factor.confirmed_at = now
    tell(s, account_id, Kind.SECOND_FACTOR_ADDED, now)
    return _write_codes(s, sealing, account_id, now)


def first_codes(
    s: Session, sealing: Sealing, account_id: str, now: datetime
) -> list[str]:
    """Recovery codes for whoever has set up a passkey and has none left; else none."""
    if recovery_codes_left(s, account_id):
        return []
    return _write_codes(s, sealing, account_id, now)


def verify(
    s: Session, sealing: Sealing, account_id: str, code: str, now: datetime
) -> Method | None:
    """Say with what the code proves the second factor, and use it up; else None.

    :raises TooFast: too many codes were tried for this account, from wherever
    """
    if not is_asked(s, account_id):
        return None
    _spend_try(s, account_id, now)
    factor = _confirmed(s, account_id)
    if factor is not None and _take_step(s, sealing, factor, code, now):
        return Method.TOTP
    if _take_recovery_code(s, sealing, account_id, code, now):
        return Method.RECOVERY_CODE
    return None


def renew_recovery_codes(
    s: Session, sealing: Sealing, account_id: str, now: datetime
) -> list[str]:
    """Replace all recovery codes; the old ones stop working.

    :raises NotPossible: there is neither an authenticator nor a passkey
    """
    if not is_asked(s, account_id):
        raise NotPossible("Recovery codes come with a second factor; add one first.")
    tell(s, account_id, Kind.RECOVERY_CODES_RENEWED, now)
    return _write_codes(s, sealing, account_id, now)


def recovery_codes_left(s: Session, account_id: str) -> int:
    """How many recovery codes have not been used."""
    unused = select(func.count()).where(
        RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None)
    )
    return s.scalar(unused) or 0


def remove(s: Session, account_id: str, now: datetime) -> None:
    """Remove the authenticator, and the recovery codes where no passkey needs them."""
    enrolled = is_enrolled(s, account_id)
    s.execute(delete(SecondFactor).where(SecondFactor.account_id == account_id))
    drop_idle_codes(s, account_id)
    if enrolled:
        tell(s, account_id, Kind.SECOND_FACTOR_REMOVED, now)


def drop_idle_codes(s: Session, account_id: str) -> None:
    """Remove the recovery codes of whoever has nothing left that they stand in for."""
    if not is_asked(s, account_id):
        s.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))


def _confirmed(s: Session, account_id: str) -> SecondFactor | None:
    own = select(SecondFactor).where(
        SecondFactor.account_id == account_id, SecondFactor.confirmed_at.is_not(None)
    )
    return s.scalars(own).one_or_none()


def _spend_try(s: Session, account_id: str, now: datetime) -> None:
    if wait := spend(s, f"second-factor:{account_id}", _LIMIT, now):
        raise TooFast(wait)


def _take_step(
    s: Session, sealing: Sealing, factor: SecondFactor, code: str, now: datetime
) -> bool:
    """Use up the step to which a code belongs, if it is later than the last used."""
    totp = pyotp.TOTP(open_text(sealing, factor.seed_sealed, _context(factor.id)))
    step = _step_of(totp, "".join(code.split()), now)
    if step is None:
        return False
    # One statement: of two tries with the same code at once, one finds nothing left.
    using = (
        update(SecondFactor)
        .where(SecondFactor.id == factor.id, SecondFactor.last_step < step)
        .values(last_step=step, used_at=now)
        .returning(SecondFactor.id)
    )
    return s.scalar(using) is not None


def _step_of(totp: pyotp.TOTP, code: str, now: datetime) -> int | None:
    present = int(now.timestamp()) // STEP_SECONDS
    given = code.encode("utf-8", "surrogatepass")
    for step in (present - 1, present, present + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), given):
            return step
    return None


def _take_recovery_code(
    s: Session, sealing: Sealing, account_id: str, code: str, now: datetime
) -> bool:
    using = (
        update(RecoveryCode)
        .where(
            RecoveryCode.code_hash == _code_hash(sealing, account_id, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.id)
    )
    if s.scalar(using) is None:
        return False
    left = str(recovery_codes_left(s, account_id))
    tell(s, account_id, Kind.RECOVERY_CODE_USED, now, left=left)
    return True


def _write_codes(
    s: Session, sealing: Sealing, account_id: str, now: datetime
) -> list[str]:
    s.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    s.add_all(
        RecoveryCode(
            id=new_id(),
            account_id=account_id,
            code_hash=_code_hash(sealing, account_id, code),
            created_at=now,
        )
        for code in codes
    )
    s.flush()
    return codes


def _new_code() -> str:
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def _code_hash(sealing: Sealing, account_id: str, code: str) -> bytes:
    plain = "".join(code.split()).replace("-", "").casefold()
    readable = plain.encode("utf-8", "replace").decode()
    return sealing.blind(f"{account_id}:{readable}", "recovery_codes.code_hash")


def _context(factor_id: str) -> str:
    return f"second_factors.seed:{factor_id}"
