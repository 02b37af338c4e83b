"""Saying what is wrong with a record, and hearing what became of it.

handing     the form, for anybody who may read of the record
following   by the reference alone: how it stands, the outcome, the appeal
own         the same for one's account; what of one's own was withdrawn
"""

from archive.web.pages.reporting import following, handing, own
from archive.web.pages.reporting.blueprint import bp

__all__ = ["bp", "following", "handing", "own"]
