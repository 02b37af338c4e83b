"""Signed summaries of what was forgotten: when, under which rule, how much; of nobody.

    document   "vigil retention summary/v1"
    archive    its id
    at         when it was forgotten
    rules      each `{"what", "count", "kept_days", "since", "before"}`: so many, since
               they were kept for so many days from `since`, which was before `before`
    signature  of the archive, over all else (`archive.vault.signing`)

It stands in the detail of its line `retention`. `written` gives all of them with their
lines' paths to a checkpoint, which docs/formats/check_ledger.py checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.ledger.tables import LedgerEntry, line_of
from archive.ledger.tree import Tree
from archive.vault import signing
from archive.vault.keyrings import Keyring
from archive.witness import checkpoints
from archive.witness.checkpoints import WitnessError
from auth.retention import RULES

DOCUMENT = "vigil retention summary/v1"
COLLECTION = "vigil retention summaries/v1"
EVENT = "retention"
UNSIGNED: frozenset[str] = frozenset()


def signed(
    keyring: Keyring, counts: Mapping[str, int], keep: timedelta, now: datetime
) -> dict[str, Any]:
    """The summary of one run; `counts` by the kinds of `auth.retention.RULES`.

    :raises KeyError: a kind has no rule
    """
    rules = []
    for what in sorted(counts):
        kept = RULES[what].kept(keep)
        rules.append(
            {
                "what": what,
                "count": counts[what],
                "kept_days": kept.days,
                "since": RULES[what].since,
                "before": _iso(now - kept),
            }
        )
    facts = {
        "document": DOCUMENT,
        "archive": str(keyring.archive_id),
        "at": _iso(now),
        "rules": rules,
    }
    return signing.signed(keyring, facts, UNSIGNED)


def written(premises: checkpoints.Premises, s: Session) -> dict[str, Any]:
    """Every summary within the newest checkpoint, oldest first, with its proof.

    :raises WitnessError: there is no checkpoint yet
    """
    newest = checkpoints.latest(s)
    if newest is None:
        raise WitnessError("There is no checkpoint yet; a worker makes one a day.")
    tree, row = Tree(s), LedgerEntry
    told = select(row).where(row.event == EVENT, row.seq <= newest.size)
    lines = []
    for entry in s.scalars(told.order_by(row.seq)):
        path = tree.inclusion(entry.seq, newest.size)
        proof = {"digest": entry.digest, "path": [step.hex() for step in path]}
        detail = premises.ledger.detail(entry)
        lines.append({"line": line_of(entry), "detail": detail, **proof})
    return {"document": COLLECTION, "checkpoint": newest.document, "lines": lines}


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
