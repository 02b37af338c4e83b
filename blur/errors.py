"""What can go wrong with a file, each with a code and one plain sentence.

    BlurError
    ├── NotAllowed        unsupported_kind     known, but not taken here
    ├── Unreadable        unreadable           no known kind, or damaged
    │   ├── Empty         empty
    │   └── UnknownCodec  unknown_codec        a container of a codec not on the list
    ├── TooManyPixels     too_many_pixels
    ├── TooLong           too_long
    ├── TooLarge          too_large            needs more bytes or memory than allowed
    ├── TooSlow           too_slow
    ├── Encrypted         encrypted_document
    └── SandboxFailed     sandbox              about this machine, never about the file

The sentence is made here, never by the process that met the hostile bytes; of that
process only an exception's class name comes back, as `detail`, for the log.
"""

from __future__ import annotations

from typing import ClassVar


class BlurError(Exception):
    """A file that cannot be shown; `str()` is a sentence fit for its owner."""

    code: ClassVar[str] = "blur"
    sentence: ClassVar[str] = "The file could not be worked on."

    def __init__(self, sentence: str = "", *, detail: str = "") -> None:
        """`detail` is for the log: a class name or an exit status, no content."""
        super().__init__(sentence or self.sentence)
        self.detail = detail


class NotAllowed(BlurError):
    """The kind is recognised but not on the allow-list."""

    code = "unsupported_kind"
    sentence = "This kind of file is not accepted."


class Unreadable(BlurError):
    """No known kind begins like this, or its decoder gives up."""

    code = "unreadable"
    sentence = "The file is damaged or is not the kind of media it seems to be."


class Empty(Unreadable):
    """Nothing is in it."""

    code = "empty"
    sentence = "The file is empty."


class UnknownCodec(Unreadable):
    """The container opens, but what is in it has no decoder here."""

    code = "unknown_codec"
    sentence = "The recording is coded in a form this archive cannot decode."


class TooManyPixels(BlurError):
    """Its header promises more pixels than the limits allow."""

    code = "too_many_pixels"
    sentence = "The picture has more pixels than this archive can take."


class TooLong(BlurError):
    """It plays for longer than the limits allow."""

    code = "too_long"
    sentence = "The recording is longer than this archive can take."


class TooLarge(BlurError):
    """Decoding it needs more memory than a decoder may have."""

    code = "too_large"
    sentence = "The file needs more memory to open than this archive allows."


class TooSlow(BlurError):
    """Decoding it takes more time than a decoder may have."""

    code = "too_slow"
    sentence = "The file takes too long to open; it may be damaged."


class Encrypted(BlurError):
    """It opens only with a password."""

    code = "encrypted_document"
    sentence = "The document is protected by a password; remove it and try again."


class SandboxFailed(BlurError):
    """The separate process could not be started or confined; try again later."""

    code = "sandbox"
    sentence = "The archive could not open the file safely just now; try again later."


FILE_ERRORS: dict[str, type[BlurError]] = {
    each.code: each
    for each in (
        NotAllowed,
        Unreadable,
        Empty,
        UnknownCodec,
        TooManyPixels,
        TooLong,
        TooLarge,
        TooSlow,
        Encrypted,
    )
}
