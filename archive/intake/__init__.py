"""The way in: files are checked, hashed and sealed as they arrive; then one record."""

from archive.intake.arrival import (
    Arrival,
    Deposit,
    Duplicate,
    Incoming,
    IncomingFile,
    begin,
)
from archive.intake.limits import UploadLimits
from archive.intake.refusals import Refused

__all__ = [
    "Arrival",
    "Deposit",
    "Duplicate",
    "Incoming",
    "IncomingFile",
    "Refused",
    "UploadLimits",
    "begin",
]
