"""The folder store: private, whole or not at all, written once."""

import os
import stat
from datetime import UTC, datetime, timedelta

import pytest

from archive.vault.errors import NoSuchObject

NAME = "3f" + "a0" * 15


def write(store, name=NAME, data=b"sealed bytes"):
    writer = store.create(name)
    writer.write(data)
    writer.commit()


def read(store, name=NAME):
    source = store.open(name)
    data = bytearray(source.size)
    assert source.read_into(0, memoryview(data)) == source.size
    source.close()
    return bytes(data)


def test_a_blob_reads_back_and_lies_in_private_files(store, tmp_path, files):
    os_umask = os.umask(0)
    try:
        write(store)
    finally:
        os.umask(os_umask)
    assert read(store) == b"sealed bytes"
    assert files() == [tmp_path / "objects" / "3f" / NAME]
    assert stat.S_IMODE(files()[0].stat().st_mode) == 0o600
    for folder in (tmp_path / "objects", tmp_path / "objects" / "3f"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_blob_does_not_appear_before_it_is_whole(store, files):
    writer = store.create(NAME)
    writer.write(b"half")
    with pytest.raises(NoSuchObject):
        store.open(NAME)
    assert list(store.stored()) == []
    writer.abort()
    writer.abort()
    assert files() == []


def test_a_blob_is_never_written_twice_and_the_first_stays(store, files):
    write(store, data=b"first")
    second = store.create(NAME)
    second.write(b"second")
    with pytest.raises(FileExistsError):
        second.commit()
    second.abort()
    assert read(store) == b"first"
    assert len(files()) == 1


def test_aborting_after_the_commit_changes_nothing(store):
    writer = store.create(NAME)
    writer.write(b"kept")
    writer.commit()
    writer.abort()
    assert read(store) == b"kept"


@pytest.mark.parametrize("limit", [0, 3])
def test_a_write_that_the_disk_refuses_leaves_nothing(store, files, limit):
    writer = store.create(NAME)
    writer.write(b"abc")
    # A descriptor that cannot be written stands for a disk that is full.
    readonly = os.open("/dev/full", os.O_WRONLY)
    os.dup2(readonly, writer._descriptor)
    os.close(readonly)
    with pytest.raises(OSError, match="No space left"):
        writer.write(b"more")
    writer.abort()
    assert files() == []


def test_a_commit_that_fails_after_claiming_the_name_gives_it_back(store, files):
    writer = store.create(NAME)
    writer.write(b"lost")
    writer._unfinished.unlink()
    with pytest.raises(FileNotFoundError):
        writer.commit()
    writer.abort()
    assert files() == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../../etc/passwd",
        "A" * 32,
        "a" * 31,
        "a" * 33,
        "a" * 31 + "/",
        "a" * 32 + "\n",
    ],
)
def test_a_name_that_could_lead_elsewhere_is_refused(store, name):
    for use in (store.create, store.open, store.delete):
        with pytest.raises(ValueError, match="hexadecimal"):
            use(name)


def test_a_deleted_blob_is_gone_and_deleting_again_is_no_error(store, files):
    store.delete(NAME)
    write(store)
    store.delete(NAME)
    store.delete(NAME)
    assert files() == []
    with pytest.raises(NoSuchObject):
        store.open(NAME)


def test_a_link_in_place_of_a_blob_is_not_followed(store, tmp_path):
    (tmp_path / "elsewhere").write_bytes(b"secret")
    folder = tmp_path / "objects" / "3f"
    folder.mkdir()
    (folder / NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        store.open(NAME)


def test_the_list_names_size_and_age_of_finished_blobs_only(store, tmp_path):
    write(store)
    store.create("b" * 32).write(b"unfinished")
    (tmp_path / "objects" / "3f" / "notes.txt").write_text("not ours")
    (blob,) = store.stored()
    assert (blob.name, blob.size) == (NAME, 12)
    assert abs(datetime.now(UTC) - blob.modified_at) < timedelta(minutes=5)


def test_only_old_unfinished_writes_are_discarded(store, files):
    store.create(NAME).write(b"abandoned")
    assert store.discard_unfinished(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert len(files()) == 1
    assert store.discard_unfinished(datetime.now(UTC) + timedelta(hours=1)) == 1
    assert files() == []


def test_reading_beyond_the_end_gives_what_there_is(store):
    write(store, data=b"0123456789")
    source = store.open(NAME)
    buffer = bytearray(8)
    assert source.read_into(6, memoryview(buffer)) == 4
    assert buffer[:4] == b"6789"
    assert source.read_into(99, memoryview(buffer)) == 0
    source.close()
    source.close()
