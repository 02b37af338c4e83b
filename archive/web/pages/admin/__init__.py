"""Administration.

dashboard     what waits, what failed, how the house is
applications  what waits, and decisions by stages
reviewed      the evidence beside the decision
reviewing     evidence opened, remarks, the referee asked again
denials       from whom nothing is accepted
access        requests, collections, embargoes, emergencies
terms         a new version of what everybody signs
accounts      who there is; ways of finding and inviting them
standing      what an administrator may do to one account
alarms        unusual volume, and records laid to be left alone
gazetteer     names of places and persons that find each other
vocabulary    the words of labels and tiers, each version of them
ledger        every line, filtered; verify now; export without media
confirmations  what nobody does alone: a new administrator, a large export
shredding     what two of them destroy for good
visas         what other archives say of an applicant
fixity        every file read back: when, and what is set aside as damaged
jobs          background work: list, retry, cancel
upkeep        what keeps the archive in order: begun, watched, how it ended
"""

from archive.web.pages.admin import (
    access,
    accounts,
    alarms,
    applications,
    confirmations,
    dashboard,
    denials,
    fixity,
    gazetteer,
    jobs,
    ledger,
    mode,
    reviewed,
    reviewing,
    shredding,
    standing,
    terms,
    upkeep,
    visas,
    vocabulary,
)
from archive.web.pages.admin.blueprint import bp

__all__ = [
    "access",
    "accounts",
    "alarms",
    "applications",
    "bp",
    "confirmations",
    "dashboard",
    "denials",
    "fixity",
    "gazetteer",
    "jobs",
    "ledger",
    "mode",
    "reviewed",
    "reviewing",
    "shredding",
    "standing",
    "terms",
    "upkeep",
    "visas",
    "vocabulary",
]
