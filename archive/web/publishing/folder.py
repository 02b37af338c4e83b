"""A folder that appears whole or not at all: made beside its place, then renamed."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NotPublishedError(Exception):
    """Nothing was written; `code` is a word for scripts."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def check(folder: Path, home: Path) -> None:
    """See that a new folder may appear here.

    :raises NotPublishedError: something is there, it touches the archive's home, or
        the folder around it is missing
    """
    place = folder.resolve()
    if place.is_relative_to(home.resolve()) or home.resolve().is_relative_to(place):
        raise NotPublishedError(
            "in_home", "Choose a folder outside the archive's home, which holds keys."
        )
    taken = folder.is_symlink() or folder.exists()
    if taken and (not _is_folder(folder) or any(folder.iterdir())):
        raise NotPublishedError(
            "not_empty", f"{folder} is not an empty folder; name a new one."
        )
    if not place.parent.is_dir():
        raise NotPublishedError(
            "no_parent", f"There is no folder {place.parent}; make it first."
        )


@contextmanager
def appearing(folder: Path) -> Iterator[Path]:
    """A folder to write into; it takes its name at the end, and goes after an error.

    :raises OSError: something has come to stand in its place
    """
    place = folder.resolve()
    beside = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    beside.mkdir()
    try:
        yield beside
        os.sync()  # a name without its content would be half an edition
        beside.rename(place)  # replaces an empty folder, never one that is not
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _is_folder(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink()
