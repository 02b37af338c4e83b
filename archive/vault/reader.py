"""Opens a blob at any offset: C2SP chunked-encryption as Cobblestone-256, seekable.

    key(32) || base nonce(12) || commitment(32) = HKDF-Expand-SHA-512(data key,
        "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM" || 00 || salt || context)
    chunk k: plaintext  k * 16384 ...
             ciphertext 120 + k * 16400 ..., AES-256-GCM, nonce = base nonce XOR k

The library's own class reads from the start only; the tests hold this one to it byte
for byte. The last chunk is opened first: a file cut at any place is refused before a
byte of it is given out, and `size` is authentic. A reader belongs to one request; its
methods may be called from several threads, one at a time gets through.
"""

import io
import os
import threading
from collections.abc import Iterator
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import constant_time, hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from archive.vault.container import HEADER_SIZE, STEP, Header, read_header
from archive.vault.errors import IntegrityError, WrongContext

CHUNK = 16 * 1024
TAG = 16
SEALED_CHUNK = CHUNK + TAG
SALT = 24
COMMITMENT = 32
BODY = HEADER_SIZE + SALT + COMMITMENT
BATCH = STEP // CHUNK
MOST_CHUNKS = 2**38

_INFO = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0"


class Source(Protocol):
    """Sealed bytes that can be read anywhere: a file, a range of a stored object."""

    @property
    def size(self) -> int:
        """Length in bytes."""
        ...

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Fill the buffer from the offset; return how many bytes there were."""
        ...

    def close(self) -> None:
        """Give up what the source holds."""
        ...


class MessageKeys:
    """The three secrets of one message, and the opening of single chunks."""

    def __init__(self, data_key: bytes, salt: bytes, context: bytes) -> None:
        expand = HKDFExpand(
            hashes.SHA512(), 32 + 12 + COMMITMENT, _INFO + salt + context
        )
        derived = expand.derive(data_key)
        self._cipher = AESGCM(derived[:32])
        self._base_nonce = int.from_bytes(derived[32:44], "big")
        self._commitment = derived[44:]

    def fit(self, commitment: bytes) -> bool:
        """Tell in constant time whether the message commits to this very key."""
        return constant_time.bytes_eq(self._commitment, commitment)

    def open_chunk(self, number: int, sealed: memoryview, plain: memoryview) -> None:
        """Open chunk `number` into `plain`, which has exactly the room for it.

        :raises IntegrityError: it is not chunk `number` of this message
        """
        nonce = (self._base_nonce ^ number).to_bytes(12, "big")
        try:
            self._cipher.decrypt_into(nonce, sealed, None, plain)
        except InvalidTag:
            # The cipher fills the buffer before it has checked what it put there.
            plain[:] = bytes(len(plain))
            raise IntegrityError("a part of the sealed file is damaged") from None


class SealedReader(io.RawIOBase):
    """The plaintext of one blob as a seekable stream of known, authentic size.

    :raises UnsupportedFormat: not a blob v1
    :raises WrongContext: a blob, but not the expected one
    :raises IntegrityError: wrong key, damaged, cut or lengthened
    """

    def __init__(self, source: Source, data_key: bytes, expected: Header) -> None:
        super().__init__()
        self._source = source
        self._lock = threading.RLock()
        self._position = 0
        self._batch = min(BATCH, source.size // SEALED_CHUNK + 1)
        self._sealed = memoryview(bytearray(self._batch * SEALED_CHUNK))
        self._plain = memoryview(bytearray(self._batch * CHUNK))
        self._first = 0
        self._held = 0
        self._keys = self._read_start(data_key, expected)
        self._last, self.size = self._read_end()

    def _read_start(self, data_key: bytes, expected: Header) -> MessageKeys:
        start = self._sealed[:BODY]
        if self._source.read_into(0, start) < HEADER_SIZE:
            raise IntegrityError("the sealed file is cut off within its header")
        found = bytes(start[:HEADER_SIZE])
        read_header(found)
        if found != expected.to_bytes():
            raise WrongContext("the sealed file is another object than was asked for")
        salt = bytes(start[HEADER_SIZE : HEADER_SIZE + SALT])
        keys = MessageKeys(data_key, salt, expected.context)
        if not keys.fit(bytes(start[HEADER_SIZE + SALT :])):
            raise IntegrityError("the sealed file and its data key do not fit together")
        return keys

    def _read_end(self) -> tuple[int, int]:
        last, length = divmod(self._source.size - BODY, SEALED_CHUNK)
        if last < 0 or length < TAG or last >= MOST_CHUNKS:
            raise IntegrityError("the sealed file is cut off")
        self._open_chunks(last, 1, length)
        return last, last * CHUNK + length - TAG

    def _open_chunks(self, first: int, count: int, length: int) -> None:
        """Open `count` chunks, `length` sealed bytes, into the reused buffer."""
        self._held = 0
        sealed = self._sealed[:length]
        offset = BODY + first * SEALED_CHUNK
        if self._source.read_into(offset, sealed) != length:
            raise IntegrityError("the sealed file became shorter while it was read")
        for index in range(count):
            chunk = sealed[index * SEALED_CHUNK : (index + 1) * SEALED_CHUNK]
            room = self._plain[index * CHUNK : index * CHUNK + len(chunk) - TAG]
            self._keys.open_chunk(first + index, chunk, room)
        self._first = first * CHUNK
        self._held = length - count * TAG

    def _hold(self, offset: int, wanted: int) -> None:
        """Make the buffer hold the plaintext at `offset`, which is below `size`.

        A jump opens only the chunks that are wanted; reading on opens a whole batch.
        """
        if self._first <= offset < self._first + self._held:
            return
        reads_on = offset == self._first + self._held
        first = offset // CHUNK
        needed = (offset + wanted - 1) // CHUNK + 1 - first
        count = self._batch if reads_on else min(needed, self._batch)
        count = min(count, self._last + 1 - first)
        length = count * SEALED_CHUNK
        if first + count > self._last:
            length -= SEALED_CHUNK - (self.size - self._last * CHUNK + TAG)
        self._open_chunks(first, count, length)

    def _copy(self, offset: int, room: memoryview) -> int:
        """Fill `room` from `offset`; return how many bytes there were."""
        done = 0
        room = room[: max(0, self.size - offset)]
        with self._lock:
            self._check_open()
            while done < len(room):
                self._hold(offset + done, len(room) - done)
                start = offset + done - self._first
                part = self._plain[start : min(self._held, start + len(room) - done)]
                room[done : done + len(part)] = part
                done += len(part)
        return done

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("the reader is closed")

    def read_range(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`, fewer only at the end.

        The position of the stream stays where it is.

        :raises IntegrityError: a chunk of the range is damaged; nothing is given out
        """
        if offset < 0 or length < 0:
            raise ValueError("offset and length cannot be negative")
        room = bytearray(min(length, max(0, self.size - offset)))
        self._copy(offset, memoryview(room))
        return bytes(room)

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """Give out `start` up to, not including, `stop` in pieces of 256 KiB or less.

        :raises IntegrityError: a chunk is damaged; the transfer must break then
        """
        for offset in range(start, min(stop, self.size), STEP):
            yield self.read_range(offset, min(STEP, stop - offset))

    def verify_all(self) -> None:
        """Authenticate every chunk, keeping nothing.

        :raises IntegrityError: one of them is damaged
        """
        with self._lock:
            self._check_open()
            for offset in range(0, self.size, STEP):
                self._hold(offset, min(STEP, self.size - offset))

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer from the position on; 0 means the end."""
        with self._lock:
            count = self._copy(self._position, memoryview(buffer).cast("B"))
            self._position += count
        return count

    def readable(self) -> bool:
        """Say that this stream can be read."""
        return True

    def seekable(self) -> bool:
        """Say that this stream can be read anywhere."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to an offset; beyond the end is allowed and reads nothing.

        :raises ValueError: before the beginning, or an unknown `whence`
        """
        with self._lock:
            self._check_open()
            bases = {
                os.SEEK_SET: 0,
                os.SEEK_CUR: self._position,
                os.SEEK_END: self.size,
            }
            if whence not in bases or bases[whence] + offset < 0:
                raise ValueError("cannot seek there")
            self._position = bases[whence] + offset
            return self._position

    def tell(self) -> int:
        """Return the position in the plaintext."""
        return self._position

    def close(self) -> None:
        """Close the source and wipe the plaintext that is still held."""
        if self.closed:
            return
        with self._lock:
            self._plain[:] = bytes(len(self._plain))
            self._held = 0
            self._source.close()
            super().close()
