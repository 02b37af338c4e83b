"""What other archives ask about visas that were signed here; nothing names a person.

/.well-known/jwks.json   the public keys, as a JWK set (RFC 7517)
/visas/<id>              whether a visa stands now; of an unknown one, that it does not
"""

from __future__ import annotations

import re

from flask import Blueprint, Response, jsonify

from archive.vault import signing
from archive.web.request import context
from archive.web.request.guard import public
from auth.visas import issuing, tokens

bp = Blueprint("visas", __name__)
_ID = re.compile(r"[A-Za-z0-9_-]{32}")


@bp.get(tokens.KEYS_PATH)
@public
def keys() -> Response:
    """The keys with which visas are checked."""
    return jsonify(tokens.keys(signing.visa_key(context.site().keyring)))


@bp.get("/visas/<visa_id>")
@public
def standing(visa_id: str) -> Response:
    """The same answer for what never was, what is over, and what was revoked."""
    if not _ID.fullmatch(visa_id):
        return jsonify(active=False)
    with context.read_session() as s:
        active = issuing.stands(s, visa_id, context.now())
    return jsonify(active=active)
