"""Run as a program: dies (kill -9) at every point of a commit, and looks after it.

For each point it forks a child that adds and removes documents and is killed when
its sealing is used for the N-th time, or when it renames for the N-th time; then the
parent opens the index and prints, as one JSON line, what is there.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import BinaryIO

from search.document import Document, Text
from search.engine import ScopeTerms
from search.query import Query
from search.whoosh_engine import WhooshEngine
from tests.search.aes_sealing import AesSealing, AesWriter

KEY = bytes(range(32))
EVERYONE = ScopeTerms(frozenset({"public"}), guarded=True)


class Fuse:
    """Kills this process when it has been touched often enough."""

    def __init__(self, touches: int) -> None:
        self.left = touches

    def touch(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class FusedWriter(AesWriter):
    fuse: Fuse

    def write(self, data: bytes) -> None:
        super().write(data)

    def close(self) -> None:
        self.fuse.touch()
        super().close()
        self._sink.flush()
        self.fuse.touch()


class FusedSealing(AesSealing):
    def __init__(self, key: bytes, fuse: Fuse) -> None:
        super().__init__(key)
        self._fuse = fuse

    def writer(self, name: str, sink: BinaryIO) -> AesWriter:
        self._fuse.touch()
        made = FusedWriter(self._cipher, name, sink)
        made.fuse = self._fuse
        return made


def make(name: str) -> Document:
    return Document(name, "public", (Text("en", "convoy", f"convoy {name} " * 50),))


def child(folder: Path, point: int) -> None:
    """Add, replace and remove in three commits; exit 0 when the fuse did not burn."""
    engine = WhooshEngine.open(folder, FusedSealing(KEY, Fuse(point)))
    engine.add([make(f"new{point}"), make("base0")])
    engine.remove([f"new{point}"])
    engine.rebuild([make(f"base{number}") for number in range(5)])


def look(folder: Path) -> dict[str, object]:
    engine = WhooshEngine.open(folder, AesSealing(KEY))
    found = engine.find(Query("convoy", per_page=100), EVERYONE)
    ids = sorted(hit.id for hit in found.hits)
    engine.add([make("probe")])
    after = engine.find(Query("probe"), EVERYONE).total
    engine.remove(["probe"])
    engine.close()
    return {"ids": ids, "probe": after, "count": len(ids)}


def main(folder: Path, points: int) -> None:
    engine = WhooshEngine.create(folder, AesSealing(KEY))
    engine.add([make(f"base{number}") for number in range(5)])
    engine.close()
    for point in range(1, points + 1, 2):
        process = os.fork()
        if process == 0:
            child(folder, point)
            os._exit(0)
        _, status = os.waitpid(process, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        seen = {"point": point, "killed": killed, "status": status, **look(folder)}
        sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
