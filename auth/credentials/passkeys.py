"""Passkeys (WebAuthn): keys that a device holds, and that no other site can ask for.

    begin_*        what a browser needs to make a key, or to ask one
    register       a new key, by an answer; several per account, with names
    authenticate   who an answer proves, and whether the device checked its person

An answer is to a challenge of `auth.credentials.challenges`, and uses it up. A key
whose counter stands still or goes back may have been copied: it is refused, and its
owner told. Attestation is not asked for: which make of key somebody has is not the
archive's to know. Callers commit either way, or a challenge lives twice.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from auth.credentials import challenges
from auth.credentials.challenges import Ceremony
from auth.credentials.tables import Passkey
from auth.errors import NotPossible, NotThere, PasskeyRefused
from auth.identifiers import new_id
from auth.notices import Kind, tell

if TYPE_CHECKING:
    from webauthn.helpers.structs import (
        AuthenticationCredential,
        PublicKeyCredentialDescriptor,
        RegistrationCredential,
    )

# The library is loaded where a key is asked or judged: no command of the shell does
# either, and each would pay for it at its start.

MOST = 20
LONGEST_NAME = 80
LONGEST_ANSWER = 64 * 1024
"""Of the JSON that a browser sends; keys with long certificates stay far below."""
_ARCHIVE = "Vigil"


@dataclass(frozen=True)
class Site:
    """Whom keys are made for: a name such as `archive.example.org`, and its origin."""

    rp_id: str
    origin: str


@dataclass(frozen=True)
class Proof:
    """A key that answered; `user_verified` where the device checked its person."""

    account_id: str
    passkey_id: str
    user_verified: bool


class CounterWentBack(PasskeyRefused):
    """The key may have been copied; `account_id` is for the ledger."""

    def __init__(self, account_id: str, passkey_id: str) -> None:
        super().__init__("This passkey may have been copied and is not accepted.")
        self.account_id = account_id
        self.passkey_id = passkey_id


# --- keeping ----------------------------------------------------------------------


def list_for(s: Session, account_id: str) -> list[Passkey]:
    """The passkeys of one account, oldest first."""
    own = select(Passkey).where(Passkey.account_id == account_id)
    return list(s.scalars(own.order_by(Passkey.created_at, Passkey.id)))


def is_enrolled(s: Session, account_id: str) -> bool:
    """Whether there is one at least."""
    own = select(func.count()).where(Passkey.account_id == account_id)
    return bool(s.scalar(own))


def rename(s: Session, account_id: str, passkey_id: str, name: str) -> None:
    """Call a passkey something else.

    :raises NotThere: that account has no such passkey
    """
    _own(s, account_id, passkey_id).name = _tidy(name)


def remove(s: Session, account_id: str, passkey_id: str, now: datetime) -> str:
    """Forget a passkey and tell its owner; return its name.

    :raises NotThere: that account has no such passkey
    """
    row = _own(s, account_id, passkey_id)
    name = row.name
    s.delete(row)
    s.flush()
    tell(s, account_id, Kind.PASSKEY_REMOVED, now)
    return name


# --- asking -----------------------------------------------------------------------


def begin_registration(
    s: Session, site: Site, session_id: str, account_id: str, label: str, now: datetime
) -> str:
    """What the browser needs to make a key, as JSON; `label` names the account there.

    :raises NotPossible: there are as many as one account may have
    """
    present = list_for(s, account_id)
    if len(present) >= MOST:
        raise NotPossible("Remove a passkey before you add another.")
    import webauthn
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = webauthn.generate_registration_options(
        rp_id=site.rp_id,
        rp_name=_ARCHIVE,
        user_id=account_id.encode(),
        user_name=label,
        challenge=challenges.draw(s, session_id, Ceremony.REGISTER, now),
        timeout=int(challenges.LASTS.total_seconds() * 1000),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_descriptors(present),
    )
    return webauthn.options_to_json(options)


def begin_authentication(
    s: Session,
    site: Site,
    session_id: str,
    ceremony: Ceremony,
    now: datetime,
    *,
    account_id: str | None = None,
) -> str:
    """What the browser needs to ask a key, as JSON.

    Without an account any key may answer, and the device must check its person; the
    JSON is then alike for everybody.
    """
    import webauthn
    from webauthn.helpers.structs import UserVerificationRequirement

    known = [] if account_id is None else list_for(s, account_id)
    verification = (
        UserVerificationRequirement.REQUIRED
        if account_id is None
        else UserVerificationRequirement.PREFERRED
    )
    options = webauthn.generate_authentication_options(
        rp_id=site.rp_id,
        challenge=challenges.draw(s, session_id, ceremony, now),
        timeout=int(challenges.LASTS.total_seconds() * 1000),
        allow_credentials=_descriptors(known),
        user_verification=verification,
    )
    return webauthn.options_to_json(options)


# --- judging ----------------------------------------------------------------------


def register(  # noqa: PLR0913, PLR0917 - whose answer it is, and to what
    s: Session,
    site: Site,
    session_id: str,
    account_id: str,
    answer: str,
    name: str,
    now: datetime,
) -> Passkey:
    """Keep a new key, by the browser's answer (JSON) to `begin_registration`.

    :raises PasskeyRefused: the answer does not hold, or is not for this session
    """
    import webauthn
    from webauthn.helpers import (
        parse_attestation_object,
        parse_registration_credential_json,
    )
    from webauthn.helpers.structs import AttestationFormat

    try:
        credential = parse_registration_credential_json(_bounded(answer))
        challenge = _asked(credential)
        challenges.take(s, challenge, session_id, Ceremony.REGISTER, now=now)
        fmt = parse_attestation_object(credential.response.attestation_object).fmt
        if fmt not in (AttestationFormat.NONE, AttestationFormat.PACKED):
            raise PasskeyRefused("This kind of passkey cannot be used here.")
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
        )
    except _unreadable() as error:
        raise _refused() from error
    if _by_credential(s, verified.credential_id) is not None:
        raise PasskeyRefused("This passkey is set up already.")
    row = Passkey(
        id=new_id(),
        account_id=account_id,
        name=_tidy(name),
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        created_at=now,
    )
    s.add(row)
    s.flush()
    tell(s, account_id, Kind.PASSKEY_ADDED, now)
    return row


def authenticate(
    s: Session,
    site: Site,
    session_id: str,
    ceremonies: Collection[Ceremony],
    answer: str,
    now: datetime,
) -> Proof:
    """Who an answer (JSON) proves; a key unknown here and a wrong answer are alike.

    :raises PasskeyRefused: the answer does not hold, or is not for this session
    :raises CounterWentBack: the key's counter did not go on
    """
    import webauthn
    from webauthn.helpers import parse_authentication_credential_json

    try:
        credential = parse_authentication_credential_json(_bounded(answer))
        challenge = _asked(credential)
        ceremony = challenges.take(s, challenge, session_id, *ceremonies, now=now)
        row = _by_credential(s, credential.raw_id)
        if row is None or not _is_its_owners(credential, row):
            raise _refused()
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=0,  # judged below, to tell it from the rest
            require_user_verification=ceremony is Ceremony.SIGN_IN,
        )
    except _unreadable() as error:
        raise _refused() from error
    _advance(s, row, verified.new_sign_count, now)
    return Proof(row.account_id, row.id, verified.user_verified)


# --- what the steps share ---------------------------------------------------------


@cache
def _unreadable() -> tuple[type[Exception], ...]:
    """What the library raises on bytes that are no answer of a key: each means no."""
    import cbor2
    from cryptography.exceptions import UnsupportedAlgorithm
    from webauthn.helpers.exceptions import WebAuthnException

    return (
        WebAuthnException,
        UnsupportedAlgorithm,
        cbor2.CBORError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        OverflowError,
        RecursionError,
    )


def _advance(s: Session, row: Passkey, count: int, now: datetime) -> None:
    # One statement: of two answers with one count at once, one finds it used.
    silent = (Passkey.sign_count == 0) if count == 0 else (Passkey.sign_count < count)
    going_on = (
        update(Passkey)
        .where(Passkey.id == row.id, silent)
        .values(sign_count=count, used_at=now)
        .returning(Passkey.id)
    )
    if s.scalar(going_on) is None:
        tell(s, row.account_id, Kind.PASSKEY_COUNTER, now, name=row.name)
        raise CounterWentBack(row.account_id, row.id)


def _bounded(answer: str) -> dict[str, object]:
    if len(answer) > LONGEST_ANSWER:
        raise _refused()
    told = json.loads(answer)
    if not isinstance(told, dict):
        raise _refused()
    return told


def _asked(credential: AuthenticationCredential | RegistrationCredential) -> bytes:
    from webauthn.helpers import parse_client_data_json

    return parse_client_data_json(credential.response.client_data_json).challenge


def _is_its_owners(credential: AuthenticationCredential, row: Passkey) -> bool:
    handle = credential.response.user_handle
    return handle is None or handle == row.account_id.encode()


def _by_credential(s: Session, credential_id: bytes) -> Passkey | None:
    found = select(Passkey).where(Passkey.credential_id == credential_id)
    return s.scalars(found).one_or_none()


def _own(s: Session, account_id: str, passkey_id: str) -> Passkey:
    row = s.get(Passkey, passkey_id)
    if row is None or row.account_id != account_id:
        raise NotThere("There is no such passkey.")
    return row


def _descriptors(rows: Collection[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=row.credential_id) for row in rows]


def _tidy(name: str) -> str:
    return " ".join(name.split())[:LONGEST_NAME] or "passkey"


def _refused() -> PasskeyRefused:
    return PasskeyRefused("This passkey was not accepted. Nothing was changed.")
