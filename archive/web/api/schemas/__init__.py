"""The shapes that the API takes and gives, as JSON Schema (OpenAPI 3.1).

shapes      what they are made of        files     one file of a record
described   records                      found     findings and links
asked       requests, consents, own      house     refusals, words, work, ledger
contributed what is handed in from outside
desks       what readers reported       taken     tables of many records
people      applications and accounts
"""

from __future__ import annotations

from archive.web.api.schemas import (
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
from archive.web.api.schemas.shapes import Schema, ref

__all__ = ["SCHEMAS", "Schema", "ref"]

SCHEMAS: dict[str, Schema] = {
    **house.SCHEMAS,
    **described.SCHEMAS,
    **files.SCHEMAS,
    **asked.SCHEMAS,
    **contributed.SCHEMAS,
    **desks.SCHEMAS,
    **found.SCHEMAS,
    **taken.SCHEMAS,
    **people.SCHEMAS,
    **given.SCHEMAS,
}
