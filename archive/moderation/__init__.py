"""What staff do to records, each in the caller's transaction.

premises     what a running archive gives; the record queued for the index
tables       answers, places in the queue, rungs
answers      whole answers: written, compared, joined
standing     where a file stands in the queue; how many must agree
places       who takes the next file, and for how long
numbers      the queue in numbers
agreement    how well moderators agree on each label
rungs        how much of a file was looked at
labelling    these are the labels of a file now, once enough agree
forecasts    what labelling in bulk would do to one file
batches      labelling in bulk: planned, confirmed, done file by file
undoing      setting back what was done in bulk
describing   a new description, in the place of the one edited
publishing   a record's visibility takes effect
withdrawing  a record is closed; its tombstone stays

Every act changes the record, says so in the ledger and queues the record for the index.
Whether somebody may do it was decided before, by the policy. A second opinion that was
not asked for is written down as waived, with the name of whoever went on without it.
"""

from archive.moderation.describing import describe
from archive.moderation.labelling import label
from archive.moderation.premises import SECOND_OPINION, Premises
from archive.moderation.publishing import publish
from archive.moderation.withdrawing import withdraw
from archive.records.labels import LabelChange, LabelInput

__all__ = [
    "SECOND_OPINION",
    "LabelChange",
    "LabelInput",
    "Premises",
    "describe",
    "label",
    "publish",
    "withdraw",
]
