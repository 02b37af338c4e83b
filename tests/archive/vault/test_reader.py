"""The seekable reader against the library's own class, at every edge."""

import io
import os
import random
import threading

import pytest
from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.vault.container import STEP
from archive.vault.errors import IntegrityError, WrongContext
from archive.vault.reader import (
    BATCH,
    CHUNK,
    MOST_CHUNKS,
    SEALED_CHUNK,
    MessageKeys,
    SealedReader,
)

EDGES = [0, 1, 2, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1]
EDGES += [STEP - 1, STEP, STEP + 1, STEP + CHUNK, 2 * STEP - 1, 2 * STEP, 2 * STEP + 1]
RANDOM_SIZES = random.Random(3).sample(range(600_000), 24)


@pytest.mark.parametrize("size", EDGES + RANDOM_SIZES)
def test_what_the_library_sealed_is_read_byte_for_byte(
    size, header, data_key, open_bytes
):
    draw = random.Random(size)
    plaintext = draw.randbytes(size)
    cipher = Cobblestone256Encryptor(data_key, header.context)
    message = cipher.update(plaintext) + cipher.finalize()
    with open_bytes(header.to_bytes() + message, header, data_key) as reader:
        assert reader.size == size
        assert reader.read() == plaintext
        for _ in range(50):
            offset, length = draw.randrange(size + 1), draw.randrange(size + 1)
            expected = plaintext[offset : offset + length]
            assert reader.read_range(offset, length) == expected
        for offset in {0, 1, CHUNK - 1, CHUNK, size - 1, size, size + 1} - {-1}:
            assert reader.read_range(offset, 1) == plaintext[offset : offset + 1]


@pytest.mark.parametrize("size", EDGES)
def test_the_library_opens_what_is_sealed_here(size, seal, header, data_key):
    plaintext = random.Random(size).randbytes(size)
    blob = seal(plaintext, header, data_key)
    cipher = Cobblestone256Decryptor(data_key, header.context)
    assert cipher.update(blob[64:]) + cipher.finalize() == plaintext


@settings(max_examples=60, deadline=None)
@given(
    size=st.one_of(st.sampled_from(EDGES), st.integers(0, 100_000)),
    moves=st.lists(st.tuples(st.integers(0, 110_000), st.integers(0, 40_000))),
)
def test_seeking_and_reading_is_the_same_as_in_a_plain_file(
    size, moves, seal, header, data_key, open_bytes
):
    plaintext = random.Random(size).randbytes(size)
    plain = io.BytesIO(plaintext)
    with open_bytes(seal(plaintext, header, data_key), header, data_key) as reader:
        for offset, length in moves:
            assert reader.seek(offset) == plain.seek(offset)
            assert reader.read(length) == plain.read(length)
            assert reader.tell() == plain.tell()


@pytest.fixture
def reader(seal, header, data_key, open_bytes):
    plaintext = random.Random(1).randbytes(3 * STEP + 77)
    with open_bytes(seal(plaintext, header, data_key), header, data_key) as opened:
        opened.plaintext = plaintext
        yield opened


def test_seeking_counts_from_start_position_and_end(reader):
    assert reader.seek(-10, os.SEEK_END) == reader.size - 10
    assert reader.read() == reader.plaintext[-10:]
    assert reader.seek(5) == 5
    assert reader.seek(3, os.SEEK_CUR) == 8
    assert reader.read(4) == reader.plaintext[8:12]
    assert reader.seek(reader.size + 5) == reader.size + 5
    assert reader.read(4) == b""
    for offset, whence in [(-1, os.SEEK_SET), (-reader.size - 1, os.SEEK_END), (0, 9)]:
        with pytest.raises(ValueError, match="seek"):
            reader.seek(offset, whence)


def test_a_range_leaves_the_position_alone_and_ends_with_the_plaintext(reader):
    reader.seek(100)
    assert reader.read_range(reader.size - 3, 100) == reader.plaintext[-3:]
    assert reader.read_range(reader.size, 1) == b""
    assert reader.tell() == 100
    for offset, length in [(-1, 1), (0, -1)]:
        with pytest.raises(ValueError, match="negative"):
            reader.read_range(offset, length)


@pytest.mark.parametrize("start", [0, 1, CHUNK, STEP - 1, STEP + 5, 3 * STEP + 76])
@pytest.mark.parametrize("stop", [0, 2, CHUNK + 1, 2 * STEP, 3 * STEP + 77, 2**63])
def test_pieces_are_the_range_in_parts_of_at_most_one_step(reader, start, stop):
    pieces = list(reader.pieces(start, stop))
    assert b"".join(pieces) == reader.plaintext[start:stop]
    assert all(0 < len(piece) <= STEP for piece in pieces)


def test_it_works_under_a_buffered_reader(reader):
    buffered = io.BufferedReader(reader, 5000)
    buffered.seek(CHUNK - 10)
    assert buffered.read(20) == reader.plaintext[CHUNK - 10 : CHUNK + 10]
    buffered.detach()


def test_several_threads_may_use_one_reader(reader):
    wrong = []

    def read_here_and_there(seed: int) -> None:
        draw = random.Random(seed)
        for _ in range(150):
            offset, length = draw.randrange(reader.size), draw.randrange(2 * CHUNK)
            expected = reader.plaintext[offset : offset + length]
            if reader.read_range(offset, length) != expected:
                wrong.append(offset)

    threads = [
        threading.Thread(target=read_here_and_there, args=(n,)) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_closed_reader_has_wiped_its_plaintext_and_closed_its_source(
    seal, header, data_key, source
):
    blob = source(seal(b"secret" * 1000, header, data_key))
    reader = SealedReader(blob, data_key, header)
    reader.read(100)
    held = reader._plain
    assert b"secret" in bytes(held)
    reader.close()
    reader.close()
    assert not any(held)
    assert blob.is_closed
    for use in (lambda: reader.read_range(0, 1), lambda: reader.seek(0), reader.read):
        with pytest.raises(ValueError, match="closed"):
            use()


def test_a_damaged_chunk_gives_out_nothing_of_itself(
    seal, header, data_key, open_bytes
):
    plaintext = b"unauthenticated " * (3 * CHUNK // 16)
    blob = bytearray(seal(plaintext, header, data_key))
    blob[120 + SEALED_CHUNK + 50] ^= 1
    with open_bytes(bytes(blob), header, data_key) as reader:
        assert reader.read_range(0, CHUNK) == plaintext[:CHUNK]
        with pytest.raises(IntegrityError):
            reader.read_range(CHUNK, 10)
        assert b"unauthenticated" not in bytes(reader._plain)[CHUNK:]
        with pytest.raises(IntegrityError):
            reader.verify_all()
        assert reader.read_range(2 * CHUNK, 16) == plaintext[:16]


def test_the_last_chunk_is_authenticated_before_anything_is_given_out(
    seal, header, data_key, open_bytes
):
    blob = bytearray(seal(bytes(5 * CHUNK + 9), header, data_key))
    blob[-1] ^= 1
    with pytest.raises(IntegrityError):
        open_bytes(bytes(blob), header, data_key)


def test_a_source_that_becomes_shorter_is_noticed(seal, header, data_key, source):
    blob = source(seal(bytes(5 * CHUNK), header, data_key))
    with SealedReader(blob, data_key, header) as reader:
        blob.data = blob.data[: 120 + SEALED_CHUNK]
        assert reader.read_range(0, CHUNK) == bytes(CHUNK)
        with pytest.raises(IntegrityError, match="shorter"):
            reader.read_range(CHUNK, 1)


def test_a_jump_opens_only_what_is_wanted_and_reading_on_a_whole_batch(
    seal, header, data_key, source
):
    wanted = []

    class Counting(source):
        def read_into(self, offset: int, buffer: memoryview) -> int:
            wanted.append(len(buffer))
            return super().read_into(offset, buffer)

    blob = seal(bytes(40 * CHUNK), header, data_key)
    with SealedReader(Counting(blob), data_key, header) as reader:
        wanted.clear()
        reader.read_range(20 * CHUNK + 5, 1)
        assert wanted == [SEALED_CHUNK]
        reader.read_range(20 * CHUNK + 7, 100)
        assert wanted == [SEALED_CHUNK]
        reader.read_range(21 * CHUNK, 1)
        assert wanted == [SEALED_CHUNK, BATCH * SEALED_CHUNK]


class VastSource:
    """A blob of any length, sealed chunk by chunk where it is looked at.

    Chunk `k` holds the number `k` again and again.
    """

    def __init__(self, size: int, header, data_key: bytes) -> None:
        self.last, self.rest = divmod(size, CHUNK)
        self.size = 120 + self.last * SEALED_CHUNK + self.rest + 16
        salt = bytes(24)
        info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt
        expand = HKDFExpand(hashes.SHA512(), 76, info + header.context)
        derived = expand.derive(data_key)
        self.start = header.to_bytes() + salt + derived[44:]
        self.cipher = AESGCM(derived[:32])
        self.base_nonce = derived[32:44]

    def chunk(self, number: int) -> bytes:
        plain = (number.to_bytes(8, "big") * (CHUNK // 8))[
            : CHUNK if number < self.last else self.rest
        ]
        counter = number.to_bytes(12, "big")
        nonce = bytes(a ^ b for a, b in zip(self.base_nonce, counter, strict=True))
        return self.cipher.encrypt(nonce, plain, None)

    def read_into(self, offset: int, buffer: memoryview) -> int:
        if offset == 0:
            buffer[:] = self.start
            return len(buffer)
        first, skipped = divmod(offset - 120, SEALED_CHUNK)
        assert skipped == 0
        count = -(-len(buffer) // SEALED_CHUNK)
        data = b"".join(self.chunk(first + index) for index in range(count))
        buffer[:] = data[: len(buffer)]
        return len(buffer)

    def close(self) -> None:
        pass


@pytest.mark.parametrize("size", [2**32 + 1, 2**32 + CHUNK, 2**41 + 5, 2**52 - 1])
def test_offsets_beyond_four_gibibytes_are_exact(size, header, data_key):
    offsets = [2**31 - 1, 2**31, 2**32 - 9, 2**32 - 1, 2**32, size - 1]
    with SealedReader(VastSource(size, header, data_key), data_key, header) as reader:
        assert reader.size == size
        for offset in offsets:
            got = reader.read_range(offset, 16)
            expected = b"".join(
                (at // CHUNK).to_bytes(8, "big")[at % 8 :][:1]
                for at in range(offset, min(offset + 16, size))
            )
            assert got == expected
        assert reader.seek(-1, os.SEEK_END) == size - 1
        assert len(reader.read()) == 1


def test_more_chunks_than_the_specification_allows_are_refused(header, data_key):
    vast = VastSource(MOST_CHUNKS * CHUNK, header, data_key)
    with pytest.raises(IntegrityError):
        SealedReader(vast, data_key, header)


def test_the_key_commitment_is_compared_before_anything_is_decrypted(
    seal, header, data_key, open_bytes
):
    blob = seal(b"x" * 100, header, data_key)
    with pytest.raises(IntegrityError, match="data key do not fit"):
        open_bytes(blob, header, bytes(32))
    keys = MessageKeys(data_key, blob[64:88], header.context)
    assert keys.fit(blob[88:120])
    assert not keys.fit(bytes(32))


def test_another_object_in_its_place_is_named_as_such(
    seal, header, data_key, open_bytes
):
    other = type(header)(header.data_key_id, header.kind, 1, header.data_key_id)
    with pytest.raises(WrongContext):
        open_bytes(seal(b"x", other, data_key), header, data_key)
