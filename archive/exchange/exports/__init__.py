"""Exports that take longer than anybody waits: made by a job, sealed, given for a day.

premises   the facts something was made on, and whether they still are so
packages   the court package as such an export
lists      the list of a search as such an export
making     who may have it made; the pieces as they come
giving     decided anew, told in the ledger, then opened and read

The rows are `archive.exports`'s; what is made lies sealed in the vault alone.
"""
