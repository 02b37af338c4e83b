"""Opens a blob at any offset: C2SP chunked-encryption as Cobblestone-256, seekable.

    key(32) || base nonce(12) || commitment(32) = HKDF-Expand-SHA-512(data key,
        "c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM" || 00 || salt || context)
    chunk k: plaintext  k * 16384 ...
             ciphertext 120 + k * 16400 ..., AES-256-GCM, nonce = base nonce XOR k

The library's own class reads from the start only; the tests hold this one to it byte
for byte. The last chunk is opened first: a file cut at any place is refused before a
byte of it is given out, and `size` is authentic. A reader belongs to one request at a
time; its methods may be called from several threads, one at a time gets through.
"""

import io
import os
import threading
import time
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

    def open_chunks(self, first: int, sealed: memoryview, plain: memoryview) -> None:
        """Open chunks from number `first` into `plain`, which has exactly the room.

        :raises IntegrityError: one of them is not that chunk of this message; of what
            stands before it `plain` holds the plaintext, of the others nothing
        """
        base, decrypt, at = self._base_nonce, self._cipher.decrypt_into, 0
        for number, start in enumerate(range(0, len(sealed), SEALED_CHUNK), first):
            nonce = (base ^ number).to_bytes(12, "big")
            chunk, room = sealed[start : start + SEALED_CHUNK], plain[at : at + CHUNK]
            try:
                decrypt(nonce, chunk, None, room)
            except InvalidTag:
                # The cipher fills the buffer before it has checked what it put there.
                room[:] = bytes(len(room))
                raise IntegrityError("a part of the sealed file is damaged") from None
            at += CHUNK


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
        self.opened_at = time.monotonic()
        self._position = 0
        self._batch = min(BATCH, source.size // SEALED_CHUNK + 1)
        self._sealed = self._plain = memoryview(bytearray())
        self._make_room()
        self._soiled = 0
        self._first = 0
        self._held = 0
        self._end = -1  # nothing was given out yet, so nothing goes on
        self._keys = self._read_start(data_key, expected)
        self._last, self.size = self._read_end()

    def _make_room(self) -> None:
        if not self._sealed:
            # A step that begins within a chunk touches one more than it is long.
            self._sealed = memoryview(bytearray((self._batch + 1) * SEALED_CHUNK))
            self._plain = memoryview(bytearray(self._batch * CHUNK))

    def _read_start(self, data_key: bytes, expected: Header) -> MessageKeys:
        start = self._sealed[:BODY]
        if self._source.read_into(0, start) < HEADER_SIZE:
            raise IntegrityError("the sealed file is cut off within its header")
        found = bytes(start[:HEADER_SIZE])
        if found != expected.to_bytes():
            read_header(found)  # another format is told apart from another object
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

    def _hold(self, first: int, sealed: memoryview, count: int) -> None:
        """Open these chunks into the buffer that stays."""
        self._held, size = 0, len(sealed) - count * TAG
        self._soiled = max(self._soiled, size)
        self._keys.open_chunks(first, sealed, self._plain[:size])
        self._first, self._held = first * CHUNK, size

    def _fetch(self, first: int, length: int) -> memoryview:
        """Read `length` sealed bytes from chunk `first` on into the reused buffer."""
        self._make_room()
        sealed = self._sealed[:length]
        if self._source.read_into(BODY + first * SEALED_CHUNK, sealed) != length:
            raise IntegrityError("the sealed file became shorter while it was read")
        return sealed

    def _open_chunks(self, first: int, count: int, length: int) -> None:
        """Open `count` chunks, `length` sealed bytes, and hold what is in them."""
        self._hold(first, self._fetch(first, length), count)

    def _run(self, first: int, most: int) -> tuple[int, int]:
        """Count the chunks from `first`, at most `most`, and their sealed bytes."""
        count = min(most, self._last + 1 - first)
        length = count * SEALED_CHUNK
        if first + count > self._last:
            length -= SEALED_CHUNK - (self.size - self._last * CHUNK + TAG)
        return count, length

    def _straight(self, offset: int, room: memoryview) -> int:
        """Open up to a step into `room` itself; only a chunk cut by its edges is held.

        No more is read than the chunks that are wanted.
        """
        first, skipped = divmod(offset, CHUNK)
        wanted = -(-(skipped + len(room)) // CHUNK)
        count, length = self._run(first, min(wanted, self._batch + 1))
        sealed, done = self._fetch(first, length), 0
        if skipped:
            self._hold(first, sealed[:SEALED_CHUNK], 1)
            done = self._give(offset, room)
            first, count, sealed = first + 1, count - 1, sealed[SEALED_CHUNK:]
        there, left = len(sealed) - count * TAG, len(room) - done
        whole = there if there <= left else left - left % CHUNK
        opened = whole + TAG * -(-whole // CHUNK)
        self._keys.open_chunks(first, sealed[:opened], room[done : done + whole])
        done += whole
        if opened < len(sealed):
            self._hold(first + whole // CHUNK, sealed[opened:], 1)
            done += self._give(offset + done, room[done:])
        return done

    def _ahead(self, offset: int, room: memoryview) -> int:
        """Give what is held at `offset`, after opening a whole batch where none is."""
        if not self._holds(offset):
            first = offset // CHUNK
            self._open_chunks(first, *self._run(first, self._batch))
        return self._give(offset, room)

    def _give(self, offset: int, room: memoryview) -> int:
        """Copy what is held from `offset` on; return how much of it there was."""
        start = offset - self._first
        part = self._plain[start : min(self._held, start + len(room))]
        room[: len(part)] = part
        return len(part)

    def _holds(self, offset: int) -> bool:
        return self._first <= offset < self._first + self._held

    def _copy(self, offset: int, room: memoryview) -> int:
        """Fill `room` from `offset`; return how many bytes there were."""
        done = 0
        room = room[: max(0, self.size - offset)]
        with self._lock:
            self._check_open()
            while done < len(room):
                at, left = offset + done, room[done:]
                reads_on = at in (self._end, self._first + self._held)
                near = self._holds(at) or (reads_on and len(left) < STEP // 2)
                done += self._ahead(at, left) if near else self._straight(at, left)
            self._end = offset + done
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
        # Filled in place and given out as it is: a film is not copied once more.
        room = io.BytesIO(bytes(min(length, max(0, self.size - offset))))
        with room.getbuffer() as view:
            self._copy(offset, view)
        return room.getvalue()

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
            for first in range(0, self._last + 1, self._batch):
                self._open_chunks(first, *self._run(first, self._batch))

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

    def rest(self) -> None:
        """Wipe and let go of the buffers, up to 640 KiB; a read makes new ones."""
        with self._lock:
            self._plain[: self._soiled] = bytes(self._soiled)
            self._held = self._soiled = 0
            self._end = -1
            self._sealed = self._plain = memoryview(bytearray())

    def pause(self) -> None:
        """Wipe what was opened, and keep the room for the next reader's ranges."""
        with self._lock:
            self._plain[: self._soiled] = bytes(self._soiled)
            self._held = self._soiled = self._position = 0
            self._end = -1

    def close(self) -> None:
        """Close the source and wipe the plaintext that is still held."""
        if self.closed:
            return
        with self._lock:
            self.rest()
            self._source.close()
            super().close()
