"""More than ten thousand changes of sealed files; not one may be accepted."""

import random
from collections.abc import Iterator
from itertools import permutations
from uuid import UUID

import pytest
from cryptography.cobblestone import Cobblestone128Encryptor
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.vault.container import Header, Kind
from archive.vault.errors import (
    IntegrityError,
    UnsupportedFormat,
    VaultError,
    WrongContext,
)
from archive.vault.reader import BODY, CHUNK, SEALED_CHUNK, SealedReader

SIZES = [3 * CHUNK, 3 * CHUNK + CHUNK - 1, 3 * CHUNK + 1000]


@pytest.fixture(params=SIZES, ids=["empty-end", "full-end", "middling-end"])
def plaintext(request) -> bytes:
    return random.Random(request.param).randbytes(request.param)


@pytest.fixture
def blob(seal, plaintext, header, data_key) -> bytes:
    return seal(plaintext, header, data_key)


@pytest.fixture
def accepted(source, header, data_key, blob):
    """Count which of the given bytes open as the expected object, wholly."""

    def count(mutations) -> tuple[int, int]:
        tried = taken = 0
        for mutation in mutations:
            if mutation == blob:
                continue
            tried += 1
            taken += opens(source(mutation), data_key, header)
        return tried, taken

    return count


def opens(source, data_key: bytes, header: Header) -> bool:
    try:
        with SealedReader(source, data_key, header) as reader:
            reader.verify_all()
    except VaultError:
        return False
    return True


def flip(blob: bytes, bit: int) -> bytes:
    changed = bytearray(blob)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_the_unchanged_blob_opens(source, blob, data_key, header):
    assert opens(source(blob), data_key, header)


def test_no_bit_of_header_salt_and_commitment_can_change(blob, accepted):
    assert accepted(flip(blob, bit) for bit in range(BODY * 8)) == (960, 0)


def test_no_bit_of_the_end_can_change(blob, accepted):
    end = len(blob) * 8
    assert accepted(flip(blob, bit) for bit in range(end - 40 * 8, end)) == (320, 0)


def test_no_bit_of_the_body_can_change(blob, accepted):
    bits = range(BODY * 8, len(blob) * 8, 409)
    tried, taken = accepted(flip(blob, bit) for bit in bits)
    assert tried > 900
    assert taken == 0


def test_no_cut_is_accepted(blob, accepted):
    edges = {BODY + chunk * SEALED_CHUNK for chunk in range(5)}
    near = {edge + by for edge in edges for by in range(-40, 41)}
    lengths = (set(range(160)) | near) & set(range(len(blob)))
    tried, taken = accepted(blob[:length] for length in sorted(lengths))
    assert tried > 350
    assert taken == 0


def test_a_cut_is_found_before_a_byte_is_given_out(blob, source, data_key, header):
    for length in range(BODY, len(blob), 61):
        with pytest.raises(IntegrityError):
            SealedReader(source(blob[:length]), data_key, header)


def test_nothing_can_be_added(blob, accepted):
    ends = [bytes(1), bytes(15), bytes(16), bytes(SEALED_CHUNK), blob, blob[BODY:]]
    ends += [blob[-16:], blob[-SEALED_CHUNK:], bytes(2**20)]
    longer = [blob + end for end in ends]
    longer += [end + blob for end in ends]
    assert accepted(longer) == (18, 0)


def chunks_of(blob: bytes) -> list[bytes]:
    return [
        blob[start : start + SEALED_CHUNK]
        for start in range(BODY, len(blob), SEALED_CHUNK)
    ]


def rearranged(blob: bytes) -> Iterator[bytes]:
    chunks = chunks_of(blob)
    for order in permutations(chunks):
        yield blob[:BODY] + b"".join(order)
    for index in range(len(chunks)):
        yield blob[:BODY] + b"".join(chunks[:index] + chunks[index + 1 :])
        for at in range(len(chunks) + 1):
            twice = [*chunks[:at], chunks[index], *chunks[at:]]
            yield blob[:BODY] + b"".join(twice)
        hole = [*chunks[:index], bytes(len(chunks[index])), *chunks[index + 1 :]]
        yield blob[:BODY] + b"".join(hole)


def test_chunks_cannot_be_moved_repeated_left_out_or_emptied(blob, accepted):
    tried, taken = accepted(rearranged(blob))
    assert tried >= 45
    assert taken == 0


def test_random_damage_is_never_accepted(blob, accepted):
    draw = random.Random(len(blob))

    def damaged() -> Iterator[bytes]:
        for _ in range(2000):
            changed = bytearray(blob)
            for _ in range(draw.randrange(1, 6)):
                at = draw.randrange(len(blob))
                changed[at : at + draw.randrange(1, 40)] = draw.randbytes(
                    draw.randrange(40)
                )
            yield bytes(changed)

    tried, taken = accepted(damaged())
    assert tried == 2000
    assert taken == 0


@settings(max_examples=150, deadline=None)
@given(
    size=st.sampled_from([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK]),
    start=st.integers(0, 40_000),
    cut=st.integers(0, 200),
    put=st.binary(max_size=200),
)
def test_any_replacement_of_any_part_is_refused(
    size, start, cut, put, seal, source, header, data_key
):
    blob = seal(bytes(size), header, data_key)
    start %= len(blob)
    changed = blob[:start] + put + blob[start + cut :]
    assert opens(source(changed), data_key, header) == (changed == blob)


OTHER_HEADERS = {
    "another object": {"object_id": UUID(int=1)},
    "a preview": {"kind": Kind.PREVIEW_IMAGE},
    "a clip": {"kind": Kind.PREVIEW_VIDEO},
    "an index file": {"kind": Kind.INDEX_FILE},
    "a later revision": {"revision": 2},
    "another data key": {"data_key_id": UUID(int=2)},
}


@pytest.mark.parametrize("changes", OTHER_HEADERS.values(), ids=OTHER_HEADERS)
def test_no_object_stands_for_another(
    changes, seal, plaintext, blob, source, header, data_key
):
    other = Header(**{**vars(header), **changes})
    for presented, expected in [(blob, other), (seal(b"x", other, data_key), header)]:
        with pytest.raises(WrongContext):
            SealedReader(source(presented), data_key, expected)
    # With the header replaced as well, the message itself gives it away.
    forged = other.to_bytes() + blob[64:]
    with pytest.raises(IntegrityError):
        SealedReader(source(forged), data_key, other)


def transplants(one: bytes, two: bytes) -> Iterator[bytes]:
    cuts = [64, 88, BODY, BODY + SEALED_CHUNK, BODY + 2 * SEALED_CHUNK]
    for cut in cuts:
        yield one[:cut] + two[cut:]
    for start, stop in zip(cuts, [*cuts[1:], len(one)], strict=True):
        yield one[:start] + two[start:stop] + one[stop:]


def test_parts_of_another_file_under_the_same_key_do_not_fit(
    seal, plaintext, blob, accepted, header, data_key
):
    again = seal(plaintext, header, data_key)
    mixed = [part for part in transplants(blob, again) if part != again]
    assert accepted(mixed) == (9, 0)


@pytest.mark.parametrize("wrong", [bytes(32), b"\xff" * 32])
def test_a_wrong_key_opens_nothing(blob, source, header, data_key, wrong):
    with pytest.raises(IntegrityError):
        SealedReader(source(blob), wrong, header)
    for bit in range(256):
        key = bytearray(data_key)
        key[bit // 8] ^= 1 << bit % 8
        assert not opens(source(blob), bytes(key), header)


@pytest.mark.parametrize(("offset", "value"), [(8, 0), (8, 2), (9, 0), (9, 1), (11, 1)])
def test_an_older_or_newer_scheme_is_refused_by_name(
    blob, source, data_key, header, offset, value
):
    changed = bytearray(blob)
    changed[offset] = value
    with pytest.raises(UnsupportedFormat):
        SealedReader(source(bytes(changed)), data_key, header)


def test_a_weaker_suite_is_refused_even_if_the_message_is_right(
    source, header, data_key
):
    start = bytearray(header.to_bytes())
    start[9] = 1
    cipher = Cobblestone128Encryptor(data_key[:16], b"vigil.blob/v1\0" + bytes(start))
    message = cipher.update(b"weaker") + cipher.finalize()
    with pytest.raises(UnsupportedFormat, match="suite 1"):
        SealedReader(source(bytes(start) + message), data_key, header)


@pytest.mark.parametrize(
    "clear", [b"", b"\x89PNG\r\n\x1a\n", b"\0" * 4096, b"text" * 99]
)
def test_clear_files_in_the_store_are_never_given_out(clear, source, header, data_key):
    with pytest.raises(VaultError):
        SealedReader(source(clear), data_key, header)
