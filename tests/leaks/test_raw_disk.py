"""A whole archive on a disk of its own, whose every block is read afterwards.

What was deleted is still there: only the raw disk tells whether it ever was in clear.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journeys.holdings import new_word
from tests.journeys.home import make_home
from tests.journeys.media import new_mark
from tests.journeys.server import serving
from tests.leaks.scene import Scene, add_moderator

MEBIBYTES = 160
BLOCK = 1 << 20


@contextmanager
def mounted(image: Path, at: Path, mebibytes: int) -> Iterator[Path]:
    """A new file system in a file, mounted there; its blocks are on disk afterwards.

    Where this may not be done the test is skipped, and says why.
    """
    if os.geteuid() != 0:
        pytest.skip("THE RAW DISK IS NOT READ: mounting a disk image needs root")
    with image.open("wb") as file:
        file.truncate(mebibytes << 20)
    made = subprocess.run(
        ["mkfs.ext4", "-q", "-E", "nodiscard", str(image)],
        capture_output=True,
        check=False,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    at.mkdir()
    tried = subprocess.run(
        ["mount", "-o", "loop,nodiscard", str(image), str(at)],
        capture_output=True,
        check=False,
        text=True,
    )
    if tried.returncode != 0:
        pytest.skip(f"THE RAW DISK IS NOT READ: {tried.stderr.strip()}")
    try:
        yield at
    finally:
        subprocess.run(["umount", str(at)], check=True, timeout=60)


def on_disk(image: Path, marks: list[bytes]) -> list[bytes]:
    """Which of the marks stand anywhere on the raw disk."""
    found, tail = set(), b""
    longest = max(map(len, marks))
    with image.open("rb") as file:
        while block := file.read(BLOCK):
            seen = tail + block
            found |= {mark for mark in marks if mark in seen}
            tail = seen[-longest:]
    return sorted(found)


def test_nothing_was_ever_in_clear_on_the_disk(tmp_path: Path) -> None:
    image, place = tmp_path / "disk", tmp_path / "mounted"
    words = [new_word() for _ in range(2)]
    with mounted(image, place, MEBIBYTES):
        home = make_home(place / "root", VIGIL_LABEL_OPINIONS="1")
        person = add_moderator(home)
        with serving(home, threads=8) as server:
            scene = Scene.of(server.port, person)
            record, asset = scene.deposit([scene.picture()], words[0])
            scene.deposit([scene.film()], words[1])
            scene.deposit_in_parts(scene.picture())
            scene.consent(record, asset)
            scene.reveal(asset)
            for word in words:
                scene.client.get(f"/search?q={word}")
        ran = home.run("reindex")
        assert ran.code == 0, ran.err
        ran = home.run("backup", str(place / "backups"))
        assert ran.code == 0, ran.err
        ran = home.run("verify", "--all")
        assert ran.code == 0, ran.err
        key = home.key_file.read_bytes().strip().rpartition(b":")[2]
        subprocess.run(["sync", "-f", str(place)], check=True)
    secrets = [each.encode() for each in (*words, person.email, person.password)]
    assert on_disk(image, [*scene.marks, *secrets]) == []
    assert on_disk(image, [key]) == [key]  # beside the home: the scan sees small things


def test_the_scan_itself_finds_what_was_deleted_long_ago(tmp_path: Path) -> None:
    image, place, mark = tmp_path / "disk", tmp_path / "mounted", new_mark()
    with mounted(image, place, 16):
        spilt = place / "spilt"
        with spilt.open("wb") as file:
            file.write(b"x" * 100_000 + mark + b"x" * 100_000)
            os.fsync(file.fileno())
        spilt.unlink()
    assert on_disk(image, [mark, new_mark()]) == [mark]
