"""Asking to be let in: the application, its proofs, and where it stands.

form         /apply: who you are, what for, who knows you; /apply/renew
status       /apply/status: the steps from there to a first original
confirming   /apply/confirm/…: the address is the applicant's
referring    /refer/…: what a referee says, without an account
additions    files of evidence, and remarks between the two sides
"""

from archive.web.pages.apply import additions, confirming, form, referring, status
from archive.web.pages.apply.blueprint import bp

__all__ = ["additions", "bp", "confirming", "form", "referring", "status"]
