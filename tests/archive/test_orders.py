"""Orders to shred: two persons, two factors each, once, and a receipt that holds."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from archive import gate, jobs, orders, shredding, work
from archive.intake import Deposit
from archive.jobs import JobState
from archive.orders import NoSuchOrder, NotNow, State
from archive.records import store
from archive.records.errors import FieldError, Gone, NoSuchRecord
from archive.shredding import NotApproved, Proof
from archive.site import Site
from archive.vault import signing
from archive.vault.errors import KeyUnavailable
from auth import accounts
from auth.viewer import RecordState, Role, system_viewer
from tests.archive.administrators import again, person
from tests.archive.brokering import brokered

DOCS = Path(__file__).parents[2] / "docs" / "formats"


@pytest.fixture
def one(site: Site) -> Proof:
    return person(site, "anahit")


@pytest.fixture
def other(site: Site) -> Proof:
    return person(site, "bagrat")


@pytest.fixture
def held(desk) -> Deposit:
    return desk.publish(desk.deposit(), "dead.body")


@pytest.fixture
def asked(site: Site, one: Proof, held: Deposit) -> orders.ShredOrder:
    return orders.ask(site, held.record.id, "order 12", one, "here")


def lives(site: Site, held: Deposit) -> bool:
    worker, now = system_viewer("worker"), site.clock()
    with gate.derive(site, worker, held.assets[0].id, now) as original:
        return original.size > 0


def state(site: Site, order_id: str) -> State:
    with site.db.read() as s:
        return orders.state_of(orders.find(s, order_id), site.clock())


def test_what_one_asks_and_another_confirms_the_worker_carries_out(
    site: Site, asked, other: Proof, held: Deposit
) -> None:
    assert lives(site, held)
    with pytest.raises(NotNow):
        orders.carry_out(site, asked.id)
    orders.confirm(site, asked.id, other, "there")
    assert lives(site, held)
    while work.run_one(site, site.clock()):
        pass
    assert state(site, asked.id) is State.DONE
    with site.db.read() as s:
        ended = [job.state for job in jobs.listing(s) if job.kind == orders.JOB]
        assert ended == [JobState.DONE]
        assert store.require(s, held.record.id).state is RecordState.SHREDDED
        receipt = orders.receipt_of(site.sealing, orders.find(s, asked.id))
        told = [line.event for line in site.ledger.entries(s, record=held.record.id)]
        assert site.ledger.verify(s).ok
    assert receipt["digest"] == shredding.digest(receipt)
    order = ["deletion", "deletion confirmed", "deletion asked for"]
    assert [event for event in told if event.startswith("deletion")] == order
    assert orders.carry_out(site, asked.id) == receipt
    with pytest.raises(Gone):
        orders.ask(site, held.record.id, "order 13", replace(other), "here")


def test_never_the_same_person_however_spelt(
    site: Site, asked, one: Proof, held: Deposit
) -> None:
    for email in (one.email, one.email.upper()):
        proof = replace(again(site, one), email=email)
        with pytest.raises(NotApproved, match="Another administrator"):
            orders.confirm(site, asked.id, proof, "there")
    assert state(site, asked.id) is State.WAITING
    with site.db.write() as s, pytest.raises(IntegrityError):
        s.execute(
            text("UPDATE shred_orders SET confirmed_by = asked_by, confirmed_at = :n"),
            {"n": "2026-03-01 12:00:00"},
        )
    assert lives(site, held)


def test_each_signature_needs_both_factors_and_the_role(
    site: Site, asked, other: Proof, held: Deposit
) -> None:
    moderator = person(site, "mod", Role.MODERATOR)
    for proof in (
        replace(other, code=None),
        replace(other, code="000000"),
        replace(other, password="wrong " * 4),
        moderator,
    ):
        with pytest.raises(NotApproved):
            orders.confirm(site, asked.id, proof, "there")
    used = again(site, other)
    with pytest.raises(NotNow):
        orders.ask(site, held.record.id, "order 13", used, "there")
    assert state(site, asked.id) is State.WAITING
    assert lives(site, held)


def test_who_asked_must_still_be_in_good_standing(
    site: Site, asked, one: Proof, other: Proof, held: Deposit
) -> None:
    with site.db.write() as s:
        first = accounts.find_by_email(s, site.sealing, one.email)
        accounts.suspend(s, first, "operator", "coerced", site.clock())
    with pytest.raises(NotApproved, match="good standing"):
        orders.confirm(site, asked.id, other, "there")
    assert lives(site, held)


def test_an_order_that_is_over_cannot_be_confirmed(
    site: Site, asked, one: Proof, other: Proof, held: Deposit
) -> None:
    orders.withdraw(site, asked.id, asked.asked_by)
    assert state(site, asked.id) is State.WITHDRAWN
    late = orders.ask(site, held.record.id, "order 13", again(site, one), "here")
    site.clock.advance(days=8)
    assert state(site, late.id) is State.EXPIRED
    for order_id in (asked.id, late.id):
        with pytest.raises(NotNow):
            orders.confirm(site, order_id, again(site, other), "there")
        with pytest.raises(NotNow):
            orders.withdraw(site, order_id, asked.asked_by)
        with pytest.raises(NotNow):
            orders.carry_out(site, order_id)
    assert lives(site, held)


def test_bad_questions_change_nothing(site: Site, one: Proof, held: Deposit) -> None:
    with pytest.raises(NoSuchRecord):
        orders.ask(site, "0" * 12, "order 12", one, "here")
    with pytest.raises(FieldError):
        orders.ask(site, held.record.id, " \n", one, "here")
    with pytest.raises(NoSuchOrder):
        orders.confirm(site, "nothing", one, "here")
    with site.db.read() as s:
        assert orders.listing(s) == []


def test_killed_after_the_shredding_the_receipt_is_made_from_the_ledger(
    site: Site, asked, other: Proof, held: Deposit, monkeypatch
) -> None:
    orders.confirm(site, asked.id, other, "there")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(signing, "signed", die)
        with pytest.raises(KeyboardInterrupt):
            orders.carry_out(site, asked.id)
    assert state(site, asked.id) is State.CONFIRMED
    receipt = orders.carry_out(site, asked.id)
    assert orders.is_own(receipt, signing.public_key(site.keyring))
    assert receipt["reason"] == "order 12"
    with site.db.read() as s:
        (line,) = site.ledger.entries(s, event="deletion")
    assert receipt["ledger"] == {"line": line.seq, "digest": line.digest}


def test_a_web_server_without_the_key_confirms_and_the_worker_destroys(
    site: Site, asked, other: Proof, held: Deposit
) -> None:
    with brokered(site) as web:
        orders.confirm(web, asked.id, other, "there")
        with pytest.raises(KeyUnavailable):
            orders.carry_out(web, asked.id)
    while work.run_one(site, site.clock()):
        pass
    assert state(site, asked.id) is State.DONE


# --- the receipt ----------------------------------------------------------------------


@pytest.fixture
def receipt(site: Site, one: Proof, other: Proof, held: Deposit) -> dict[str, object]:
    both = [one, other]
    order = orders.ask_and_confirm(site, held.record.id, "Order 12, հրաման", both)
    return orders.carry_out(site, order.id)


def test_a_receipt_holds_under_the_archives_key_and_no_other(
    site: Site, receipt: dict[str, object]
) -> None:
    public = signing.public_key(site.keyring)
    assert orders.is_own(receipt, public)
    stored = json.loads(json.dumps(receipt))
    assert orders.is_own({**stored, "traces": {"index": True}}, public)
    assert not orders.is_own(stored, "00" * 32)
    assert not orders.is_own(stored, "nonsense")
    for name in set(stored) - {"traces", "signature"}:
        assert not orders.is_own({**stored, name: "other"}, public), name
        fewer = {key: value for key, value in stored.items() if key != name}
        assert not orders.is_own(fewer, public), name
    told = stored["signature"]
    assert not orders.is_own({**stored, "note": "added"}, public)
    for changed in ({**told, "value": "00"}, {}, "x", None):
        assert not orders.is_own({**stored, "signature": changed}, public)


def test_a_receipt_can_be_checked_by_a_script_without_this_program(
    site: Site, receipt: dict[str, object], tmp_path: Path
) -> None:
    public = signing.public_key(site.keyring)
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(receipt, ensure_ascii=False), encoding="utf-8")

    def check(key: str) -> int:
        script = [sys.executable, "-I", str(DOCS / "check_receipt.py"), str(path), key]
        return subprocess.run(script, check=False, capture_output=True).returncode

    assert check(public) == 0
    assert check("00" * 32) == 1
    path.write_text(path.read_text().replace("Order 12", "Order 13"))
    assert check(public) == 1
    path.write_text("not a receipt")
    assert check(public) == 2
