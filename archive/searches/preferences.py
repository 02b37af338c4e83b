"""What somebody wants of every search of theirs, remembered with the account."""

from __future__ import annotations

from collections.abc import Sequence

from auth.tables import Account

_EXCLUDED = "excluded_labels"


def excluded_labels(account: Account) -> tuple[str, ...]:
    """The codes of labels whose records they do not want to meet in lists."""
    return tuple(account.preferences.get(_EXCLUDED, ()))


def exclude_labels(account: Account, codes: Sequence[str]) -> None:
    """Remember other ones."""
    account.preferences[_EXCLUDED] = list(codes)
