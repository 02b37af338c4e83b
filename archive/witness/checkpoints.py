"""Checkpoints: one document each, signed, about the first `size` lines.

    document   "vigil ledger checkpoint/v1"
    size       how many lines it stands for
    root       of the tree over them (`archive.ledger.merkle`), hexadecimal
    head       digest of the last of them, hexadecimal; 64 zeros where there is none
    at         when it was made
    signature  of the archive, over all else (`archive.vault.signing`)

Making one adds a line to the ledger, after those it stands for.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.db import Database
from archive.ledger import Ledger
from archive.ledger import chain as ledger_chain
from archive.ledger.tables import LedgerCheckpoint, LedgerEntry, LedgerHead
from archive.ledger.tree import Tree
from archive.ledger.verifying import GENESIS
from archive.vault import signing
from archive.vault.keyrings import Keyring

DOCUMENT = "vigil ledger checkpoint/v1"
EVENT = "checkpoint"
UNSIGNED: frozenset[str] = frozenset()


class WitnessError(Exception):
    """What was asked of the ledger's witness cannot be given; the sentence says why."""

    code = "not_found"


class Premises(Protocol):
    """What a checkpoint is made with."""

    @property
    def db(self) -> Database: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def keyring(self) -> Keyring: ...


def make(
    premises: Premises, s: Session, *, actor: str, now: datetime
) -> LedgerCheckpoint:
    """Sign the ledger as it stands, in the caller's write transaction.

    Where nothing happened since the last one but its own line, that one is given.
    """
    ledger_chain.stand_in_line(s)
    head, newest = s.get(LedgerHead, 1, populate_existing=True), latest(s)
    size = 0 if head is None else head.seq
    if newest is not None and size - newest.size <= 1:
        return newest
    tree = Tree(s)
    tree.grow(size)
    facts = {
        "document": DOCUMENT,
        "size": size,
        "root": tree.root(size).hex(),
        "head": GENESIS if head is None else head.digest,
        "at": now.isoformat(timespec="seconds"),
    }
    row = LedgerCheckpoint(
        size=size, at=now, document=signing.signed(premises.keyring, facts, UNSIGNED)
    )
    s.add(row)
    detail = {"size": size, "root": facts["root"]}
    premises.ledger.append(s, EVENT, actor=actor, now=now, detail=detail)
    return row


def latest(s: Session) -> LedgerCheckpoint | None:
    """The newest, if there is any."""
    newest: LedgerCheckpoint | None = s.scalar(_newest_first().limit(1))
    return newest


def find(s: Session, size: int) -> LedgerCheckpoint:
    """The one over exactly so many lines.

    :raises WitnessError: there is none
    """
    row = s.get(LedgerCheckpoint, size)
    if row is None:
        raise WitnessError(f"No checkpoint stands for exactly {size} lines.")
    return row


def listing(s: Session, limit: int = 50) -> list[LedgerCheckpoint]:
    """The newest ones, newest first."""
    return list(s.scalars(_newest_first().limit(limit)))


def written(document: Mapping[str, Any]) -> bytes:
    """A checkpoint as the file that is kept elsewhere and stamped."""
    return signing.canonical(document) + b"\n"


def keep(document: Mapping[str, Any], folder: Path) -> Path:
    """Put a checkpoint into a folder, never over another.

    :raises WitnessError: it cannot be written, or the folder holds another of its name
    """
    path = folder / f"checkpoint-{document['size']:012d}.json"
    content = written(document)
    try:
        with appearing(path, 0o444) as file:
            file.write(content)
    except FileExistsError:
        if path.read_bytes() != content:
            raise WitnessError(
                f"{path} already holds another checkpoint of {document['size']} lines; "
                "keep both files and find out which archive wrote it."
            ) from None
    except OSError as error:
        raise WitnessError(
            f"The checkpoint cannot be written to {folder}: {error.strerror}."
        ) from error
    return path


@contextmanager
def appearing(path: Path, mode: int) -> Iterator[IO[bytes]]:
    """A new file that is there only once it is whole and on disk.

    :raises FileExistsError: there is one of that name, which is left alone
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
        os.link(part, path)
    finally:
        part.unlink(missing_ok=True)


def kept_in(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every checkpoint in a folder, smallest first; empty where one cannot be read.

    :raises WitnessError: the folder is not there, so nothing can be said
    """
    if not folder.is_dir():
        raise WitnessError(f"{folder}, where checkpoints are kept, is not there.")
    for path in sorted(folder.glob("checkpoint-*.json")):
        try:
            document = json.loads(path.read_bytes())
        except (OSError, ValueError):
            document = None
        yield path, document if isinstance(document, dict) else {}


def agree(
    document: Mapping[str, Any], roots: Mapping[int, str], public_key: str
) -> str | None:
    """What is wrong with a checkpoint, beside the roots of the lines as they are now.

    `roots` gives for each size in question the root that the lines have.
    """
    if document.get("document") != DOCUMENT:
        return "it cannot be read as a checkpoint"
    if not signing.holds(document, public_key, UNSIGNED):
        return "its signature does not hold"
    size = document["size"]
    if size not in roots:
        return f"the ledger is shorter than the {size} lines it stands for"
    if not hmac.compare_digest(roots[size], document["root"]):
        return f"the first {size} lines are not those it stands for"
    return None


def line_digest_at(s: Session, seq: int) -> str:
    """The digest of a line.

    :raises WitnessError: the ledger has no such line
    """
    digest = s.scalar(select(LedgerEntry.digest).where(LedgerEntry.seq == seq))
    if digest is None:
        raise WitnessError(f"The ledger has no line {seq}.")
    return digest


def _newest_first() -> Any:  # noqa: ANN401 - a select
    return select(LedgerCheckpoint).order_by(LedgerCheckpoint.size.desc())
