"""Handing something in without an account, and hearing what became of it.

describing   the form: what it is, what is dangerous, what is wished
handing      the page to hand in; the reference is shown there, once
following    by the reference alone: how it stands, questions, more files, withdrawal
"""

from archive.web.pages.contributing import following, handing
from archive.web.pages.contributing.blueprint import bp

__all__ = ["bp", "following", "handing"]
