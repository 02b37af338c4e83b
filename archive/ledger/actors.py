"""Who the ledger says did something."""

from __future__ import annotations

from auth.viewer import OPERATOR, Viewer


def actor_of(viewer: Viewer) -> str:
    """The account id, `operator` for the shell, `system:NAME` for the program.

    :raises ValueError: nobody is signed in, so nobody can have done it
    """
    if viewer.account_id is not None:
        return viewer.account_id
    if viewer.system is None:
        raise ValueError("a visitor does nothing that the ledger records")
    return OPERATOR if viewer.system == OPERATOR else f"system:{viewer.system}"
