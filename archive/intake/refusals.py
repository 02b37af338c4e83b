"""Why a file or a deposit is not taken: a code for programs, a sentence for people."""

from __future__ import annotations

from blur.errors import FILE_ERRORS, SandboxFailed

OWN_CODES = (
    "too_many_files",
    "no_files",
    "no_recovery",
    "storage_full",
    "no_upload",
    "unfinished_upload",
    "upload_ended",
    "too_many_uploads",
    SandboxFailed.code,
)
CODES = (*FILE_ERRORS, *OWN_CODES)


class Refused(Exception):
    """A deposit was not taken, and nothing of it was left behind."""

    def __init__(self, code: str, message: str, filename: str | None = None) -> None:
        self.code = code
        self.message = message
        self.filename = filename
        super().__init__(f"{filename}: {message}" if filename else message)
