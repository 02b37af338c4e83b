"""Requests for access, joined with what they ask for: records, collections, the ledger.

asking        what is asked of whoever wants a record or a collection; handing it in
deciding      what administrators do with it, each with its line in the ledger
breaking      two administrators let one of them near one record, for minutes
overview      every request as one table: filtered, sorted, as CSV or JSON
shelves       collections: their words, defaults, questions, conditions of use
embargoes     an embargo of a record: set, lifted, over by itself
reminding     who is told what when a request waits or a grant ends

Whether somebody may do a thing was decided before, by the policy.
"""
