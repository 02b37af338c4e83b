"""What a process that holds keys and plaintext must not do: leave any of it behind.

| where it could go | stopped by |
|---|---|
| temporary files of any library | no temporary folder: making one there fails |
| core dumps | RLIMIT_CORE is 0, and the process is not dumpable |
| memory and environment, read by the same user | the process is not dumpable |
| files that others may read | umask 077 |

An error in the place of a temporary file is what is wanted: something that would spill
plaintext must stop, not spill.
"""

import ctypes
import os
import resource
import tempfile

NOWHERE = "/dev/null/no-temporary-files"
_PR_SET_DUMPABLE = 4


def keep_to_memory() -> None:
    """Close every way to the disk that this process does not mean to use.

    For long-running processes, at their start; there is no way back.
    """
    tempfile.tempdir = NOWHERE
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0)
