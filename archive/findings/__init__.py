"""What was found out about records, what was said of them, and what they belong to.

assessing    what the archive found: a status, how sure, by which method, from what
statements   what an authority announced: who, when, under which articles, what followed
stances      what a statement says of one record; kept apart from what was found
qualifications   who claims which legal qualification of a record
accounts     descriptions side by side, each signed; nobody writes over another's
entities     events, acts, people, organisations and places that records speak of
relations    typed links between records and those, walked from both ends
words        the closed lists, in four languages
book         the pages all of these are written on: versions are added, never changed

Every act is one new version, a line in the ledger with the digest of what was said, and
the record queued for the index, in the caller's transaction. Whether somebody may do it
was decided before, by the policy. What a reader may know of the far end of a link is
decided here by `Scope`, so that a link to a hidden thing leaves no trace.
"""
