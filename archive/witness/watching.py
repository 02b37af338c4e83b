"""Holding the ledger against every checkpoint there is of it, while its lines go by.

Checkpoints in the database can be cut off with the lines; those in the folder of the
settings, on another machine, are what shows that an older state was put back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.config import Config
from archive.ledger.tables import LedgerCheckpoint
from archive.ledger.tree import Growing, Tree
from archive.vault import signing
from archive.vault.keyrings import Keyring
from archive.witness import authority, checkpoints
from archive.witness.checkpoints import WitnessError


class Premises(Protocol):
    """Whose ledger it is, and where else its checkpoints are kept."""

    @property
    def keyring(self) -> Keyring: ...
    @property
    def config(self) -> Config: ...


class Watching:
    """One walk over the lines, beside all checkpoints."""

    def __init__(self, premises: Premises, session: Session) -> None:
        self._premises, self._session = premises, session
        self._faults: list[tuple[str, str]] = []
        self._told = [*self._here(), *self._elsewhere()]
        sizes = [document.get("size") for _, document in self._told]
        self._sizes = {size for size in sizes if isinstance(size, int)}
        self._roots: dict[int, str] = {}
        self._tree = Growing()
        self._note()

    @property
    def count(self) -> int:
        """How many checkpoints the ledger is held against."""
        return len(self._told)

    def passing(self, digest: str) -> None:
        """Take the digest of the next line."""
        self._tree.add(digest)
        self._note()

    def disagreements(self) -> Iterator[tuple[str, str]]:
        """What is off, once all lines went by: about what, and what."""
        yield from self._faults
        public = signing.public_key(self._premises.keyring)
        for about, document in self._told:
            fault = checkpoints.agree(document, self._roots, public)
            if fault is not None:
                yield about, fault
        yield from self._of_the_kept_tree()

    def _note(self) -> None:
        if self._tree.size in self._sizes:
            self._roots[self._tree.size] = self._tree.root().hex()

    def _here(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        kept = select(LedgerCheckpoint).order_by(LedgerCheckpoint.size)
        for row in self._session.scalars(kept):
            about = f"checkpoint {row.size}"
            fault = self._stamp_of(row)
            if fault is not None:
                self._faults.append((about, fault))
            yield about, row.document if isinstance(row.document, dict) else {}

    def _stamp_of(self, row: LedgerCheckpoint) -> str | None:
        if row.stamp is None or self._premises.config.tsa_certificates is None:
            return None
        try:
            return authority.check(self._premises.config, row)
        except WitnessError as error:
            return str(error)

    def _elsewhere(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        folder = self._premises.config.checkpoint_folder
        if folder is None:
            return
        try:
            for path, document in checkpoints.kept_in(folder):
                yield str(path), document
        except WitnessError as error:
            self._faults.append((str(folder), str(error)))

    def _of_the_kept_tree(self) -> Iterator[tuple[str, str]]:
        newest = checkpoints.latest(self._session)
        if newest is None or newest.size not in self._roots:
            return
        try:
            root = Tree(self._session).root(newest.size).hex()
        except ValueError:
            root = ""
        if root != self._roots[newest.size]:
            yield "tree", "the kept tree is not that of the lines; proofs would fail"
