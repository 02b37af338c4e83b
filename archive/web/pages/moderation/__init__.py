"""The moderators' pages.

dashboard    the queue in numbers, agreement, one's own pace
queue        what waits, oldest first, with filters
picker       the label picker as data: what is ticked, what was typed, what it means
desks        what lies before the moderator: one file of one record
taking       the next file, half an hour more, giving it back; the ladder of exposure
labelling    one file of a record: its blurred preview, its labels
bulk         labels for many files in one act
judging      twins that wait, and what is said of one
adopted      labels that came from other archives, dismissed
markforms    segments and regions as forms
marks        the parts of one file, to be marked
decisions    the forms of the next
contributed  what was handed in from outside, and deciding on it
reported     what readers say is wrong, and deciding on it
redacting    what is removed from a copy, drawn and confirmed
drawn        the same as lines to type
publication  letting a record out, and withdrawing one
"""

from archive.web.pages.moderation import (
    adopted,
    bulk,
    contributed,
    dashboard,
    judging,
    labelling,
    marks,
    publication,
    queue,
    redacting,
    reported,
    taking,
)
from archive.web.pages.moderation.blueprint import bp

__all__ = [
    "adopted",
    "bp",
    "bulk",
    "contributed",
    "dashboard",
    "judging",
    "labelling",
    "marks",
    "publication",
    "queue",
    "redacting",
    "reported",
    "taking",
]
