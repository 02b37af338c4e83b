"""The engine on a server: the same sealed segments, kept in a PostgreSQL database.

engine       committing, refreshing, rebuilding, each in one transaction
tables       the tables and what is asked of them
storage      sealed files as rows of pieces
connections  connections, kept open between questions

PostgreSQL's own text search would need every word of every description in clear, or
words under one key, whose numbers of documents tell them apart as well as a clear one
does. So the database holds sealed bytes and counts, and no word in any form.
"""

from search.postgresql_engine.engine import PostgresqlEngine

__all__ = ["PostgresqlEngine"]
