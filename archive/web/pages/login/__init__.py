"""Signing in and out.

steps   /login in one step or two, and /logout
links   /setup/<secret>: the first administrator, an invitation, a new password
"""

from archive.web.pages.login import links, steps
from archive.web.pages.login.blueprint import bp

__all__ = ["bp", "links", "steps"]
