"""The moderators' pages.

queue        what waits, oldest first, with filters
picker       the label picker as data: what is ticked, what was typed, what it means
desks        what lies before the moderator: one file of one record
labelling    one file of a record: its blurred preview, its labels
decisions    the forms of the next
publication  letting a record out, and withdrawing one
"""

from archive.web.pages.moderation import labelling, publication, queue
from archive.web.pages.moderation.blueprint import bp

__all__ = ["bp", "labelling", "publication", "queue"]
