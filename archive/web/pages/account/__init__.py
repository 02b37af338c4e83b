"""One's own account.

overview   what is missing for a first original; notices; name, language, theme
security   password, address and authenticator
address    another e-mail address
passkeys   keys of one's devices
sessions   browsers signed in
consents   what one agreed to see: live and past, receipts
searches   saved searches and their alerts
exports    those that a job makes, and large ones, which take a second person
making     one that a job makes
exposure   what one has opened, counted
preferences  which labels and tiers are hidden, warned of, previewed
standing   the terms and the induction
tokens     personal access tokens
visas      what one is here, carried to another archive; and from there
data       everything the archive holds about the account
"""

from archive.web.pages.account import (
    address,
    consents,
    data,
    exports,
    exposure,
    making,
    overview,
    passkeys,
    preferences,
    searches,
    security,
    sessions,
    standing,
    tokens,
    visas,
)
from archive.web.pages.account.blueprint import bp

__all__ = [
    "address",
    "bp",
    "consents",
    "data",
    "exports",
    "exposure",
    "making",
    "overview",
    "passkeys",
    "preferences",
    "searches",
    "security",
    "sessions",
    "standing",
    "tokens",
    "visas",
]
