"""The original without its metadata: its own bytes, with blanks laid over some.

Where the blanks are is found once in a process and remembered by asset: a player asks
for a thousand ranges. What is remembered are numbers, and how a picture is turned.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator

from flask import Flask, current_app

from archive.gate import Opened
from archive.web.request import context
from blur.blanks import Blanks, find_blanks
from blur.kinds import KINDS

CLEANING = "vigil.cleaning"
MOST_KEPT = 64


class Known:
    """The blanks of the files that were shown last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._blanks: OrderedDict[str, Blanks] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, asset_id: str) -> Blanks | None:
        with self._lock:
            if asset_id in self._blanks:
                self._blanks.move_to_end(asset_id)
            return self._blanks.get(asset_id)

    def keep(self, asset_id: str, blanks: Blanks) -> None:
        with self._lock:
            self._blanks[asset_id] = blanks
            while len(self._blanks) > self._most:
                self._blanks.popitem(last=False)


def install(app: Flask) -> None:
    """Remember the blanks of what `app` shows."""
    app.extensions[CLEANING] = Known(MOST_KEPT)


class Cleaned:
    """An open original, read with its blanks."""

    def __init__(self, release: Opened, blanks: Blanks) -> None:
        self._release = release
        self._blanks = blanks

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the bytes from `start` up to `stop`, as the original's `read` does."""
        at = start
        for piece in self._release.read(start, stop):
            yield self._blanks.over(at, piece)
            at += len(piece)


def blanks_of(release: Opened) -> Blanks:
    """The blanks of this original.

    :raises BlurError: the file is not built as its kind is
    """
    known: Known = current_app.extensions[CLEANING]
    found = known.get(release.asset_id)
    if found is None:
        site = context.site()
        site.require_sandbox()
        kind = KINDS[release.format]
        found = find_blanks(release, release.size, kind, site.upload_limits.media)
        known.keep(release.asset_id, found)
    return found
