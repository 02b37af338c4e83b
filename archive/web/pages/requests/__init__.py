"""Asking for restricted originals, and following what became of it.

asking   the form for a record or a collection; answering what was returned
own      one's own requests: list, timeline, comment, withdraw
"""

from archive.web.pages.requests import asking, own
from archive.web.pages.requests.blueprint import bp

__all__ = ["asking", "bp", "own"]
