"""Background work: previews and the index, made from what the database says.

`run_one` does one job, `hands` go on until they are told to stop, `drain` works until
everything about one record is done. Handlers are idempotent: a job may be done twice.
"""

from archive.jobs.delivery import Stop
from archive.work.worker import drain, hands, loop, run_one

__all__ = ["Stop", "drain", "hands", "loop", "run_one"]
