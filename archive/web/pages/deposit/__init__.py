"""Handing something in.

description  the form, and the record it describes
arriving     the page and the files as they arrive
progress     how far each file is: sealed, preview, index
importing    a table of many, checked, then taken in by a job
"""

from archive.web.pages.deposit import arriving, importing, progress
from archive.web.pages.deposit.blueprint import bp

__all__ = ["arriving", "bp", "importing", "progress"]
