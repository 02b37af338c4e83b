"""Background work: previews and the index, made from what the database says.

`run_one` does one job, `loop` goes on until it is told to stop, `drain` works until
everything about one record is done. Handlers are idempotent: a job may be done twice.
"""

from archive.work.worker import Stop, drain, loop, run_one

__all__ = ["Stop", "drain", "loop", "run_one"]
