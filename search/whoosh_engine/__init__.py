"""The embedded engine. Whoosh is known here and in ``search.sealed_storage`` only.

engine      committing, refreshing, rebuilding
snapshot    one committed state, read
segments    the files of one segment
terms       terms and posting lists in those files
packing     lists of numbers as bytes
merging     several segments made one
"""

from search.whoosh_engine.engine import WhooshEngine

__all__ = ["WhooshEngine"]
