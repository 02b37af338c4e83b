"""Shredding by page: one asks, another confirms, each by both factors once more."""

from __future__ import annotations

import json
import re

import pyotp
import pytest
from flask.testing import FlaskClient

from archive import orders, work
from archive.site import Site
from auth import accounts
from auth.credentials import second_factor
from auth.viewer import Role

from .working import PASSWORD, give_password, post, text


class Signer:
    """An administrator in a browser, with an authenticator whose codes work once."""

    def __init__(self, site: Site, client: FlaskClient, account_id: str) -> None:
        self._site, self._account_id = site, account_id
        self.client = client

    @property
    def signature(self) -> dict[str, str]:
        site = self._site
        with site.db.write() as s:
            codes = second_factor.renew_recovery_codes(
                s, site.sealing, self._account_id, site.clock()
            )
        return {"password": PASSWORD, "code": codes[0]}


@pytest.fixture
def signer(site: Site, browser, people):
    def made(name: str) -> Signer:
        account_id, now = people[name], site.clock()
        give_password(site, account_id)
        with site.db.write() as s:
            account = accounts.get(s, account_id)
            if account.role != Role.ADMINISTRATOR:
                why = "a second one"
                accounts.set_role(s, account, Role.ADMINISTRATOR, "operator", why, now)
            begun = second_factor.enrol(s, site.sealing, account_id, name, now)
            code = pyotp.TOTP(begun.seed).at(now)
            second_factor.confirm(s, site.sealing, account_id, code, now)
        return Signer(site, browser(name, second_factor=True), account_id)

    return made


def test_one_asks_another_confirms_and_the_receipt_is_there(
    site: Site, desk, signer
) -> None:
    held = desk.publish(desk.deposit())
    one, other = signer("administrator"), signer("other")
    given = {"record": held.record.id, "reason": "order <12>"}
    for lacking in ("password", "code", "reason", "record"):
        sent = {**given, **one.signature, lacking: ""}
        assert post(one.client, "/admin/shredding", **sent).status_code == 422
    wrong = {**given, **one.signature, "code": "000000"}
    assert "code does not fit" in text(post(one.client, "/admin/shredding", **wrong))
    unknown = {**given, **one.signature, "record": "nothing"}
    assert post(one.client, "/admin/shredding", **unknown).status_code == 422
    asked = post(one.client, "/admin/shredding", **given, **one.signature)
    assert asked.status_code == 303
    page = one.client.get(asked.location)
    assert "You asked for this yourself" in text(page)
    assert "order &lt;12&gt;" in page.text
    own = post(one.client, f"{asked.location}/confirm", **one.signature)
    assert own.status_code == 422
    assert "Another administrator" in text(own)
    assert one.client.get(f"{asked.location}/receipt").status_code == 404
    again = post(one.client, "/admin/shredding", **given, **one.signature)
    assert "an order for this record already" in text(again)
    done = post(other.client, f"{asked.location}/confirm", **other.signature)
    assert done.status_code == 303
    assert "Two have signed" in text(other.client.get(asked.location))
    while work.run_one(site, site.clock()):
        pass
    shown = text(other.client.get(asked.location))
    assert re.search(r"Keys destroyed [1-9]", shown), shown
    receipt = other.client.get(f"{asked.location}/receipt")
    assert "attachment" in receipt.headers["Content-Disposition"]
    public = re.search(
        r"Signed with ([0-9a-f]{64})", text(one.client.get(asked.location))
    )
    assert orders.is_own(json.loads(receipt.data), public[1])
    shown = other.client.get(f"/records/{held.record.id}").get_data(as_text=True)
    assert "shredded" in shown
    assert "order" not in shown.split("shredded", 1)[1][:200]
    listed = text(other.client.get("/admin/shredding"))
    assert "destroyed" in listed


def test_without_a_second_factor_in_the_session_nothing_can_be_signed(
    site: Site, desk, browser, signer
) -> None:
    held = desk.publish(desk.deposit())
    one = signer("administrator")
    plain = browser("administrator")
    given = {"record": held.record.id, "reason": "order 12"}
    assert "Sign in with your second factor" in text(plain.get("/admin/shredding"))
    refused = post(plain, "/admin/shredding", **given, **one.signature)
    assert refused.status_code == 403
    asked = post(one.client, "/admin/shredding", **given, **one.signature)
    for act in ("confirm", "withdraw"):
        assert post(plain, f"{asked.location}/{act}").status_code == 403
    for who in ("moderator", "researcher"):
        assert browser(who).get(asked.location).status_code == 403


def test_an_order_is_withdrawn_before_anybody_confirmed_it(
    site: Site, desk, signer
) -> None:
    held = desk.publish(desk.deposit())
    one, other = signer("administrator"), signer("other")
    given = {"record": held.record.id, "reason": "order 12"}
    asked = post(one.client, "/admin/shredding", **given, **one.signature)
    gone = post(other.client, f"{asked.location}/withdraw")
    assert gone.status_code == 303
    late = post(other.client, f"{asked.location}/confirm", **other.signature)
    assert late.status_code == 422
    assert "nothing was destroyed by it" in text(one.client.get(asked.location))
    assert post(one.client, f"{asked.location}/withdraw").status_code == 409
    assert one.client.get("/admin/shredding/nothing").status_code == 404
