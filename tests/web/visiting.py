"""What the tests of visas share: whose browser it is, and what a visa says."""

from __future__ import annotations

import base64
import json

from archive.app import create_app
from auth.credentials import sessions

from .working import post

HERE = "http://127.0.0.1:8000"


def browser(site, account_id: str):
    client = create_app(site).test_client()
    with site.db.write() as s:
        secret, _ = sessions.start(s, account_id, "a test", site.clock())
    client.set_cookie("vigil", secret)
    return client


def present(client, token: str):
    return post(client, "/account/visas/present", "/account/visas", visa=token)


def claims_of(token: str) -> dict:
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
