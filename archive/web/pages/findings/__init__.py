"""What was found and said of records, and what they are linked with.

assessment   /records/<id>/assessment: what the archive found, over and over
statements   /statements; /statements/new; /records/<id>/statement: who announced what
stances      /records/<id>/stances: what a statement says of other records; its stages
accounts     /records/<id>/accounts: descriptions side by side, each signed
qualifications  /records/<id>/qualifications: who claims which provision
relations    /records/<id>/relations: typed links
entities     /entities and each of them: events, acts, people, organisations, places
"""

from archive.web.pages.findings import (
    accounts,
    assessment,
    entities,
    qualifications,
    relations,
    stances,
    statements,
)
from archive.web.pages.findings.blueprint import bp

__all__ = [
    "accounts",
    "assessment",
    "bp",
    "entities",
    "qualifications",
    "relations",
    "stances",
    "statements",
]
