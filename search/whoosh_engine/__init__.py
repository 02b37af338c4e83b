"""The embedded engine. Whoosh is known here and in ``search.sealed_storage`` only.

engine      committing, merging, refreshing, rebuilding
snapshot    one committed state, read
codec       how postings stand in Whoosh's files, and its fields
"""

from search.whoosh_engine.engine import WhooshEngine

__all__ = ["WhooshEngine"]
