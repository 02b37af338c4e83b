"""Mails that wait for the worker, sealed, with the change they tell of.

A request that must not show by its time whether there is anybody to write to only
queues: known or unknown, it does the same. The worker finds out, writes and sends.

| kind | args | is |
|---|---|---|
| letter | sealed, id | a mail that is written already |
| reset | sealed, id | an address that somebody wants a new password for |
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session

from archive import jobs
from archive.mail.delivery import Mail
from auth.identifiers import new_id
from auth.sealing import Sealing, open_text, seal_text

LETTER = "letter"
RESET = "reset"
TRIES = 6


def queue(s: Session, sealing: Sealing, mail: Mail, now: datetime) -> None:
    """Let the worker send a mail, in the caller's transaction."""
    _enqueue(s, sealing, LETTER, asdict(mail), now)


def queue_reset(
    s: Session, sealing: Sealing, email: str, lang: str, by: str, now: datetime
) -> None:
    """Let the worker find out whether an address has an account, and write to it."""
    _enqueue(s, sealing, RESET, {"email": email, "lang": lang, "by": by}, now)


def read(sealing: Sealing, args: Mapping[str, str]) -> dict[str, str]:
    """What was sealed into a job."""
    sealed = bytes.fromhex(str(args["sealed"]))
    told: dict[str, str] = json.loads(open_text(sealing, sealed, _context(args["id"])))
    return told


def _enqueue(
    s: Session, sealing: Sealing, kind: str, told: Mapping[str, str], now: datetime
) -> None:
    name = new_id()
    sealed = seal_text(sealing, json.dumps(told), _context(name)).hex()
    args = {"sealed": sealed, "id": name}
    jobs.enqueue(s, kind, args, now=now, max_attempts=TRIES)


def _context(name: str) -> str:
    return f"jobs.letter/v1:{name}"
