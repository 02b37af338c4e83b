"""The embedded engine: segments in a folder, under Whoosh's tables of contents.

Whoosh is known here, in ``search.sealed_storage`` and in ``search.segments.near``.
"""

from search.whoosh_engine.engine import WhooshEngine

__all__ = ["WhooshEngine"]
