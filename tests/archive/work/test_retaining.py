"""The worker's chores about access: lapses told, what is old forgotten or held."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archive import mail, work
from archive.vault import signing
from archive.witness import attestation, summaries
from archive.work import housekeeping
from auth import accounts, notices
from auth.credentials import tokens
from auth.credentials.tables import Token
from auth.viewer import TokenScope

CHECK = Path(__file__).parents[3] / "docs/formats/check_ledger.py"


def work_off(site, clock) -> None:
    housekeeping.queue_due(site, clock())
    while work.run_one(site, clock()):
        pass


@pytest.mark.parametrize("hold", [True, False])
def test_a_legal_hold_stops_forgetting(site, desk, clock, hold) -> None:
    """Line 114: purged by a job with a fake clock; legal hold stops it."""
    held = replace(site, config=replace(site.config, legal_hold=hold))
    viewer = desk.researcher()
    with site.db.write() as session:
        tokens.add(session, viewer.account_id, [TokenScope.READ], 30, clock())
    clock.advance(days=site.config.retention_days + 31)
    work_off(held, clock)
    with site.db.read() as session:
        assert session.query(Token).count() == (1 if hold else 0)
        assert bool(site.ledger.entries(session, event="retention")) is not hold


def test_what_is_forgotten_leaves_a_summary_that_anybody_can_check(
    site, desk, clock, tmp_path
) -> None:
    """E11: counted, by rule, of nobody, signed."""
    viewer = desk.researcher("forgettable")
    with site.db.write() as session:
        tokens.add(session, viewer.account_id, [TokenScope.READ], 30, clock())
    desk.consent(viewer, desk.publish(desk.deposit()).record.id)
    clock.advance(days=site.config.retention_days + 31)
    work_off(site, clock)
    attestation.sign(site, actor="operator", now=clock())
    with site.db.read() as session:
        (line,) = site.ledger.entries(session, event="retention")
        told = summaries.written(site, session)
    rules = {each["what"]: each for each in line.detail["summary"]["rules"]}
    assert {rules[what]["count"] for what in ("tokens", "consents")} == {1}
    assert rules["tokens"]["kept_days"] == site.config.retention_days
    cut = clock() - timedelta(days=site.config.retention_days)
    assert rules["consents"]["before"] == cut.isoformat(timespec="seconds")
    whole = json.dumps(told)
    assert viewer.account_id not in whole
    assert "forgettable" not in whole

    file = tmp_path / "forgotten.json"
    file.write_text(whole)
    status, said = check(site, file)
    assert status == 0, said
    assert "1 tokens, kept 730 days from their end" in said
    file.write_text(whole.replace('"count": 1', '"count": 7'))
    assert check(site, file)[0] == 1
    (each,) = told["lines"]
    summary = {**each["detail"]["summary"], "at": "2020-01-01T00:00:00+00:00"}
    forged = {**each, "detail": {**each["detail"], "summary": summary}}
    digest = hashlib.sha256(signing.canonical(forged["detail"])).hexdigest()
    forged["line"] = {**each["line"], "detail": digest}
    file.write_text(json.dumps({**told, "lines": [forged]}))
    assert check(site, file)[0] == 1


def test_a_run_that_forgets_nothing_leaves_no_line(site, clock) -> None:
    work_off(site, clock)
    with site.db.read() as session:
        assert site.ledger.entries(session, event="retention") == []


def check(site, file: Path) -> tuple[int, str]:
    """What the program that needs no archive says."""
    words = [sys.executable, str(CHECK), signing.public_key(site.keyring), str(file)]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_a_lapsed_induction_is_told_by_the_worker(site, desk, clock) -> None:
    """X9: the ledger, the holder's notice and mail."""
    viewer = desk.researcher()
    with site.db.write() as session:
        account = accounts.get(session, viewer.account_id)
        account.vetted_until = clock() + timedelta(days=900)
        account.induction_until = clock() + timedelta(days=2)
    clock.advance(days=3)
    work_off(site, clock)
    work_off(site, clock)
    with site.db.read() as session:
        (line,) = site.ledger.entries(session, event="access lapsed")
        assert line.account_id == viewer.account_id
        assert line.detail["link"] == "training"
        account = accounts.get(session, viewer.account_id)
        heard = [n.kind for n in notices.unseen(session, account.id)]
        assert heard.count("access_lapsed") == 1
        assert account.status == "approved"
        to = accounts.email_of(site.sealing, account)
    work_off(site, clock)
    letters = [m for m in mail.waiting(site.config, site.sealing) if m.to == to]
    assert ["has ended" in m.subject for m in letters].count(True) == 1
