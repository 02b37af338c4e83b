"""Who has an account, for administrators."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request

from archive.web.api.operations import Answer
from archive.web.request import context, cursors
from archive.web.showing.represent import iso
from auth import accounts as kept
from auth.tables import Account
from auth.viewer import AccountStatus, Role


def listing() -> Answer:
    """Accounts as a walk, by role, status, or the one of an e-mail address."""
    args, walk = request.args, cursors.begun()
    email = args.get("email", "").strip()
    with context.read_session() as s:
        if email:
            found = kept.find_by_email(s, context.site().sealing, email)
            return jsonify(items=[_told(found)] if found else []), 200
        rows = kept.after(
            s,
            str(walk.after[0]) if walk.after else None,
            roles=[Role(word) for word in args.getlist("role")] or tuple(Role),
            statuses=[AccountStatus(word) for word in args.getlist("status")]
            or tuple(AccountStatus),
            limit=walk.per_page + 1,
        )
    shown, links = cursors.cut(walk, rows, lambda row: (row.id,))
    return jsonify(items=[_told(row) for row in shown]), 200, links


def _told(row: Account) -> dict[str, Any]:
    sealing = context.site().sealing
    return {
        "id": row.id,
        "name": kept.name_of(sealing, row),
        "email": kept.email_of(sealing, row),
        "role": row.role,
        "status": row.status,
        "vetted_until": iso(row.vetted_until),
        "terms_version": row.terms_version,
        "induction_until": iso(row.induction_until),
        "created_at": iso(row.created_at),
    }
