"""The header and the writer of blob v1."""

import random
import re

import pytest
from cryptography.exceptions import AlreadyFinalized

from archive.vault import container
from archive.vault.container import Header, Kind, Sealer, read_header
from archive.vault.errors import UnsupportedFormat


def test_the_header_has_exactly_the_documented_bytes(header):
    expected = (
        "8956474c0d0a1a0a"
        "01"
        "02"
        "0000"
        "00000000"
        "6f9619ff8b864011b42d00c04fc964ff"
        "01"
        "000000"
        "00000001"
        "1b4e28ba2fa141d2883f0016d3cca427"
        "0000000000000000"
    )
    assert header.to_bytes().hex() == expected
    assert header.context == b"vigil.blob/v1\0" + header.to_bytes()


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("revision", [1, 2, 2**32 - 1])
def test_a_header_reads_back_as_it_was_written(header, kind, revision):
    other = Header(header.object_id, kind, revision, header.data_key_id)
    assert read_header(other.to_bytes()) == other


@pytest.mark.parametrize(
    ("offset", "value", "sentence"),
    [
        (0, 0x88, "not a sealed file"),
        (4, 0x0A, "not a sealed file"),
        (8, 0, "version 0"),
        (8, 2, "version 2"),
        (9, 1, "suite 1 is refused"),
        (9, 3, "suite 3 is refused"),
        (10, 0x80, "flags 0x8000"),
        (11, 1, "flags 0x0001"),
        (11, 2, "flags 0x0002"),
        (12, 1, "reserved"),
        (15, 1, "reserved"),
        (32, 0, "kind 0"),
        (32, 8, "kind 8"),
        (33, 1, "reserved"),
        (35, 1, "reserved"),
        (56, 1, "reserved"),
        (63, 1, "reserved"),
    ],
)
def test_a_header_with_anything_unknown_in_it_is_refused(
    header, offset, value, sentence
):
    raw = bytearray(header.to_bytes())
    raw[offset] = value
    with pytest.raises(UnsupportedFormat, match=re.escape(sentence)):
        read_header(bytes(raw))


@pytest.mark.parametrize("length", [0, 1, 63, 65])
def test_a_header_of_another_length_is_refused(header, length):
    with pytest.raises(UnsupportedFormat):
        read_header((header.to_bytes() * 2)[:length])


@pytest.mark.parametrize(
    "size", [0, 1, 16383, 16384, 16385, container.STEP, container.STEP + 1]
)
def test_a_blob_is_as_much_longer_as_documented(seal, header, data_key, size):
    blob = seal(bytes(size), header, data_key)
    assert len(blob) == size + 120 + 16 * (size // 16384 + 1)


def test_how_the_plaintext_is_cut_for_writing_does_not_matter(
    header, data_key, open_bytes
):
    draw = random.Random(7)
    plaintext = draw.randbytes(1_500_000)
    pieces: list[bytes] = []

    class Sink:
        def write(self, data: bytes | memoryview) -> None:
            pieces.append(bytes(data))

    sealer = Sealer(Sink(), header, data_key)
    done = 0
    while done < len(plaintext):
        step = draw.choice([0, 1, 15, 16383, 16384, 100_000, container.STEP, 700_000])
        done += sealer.write(plaintext[done : done + step])
    sealer.finish()
    assert sealer.size == len(plaintext)
    with open_bytes(b"".join(pieces), header, data_key) as reader:
        assert reader.read() == plaintext


def test_nothing_can_be_added_after_the_last_chunk(header, data_key):
    class Sink:
        def write(self, data: bytes | memoryview) -> None:
            pass

    sealer = Sealer(Sink(), header, data_key)
    sealer.finish()
    with pytest.raises(AlreadyFinalized):
        sealer.write(b"more")


def test_the_same_plaintext_never_gives_the_same_bytes(seal, header, data_key):
    blobs = [seal(b"the same", header, data_key) for _ in range(1000)]
    assert len({blob[64:88] for blob in blobs}) == 1000
    assert len({blob[120:128] for blob in blobs}) == 1000
