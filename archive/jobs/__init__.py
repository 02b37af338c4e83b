"""Background jobs in the archive's own database: one lease table, no broker.

Workers look for them, or hear of them by `delivery`.
"""

from archive.jobs.delivery import DELIVERY, Delivery
from archive.jobs.queue import (
    Lost,
    about,
    advance,
    after,
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
    put_back,
    retry,
    unfinished,
)
from archive.jobs.tables import OPEN_STATES, Job, JobState

__all__ = [
    "DELIVERY",
    "OPEN_STATES",
    "Delivery",
    "Job",
    "JobState",
    "Lost",
    "about",
    "advance",
    "after",
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
    "put_back",
    "retry",
    "unfinished",
]
