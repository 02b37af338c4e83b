"""Background jobs in the archive's own database: one lease table, no broker."""

from archive.jobs.queue import (
    Lost,
    cancel,
    claim,
    counts,
    enqueue,
    fail,
    finish,
    get,
    give_up,
    heartbeat,
    latest,
    listing,
    open_for,
    poisonous,
    retry,
)
from archive.jobs.tables import Job, JobState

__all__ = [
    "Job",
    "JobState",
    "Lost",
    "cancel",
    "claim",
    "counts",
    "enqueue",
    "fail",
    "finish",
    "get",
    "give_up",
    "heartbeat",
    "latest",
    "listing",
    "open_for",
    "poisonous",
    "retry",
]
