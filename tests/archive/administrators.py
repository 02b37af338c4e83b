"""Administrators who can sign: with a password, and codes that work once."""

from __future__ import annotations

import pyotp

from archive.shredding import Proof
from archive.site import Site
from auth import accounts
from auth.credentials import second_factor
from auth.viewer import Role

PASSWORD = "correct harbour velvet ostrich"


def person(site: Site, name: str, role: Role = Role.ADMINISTRATOR) -> Proof:
    """A new account with an authenticator, and a first proof."""
    email = f"{name}@example.org"
    now = site.clock()
    with site.db.write() as s:
        made = accounts.add(s, site.sealing, email, name, role, PASSWORD, now)
        begun = second_factor.enrol(s, site.sealing, made.id, name, now)
        code = pyotp.TOTP(begun.seed).at(now)
        codes = second_factor.confirm(s, site.sealing, made.id, code, now)
    return Proof(email, PASSWORD, codes[0])


def again(site: Site, proof: Proof) -> Proof:
    """Another proof of the same person: each code works once."""
    with site.db.write() as s:
        account = accounts.find_by_email(s, site.sealing, proof.email)
        assert account is not None
        codes = second_factor.renew_recovery_codes(
            s, site.sealing, account.id, site.clock()
        )
    return Proof(proof.email, proof.password, codes[0])
