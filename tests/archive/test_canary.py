"""Where plaintext could come to rest: the whole home and every temporary folder.

A marked picture with a marked description goes the whole way through a worker of its
own process whose TMPDIR is watched; afterwards no file anywhere holds the marks.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from archive import gate, intake
from archive.records.document import Description, Place, RecordDocument, Source

IN_FILE = b"canary-file-3f9a6c1e7b2d4805"
IN_TEXT = "canarytext7b1e5d"
IN_NAME = "canary-name-9c4f2a"
MARKS = (IN_FILE, IN_TEXT.encode(), IN_NAME.encode(), IN_TEXT.encode("utf-16-le"))

WORK = """
import os, sys, tempfile
written = []
def watch(event, arguments):
    if event.startswith("tempfile."):
        written.append((event, arguments))
    if event == "open" and isinstance(arguments[2], int):
        if arguments[2] & os.O_TMPFILE == os.O_TMPFILE:
            written.append((event, arguments))
sys.addaudithook(watch)
from archive import config, work
from archive.site import open_site
site = open_site(config.load(os.environ))
assert work.drain(site, sys.argv[1], seconds=120)
site.close()
assert not written, written
"""

SCAN = """
import os, sys
from pathlib import Path
cut = sys.argv.index("--")
marks = [bytes.fromhex(mark) for mark in sys.argv[1:cut]]
for folder in sys.argv[cut + 1 :]:
    for path in Path(folder).rglob("*"):
        if path.is_file():
            held = os.fsencode(path.name) + path.read_bytes()
            for mark in marks:
                if mark in held:
                    print(mark.hex(), ascii(str(path)))
"""


def marked_photo(desk) -> bytes:
    """A JPEG with the mark in a comment segment and, many times, behind the end."""
    photo = desk.photo()
    comment = b"\xff\xfe" + (len(IN_FILE) + 2).to_bytes(2, "big") + IN_FILE
    return photo[:2] + comment + photo[2:] + (IN_FILE + b"\0") * 5_000


def holding(*folders: Path) -> list[tuple[bytes, str]]:
    """The marks that are in files or in their names, and the files.

    Another process reads them: one that closes a file of SQLite's gives up the locks
    that all of its own connections have on it.
    """
    marks = [mark.hex() for mark in MARKS]
    command = [sys.executable, "-I", "-c", SCAN, *marks, "--", *map(str, folders)]
    lines = subprocess.check_output(command, text=True).splitlines()
    found = [line.split(" ", 1) for line in lines]
    return [(bytes.fromhex(mark), path) for mark, path in found]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    return folder


@pytest.fixture
def draft(desk):
    words = f"A church {IN_TEXT}"
    document = RecordDocument(
        {"en": Description(words, words), "hy": Description(words, words)},
        places=(Place(IN_TEXT),),
        source=Source(platform=IN_TEXT, note=IN_TEXT),
        rights=IN_TEXT,
    )
    return replace(desk.draft(), document=document)


def test_nothing_of_a_deposit_rests_in_clear_anywhere(
    site, desk, environ, temporary, draft, tmp_path, caplog
) -> None:
    with intake.begin(site) as arrival:
        arrival.take(io.BytesIO(marked_photo(desk)), f"{IN_NAME}.jpg")
        assert holding(tmp_path) == []
        made = arrival.deposit(draft, "operator", site.clock())
    assert holding(tmp_path) == []
    subprocess.run(
        [sys.executable, "-c", WORK, made.record.id],
        env={**os.environ, **environ},
        check=True,
        timeout=180,
    )
    assert holding(tmp_path) == []
    desk.publish(made, "dead.body")
    viewer = desk.researcher()
    desk.consent(viewer, made.record.id)
    with gate.release(
        site, desk.fresh(viewer.account_id), made.assets[0].id, site.clock()
    ) as release:
        revealed = b"".join(release.read(0, release.size))
        assert holding(tmp_path) == []
    assert revealed.count(IN_FILE) == 5_001
    assert release.filename == f"{IN_NAME}.jpg"
    site.close()
    assert holding(tmp_path) == []
    assert list(temporary.iterdir()) == []
    assert not any(mark.decode("latin-1") in caplog.text for mark in MARKS)


def test_nothing_of_a_refused_or_cut_upload_rests_in_clear(
    site, desk, temporary, tmp_path
) -> None:
    class HungUp(Exception):
        """The sender is gone."""

    def cut(arrival: intake.Arrival) -> None:
        file = arrival.begin_file(IN_NAME)
        file.write(marked_photo(desk)[:100_000])
        assert holding(tmp_path) == []
        raise HungUp

    with pytest.raises(HungUp), intake.begin(site) as arrival:
        cut(arrival)
    with pytest.raises(intake.Refused), intake.begin(site) as arrival:
        arrival.take(io.BytesIO(b"PK\x03\x04" + IN_FILE * 9_000), IN_NAME)
    assert holding(tmp_path) == []
    assert not [p for p in site.config.object_store.rglob("*") if p.is_file()]


def test_the_scan_itself_finds_a_mark(tmp_path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "leak").write_bytes(b"x" * 10_000 + IN_FILE)
    assert [mark for mark, _ in holding(tmp_path)] == [IN_FILE]
