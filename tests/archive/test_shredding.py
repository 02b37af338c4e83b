"""Shredding: two persons, nothing left that opens, no backup that brings it back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from archive import config, gate, jobs, shredding, verification, work
from archive.config import ConfigError
from archive.founding import create_home
from archive.gate import RefusedError
from archive.intake import Deposit
from archive.records import store
from archive.records.errors import FieldError, Gone, NoSuchRecord
from archive.records.tables import AssetState
from archive.shredding import Approved, NotApproved, Proof
from archive.site import Site, open_site
from archive.vault import keytable, previews
from archive.vault.blobs import FolderStore
from archive.vault.container import Kind
from archive.vault.errors import KeyUnavailable, Shredded
from auth import accounts
from auth.credentials import second_factor
from auth.viewer import ReasonCode, RecordState, Role, system_viewer
from tests.archive.administrators import again, person

WORKER = system_viewer("worker")


@pytest.fixture
def proofs(site: Site) -> list[Proof]:
    return [person(site, "anahit"), person(site, "bagrat")]


def twice(site: Site) -> list[Proof]:
    """Two proofs of one person."""
    one = person(site, "carine")
    with site.db.write() as s:
        account = accounts.find_by_email(s, site.sealing, one.email)
        now = site.clock()
        codes = second_factor.renew_recovery_codes(s, site.sealing, account.id, now)
    return [replace(one, code=code) for code in codes[:2]]


@pytest.fixture
def approved(site: Site, proofs: list[Proof]) -> Approved:
    return shredding.approve(site, proofs)


@pytest.fixture
def deposit(site: Site, desk) -> Deposit:
    """A published record with a preview, and another that must stay as it is."""
    held = desk.publish(desk.deposit(), "dead.body")
    work_through(site)
    return held


@pytest.fixture
def other(site: Site, desk) -> Deposit:
    return desk.publish(desk.deposit(), "dead.body")


def work_through(site: Site) -> None:
    while work.run_one(site, site.clock()):
        pass


def derive(site: Site, deposit: Deposit) -> bytes:
    with gate.derive(site, WORKER, deposit.assets[0].id, site.clock()) as original:
        return original.read_range(0, original.size)


def is_dark(site: Site, deposit: Deposit) -> bool:
    """Whether the original does not open and no preview of it is left."""
    with site.db.read() as s:
        row = keytable.newest(s, deposit.assets[0].object_id, Kind.ORIGINAL)
        assert row.wrapped is None
        with pytest.raises(Shredded):
            keytable.unwrap(site.keyring, row)
        assert store.require(s, deposit.record.id).state is RecordState.SHREDDED
        asset = store.require_asset(s, deposit.assets[0].id)
        assert asset.preview_object_id is None
    return True


def test_what_two_administrators_shred_opens_for_nobody(
    site: Site, desk, deposit: Deposit, other: Deposit, approved: Approved
) -> None:
    viewer = desk.researcher()
    desk.consent(viewer, deposit.record.id)
    viewer = desk.fresh(viewer.account_id)
    with site.db.read() as s:
        asset = store.require_asset(s, deposit.assets[0].id)
        preview = asset.preview_object_id
    assert preview is not None
    before = {blob.name for blob in site.vault.blobs.stored()}
    receipt = shredding.shred(
        site, deposit.record.id, "  order 12 of\n2 May ", approved
    )
    assert is_dark(site, deposit)
    with pytest.raises(RefusedError) as refused:
        gate.release(site, viewer, deposit.assets[0].id, site.clock())
    assert ReasonCode.CLOSED in refused.value.refusal.codes
    with site.db.read() as s, pytest.raises(Shredded):
        previews.read_preview(s, site.vault, preview, Kind.PREVIEW_IMAGE)
    gone = before - {blob.name for blob in site.vault.blobs.stored()}
    assert gone == {each["data_key"].replace("-", "") for each in receipt["destroyed"]}
    kinds = {each["kind"] for each in receipt["destroyed"]}
    assert kinds == {"original", "preview_image"}
    assert derive(site, other)


def test_the_tombstone_the_ledger_and_the_receipt_agree(
    site: Site, deposit: Deposit, approved: Approved
) -> None:
    original = derive(site, deposit)
    receipt = shredding.shred(site, deposit.record.id, "order 12", approved)
    with site.db.read() as s:
        record = store.require(s, deposit.record.id)
        assert record.tombstone == {
            "category": "shredded",
            "note": shredding.NOTE,
            "date": site.clock().date().isoformat(),
        }
        (line,) = site.ledger.entries(s, event="deletion")
        assert site.ledger.verify(s).ok
    assert line.detail["reason"] == "order 12"
    assert line.detail["digest"] == receipt["digest"] == shredding.digest(receipt)
    assert receipt["ledger"] == {"line": line.seq, "digest": line.digest}
    assert receipt["approved_by"] == list(approved.accounts)
    assert receipt["assets"][0]["size"] == len(original)
    changed = {**receipt, "reason": "another"}
    assert shredding.digest(changed) != receipt["digest"]


def test_verification_has_nothing_against_a_shredded_record(
    site: Site, deposit: Deposit, other: Deposit, approved: Approved
) -> None:
    work_through(site)
    shredding.shred(site, deposit.record.id, "order 12", approved)
    work_through(site)
    report = verification.verify(site, actor="operator", now=site.clock())
    assert report.findings == []
    with site.db.read() as s:
        states = [job.state for job in jobs.listing(s) if job.kind == "derive"]
        asset = store.require_asset(s, deposit.assets[0].id)
    assert "failed" not in states
    assert (asset.state, asset.failure) == (AssetState.FAILED, shredding.FAILURE)


def test_nothing_of_the_keys_stays_in_the_databases_log(
    site: Site, deposit: Deposit, approved: Approved
) -> None:
    receipt = shredding.shred(site, deposit.record.id, "order 12", approved)
    assert receipt["traces"] == {"blobs": len(receipt["destroyed"]), "log": True}
    log = site.config.home / "vigil.db-wal"
    assert not log.exists() or log.stat().st_size == 0


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("one", "Two administrators"),
        ("twice", "Two different"),
        ("wrong password", "do not fit"),
        ("unknown", "do not fit"),
        ("researcher", "not an administrator"),
        ("moderator", "not an administrator"),
        ("suspended", "do not fit"),
        ("three", "Two administrators"),
    ],
)
def test_two_different_administrators_are_needed_and_both_prove_it(
    site: Site, deposit: Deposit, proofs: list[Proof], who: str, said: str
) -> None:
    """Requirement 46."""
    first, second = proofs
    given = {
        "one": [first],
        "wrong password": [first, replace(second, password="wrong " * 4)],
        "unknown": [first, replace(second, email="nobody@example.org")],
        "three": [first, second, second],
        "suspended": [first, second],
    }
    if who == "twice":
        given[who] = [replace(each, email=each.email.upper()) for each in twice(site)]
    if who in ("researcher", "moderator"):
        given[who] = [first, person(site, who, Role(who))]
    if who == "suspended":
        with site.db.write() as s:
            found = accounts.find_by_email(s, site.sealing, second.email)
            accounts.suspend(s, found, "operator", "test", site.clock())
    with pytest.raises(NotApproved, match=said):
        shredding.approve(site, given[who])
    assert derive(site, deposit)
    if who != "suspended":
        assert shredding.approve(site, [again(site, each) for each in proofs])


def test_a_password_alone_signs_nothing(site: Site, proofs: list[Proof]) -> None:
    for code in (None, "000000", "wrong"):
        with pytest.raises(NotApproved, match="code"):
            shredding.approve(site, [replace(proofs[0], code=code), proofs[1]])
    with site.db.write() as s:
        found = accounts.find_by_email(s, site.sealing, proofs[0].email)
        second_factor.remove(s, found.id, site.clock())
    with pytest.raises(NotApproved, match="no authenticator"):
        shredding.approve(site, [replace(proofs[0], code=None), proofs[1]])


def test_wrong_passwords_are_counted_and_then_it_goes_too_fast(
    site: Site, proofs: list[Proof]
) -> None:
    wrong = replace(proofs[0], password="wrong " * 4)
    for _ in range(8):
        with pytest.raises(NotApproved, match="do not fit"):
            shredding.approve(site, [wrong, proofs[1]])
    with pytest.raises(NotApproved, match="Too many tries"):
        shredding.approve(site, proofs)


def test_a_record_is_shredded_once_and_must_be_there_and_have_a_reason(
    site: Site, deposit: Deposit, approved: Approved
) -> None:
    with pytest.raises(NoSuchRecord):
        shredding.shred(site, "0" * 12, "order 12", approved)
    with pytest.raises(FieldError):
        shredding.shred(site, deposit.record.id, "  ", approved)
    assert derive(site, deposit)
    shredding.shred(site, deposit.record.id, "order 12", approved)
    with pytest.raises(Gone):
        shredding.shred(site, deposit.record.id, "order 12", approved)


def test_a_preview_in_the_making_is_not_kept(
    site: Site, desk, approved: Approved
) -> None:
    held = desk.deposit()
    site_and_shredder = shredder(site, held, approved)
    work_through(site_and_shredder)
    assert is_dark(site, held)
    with site.db.read() as s:
        kinds = {row.kind for row in s.query(keytable.DataKey) if row.wrapped}
    assert kinds == set()


def shredder(site: Site, held: Deposit, approved: Approved) -> Site:
    """The same site, whose worker is overtaken when it asks for the noise key."""

    class Overtaken(Site):
        @property
        def noise_key(self) -> bytes:
            with site.db.read() as s:
                gone = store.require(s, held.record.id).state is RecordState.SHREDDED
            if not gone:
                shredding.shred(site, held.record.id, "order 12", approved)
            return site.noise_key

    return Overtaken(
        **{name: getattr(site, name) for name in site.__dataclass_fields__}
    )


# --- backups ------------------------------------------------------------------------


def put_back(site: Site, backup: Path) -> Site:
    site.close()
    shutil.rmtree(site.config.home)
    shutil.copytree(backup, site.config.home)
    return open_site(site.config, site.clock)


@pytest.fixture
def backup(site: Site, deposit: Deposit, approved: Approved, tmp_path: Path) -> Path:
    """Yesterday's copy of the whole home, keyrings and all."""
    site.db.close()
    copy = tmp_path / "backup"
    shutil.copytree(site.config.home, copy)
    return copy


def test_a_backup_from_before_stays_dark_for_what_was_shredded(
    site: Site, deposit: Deposit, other: Deposit, approved: Approved, backup: Path
) -> None:
    shredding.shred(site, deposit.record.id, "order 12", approved)
    restored = put_back(site, backup)
    assert is_dark(restored, deposit)
    assert {blob.name for blob in restored.vault.blobs.stored()} == living(restored)
    with restored.db.read() as s:
        (line,) = restored.ledger.entries(s, event="deletion")
        assert restored.ledger.verify(s).ok
    assert line.detail["approved_by"] == list(approved.accounts)
    assert verification.verify(restored, actor="operator", now=site.clock()).ok
    restored.close()


def living(site: Site) -> set[str]:
    with site.db.read() as s:
        return {row.id.hex for row in s.query(keytable.DataKey) if row.wrapped}


def test_even_before_it_is_destroyed_again_the_list_alone_keeps_it_dark(
    site: Site,
    deposit: Deposit,
    approved: Approved,
    backup: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shredding.shred(site, deposit.record.id, "order 12", approved)
    monkeypatch.setattr("archive.site.shredding.finish", lambda _site: [])
    restored = put_back(site, backup)
    object_id = deposit.assets[0].object_id
    with restored.db.read() as s:
        row = keytable.newest(s, object_id, Kind.ORIGINAL)
        assert row.wrapped is not None
        with pytest.raises(Shredded):
            keytable.unwrap(restored.keyring, row)
    with pytest.raises(Shredded):
        derive(restored, deposit)
    restored.close()


def test_a_running_process_sees_at_once_what_another_shreds(
    site: Site, deposit: Deposit, approved: Approved
) -> None:
    serving = open_site(site.config, site.clock)
    assert derive(serving, deposit)
    shredding.shred(site, deposit.record.id, "order 12", approved)
    assert deposit.assets[0].object_id in serving.keyring.shredded
    serving.close()


def test_either_copy_of_the_list_mends_the_other(
    site: Site, deposit: Deposit, approved: Approved
) -> None:
    shredding.shred(site, deposit.record.id, "order 12", approved)
    outside = site.keyring.shredded.copy
    inside = site.config.keyrings / "shredded.sealed"
    assert not outside.is_relative_to(site.config.home)
    for lost in (inside, outside):
        site.close()
        lost.unlink()
        again = open_site(site.config, site.clock)
        assert deposit.assets[0].object_id in again.keyring.shredded
        assert lost.exists()
        again.close()


def test_a_list_that_was_changed_stops_the_start(
    site: Site, deposit: Deposit, approved: Approved
) -> None:
    shredding.shred(site, deposit.record.id, "order 12", approved)
    outside = site.keyring.shredded.copy
    raw = bytearray(outside.read_bytes())
    raw[-1] ^= 1
    outside.write_bytes(raw)
    site.close()
    with pytest.raises(ConfigError, match="shredded"):
        open_site(site.config, site.clock)


def test_where_the_list_cannot_be_kept_nothing_is_destroyed(
    site: Site, deposit: Deposit, approved: Approved, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    moved = replace(site.config, shred_list=blocked / "list")
    site.close()
    again = open_site(moved, site.clock)
    with pytest.raises(KeyUnavailable, match="VIGIL_SHRED_LIST"):
        shredding.shred(again, deposit.record.id, "order 12", approved)
    assert derive(again, deposit)
    again.close()


# --- interruptions ------------------------------------------------------------------


def die(*_args: object, **_kwargs: object) -> None:
    os._exit(0)


MOMENTS: dict[str, Callable[[], None]] = {
    "after the list": lambda: setattr(shredding, "_destroy", die),
    "in the transaction": lambda: setattr(shredding, "_end_jobs", die),
    "after the transaction": lambda: setattr(shredding, "_clear_away", die),
    "between the blobs": lambda: setattr(FolderStore, "delete", die),
}


@pytest.mark.parametrize("moment", sorted(MOMENTS))
def test_killed_at_any_moment_it_is_dark_and_is_finished_at_the_next_start(
    site: Site, deposit: Deposit, approved: Approved, moment: str
) -> None:
    site.close()
    child = os.fork()
    if child == 0:
        MOMENTS[moment]()
        shredding.shred(site, deposit.record.id, "order 12", approved)
        os._exit(3)
    assert os.waitpid(child, 0)[1] == 0, "the child did not reach the moment"
    again = open_site(site.config, site.clock)
    assert is_dark(again, deposit)
    with again.db.read() as s:
        assert len(again.ledger.entries(s, event="deletion")) == 1
        assert again.ledger.verify(s).ok
    assert verification.verify(again, actor="operator", now=site.clock()).ok
    again.close()


def test_it_is_the_same_on_either_database(any_site: Site, any_desk) -> None:
    proofs = [person(any_site, "anahit"), person(any_site, "bagrat")]
    held = any_desk.publish(any_desk.deposit(), "dead.body")
    approved = shredding.approve(any_site, proofs)
    receipt = shredding.shred(any_site, held.record.id, "order 12", approved)
    assert receipt["traces"]["log"] is True
    assert is_dark(any_site, held)


def test_another_archives_list_beside_the_same_key_is_left_alone(
    site: Site, environ: dict[str, str], deposit: Deposit, approved: Approved, tmp_path
) -> None:
    shredding.shred(site, deposit.record.id, "order 12", approved)
    settings = config.load({**environ, "VIGIL_HOME": str(tmp_path / "second")})
    second = create_home(settings, site.clock)
    assert second.keyring.shredded.entries() == []
    assert second.keyring.shredded.copy != site.keyring.shredded.copy
    second.close()
