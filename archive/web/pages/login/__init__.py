"""Signing in and out.

steps      /login in one step or two, and /logout
halfway    between the two steps
bypasskey  /login/passkey: signing in by a passkey alone
again      /login/again: proving again who one is, before a grave act
forgotten  /login/forgotten: a new password, by mail
address    /address/<secret>: confirming a new e-mail address
institution  /login/institution: coming in through an institution
links      /setup/<secret>: the first administrator, an invitation, a new password
"""

from archive.web.pages.login import (
    address,
    again,
    bypasskey,
    forgotten,
    institution,
    links,
    steps,
)
from archive.web.pages.login.blueprint import bp

__all__ = [
    "address",
    "again",
    "bp",
    "bypasskey",
    "forgotten",
    "institution",
    "links",
    "steps",
]
