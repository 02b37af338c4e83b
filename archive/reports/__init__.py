"""Reports from readers: what is wrong with a record, and what became of saying so.

kinds        what can be reported, how it stands, what follows from it
tables       one report, or one appeal against what was decided
codes        the reference by which somebody without an account comes back
handing      a report is handed in; the reporter's reference is drawn
appealing    once, by the reporter, or by whoever deposited what was withdrawn
finding      one report by its reference, by its id, of an account
desk         the queue: gravest and oldest first; taken up for a while, given back
deciding     what is decided, why, and what follows for the record
remedies     what a decision does to the record, by what exists already
telling      the lines of the ledger, and the mails
forgetting   whom to write to is forgotten first, then the report itself

An appeal is a report of its own kind of row: it waits, is taken up and decided in the
same way, by somebody else than the first time. Whether somebody may do a thing was
decided before, by the policy; who of those who may is too near to the matter, by
`deciding`.
"""
