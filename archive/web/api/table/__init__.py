"""Every call of the API, one row each: routing, guard and OpenAPI all read it.

A row's scopes are what an access token must hold one of. Where a row names none, the
policy's own rows decide: a token without `read` sees what the public sees, one without
`deposit`, `label`, `write` or `reveal` is refused what those words stand for.

described   records                       arriving   files in parts
found       findings and links            files      what is in one file
asked       requests, consents, own       house      words, work, ledger
contributed what is handed in from outside
desks       what readers reported       taken     tables of many records
people      applications and accounts
given       exports that a job makes
"""

from __future__ import annotations

from archive.web.api.operations import Operation
from archive.web.api.table import (
    arriving,
    asked,
    contributed,
    described,
    desks,
    files,
    found,
    given,
    house,
    people,
    taken,
)

OPERATIONS: tuple[Operation, ...] = (
    *described.OPERATIONS,
    *found.OPERATIONS,
    *asked.OPERATIONS,
    *desks.OPERATIONS,
    *arriving.OPERATIONS,
    *contributed.OPERATIONS,
    *files.OPERATIONS,
    *taken.OPERATIONS,
    *people.OPERATIONS,
    *given.OPERATIONS,
    *house.OPERATIONS,
)
