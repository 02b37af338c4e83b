"""Why a file or a deposit is not taken: a code for programs, a sentence for people."""

from __future__ import annotations

CODES = (
    "unsupported_kind",
    "unreadable",
    "empty",
    "too_large",
    "too_many_files",
    "too_many_pixels",
    "too_long",
    "too_slow",
    "encrypted_document",
    "no_files",
    "storage_full",
    "sandbox",
)


class Refused(Exception):
    """A deposit was not taken, and nothing of it was left behind."""

    def __init__(self, code: str, message: str, filename: str | None = None) -> None:
        self.code = code
        self.message = message
        self.filename = filename
        super().__init__(f"{filename}: {message}" if filename else message)
