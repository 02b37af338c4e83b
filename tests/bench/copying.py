"""Sealing and opening files beside copying them: processor seconds of one process."""

from __future__ import annotations

import hashlib
import io
import os
import random
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from cryptography.cobblestone import Cobblestone256Encryptor

from archive.vault import keytable
from archive.vault.blobs import FileSource, FolderStore
from archive.vault.container import STEP, Kind, Sealer
from archive.vault.keyrings import Keyring
from archive.vault.keys import UnlockSecret
from archive.vault.objects import SealingWriter, Vault
from archive.vault.reader import SealedReader
from tests.bench import premises
from tests.bench.measuring import Result, command_cpu_seconds, interleaved, peak_of
from tests.bench.premises import MEBIBYTE

SIZE = 256 * MEBIBYTE
VAST = 4096 * MEBIBYTE
ROUNDS = 7
PLACES = 50


def results() -> Iterator[Result]:
    """Copies, memory and first bytes; about half a minute."""
    with premises.folder(fast=True) as folder:
        yield from _copies(folder)
    yield from _memory()
    with premises.folder(fast=True) as folder:
        yield from _first_bytes(folder)


def _copies(folder: Path) -> Iterator[Result]:
    plain, copy = folder / "plain", folder / "copy"
    with plain.open("wb") as file:
        for _ in range(SIZE // MEBIBYTE):
            file.write(secrets.token_bytes(MEBIBYTE))
    sealed = _sealed(_vault(folder / "kept"), plain)
    ways: dict[str, Callable[[], float]] = {
        "cp": lambda: command_cpu_seconds("cp", str(plain), str(copy)),
        "digest": lambda: _spent(lambda: _digest(plain)),
        "cipher": lambda: _spent(lambda: _encrypt(plain)),
        "seal": lambda: _seal(folder, plain),
        "open": lambda: _spent(lambda: _open(sealed, copy)),
    }
    found = interleaved(ways, ROUNDS)
    apart = found["cp"] + found["digest"] + found["cipher"]
    named = "hash and seal 256 MiB"
    yield Result.beside(f"{named}; cp", found["seal"], found["cp"], "s")
    yield Result.beside(f"{named}; cp, SHA-256, cipher", found["seal"], apart, "s")
    yield Result.beside("open 256 MiB; cp", found["open"], found["cp"], "s")


def _vault(folder: Path) -> Vault:
    folder.mkdir()
    unlock = UnlockSecret(secrets.token_bytes(32))
    keyring = Keyring.create(unlock, folder / "keys", datetime.now(UTC))
    return Vault(keyring, FolderStore(folder / "objects"))


def _sealed(vault: Vault, plain: Path) -> SealingWriter:
    """Hash and seal a file in the pieces in which a server reads it."""
    writer, room = vault.new_object(Kind.ORIGINAL), memoryview(bytearray(STEP))
    with plain.open("rb", buffering=0) as file:
        while count := file.readinto(room):
            writer.write(room[:count])
    writer.finish_bytes()
    return writer


def _seal(folder: Path, plain: Path) -> float:
    vault = _vault(folder / secrets.token_hex(4))
    begun = time.process_time()
    writer = _sealed(vault, plain)
    spent = time.process_time() - begun
    writer.discard()
    return spent


def _open(sealed: SealingWriter, copy: Path) -> None:
    room = memoryview(bytearray(STEP))
    with sealed.reader() as reader, copy.open("wb", buffering=0) as file:
        while count := reader.readinto(room):
            file.write(room[:count])


def _digest(plain: Path) -> None:
    with plain.open("rb", buffering=0) as file:
        hashlib.file_digest(file, "sha256")


def _encrypt(plain: Path) -> None:
    cipher = Cobblestone256Encryptor(secrets.token_bytes(32), b"bench")
    room, out = memoryview(bytearray(STEP)), memoryview(bytearray(STEP + STEP // 8))
    with plain.open("rb", buffering=0) as file:
        while count := file.readinto(room):
            cipher.update_into(room[:count], out)


def _spent(act: Callable[[], None]) -> float:
    begun = time.process_time()
    act()
    return time.process_time() - begun


_COPYING = """
import sys
from pathlib import Path
from tests.bench.copying import there_and_back
there_and_back(Path(sys.argv[1]), int(sys.argv[2]))
"""


def there_and_back(folder: Path, size: int) -> None:
    """Seal so many bytes and read them again, a MiB at a time."""
    piece, vault = secrets.token_bytes(MEBIBYTE), _vault(folder)
    writer = vault.new_object(Kind.ORIGINAL)
    for _ in range(size // MEBIBYTE):
        writer.write(piece)
    writer.finish_bytes()
    with writer.reader() as reader:
        for _ in reader.pieces(0, size):
            pass
    writer.discard()


def _memory() -> Iterator[Result]:
    with premises.folder(fast=True) as folder:
        large, small = (
            peak_of(_COPYING, folder / str(size), size * MEBIBYTE)
            for size in (1024, 16)
        )
    yield Result.beside("memory to seal and open 1 GiB; 16 MiB", large, small, "MiB")


def _first_bytes(folder: Path) -> Iterator[Result]:
    path = folder / "vast"
    header, data_key = keytable.draw(Kind.ORIGINAL)
    nothing = bytes(MEBIBYTE)
    with path.open("wb", buffering=0) as file:
        sealer = Sealer(file, header, data_key)
        for _ in range(VAST // MEBIBYTE):
            sealer.write(nothing)
        sealer.finish()

    def sealed(offset: int) -> None:
        source = FileSource(os.open(path, os.O_RDONLY))
        with SealedReader(source, data_key, header) as reader:
            reader.read_range(offset, 1)

    def plain(offset: int) -> None:
        with path.open("rb", buffering=0) as file:
            file.seek(offset, io.SEEK_SET)
            file.read(1)

    draw = random.Random(4)
    places = [VAST // 4 + draw.randrange(VAST // 2) for _ in range(PLACES)]
    ours, theirs = (
        median(_warm_milliseconds(way, place) for place in places)
        for way in (sealed, plain)
    )
    name = "open and give the first byte in the middle of 4 GiB; a plain file"
    yield Result.beside(name, ours, theirs, "ms")


def _warm_milliseconds(way: Callable[[int], None], place: int) -> float:
    way(place)
    begun = time.perf_counter()
    way(place)
    return (time.perf_counter() - begun) * 1000
