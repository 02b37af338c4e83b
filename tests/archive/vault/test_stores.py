"""What every store of blobs does, held against a folder and against a bucket alike.

The bucket is that of a SeaweedFS of its own, or of the service VIGIL_TEST_S3 names.
"""

import hashlib
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from archive import config
from archive.vault import stores
from archive.vault.checking import verify_object
from archive.vault.container import Kind
from archive.vault.errors import NoSuchObject
from archive.vault.objects import Vault
from archive.vault.s3 import PART_BYTES

NAME = "3f" + "a0" * 15
OTHER = "b1" * 16
MEBIBYTE = 1 << 20


@pytest.fixture(params=["folder", "s3"])
def any_store(request, tmp_path):
    environ = {"VIGIL_HOME": str(tmp_path / "home")}
    if request.param == "s3":
        environ |= request.getfixturevalue("s3_environ")
        # Eight writers of 8 MiB at once take longer on a busy machine.
        environ["VIGIL_S3_TIMEOUT_SECONDS"] = "20"
    settings = config.load(environ)
    return stores.open_store(settings, settings.object_store)


def write(store, name=NAME, data=b"sealed bytes"):
    writer = store.create(name)
    for start in range(0, len(data), 256 * 1024):
        writer.write(data[start : start + 256 * 1024])
    writer.commit()


def read(store, name=NAME, piece=256 * 1024):
    source = store.open(name)
    data = bytearray()
    while len(data) < source.size:
        buffer = bytearray(piece)
        count = source.read_into(len(data), memoryview(buffer))
        assert count
        data += buffer[:count]
    source.close()
    return bytes(data)


@pytest.mark.parametrize(
    "size",
    [1, 12, 65_536, 65_537, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 3],
)
def test_a_blob_of_any_size_reads_back(any_store, size):
    data = os.urandom(size)
    write(any_store, data=data)
    assert read(any_store) == data
    assert [(b.name, b.size) for b in any_store.stored()] == [(NAME, size)]


def test_any_range_of_a_blob_reads_the_same(any_store):
    data = os.urandom(3 * MEBIBYTE + 17)
    write(any_store, data=data)
    source = any_store.open(NAME)
    places = [0, 1, 65_535, 65_536, MEBIBYTE, len(data) - 1, len(data), len(data) + 9]
    for offset in places:
        for length in (1, 70_000, MEBIBYTE):
            buffer = bytearray(length)
            count = source.read_into(offset, memoryview(buffer))
            assert buffer[:count] == data[offset : offset + length]
    source.close()


def test_threads_may_read_one_blob_at_once(any_store):
    data = os.urandom(2 * MEBIBYTE)
    write(any_store, data=data)
    source = any_store.open(NAME)

    def part(offset):
        buffer = bytearray(50_000)
        count = source.read_into(offset, memoryview(buffer))
        return bytes(buffer[:count]) == data[offset : offset + 50_000]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(part, range(0, len(data), 37_000)))


@pytest.mark.parametrize("size", [12, PART_BYTES + 5])
def test_a_blob_does_not_appear_before_it_is_whole(any_store, size):
    writer = any_store.create(NAME)
    writer.write(bytes(size))
    with pytest.raises(NoSuchObject):
        any_store.open(NAME)
    assert list(any_store.stored()) == []
    writer.abort()
    writer.abort()
    assert list(any_store.stored()) == []


@pytest.mark.parametrize("first", [b"first", bytes(PART_BYTES + 1)])
@pytest.mark.parametrize("second", [b"second", bytes(PART_BYTES + 2)])
def test_a_blob_is_never_written_twice(any_store, first, second):
    write(any_store, data=first)
    writer = any_store.create(NAME)
    writer.write(second)
    with pytest.raises(FileExistsError):
        writer.commit()
    writer.abort()
    assert read(any_store) == first


@pytest.mark.parametrize("size", [1000, PART_BYTES + 1000])
def test_of_many_who_write_one_name_one_succeeds(any_store, size):
    barrier = threading.Barrier(4)

    def attempt(number):
        writer = any_store.create(NAME)
        writer.write(bytes([number]) * size)
        barrier.wait()
        try:
            writer.commit()
        except FileExistsError:
            writer.abort()
            return None
        return number

    with ThreadPoolExecutor(4) as pool:
        won = [n for n in pool.map(attempt, range(4)) if n is not None]
    assert len(won) == 1
    assert read(any_store) == bytes(won) * size


def test_aborting_after_the_commit_changes_nothing(any_store):
    writer = any_store.create(NAME)
    writer.write(b"kept")
    writer.commit()
    writer.abort()
    assert read(any_store) == b"kept"


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 32, "a" * 31 + "/"])
def test_a_name_that_could_lead_elsewhere_is_refused(any_store, name):
    for use in (any_store.create, any_store.open, any_store.delete):
        with pytest.raises(ValueError, match="hexadecimal"):
            use(name)


def test_a_deleted_blob_is_gone_and_deleting_again_is_no_error(any_store):
    any_store.delete(NAME)
    write(any_store)
    write(any_store, OTHER)
    any_store.delete(NAME)
    any_store.delete(NAME)
    with pytest.raises(NoSuchObject):
        any_store.open(NAME)
    assert [blob.name for blob in any_store.stored()] == [OTHER]


def test_the_list_has_everything_with_size_and_age(any_store):
    names = [f"{number:032x}" for number in range(40)]
    for number, name in enumerate(names, 1):
        write(any_store, name, bytes(number))
    found = {blob.name: blob for blob in any_store.stored()}
    assert {n: b.size for n, b in found.items()} == {
        name: number for number, name in enumerate(names, 1)
    }
    now = datetime.now(UTC)
    assert all(now - b.modified_at < timedelta(minutes=5) for b in found.values())


def test_what_was_begun_and_never_finished_is_discarded_when_old(any_store):
    writer = any_store.create(NAME)
    writer.write(b"abandoned")
    write(any_store, OTHER)
    assert any_store.discard_unfinished(datetime.now(UTC) - timedelta(hours=1)) == 0
    any_store.discard_unfinished(datetime.now(UTC) + timedelta(hours=1))
    assert [blob.name for blob in any_store.stored()] == [OTHER]


def test_a_store_that_works_says_so(any_store):
    any_store.check()


def test_an_object_is_sealed_into_and_opened_from_any_store(any_store, keyring, s, now):
    vault = Vault(keyring, any_store)
    data = os.urandom(9 * MEBIBYTE + 5)
    with vault.new_object(Kind.ORIGINAL) as incoming:
        incoming.write(data)
        incoming.finish_bytes()
        with incoming.reader() as reader:
            assert reader.read_range(8 * MEBIBYTE, 7) == data[8 * MEBIBYTE :][:7]
        ref = incoming.finish(s, now)
    s.commit()
    assert ref.sha256 == hashlib.sha256(data).digest()
    (checked,) = verify_object(s, vault, ref.object_id)
    assert checked.problem is None


_STREAM = """
import resource, sys
from archive import config
from archive.vault import stores
settings = config.load(dict(pair.split("=", 1) for pair in sys.argv[2:]))
store = stores.open_store(settings, settings.object_store)
def stream(name, mebibytes):
    writer = store.create(name)
    for _ in range(mebibytes * 4):
        writer.write(bytes(262144))
    writer.commit()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
stream("00" * 16, 32)
before = stream("01" * 16, 32)
print(stream("02" * 16, int(sys.argv[1])) - before)
"""


def test_a_large_blob_goes_to_a_bucket_in_constant_memory(s3_environ, tmp_path):
    given = {"VIGIL_HOME": str(tmp_path / "home"), **s3_environ}
    pairs = [f"{name}={value}" for name, value in given.items()]
    command = [sys.executable, "-c", _STREAM, "256", *pairs]
    done = subprocess.run(command, check=True, capture_output=True, timeout=120)
    unit = 1024 if sys.platform == "linux" else 1
    assert int(done.stdout) * unit < 48 * MEBIBYTE
