"""Who is let near restricted originals, and on which terms.

overview      every request in one table; as CSV and JSON
deciding      one request: what was told, the timeline, the decision
collections   words, defaults, questions and conditions of use
embargoes     until when a record's originals stay shut
emergencies   two administrators let one of them near one record, for minutes
"""

from archive.web.pages.admin.access import (
    collections,
    deciding,
    embargoes,
    emergencies,
    overview,
)

__all__ = ["collections", "deciding", "embargoes", "emergencies", "overview"]
