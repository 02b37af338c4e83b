"""Errors that cross the socket: named on one side, raised again on the other.

    {"fault": "refused", "reasons": [[condition, code]], "record", "asset"}
    {"fault": name}                         one of `_NAMES`
    {"fault": "failed"}                     anything else; the broker's log has it

No message of an error crosses, so that none can tell what the asker may not know.
"""

from __future__ import annotations

from typing import Any

from archive.gate import RefusedError
from archive.records.errors import NoSuchRecord
from archive.vault.errors import (
    IntegrityError,
    KeeperAway,
    KeyUnavailable,
    NoSuchObject,
    Shredded,
    StoreUnavailable,
    UnsupportedFormat,
    WrongContext,
)
from auth.conditions import Condition
from auth.policy import Action, Reason, Refusal
from auth.viewer import Item, ReasonCode

FAULT = "fault"
BUSY = "busy"
_NAMES: dict[str, tuple[type[Exception], str]] = {
    "not_found": (NoSuchRecord, "There is no such asset."),
    "shredded": (Shredded, "the data key of this object was destroyed"),
    "store": (StoreUnavailable, "the store of the broker does not answer"),
    "no_object": (NoSuchObject, "the broker finds no such object"),
    "exchanged": (WrongContext, "the sealed file is another object"),
    "format": (UnsupportedFormat, "the broker does not know this format"),
    "key": (KeyUnavailable, "the broker does not give this key"),
    "damaged": (IntegrityError, "the sealed file is damaged"),
    BUSY: (KeeperAway, "the broker has enough to do; try again in a moment"),
    "failed": (KeeperAway, "the broker could not do it; its log says why"),
}


def told(error: Exception) -> dict[str, Any] | None:
    """The fault that tells of an error; None for one that nobody foresaw."""
    if isinstance(error, RefusedError):
        return _refusal(error)
    for name, (family, _) in _NAMES.items():
        if isinstance(error, family):
            return {FAULT: name}
    return None


def named(name: str) -> dict[str, Any]:
    """A fault by its name."""
    return {FAULT: name}


def raised(message: dict[str, Any]) -> Exception:
    """The error of which a fault tells, to be raised."""
    name = message.get(FAULT)
    if name == "refused":
        try:
            return _refused(message)
        except (KeyError, TypeError, ValueError):
            name = "failed"
    family, sentence = _NAMES.get(str(name), _NAMES["failed"])
    return family(sentence)


def _refusal(error: RefusedError) -> dict[str, Any]:
    item = error.item
    return {
        FAULT: "refused",
        "reasons": [[str(r.condition), str(r.code)] for r in error.refusal.reasons],
        "record": item.record_id if item else None,
        "asset": item.asset_id if item else None,
    }


def _refused(message: dict[str, Any]) -> RefusedError:
    reasons = tuple(
        Reason(Condition(condition), ReasonCode(code))
        for condition, code in message["reasons"]
    )
    record, asset = message["record"], message["asset"]
    item = Item(str(record), asset_id=str(asset)) if record else None
    return RefusedError(Refusal(Action.OPEN_ORIGINAL, reasons), item)
