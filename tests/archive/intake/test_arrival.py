"""The way in: looked at by content, sealed as it arrives, one record or nothing."""

from __future__ import annotations

import errno
import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from archive import gate, intake
from archive.intake import Refused, filenames
from archive.jobs.tables import Job
from archive.ledger import LedgerEntry
from archive.records import store
from archive.records.document import RecordDocument, Source
from archive.records.errors import FieldError
from archive.records.tables import Asset, Record
from archive.site import Site
from archive.vault.blobs import FolderWriter
from archive.vault.tables import DataKey
from auth.viewer import RecordState, system_viewer

HEAD = 64 * 1024


def files_in(site: Site) -> list[Path]:
    return [path for path in site.config.object_store.rglob("*") if path.is_file()]


def rows(site: Site) -> list[int]:
    with site.db.read() as s:
        return [
            s.scalar(select(func.count()).select_from(table)) or 0
            for table in (Record, Asset, Job, DataKey)
        ]


def nothing_is_left(site: Site) -> bool:
    with site.db.read() as s:
        events = set(s.scalars(select(LedgerEntry.event)))
    return files_in(site) == [] and not any(rows(site)) and len(events) == 1


def limited(site: Site, **limits: object) -> Site:
    return replace(site, upload_limits=replace(site.upload_limits, **limits))


class Pipe(io.RawIOBase):
    """A stream that can be read once, in whatever pieces it has."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def readable(self) -> bool:
        return True

    def read(self, _size: int = -1, /) -> bytes:
        return next(self._pieces, b"")


def test_what_is_deposited_is_kept_whole_and_described(any_site, any_desk) -> None:
    content = any_desk.photo()
    made = any_desk.deposit(content)
    (asset,) = made.assets
    with any_site.db.read() as s:
        record = store.require(s, made.record.id)
        details = store.details_of(any_site.sealing, asset)
        kinds = [job.kind for job in s.scalars(select(Job).order_by(Job.kind))]
        events = [line.event for line in any_site.ledger.entries(s, record=record.id)]
    worker = system_viewer("worker")
    with gate.derive(any_site, worker, asset.id, any_site.clock()) as reader:
        assert reader.read_range(0, reader.size) == content
    assert record.state is RecordState.SUBMITTED
    assert (asset.kind, asset.format, asset.media_type) == (
        "image",
        "jpeg",
        "image/jpeg",
    )
    assert details.sha256 == hashlib.sha256(content).hexdigest()
    assert (details.width, details.height, asset.size) == (64, 48, len(content))
    assert kinds == ["derive", "index"]
    assert events == [
        "encryption",
        "message digest calculation",
        "ingestion",
        "accession",
    ]


def test_many_files_keep_their_order(site, desk) -> None:
    made = desk.deposit(*(desk.photo() for _ in range(4)))
    names = [store.details_of(site.sealing, a).filename for a in made.assets]
    assert names == [f"file-{number}.jpg" for number in range(4)]
    assert [asset.position for asset in made.assets] == [0, 1, 2, 3]


@pytest.mark.parametrize("size", [1, 700, HEAD - 1, HEAD, HEAD + 1])
def test_a_file_may_be_pushed_in_pieces_of_any_size(site, desk, size: int) -> None:
    content = desk.photo() + b"\0" * HEAD
    with intake.begin(site) as arrival:
        file = arrival.begin_file("x")
        for at in range(0, len(content), size):
            assert file.write(content[at : at + size]) == len(content[at : at + size])
            if size == 1 and at > 3000:
                file.write(content[at + 1 :])
                break
        file.close()
        file.close()
        made = arrival.deposit(desk.draft(), "m1", site.clock())
    with site.db.read() as s:
        found = store.details_of(site.sealing, store.assets_of(s, made.record.id)[0])
    assert found.sha256 == hashlib.sha256(content).hexdigest()


def test_the_kind_is_known_after_64_kib_and_a_wrong_one_is_refused_there(site) -> None:
    with intake.begin(site) as arrival:
        file = arrival.begin_file("film.mp4")
        file.write(b"%!PS-Adobe " + b"x" * 1000)
        assert file.kind is None
        with pytest.raises(Refused) as refused:
            file.write(b"x" * HEAD)
    assert refused.value.code == "unsupported_kind"
    assert str(refused.value).startswith("film.mp4: ")
    assert nothing_is_left(site)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"hello, I am a text", "unsupported_kind"),
        (b"PK\x03\x04" + b"\0" * 100, "unsupported_kind"),
        (b"<svg onload=alert(1)>", "unsupported_kind"),
        (b"\x00\x01\x02\x03" * 50, "unreadable"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 500, "unreadable"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 500, "unreadable"),
        (b"%PDF-1.7\n" + b"\0" * 500, "unreadable"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_and_takes_all_with_it(
    site, desk, content: bytes, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        desk.deposit(desk.photo(), content)
    assert refused.value.code == code
    assert refused.value.message.endswith(".")
    assert refused.value.filename == "file-1.jpg"
    assert nothing_is_left(site)


def test_a_deposit_over_the_limit_is_refused_while_it_arrives(site, desk) -> None:
    small = limited(site, bytes=100_000)
    taken: list[int] = []

    def endless() -> Iterator[bytes]:
        yield desk.photo()
        while True:
            taken.append(1)
            yield b"\0" * 10_000

    with intake.begin(small) as arrival, pytest.raises(Refused) as refused:
        arrival.take(Pipe(endless()), "x.jpg")
    assert refused.value.code == "too_large"
    assert len(taken) <= 11
    assert nothing_is_left(site)


def test_the_limit_counts_all_files_of_a_deposit(site, desk) -> None:
    photo = desk.photo()
    exactly = limited(site, bytes=2 * len(photo))
    with intake.begin(exactly) as arrival:
        arrival.take(io.BytesIO(photo), "1.jpg")
        arrival.take(io.BytesIO(photo), "2.jpg")
        with pytest.raises(Refused) as refused:
            arrival.take(io.BytesIO(photo), "3.jpg")
    assert refused.value.code == "too_large"
    assert nothing_is_left(site)


def test_too_many_files_are_refused(site, desk) -> None:
    one = limited(site, files=1)
    with intake.begin(one) as arrival:
        arrival.take(io.BytesIO(desk.photo()), "1.jpg")
        with pytest.raises(Refused) as refused:
            arrival.begin_file("2.jpg")
    assert refused.value.code == "too_many_files"
    assert nothing_is_left(site)


def test_a_deposit_without_files_is_refused(site, desk) -> None:
    with intake.begin(site) as arrival, pytest.raises(Refused) as refused:
        arrival.deposit(desk.draft(), "m1", site.clock())
    assert refused.value.code == "no_files"


def test_a_picture_with_too_many_pixels_is_refused(site, desk) -> None:
    media = replace(site.upload_limits.media, pixels=1000)
    with intake.begin(limited(site, media=media)) as arrival:
        with pytest.raises(Refused) as refused:
            arrival.take(io.BytesIO(desk.photo()), "x.jpg")
    assert refused.value.code == "too_many_pixels"
    assert nothing_is_left(site)


def test_a_sender_who_hangs_up_leaves_nothing(site, desk) -> None:
    def cut() -> Iterator[bytes]:
        yield desk.photo()
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError), intake.begin(site) as arrival:
        arrival.take(io.BytesIO(desk.photo()), "whole.jpg")
        arrival.take(Pipe(cut()), "cut.jpg")
    assert nothing_is_left(site)


def test_a_block_left_without_a_deposit_leaves_nothing(site, desk) -> None:
    with intake.begin(site) as arrival:
        arrival.take(io.BytesIO(desk.photo()), "x.jpg")
        assert files_in(site)
    assert nothing_is_left(site)


@pytest.mark.parametrize("after", [0, 1])
def test_a_full_disk_is_said_and_leaves_nothing(
    site, desk, monkeypatch, after: int
) -> None:
    real, calls = FolderWriter.write, []

    def full(self: FolderWriter, data: bytes | memoryview, /) -> int:
        calls.append(1)
        if len(calls) > after:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, data)

    monkeypatch.setattr(FolderWriter, "write", full)
    with intake.begin(site) as arrival, pytest.raises(Refused) as refused:
        arrival.take(io.BytesIO(desk.photo()), "x.jpg")
    assert refused.value.code == "storage_full"
    assert nothing_is_left(site)


def test_a_description_that_cannot_be_taken_leaves_nothing(site, desk) -> None:
    with pytest.raises(FieldError):
        desk.deposit(draft=replace(desk.draft(), document=RecordDocument({})))
    assert nothing_is_left(site)


@pytest.mark.parametrize("table", ["assets", "jobs", "ledger", "data_keys"])
def test_a_transaction_that_fails_anywhere_leaves_nothing(
    site, desk, table: str
) -> None:
    with site.db.write() as s:
        s.execute(
            text(
                f"CREATE TRIGGER broken BEFORE INSERT ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'broken'); END"
            )
        )
    with pytest.raises(Exception, match="broken"):
        desk.deposit(desk.photo(), desk.photo())
    assert nothing_is_left(site)


def test_the_same_file_twice_is_taken_and_noted(site, desk) -> None:
    photo = desk.photo()
    first = desk.deposit(photo)
    assert first.duplicates == ()
    again = desk.deposit(desk.photo(), photo)
    (twin,) = again.duplicates
    assert (twin.filename, twin.record_id) == ("file-1.jpg", first.record.id)
    within = desk.deposit(*[desk.photo()] * 2)
    assert [twin.record_id for twin in within.duplicates] == [within.record.id]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("photo.jpg", "photo.jpg"),
        ("C:\\secret\\photo.jpg", "photo.jpg"),
        ("../../etc/passwd", "passwd"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\x00b\r\nc\x1b.jpg", "abc.jpg"),
        ("e\u0301.jpg", "é.jpg"),
        ("  .. ", "unnamed"),
        ("", "unnamed"),
        (None, "unnamed"),
        ("...", "unnamed"),
        ("x" * 400 + ".jpeg", "x" * 250 + ".jpeg"),
        ("ж" * 400 + ".jpeg", "ж" * 125 + ".jpeg"),
        ("x." + "y" * 400, "x." + "y" * 253),
    ],
)
def test_a_file_name_is_a_field_and_nothing_else(given: str, kept: str) -> None:
    assert filenames.clean(given) == kept
    assert len(filenames.clean(given).encode()) <= 255


def test_a_capture_is_told_to_the_ledger(site, desk) -> None:
    plain = desk.draft().document
    document = replace(plain, source=Source("https://t.me/a/1", "Telegram", "2020-10"))
    made = desk.deposit(draft=replace(desk.draft(), document=document))
    with site.db.read() as s:
        (line,) = site.ledger.entries(s, record=made.record.id, event="capture")
    assert line.detail == {"captured_at": "2020-10", "url": "https://t.me/a/1"}
